#include "study/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "algebra/relation.h"
#include "base/error.h"
#include "json/printable.h"
#include "report/wording.h"
#include "study/campaign.h"
#include "study/ledger.h"
#include "study/scheduler.h"
#include "study/tap_comparison.h"
#include "study/tuning.h"

namespace whichfirst::study {
namespace {

/// A comparison as far as its pairs are complete.
report::LookProgress look_at(std::size_t comparison, const PlannedComparison& planned,
                             const Experiment& experiment, const Trials& trials,
                             Campaign& campaign) {
  const stats::Watch& watch = campaign.watch(comparison);
  report::LookProgress look{.a = experiment.arms[planned.a].name,
                            .b = experiment.arms[planned.b].name,
                            .pairs = static_cast<int>(watch.differences().size()),
                            .interval = {},
                            .verdict = {},
                            .more_pairs = {},
                            .core_hours = {}};
  if (const auto& intervals = watch.look().intervals) {
    look.interval = stats::deciding(*intervals, rule_of(experiment, 1));
  }
  if (watch.is_decided()) {
    look.verdict = watch.look().verdict;
    return look;
  }
  look.more_pairs = campaign.more_pairs(comparison);
  if (look.more_pairs) look.core_hours = *look.more_pairs * pair_seconds(planned, trials) / 3600;
  return look;
}

}  // namespace

Run::Run(Experiment experiment, RunOptions options, Listener& listener)
    : experiment_(std::move(experiment)), options_(std::move(options)), listener_(listener) {
  if (options_.folder.empty()) options_.folder = record::default_run_folder(experiment_.study);
  for (const std::string& note : experiment_.material.dataset.notes) {
    listener_.on_notice({Notice::Kind::data_note, json::printable(note, 400)});
  }
  tell_of_orders();
  choose_jobs();
}

/// Orders that are written otherwise and come to the same: as networks, or by proof.
void Run::tell_of_orders() const {
  std::vector<Notice> proved;
  const auto rules = algebra::make_rules(algebra::Scales::any);
  const std::vector<Arm>& arms = experiment_.arms;
  for (std::size_t a = 0; a < arms.size(); ++a) {
    for (std::size_t b = a + 1; b < arms.size(); ++b) {
      if (arms[a].order_name == arms[b].order_name || arms[a].lr != arms[b].lr) continue;
      if (is_same_network(arms[a], arms[b])) {
        listener_.on_notice(
            {Notice::Kind::same_network,
             fmt::format("{} and {} build the same network; they train to the same numbers",
                         arms[a].name, arms[b].name)});
        continue;
      }
      const algebra::Relation relation = algebra::relate(arms[a].network, arms[b].network, rules);
      if (relation.answer != algebra::Answer::same_training) continue;
      proved.push_back(
          {Notice::Kind::same_training,
           fmt::format("{} and {} train to the same numbers ({}); whichfirst explain says more",
                       arms[a].name, arms[b].name, relation.reasons.front().says)});
    }
  }
  for (const Notice& notice : proved) listener_.on_notice(notice);
}

void Run::choose_jobs() {
  for (const Arm& arm : experiment_.arms) {
    trial_bytes_ = std::max(trial_bytes_, trial_bytes(arm, experiment_.study.recipe));
  }
  const int wanted =
      std::min(options_.jobs.value_or(options_.cores), planned_trials(experiment_.study));
  jobs_ = wanted;
  if (options_.free_bytes) {
    const std::int64_t fitting = *options_.free_bytes / trial_bytes_;
    jobs_ = static_cast<int>(std::min<std::int64_t>(wanted, fitting));
  }
  if (jobs_ == wanted && jobs_ > 0) return;
  const std::string takes = report::bytes(trial_bytes_);
  const std::string free = report::bytes(options_.free_bytes.value_or(0));
  if (jobs_ == 0 || options_.jobs) {
    throw Error(
        fmt::format("--jobs {}: a trial takes about {}, and {} of memory are free: {} fit "
                    "side by side; lower --jobs, recipe.batch or the network's width",
                    wanted, takes, free, jobs_));
  }
  listener_.on_notice(
      {Notice::Kind::fewer_jobs,
       fmt::format("running {} trials side by side instead of {}: a trial takes about {}, {} are "
                   "free",
                   jobs_, wanted, takes, free)});
}

record::PlanRecord Run::plan() const {
  record::VerdictRecord nothing_yet = conclude(experiment_, {}, {}, {}, Ending::interrupted);
  return {.study = experiment_.study.name,
          .study_hash = experiment_.hash,
          .run_folder = options_.folder.string(),
          .condition = std::move(nothing_yet.condition),
          .orders = std::move(nothing_yet.orders),
          .replicates = record::most_seeds(experiment_.study.plan),
          .jobs = jobs_,
          .trial_bytes = trial_bytes_};
}

record::VerdictRecord Run::finish(const std::stop_token& stop) {
  record::RunFolder folder(options_.folder, experiment_.study);
  experiment_.study.plan.max_seeds = folder.study().plan.max_seeds;  // the largest ever asked
  resume(folder);
  std::vector<record::TunedOrder> tuned;
  std::vector<PlannedComparison> comparisons;
  bool is_complete = false;
  if (try_rates(folder, stop)) {
    tuned = tune(experiment_, trials_);
    comparisons = plan_comparisons(experiment_, tuned);
    is_complete = train_pairs(comparisons, folder, stop);
  }
  const bool is_stopped = stop.stop_requested() && !is_complete;
  record::VerdictRecord verdict =
      conclude(experiment_, comparisons, tuned, trials_,
               is_stopped ? Ending::interrupted : Ending::complete, options_.wanted);
  verdict.run_folder = options_.folder.string();
  add_ledger(experiment_, verdict);
  for (record::ComparisonResult& result : verdict.comparisons) {
    result.sentence = report::verdict_sentence(result, verdict);
  }
  if (!is_stopped) folder.save_verdict(record::to_json(verdict));
  listener_.on_end(verdict);
  return verdict;
}

void Run::resume(record::RunFolder& folder) {
  record::LoadedTrials found = folder.load_trials(experiment_.platform.isa);
  for (const std::string& message : found.damaged) {
    listener_.on_notice({Notice::Kind::damaged_trial, message + "; it is trained again"});
  }
  std::map<std::string, std::size_t> places;
  for (const Arm& arm : experiment_.arms) places.emplace(arm.name, places.size());
  trials_.clear();
  for (auto& [key, trial] : found.done) {
    require_same_ground(folder, trial);
    forget_early_looks(trial);
    trials_.emplace(TrialId{.arm = places.at(key.first), .replicate = key.second},
                    std::move(trial));
  }
  if (!trials_.empty()) listener_.on_resume(trials_, folder.path());
}

/// Numbers from two versions of the data or of the kernels are not to be mixed.
void Run::require_same_ground(const record::RunFolder& folder,
                              const record::TrialRecord& trial) const {
  const std::string file = folder.trial_path(trial.arm, trial.replicate).string();
  if (trial.machine.kernels != experiment_.platform.library) {
    throw Error(
        fmt::format("{}: it was trained with {}, found {} here; finish the run with the same "
                    "library, or start anew with --out and another folder",
                    file, trial.machine.kernels, experiment_.platform.library));
  }
  if (trial.hashes.data == experiment_.material.hash) return;
  throw Error(
      fmt::format("{}: it was trained on other data (hash {}, now {}): the files behind {} "
                  "changed; restore them, or start anew with --out and another folder",
                  file, trial.hashes.data, experiment_.material.hash,
                  experiment_.study.data.path.value_or(experiment_.study.data.name)));
}

/// Every order at every rate; returns whether all of that is there.
bool Run::try_rates(record::RunFolder& folder, const std::stop_token& stop) {
  std::vector<TrialId> todo = tuning_trials(experiment_);
  std::erase_if(todo, [&](const TrialId& id) { return trials_.contains(id); });
  if (todo.empty()) return true;
  Phase phase{.is_tuning = true,
              .arms = std::vector<std::size_t>(experiment_.arms.size()),
              .replicates = experiment_.study.plan.tuning_seeds,
              .metric = std::string(tuning_metric(experiment_.study))};
  std::iota(phase.arms.begin(), phase.arms.end(), std::size_t{0});
  auto place = todo.begin();
  const auto next = [&] { return place == todo.end() ? std::nullopt : std::optional(*place++); };
  train(
      phase, next, [] {}, folder, stop);
  return std::all_of(todo.begin(), todo.end(),
                     [&](const TrialId& id) { return trials_.contains(id); });
}

/// What the comparisons ask for; returns whether all of that is there.
bool Run::train_pairs(const std::vector<PlannedComparison>& comparisons, record::RunFolder& folder,
                      const std::stop_token& stop) {
  Campaign campaign(experiment_, comparisons, trials_);
  if (campaign.is_complete()) return true;
  std::set<std::size_t> arms;
  for (const PlannedComparison& planned : comparisons) arms.insert({planned.a, planned.b});
  const auto look = [&] {
    campaign.tell();
    if (experiment_.study.plan.seeds) return;
    for (std::size_t i = 0; i < comparisons.size(); ++i) {
      listener_.on_look(i, look_at(i, comparisons[i], experiment_, trials_, campaign));
    }
  };
  train(
      {.is_tuning = false,
       .arms = {arms.begin(), arms.end()},
       .replicates = record::most_seeds(experiment_.study.plan),
       .metric = experiment_.study.plan.metric},
      [&] { return campaign.next(); }, look, folder, stop);
  return campaign.is_complete();
}

void Run::train(const Phase& phase, const std::function<std::optional<TrialId>()>& next,
                const std::function<void()>& look, record::RunFolder& folder,
                const std::stop_token& stop) {
  const Runner runner = options_.runner ? options_.runner : engine_runner(experiment_);
  listener_.on_phase(phase, experiment_, trials_);
  Work work;
  work.next = [&] {
    const std::optional<TrialId> id = next();
    if (id) listener_.on_start(*id);
    return id;
  };
  work.run = [&](const TrialId& id, const train::Observer& observe) {
    const Arm& arm = experiment_.arms[id.arm];
    auto record = runner(arm, id.replicate, stop, [&](const train::Progress& progress) {
      if (progress.finished_epoch) {
        folder.append_progress(
            record::progress_line(arm.name, id.replicate, *progress.finished_epoch));
      }
      observe(progress);
    });
    if (record) identify(*record, experiment_, arm, id.replicate);
    return record;
  };
  work.progress = [&](const TrialId& id, const train::Progress& progress) {
    listener_.on_progress(id, progress);
  };
  // On disk first: whoever is told of a trial may count on its file.
  work.keep = [&](const TrialId& id, record::TrialRecord record) {
    folder.save_trial(record);
    forget_early_looks(record);
    const auto& kept = trials_.emplace(id, std::move(record)).first->second;
    look();
    listener_.on_finish(id, kept);
  };
  run_trials(work, jobs_, stop);
}

}  // namespace whichfirst::study
