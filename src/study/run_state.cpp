#include "study/run_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "base/error.h"
#include "json/printable.h"
#include "record/metrics.h"
#include "report/wording.h"
#include "study/ledger.h"
#include "study/tap_comparison.h"
#include "study/tuning.h"

namespace whichfirst::study {
namespace {

using Folder = std::filesystem::path;

bool has_verdict(const Folder& folder) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(folder / "verdict.json", ignored);
}

/// All that a verdict needs, of a run that is not finished.
struct Unfinished {
  explicit Unfinished(const Folder& path)
      : folder(path),
        plan(folder.load_plan()),
        experiment(outline(folder.study(), plan.condition)) {
    std::vector<std::string> damaged;  // they are trained again, and then named
    trials = load_trials(folder, experiment, damaged);
    for (auto& [id, trial] : trials) forget_early_looks(trial);
  }

  record::RunFolder folder;
  record::PlanRecord plan;
  Experiment experiment;
  Trials trials;
};

record::VerdictRecord verdict_of(const Unfinished& run) {
  record::VerdictRecord verdict =
      conclude_run(run.experiment, run.trials, Ending::interrupted, {}, run.folder.path());
  verdict.notices.insert(
      verdict.notices.begin(),
      {.kind = "unfinished",
       .text = fmt::format("this run is not finished: {} of at most {} trials have ended",
                           run.trials.size(), planned_trials(run.folder.study()))});
  return verdict;
}

double age_of(const Folder& folder) {
  std::error_code ignored;
  auto latest = std::filesystem::last_write_time(folder, ignored);
  for (std::filesystem::recursive_directory_iterator entry(folder, ignored), end; entry != end;
       entry.increment(ignored)) {
    if (entry.depth() > 2) entry.disable_recursion_pending();
    latest = std::max(latest, entry->last_write_time(ignored));
  }
  return std::max(
      0.0, std::chrono::duration<double>(std::filesystem::file_time_type::clock::now() - latest)
               .count());
}

record::RunStatus brief_status(const record::RunFolder& folder) {
  record::RunStatus status{.run_folder = folder.path().string(),
                           .study = folder.study().name,
                           .study_hash = record::study_hash(folder.study()),
                           .trials = folder.count_trials(),
                           .most_trials = planned_trials(folder.study()),
                           .age_seconds = age_of(folder.path())};
  if (has_verdict(folder.path())) {
    status.state = record::RunState::finished;
  } else if (!folder.under_way().empty()) {
    status.state = record::RunState::running;
  }
  return status;
}

/// Seconds until the comparisons have the pairs that they seem to need.
std::optional<double> seconds_left(const Unfinished& run, const record::RunDetails& details,
                                   const record::VerdictRecord& verdict) {
  double seconds = 0;  // of the trials that have ended
  for (const auto& [id, trial] : run.trials) seconds += trial.timings.seconds;
  if (run.trials.empty()) return std::nullopt;
  const double each = seconds / static_cast<double>(run.trials.size());
  const record::Study& study = run.folder.study();
  const auto orders = static_cast<double>(study.orders.size());
  double left = 0;                    // trials
  if (verdict.comparisons.empty()) {  // learning rates are being tried
    left = planned_trials(study) - static_cast<double>(run.trials.size());
  } else {
    std::map<std::string, int> by_order;
    for (const record::ComparisonResult& result : verdict.comparisons) {
      const auto more = result.comparison.more_pairs_needed;
      const int most = record::most_seeds(study.plan) - result.comparison.pairs;
      for (const std::string& order : {result.a, result.b}) {
        by_order[order] = std::max(by_order[order], std::clamp(more.value_or(most), 0, most));
      }
    }
    for (const auto& [order, pairs] : by_order) left += pairs;
  }
  for (const record::TrialUnderWay& trial : details.under_way) {
    left -= static_cast<double>(trial.epochs_done) / std::max(1, details.epochs);
  }
  const auto now = static_cast<double>(details.under_way.size());
  const double side_by_side =
      now > 0 ? now : std::clamp(static_cast<double>(run.plan.jobs), 1.0, 1024 * orders);
  return std::max(0.0, left) * each / side_by_side;
}

}  // namespace

std::optional<std::string> contradiction_in(const record::TrialRecord& trial,
                                            const Experiment& experiment, const Arm& arm) {
  if (trial.order != arm.order) {
    return fmt::format("expected order '{}', found '{}'", arm.order, json::printable(trial.order));
  }
  if (trial.lr != arm.lr) return fmt::format("expected lr {}, found {}", arm.lr, trial.lr);
  for (const record::MetricName& metric : record::kMetricNames) {
    const std::optional<double> value = trial.metrics.*metric.member;
    if (!value) continue;
    if (trial.status != record::Status::done) {
      return fmt::format("expected no {} of a trial that is {}, found {}", metric.name,
                         record::name(trial.status), *value);
    }
    const double most = record::is_accuracy(metric.name) ? 100 : HUGE_VAL;
    if (!(*value >= 0 && *value <= most)) {
      return fmt::format("expected a {} of 0 or more{}, found {}", metric.name,
                         most == 100 ? ", up to 100" : "", *value);
    }
  }
  if (trial.status != record::Status::done) return std::nullopt;
  const std::string_view metric = record::is_tuning(trial.replicate)
                                      ? tuning_metric(experiment.study)
                                      : std::string_view(experiment.study.plan.metric);
  if (!record::metric_value(trial.metrics, metric)) {
    return fmt::format("expected the {} of a trial that is done, found none", metric);
  }
  const std::vector<std::uint8_t>& right = trial.right_answers;
  if (right.empty()) return std::nullopt;
  const std::size_t images = experiment.material.parts.test.size();
  const auto count = static_cast<double>(std::count(right.begin(), right.end(), 1));
  const double share = 100 * count / static_cast<double>(right.size());
  if (right.size() != images) {
    return fmt::format("expected {} right or wrong answers, found {}", images, right.size());
  }
  if (trial.metrics.test_accuracy && std::abs(*trial.metrics.test_accuracy - share) > 1e-6) {
    return fmt::format("expected the test_accuracy of its answers, {}, found {}", share,
                       *trial.metrics.test_accuracy);
  }
  return std::nullopt;
}

record::VerdictRecord conclude_run(const Experiment& experiment, const Trials& trials,
                                   Ending ending, const Wanted& wanted,
                                   const std::filesystem::path& folder,
                                   const std::vector<Expectation>& expectations) {
  std::vector<record::TunedOrder> tuned;
  std::vector<PlannedComparison> comparisons;
  if (is_tuning_complete(experiment, trials)) {
    tuned = tune(experiment, trials);
    comparisons = plan_comparisons(experiment, tuned);
    add_gates(expectations, experiment, tuned, comparisons);
  }
  record::VerdictRecord verdict = conclude(experiment, comparisons, tuned, trials, ending, wanted);
  verdict.run_folder = folder.string();
  add_bounds(expectations, verdict);
  add_ledger(experiment, verdict);
  for (record::ComparisonResult& result : verdict.comparisons) {
    result.sentence = report::verdict_sentence(result, verdict);
  }
  return verdict;
}

Trials load_trials(const record::RunFolder& folder, const Experiment& experiment,
                   std::vector<std::string>& damaged) {
  const std::optional<std::string> isa =
      experiment.platform.isa.empty() ? std::nullopt : std::optional(experiment.platform.isa);
  record::LoadedTrials found = folder.load_trials(isa);
  damaged = std::move(found.damaged);
  std::map<std::string, std::size_t> places;
  for (const Arm& arm : experiment.arms) places.emplace(arm.name, places.size());
  Trials trials;
  for (auto& [key, trial] : found.done) {
    const TrialId id{.arm = places.at(key.first), .replicate = key.second};
    if (const auto wrong = contradiction_in(trial, experiment, experiment.arms[id.arm])) {
      damaged.push_back(
          fmt::format("{}: {}", folder.trial_path(trial.arm, trial.replicate).string(), *wrong));
    } else {
      trials.emplace(id, std::move(trial));
    }
  }
  return trials;
}

record::VerdictRecord verdict_of_run(const Folder& folder) {
  std::error_code ignored;
  const bool is_unfinished =
      !has_verdict(folder) && std::filesystem::is_regular_file(folder / "study.toml", ignored);
  return is_unfinished ? verdict_of(Unfinished(folder)) : record::read_verdict(folder);
}

record::RunDetails status_of_run(const Folder& path) {
  const record::RunFolder folder(path);
  record::RunDetails details{.run = brief_status(folder),
                             .metric = folder.study().plan.metric,
                             .epochs = folder.study().recipe.epochs,
                             .under_way = folder.under_way(),
                             .seconds_left = 0};
  record::VerdictRecord verdict;
  if (details.run.state == record::RunState::finished) {
    verdict = record::read_verdict(path);
  } else {
    const Unfinished run(path);
    verdict = verdict_of(run);
    details.seconds_left = seconds_left(run, details, verdict);
  }
  for (const record::OrderResult& order : verdict.orders) {
    details.diverged += order.diverged;
    details.failed += order.failed;
  }
  for (const record::ComparisonResult& result : verdict.comparisons) {
    details.comparisons.push_back({.a = result.a,
                                   .b = result.b,
                                   .pairs = result.comparison.pairs,
                                   .interval = result.comparison.interval,
                                   .verdict = result.comparison.verdict,
                                   .more_pairs = result.comparison.more_pairs_needed});
    details.run.verdicts.emplace_back(stats::name(result.comparison.verdict));
  }
  return details;
}

std::vector<record::RunStatus> list_runs(const Folder& folder) {
  std::error_code failure;
  std::vector<record::RunStatus> runs;
  std::filesystem::directory_iterator entries(folder, failure);
  if (failure) throw Error("{}: {}", json::printable(folder.string()), failure.message());
  for (const auto& entry : entries) {
    std::error_code ignored;
    if (!std::filesystem::exists(entry.path() / "study.toml", ignored)) continue;
    try {
      record::RunStatus run = brief_status(record::RunFolder(entry.path()));
      if (run.state == record::RunState::finished) {
        for (const auto& result : record::read_verdict(entry.path()).comparisons) {
          run.verdicts.emplace_back(stats::name(result.comparison.verdict));
        }
      }
      runs.push_back(std::move(run));
    } catch (const Error&) {  // whoever asks for its status is told why
      record::RunStatus& run = runs.emplace_back();
      run.run_folder = entry.path().string();
      run.state = record::RunState::unreadable;
      run.age_seconds = age_of(entry.path());
    }
  }
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
    return std::pair(a.age_seconds, a.run_folder) < std::pair(b.age_seconds, b.run_folder);
  });
  return runs;
}

}  // namespace whichfirst::study
