#include "study/run_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>

#include "base/error.h"
#include "json/printable.h"
#include "record/metrics.h"
#include "study/tuning.h"

namespace whichfirst::study {
namespace {

using Folder = std::filesystem::path;

bool has_verdict(const Folder& folder) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(folder / "verdict.json", ignored);
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
  } else if (folder.is_being_written()) {
    status.state = record::RunState::running;
  }
  return status;
}

/// Seconds until the comparisons have the pairs that they seem to need; before the first pair as
/// many trials as there may be. `verdict`: so far.
std::optional<double> seconds_left(const record::RunFolder& folder,
                                   const record::RunDetails& details,
                                   const record::VerdictRecord& verdict) {
  const record::Study& study = folder.study();
  const auto ended = folder.load_trials(std::nullopt).done;
  if (ended.empty()) return std::nullopt;
  double seconds = 0;
  for (const auto& [id, trial] : ended) seconds += trial.timings.seconds;
  double left = 0;  // trials
  std::map<std::string, int> pairs_left;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    const int most = record::most_seeds(study.plan) - result.comparison.pairs;
    const int more = std::clamp(result.comparison.more_pairs_needed.value_or(most), 0, most);
    for (const std::string& order : {result.a, result.b}) {
      pairs_left[order] = std::max(pairs_left[order], more);
    }
  }
  for (const auto& [order, pairs] : pairs_left) left += pairs;
  if (verdict.comparisons.empty()) left = details.run.most_trials - details.run.trials;
  for (const record::TrialUnderWay& trial : details.under_way) {
    left -= static_cast<double>(trial.epochs_done) / std::max(1, details.epochs);
  }
  return std::max(0.0, left) * seconds / static_cast<double>(ended.size()) /
         static_cast<double>(std::max<std::size_t>(1, details.under_way.size()));
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

const Arm& arm_at_best_rate(const Experiment& experiment, const std::string& name,
                            const Folder& folder) {
  const std::vector<record::NamedOrder>& orders = experiment.study.orders;
  const bool is_order = std::any_of(orders.begin(), orders.end(),
                                    [&](const auto& order) { return order.name == name; });
  if (!is_order || !record::is_tuned(experiment.study)) return find_arm(experiment.arms, name);
  const Folder path = folder.empty() ? record::default_run_folder(experiment.study) : folder;
  const auto fail = [&](std::string_view why) {
    throw Error(
        "order {}: its best learning rate is not known: {} {}; tune it by whichfirst compare "
        "(--run names another folder), or name a rate: {}",
        name, json::printable(path.string()), why, experiment.arms.front().name);
  };
  std::error_code ignored;
  if (!std::filesystem::exists(path / "study.toml", ignored)) fail("is no run folder");
  const record::RunFolder run(path);
  if (!record::differing_keys(run.study(), experiment.study).empty()) fail("holds another study");
  std::vector<std::string> damaged;
  const Trials trials = load_trials(run, experiment, damaged);
  if (!is_tuning_complete(experiment, trials)) fail("has not tried all rates yet");
  for (const record::TunedOrder& order : tune(experiment, trials)) {
    if (order.name == name) {
      return find_arm(experiment.arms, record::arm_name(experiment.study, name, order.best));
    }
  }
  return find_arm(experiment.arms, name);
}

record::RunDetails status_of_run(const Folder& path) {
  const record::RunFolder folder(path);
  record::RunDetails details{.run = brief_status(folder),
                             .metric = folder.study().plan.metric,
                             .epochs = folder.study().recipe.epochs,
                             .under_way = folder.under_way(),
                             .seconds_left = 0};
  std::error_code ignored;
  record::VerdictRecord verdict;
  const bool is_finished = details.run.state == record::RunState::finished;
  if (is_finished || std::filesystem::exists(path / record::kSoFarFile, ignored)) {
    verdict = record::read_verdict(path);
  }
  if (!is_finished) details.seconds_left = seconds_left(folder, details, verdict);
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
