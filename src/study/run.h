// A study from start to verdict: opens or resumes its run folder, tunes, trains, concludes, saves.
// The command line and every other caller go this way:
//
//   study::Run run(study::prepare(study, data::search_folders()), {.jobs = 2}, listener);
//   const record::VerdictRecord verdict = run.finish(stop);
//
// A study is resumed by doing the same again, at any moment and after any kind of end: what has a
// file in the run folder is not trained again, and verdict.json is the same, `timings` apart.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "record/run_folder.h"
#include "record/verdict_record.h"
#include "report/progress_text.h"
#include "study/conclude.h"
#include "study/expectation.h"
#include "study/experiment.h"
#include "study/plan.h"
#include "study/weights.h"

namespace whichfirst::study {

/// Something that a user should know, as one line that is fit to print.
struct Notice {
  enum class Kind {
    data_note,      // of how the data were read
    beforehand,     // what data, recipe and plan say before anything is trained
    same_training,  // two orders that are one network, or are proved to train bit for bit alike
    fewer_jobs,     // than cores, for want of memory
    damaged_trial,  // a file that is no trial of its place: it is trained again
    not_written,    // of what nobody waits for: progress, a verdict in a folder that is read-only
  };
  Kind kind;
  std::string text;
};

/// Trials of one kind: those that try learning rates, or those that decide.
struct Phase {
  bool is_tuning = false;
  std::vector<std::size_t> arms;  ///< that take part
  int replicates = 0;             ///< of each, at most
  std::string metric;             ///< that they are judged by
};

/// Told of everything in a run, by one thread at a time, in this order. It must not throw.
class Listener {
 public:
  virtual ~Listener() = default;
  /// All but the damaged trials come before the run folder is touched.
  virtual void on_notice(const Notice&) {}
  /// Some trials have a file already.
  virtual void on_resume(const Trials& /*found*/, const std::filesystem::path& /*folder*/) {}
  /// A phase begins in which something is left to train; `before` have ended already.
  virtual void on_phase(const Phase&, const Experiment&, const Trials& /*before*/) {}
  virtual void on_start(const TrialId&) {}
  virtual void on_progress(const TrialId&, const train::Progress&) {}
  /// Under automatic stopping each comparison of the plan is looked at after every trial.
  virtual void on_look(std::size_t /*comparison*/, const report::LookProgress&) {}
  /// Also of a trial that another process trained meanwhile, which never started here.
  virtual void on_finish(const TrialId&, const record::TrialRecord&) {}
  /// The run is over, finished or stopped (`Stop::interrupted`).
  virtual void on_end(const record::VerdictRecord&) {}
};

struct RunOptions {
  std::filesystem::path folder = {};        ///< empty: record::default_run_folder
  KeptWeights weights = KeptWeights::none;  ///< of the built-in engine
  std::optional<int> jobs = {};             ///< trials side by side; nullopt: one per core
  int cores = 1;
  /// Memory that trials may take together; nullopt: as much as they want.
  std::optional<std::int64_t> free_bytes = {};
  Wanted wanted = {};
  /// What is asked of the comparisons. Under automatic stopping those with bounds say when pairs
  /// are enough. They belong to this run and not to the study: the same study without them goes on.
  std::vector<Expectation> expectations = {};
  Runner runner = {};  ///< what trains; empty: `engine_runner`
};

class Run {
 public:
  /// Settles how many trials run side by side and tells the listener, who must outlive this, what
  /// is to be known before. Touches no file. Throws Error with the numbers where not one trial, or
  /// not the jobs asked for, fit in memory.
  Run(Experiment experiment, RunOptions options, Listener& listener);

  const Experiment& experiment() const { return experiment_; }
  const Trials& trials() const { return trials_; }  ///< that have ended, as far as known
  /// What would be done, and about how long it would take: trains each order for a moment.
  record::PlanRecord plan() const;

  /// Trains what is missing and returns the verdict with all that verdict.json holds. After a
  /// request to stop, of what there is, with `Stop::interrupted`: the trials under way are given up
  /// (what the runner does with them is its own affair), those that have ended are kept, and no
  /// verdict is written. A stop that comes when all trials have ended changes nothing.
  ///
  /// Other processes may work in the same folder at the same time: each trial is trained by one of
  /// them, and this one waits for those that it needs.
  ///
  /// A crash leaves what record::RunFolder says: every trial that has ended is on disk before the
  /// listener hears of it.
  ///
  /// Throws Error where the folder holds another study, or trials of other data or kernels; where a
  /// file cannot be written; and what the runner throws.
  record::VerdictRecord finish(const std::stop_token& stop);

 private:
  void tell_of_orders() const;
  void choose_jobs();
  void resume(record::RunFolder& folder);
  void require_same_ground(const record::RunFolder& folder, const record::TrialRecord& trial) const;
  void save(record::RunFolder& folder, const record::VerdictRecord& verdict) const;
  record::VerdictRecord verdict_of(const std::vector<PlannedComparison>& comparisons,
                                   const std::vector<record::TunedOrder>& tuned,
                                   Ending ending) const;
  void save_so_far(const std::vector<PlannedComparison>& comparisons,
                   const std::vector<record::TunedOrder>& tuned, record::RunFolder& folder);
  bool try_rates(record::RunFolder& folder, const std::stop_token& stop);
  bool train_pairs(const std::vector<PlannedComparison>& comparisons,
                   const std::vector<record::TunedOrder>& tuned, record::RunFolder& folder,
                   const std::stop_token& stop);
  void train(const Phase& phase, const std::function<std::vector<TrialId>()>& wanted,
             const std::function<void()>& look, record::RunFolder& folder,
             const std::stop_token& stop);

  Experiment experiment_;
  RunOptions options_;
  Listener& listener_;
  std::int64_t trial_bytes_ = 0;  // of the largest
  int jobs_ = 1;
  std::vector<record::Notice> beforehand_;  // what is known before anything is trained
  Trials trials_;
  std::set<TrialId> again_;  // of those that have a file, to be trained in spite of it
  std::optional<WeightsKeeper> keeper_;
  std::chrono::steady_clock::time_point next_so_far_ = {};  // not to be written before
};

}  // namespace whichfirst::study
