#include "study/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "base/error.h"
#include "json/printable.h"
#include "report/wording.h"
#include "study/campaign.h"
#include "study/ledger.h"
#include "study/machine.h"
#include "study/notices.h"
#include "study/run_state.h"
#include "study/scheduler.h"
#include "study/tap_comparison.h"
#include "study/tuning.h"

namespace whichfirst::study {
namespace {

/// A comparison as far as its pairs are complete.
report::LookProgress look_at(std::size_t comparison, const PlannedComparison& planned,
                             const Experiment& experiment, const Trials& trials,
                             const Campaign& campaign) {
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
    look.is_ended_by_gate = watch.is_ended_by_gate();
    return look;
  }
  look.more_pairs = watch.more_pairs();
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
  require_compared(options_.expectations, possible_comparisons(experiment_));
  tell_of_orders();
  choose_jobs();
}

/// Orders that are written otherwise and come to the same: as networks, or by proof.
void Run::tell_of_orders() const {
  const std::vector<Arm>& arms = experiment_.arms;
  for (std::size_t a = 0; a < arms.size(); ++a) {
    for (std::size_t b = a + 1; b < arms.size(); ++b) {
      if (arms[a].order_name == arms[b].order_name) continue;
      const auto proof = proof_of_same_training(arms[a], arms[b]);
      if (!proof) continue;
      listener_.on_notice(
          {Notice::Kind::same_training, fmt::format("{} and {} train to the same numbers: {}",
                                                    arms[a].name, arms[b].name, *proof)});
    }
  }
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
        "--jobs {}: a trial takes about {}, and {} of memory are free: {} fit; lower "
        "--jobs, recipe.batch or the network's width",
        wanted, takes, free, jobs_);
  }
  listener_.on_notice(
      {Notice::Kind::fewer_jobs,
       fmt::format(
           "running {} trials in parallel instead of {}: a trial needs about {}, and {} are free",
           jobs_, wanted, takes, free)});
}

record::PlanRecord Run::plan() const {
  record::VerdictRecord nothing_yet = conclude(experiment_, {}, {}, {}, Ending::interrupted);
  const record::Study& study = experiment_.study;
  const int most = planned_trials(study);
  const int spared =
      study.plan.seeds
          ? 0
          : static_cast<int>(study.orders.size()) *
                std::max(study.plan.max_seeds - stats::minimum_pairs(study.plan.confidence), 0);
  const double seconds = mean_trial_seconds(experiment_) / jobs_;
  return {.study = experiment_.study.name,
          .study_hash = experiment_.hash,
          .run_folder = options_.folder.string(),
          .condition = std::move(nothing_yet.condition),
          .orders = std::move(nothing_yet.orders),
          .notices = notices_before(experiment_),
          .replicates = record::most_seeds(experiment_.study.plan),
          .jobs = jobs_,
          .trial_bytes = trial_bytes_,
          .seconds_least = seconds * (most - spared),
          .seconds_most = seconds * most};
}

/// What the trials that have ended say, with what was known beforehand.
record::VerdictRecord Run::verdict_of(const std::vector<PlannedComparison>& comparisons,
                                      const std::vector<record::TunedOrder>& tuned,
                                      Ending ending) const {
  record::VerdictRecord verdict =
      conclude(experiment_, comparisons, tuned, trials_, ending, options_.wanted);
  verdict.notices.insert(verdict.notices.end(), beforehand_.begin(), beforehand_.end());
  verdict.run_folder = options_.folder.string();
  add_bounds(options_.expectations, verdict);
  for (record::ComparisonResult& result : verdict.comparisons) {
    result.sentence = report::verdict_sentence(result, verdict);
  }
  return verdict;
}

record::VerdictRecord Run::finish(const std::stop_token& stop) {
  beforehand_ = notices_before(experiment_);
  for (const record::Notice& notice : beforehand_) {
    listener_.on_notice({Notice::Kind::beforehand, json::printable(notice.text, 600)});
  }
  record::RunFolder folder(options_.folder, experiment_.study);
  const int max_seeds = folder.study().plan.max_seeds;  // the largest ever asked
  if (std::exchange(experiment_.study.plan.max_seeds, max_seeds) != max_seeds) {
    beforehand_ = notices_before(experiment_);
  }
  keeper_.emplace(options_.weights, options_.folder, experiment_);
  resume(folder);
  std::vector<record::TunedOrder> tuned;
  std::vector<PlannedComparison> comparisons;
  bool is_complete = false;
  if (try_rates(folder, stop)) {
    tuned = tune(experiment_, trials_);
    comparisons = plan_comparisons(experiment_, tuned);
    add_gates(options_.expectations, experiment_, tuned, comparisons);
    is_complete = train_pairs(comparisons, tuned, folder, stop);
  }
  const bool is_stopped = stop.stop_requested() && !is_complete;
  record::VerdictRecord verdict =
      verdict_of(comparisons, tuned, is_stopped ? Ending::interrupted : Ending::complete);
  add_ledger(experiment_, verdict);
  if (!is_stopped) {
    for (const std::string& message : keeper_->settle(trials_)) {
      listener_.on_notice({Notice::Kind::not_written, message});
    }
    save(folder, verdict);
  }
  listener_.on_end(verdict);
  return verdict;
}

/// What an unfinished run says, for those who look at its folder. It may take as much as a
/// twentieth of the time.
void Run::save_so_far(const std::vector<PlannedComparison>& comparisons,
                      const std::vector<record::TunedOrder>& tuned, record::RunFolder& folder) {
  const auto begin = std::chrono::steady_clock::now();
  if (begin < next_so_far_) return;
  record::VerdictRecord verdict = verdict_of(comparisons, tuned, Ending::interrupted);
  verdict.notices.insert(
      verdict.notices.begin(),
      {.kind = "unfinished",
       .text = fmt::format("this run is not finished: {} of at most {} trials have ended",
                           trials_.size(), planned_trials(experiment_.study))});
  try {
    folder.save_so_far(record::to_json(verdict));
  } catch (const Error& error) {  // the trials alone count
    listener_.on_notice({Notice::Kind::not_written, error.what()});
  }
  const auto end = std::chrono::steady_clock::now();
  next_so_far_ = end + 20 * (end - begin);
}

/// A finished run is printed from a folder that is read-only too.
void Run::save(record::RunFolder& folder, const record::VerdictRecord& verdict) const {
  try {
    folder.save_verdict(record::to_json(verdict));
  } catch (const Error& error) {
    if (::access(folder.path().c_str(), W_OK) == 0) throw;
    listener_.on_notice({Notice::Kind::not_written, error.what()});
  }
}

void Run::resume(record::RunFolder& folder) {
  std::vector<std::string> damaged;
  trials_ = load_trials(folder, experiment_, damaged);
  again_.clear();
  for (auto place = trials_.begin(); place != trials_.end();) {
    auto& [id, trial] = *place;
    require_same_ground(folder, trial);
    forget_early_looks(trial);
    // What the recipe does to a network it does again, to the bit. So a failure that comes from
    // elsewhere - earlier versions took a full disk for one - is found out by another try.
    const bool is_tried_again = trial.status == record::Status::failed && !options_.runner;
    if (is_tried_again) again_.insert(id);
    place = is_tried_again ? trials_.erase(place) : std::next(place);
  }
  for (const std::string& message : damaged) {
    listener_.on_notice({Notice::Kind::damaged_trial, message + "; it is trained again"});
  }
  if (!trials_.empty()) listener_.on_resume(trials_, folder.path());
}

/// Numbers from two versions of the data or of the kernels are not to be mixed.
void Run::require_same_ground(const record::RunFolder& folder,
                              const record::TrialRecord& trial) const {
  const std::string file = folder.trial_path(trial.arm, trial.replicate).string();
  if (trial.machine.kernels != experiment_.platform.library) {
    throw Error(
        "{}: it was trained with {}, found {} here; finish the run with the same "
        "library, or start anew with --out and another folder",
        file, trial.machine.kernels, experiment_.platform.library);
  }
  if (trial.hashes.data == experiment_.material.hash) return;
  throw Error(
      "{}: it was trained on other data (hash {}, now {}): the files behind {} "
      "changed; restore them, or start anew with --out and another folder",
      file, trial.hashes.data, experiment_.material.hash,
      experiment_.study.data.path.value_or(experiment_.study.data.name));
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
  const auto wanted = [&] {
    std::erase_if(todo, [&](const TrialId& id) { return trials_.contains(id); });
    return todo;
  };
  train(
      phase, wanted, [] {}, folder, stop);
  return wanted().empty();
}

/// What the comparisons ask for; returns whether all of that is there.
bool Run::train_pairs(const std::vector<PlannedComparison>& comparisons,
                      const std::vector<record::TunedOrder>& tuned, record::RunFolder& folder,
                      const std::stop_token& stop) {
  Campaign campaign(experiment_, comparisons, trials_);
  if (campaign.is_complete()) return true;
  std::set<std::size_t> arms;
  for (const PlannedComparison& planned : comparisons) arms.insert({planned.a, planned.b});
  const auto look = [&] {
    campaign.tell();
    save_so_far(comparisons, tuned, folder);
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
      [&] { return campaign.wanted(); }, look, folder, stop);
  if (!campaign.is_complete()) {
    next_so_far_ = {};
    save_so_far(comparisons, tuned, folder);
  }
  return campaign.is_complete();
}

void Run::train(const Phase& phase, const std::function<std::vector<TrialId>()>& wanted,
                const std::function<void()>& look, record::RunFolder& folder,
                const std::stop_token& stop) {
  const Runner runner =
      options_.runner
          ? options_.runner
          : engine_runner(experiment_, [&](const Arm& arm, const record::TrialRecord& trial,
                                           const network::Values& values) {
              keeper_->keep(arm, trial, values);
            });
  listener_.on_phase(phase, experiment_, trials_);
  std::mutex claims_mutex;
  std::map<TrialId, record::Claim> claims;  // of the trials under way here
  bool has_lost_progress = false;
  const auto end = [&](const TrialId& id, record::TrialRecord record) {
    forget_early_looks(record);
    const auto& kept = trials_.emplace(id, std::move(record)).first->second;
    look();
    listener_.on_finish(id, kept);
  };
  /// The first that nobody trains. One that has ended elsewhere is counted, and then others may be
  /// wanted.
  const auto take = [&]() -> Next {
    std::vector<TrialId> todo = wanted();
    Next next;
    for (auto id = todo.begin(); id != todo.end();) {
      if (claims.contains(*id)) {
        ++id;
        continue;
      }
      const Arm& arm = experiment_.arms[id->arm];
      record::Turn turn =
          folder.take(arm.name, id->replicate, experiment_.platform.isa, again_.contains(*id));
      if (turn.claim) {
        const std::lock_guard lock(claims_mutex);
        claims.emplace(*id, std::move(*turn.claim));
        return {.trial = *id};
      }
      if (!turn.done) {
        next.wait = true;
        ++id;
      } else if (contradiction_in(*turn.done, experiment_, arm)) {
        again_.insert(*id);
      } else {
        require_same_ground(folder, *turn.done);
        end(*id, std::move(*turn.done));
        todo = wanted();
        id = todo.begin();
        next.wait = false;
      }
    }
    return next;
  };
  Work work;
  work.next = [&] {
    const Next next = take();
    if (next.trial) listener_.on_start(*next.trial);
    return next;
  };
  work.run = [&](const TrialId& id, const train::Observer& observe) {
    const Arm& arm = experiment_.arms[id.arm];
    auto record = runner(arm, id.replicate, stop, observe);
    if (record) identify(*record, experiment_, arm, id.replicate);
    return record;
  };
  // Progress is for people. What goes wrong with it is said once and touches no trial.
  work.progress = [&](const TrialId& id, const train::Progress& progress) {
    listener_.on_progress(id, progress);
    if (!progress.finished_epoch) return;
    try {
      folder.append_progress(record::progress_line(utc_now(), experiment_.arms[id.arm].name,
                                                   id.replicate, *progress.finished_epoch));
    } catch (const Error& error) {
      if (!std::exchange(has_lost_progress, true)) {
        listener_.on_notice({Notice::Kind::not_written, error.what()});
      }
    }
  };
  // On disk first: whoever is told of a trial may count on its file.
  work.keep = [&](const TrialId& id, record::TrialRecord record) {
    folder.save_trial(record);
    again_.erase(id);
    end(id, std::move(record));
    const std::lock_guard lock(claims_mutex);
    claims.erase(id);
  };
  const std::jthread heart([&](const std::stop_token& ended) {
    std::condition_variable_any waiting;
    std::unique_lock lock(claims_mutex);
    while (!waiting.wait_for(lock, ended, std::chrono::seconds(record::kRenewSeconds),
                             [&] { return ended.stop_requested(); })) {
      for (const auto& [id, claim] : claims) claim.renew();
    }
  });
  run_trials(work, jobs_, stop);
}

}  // namespace whichfirst::study
