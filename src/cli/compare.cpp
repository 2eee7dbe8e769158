#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "algebra/ledger.h"
#include "algebra/relation.h"
#include "base/error.h"
#include "cli/engine_rows.h"
#include "cli/expectation.h"
#include "cli/interrupt.h"
#include "cli/live_display.h"
#include "cli/study_arguments.h"
#include "cli/verbs.h"
#include "cli/verdict_format.h"
#include "record/printable.h"
#include "record/run_folder.h"
#include "report/progress_text.h"
#include "report/wording.h"
#include "study/campaign.h"
#include "study/conclude.h"
#include "study/experiment.h"
#include "study/machine.h"
#include "study/scheduler.h"
#include "study/tap_comparison.h"
#include "study/tuning.h"

namespace whichfirst::cli {
namespace {

struct CompareOptions {
  StudyArguments study;
  std::string out;
  int jobs = 0;  // 0: as many as there are cores
  bool pin = false;
  VerdictFormat format;
  WantedOptions wanted;
  bool quiet = false;
  bool dry_run = false;
  Expectation expect;
};

class Comparing {
 public:
  explicit Comparing(const CompareOptions& options) : options_(options) {}

  int run() {
    options_.wanted.wanted();  // out of range: said before anything is read
    const record::Study study = options_.study.resolve();
    record::require_orders(study, 2);
    say("reading {} ...", study.data.path.value_or(study.data.name));
    study::Experiment experiment = study::prepare(study, data::search_folders());
    for (const std::string& note : experiment.material.dataset.notes)
      say("note: {}", record::printable(note, 400));
    for (const auto& [a, b] : study::same_networks(experiment.arms)) {
      say("warning: {} and {} build the same network; they train to the same numbers", a, b);
    }
    warn_of_same_training(experiment.arms);
    const int jobs = choose_jobs(experiment);
    const std::filesystem::path folder = options_.out.empty() ? record::default_run_folder(study)
                                                              : std::filesystem::path(options_.out);
    if (options_.dry_run) return print_plan(experiment, jobs, folder);
    record::RunFolder run_folder(folder, study);
    experiment.study.plan.max_seeds = run_folder.study().plan.max_seeds;  // the largest ever asked
    return compare(experiment, run_folder, jobs);
  }

 private:
  /// Orders that are written otherwise, and of which it is proved that they train bit for bit
  /// alike.
  void warn_of_same_training(const std::vector<study::Arm>& arms) const {
    for (std::size_t a = 0; a < arms.size(); ++a) {
      for (std::size_t b = a + 1; b < arms.size(); ++b) {
        if (arms[a].order_name == arms[b].order_name || arms[a].lr != arms[b].lr) continue;
        if (study::is_same_network(arms[a], arms[b])) continue;
        const algebra::Relation relation = algebra::relate(
            arms[a].network, arms[b].network, algebra::make_rules(algebra::Scales::any));
        if (relation.answer != algebra::Answer::same_training) continue;
        say("warning: {} and {} train to the same numbers ({}); whichfirst explain says more",
            arms[a].name, arms[b].name, relation.reasons.front().says);
      }
    }
  }

  template <class... Arguments>
  void say(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    if (options_.quiet) return;
    fmt::print(stderr, text, std::forward<Arguments>(arguments)...);
    fmt::print(stderr, "\n");
  }

  /// At most, the tuning among them.
  static int planned_trials(const study::Experiment& experiment) {
    const auto arms = static_cast<int>(experiment.arms.size());
    const auto orders = static_cast<int>(experiment.study.orders.size());
    const record::Plan& plan = experiment.study.plan;
    const bool is_tuned = record::is_tuned(experiment.study);
    const int tuning = is_tuned ? plan.tuning_seeds * arms : 0;
    const bool at_every_rate = !is_tuned || plan.lr_report == record::LrReport::all;
    return tuning + record::most_seeds(plan) * (at_every_rate ? arms : orders);
  }

  static std::int64_t largest_trial(const study::Experiment& experiment) {
    std::int64_t bytes = 0;
    for (const study::Arm& arm : experiment.arms) {
      bytes = std::max(bytes, study::trial_bytes(arm, experiment.study.recipe));
    }
    return bytes;
  }

  /// The cores, or fewer where memory is short; a wish that does not fit is refused with the
  /// numbers.
  int choose_jobs(const study::Experiment& experiment) const {
    const int wanted = std::min(options_.jobs > 0 ? options_.jobs : study::available_cores(),
                                planned_trials(experiment));
    const std::int64_t bytes = largest_trial(experiment);
    const std::optional<std::int64_t> available = study::available_memory();
    const int fitting = study::trials_that_fit(wanted, bytes, available);
    if (fitting == 0 || (options_.jobs > 0 && fitting < wanted)) {
      throw Error(
          fmt::format("--jobs {}: a trial takes about {}, and {} of memory are free: {} fit "
                      "side by side; lower --jobs, recipe.batch or the network's width",
                      wanted, report::bytes(bytes), report::bytes(available.value_or(0)), fitting));
    }
    if (fitting < wanted) {
      say("running {} trials side by side instead of {}: a trial takes about {}, {} are free",
          fitting, wanted, report::bytes(bytes), report::bytes(available.value_or(0)));
    }
    const std::size_t cores = study::usable_cores().size();
    if (options_.pin && cores < static_cast<std::size_t>(fitting)) {
      throw Error(
          fmt::format("--pin: {} trials side by side, and {} cores for this process: lower "
                      "--jobs, or leave out --pin",
                      fitting, cores));
    }
    return fitting;
  }

  int print_plan(const study::Experiment& experiment, int jobs,
                 const std::filesystem::path& folder) const {
    const std::int64_t bytes = largest_trial(experiment);
    const record::VerdictRecord nothing_yet =
        conclude(experiment, {}, {}, {}, study::Ending::interrupted);
    const std::string plan = record::print_study(experiment.study);
    if (options_.format.is_json()) {
      fmt::print("{}", record::to_json(record::PlanRecord{
                           .study = experiment.study.name,
                           .study_hash = experiment.hash,
                           .run_folder = folder.string(),
                           .condition = nothing_yet.condition,
                           .orders = nothing_yet.orders,
                           .replicates = record::most_seeds(experiment.study.plan),
                           .jobs = jobs,
                           .trial_bytes = bytes}));
      return kDone;
    }
    fmt::print("{}\n", plan);
    const record::Plan& planned = experiment.study.plan;
    fmt::print(
        "# {}{} trials ({} orders, {} {} replicates{}), {} at a time, about {} of memory each\n",
        planned.seeds ? "" : "at most ", planned_trials(experiment), experiment.study.orders.size(),
        planned.seeds ? "" : "as many as the answer needs of", record::most_seeds(planned),
        record::is_tuned(experiment.study)
            ? fmt::format(", after {} for tuning at each of {} rates", planned.tuning_seeds,
                          experiment.study.recipe.lr.size())
            : "",
        jobs, report::bytes(bytes));
    fmt::print("# {} training images, {} test images, {} classes\n",
               report::grouped(nothing_yet.condition.train),
               report::grouped(nothing_yet.condition.test), nothing_yet.condition.classes);
    fmt::print("# results would go to {}; nothing was trained\n", folder.string());
    return kDone;
  }

  int compare(const study::Experiment& experiment, record::RunFolder& folder, int jobs) const {
    record::LoadedTrials found = folder.load_trials(experiment.platform.isa);
    for (const std::string& message : found.damaged) say("{}; it is trained again", message);
    study::Trials trials = std::move(found.done);
    for (auto& [key, trial] : trials) study::forget_early_looks(trial);
    require_same_ground(experiment, folder, trials);
    if (!trials.empty())
      say("{} finished trials found in {}", trials.size(), folder.path().string());

    const Interrupt interrupt;
    std::vector<record::TunedOrder> tuned;
    std::vector<study::PlannedComparison> comparisons;
    bool is_complete = false;
    if (train_tuning(experiment, folder, jobs, interrupt.token(), trials)) {
      tuned = study::tune(experiment, trials);
      comparisons = study::plan_comparisons(experiment, tuned);
      is_complete = train_pairs(experiment, comparisons, folder, jobs, interrupt.token(), trials);
    }
    const bool is_stopped = interrupt.happened() && !is_complete;
    record::VerdictRecord verdict =
        conclude(experiment, comparisons, tuned, trials,
                 is_stopped ? study::Ending::interrupted : study::Ending::complete,
                 options_.wanted.wanted());
    verdict.run_folder = folder.path().string();
    add_words(experiment, verdict);
    if (!is_stopped) folder.save_verdict(record::to_json(verdict));
    const std::string document = options_.format.print(verdict);
    if (options_.format.word == "text" && !options_.format.is_json()) {
      fmt::print("\n{}\nRun folder: {}\n", document, folder.path().string());
    } else {
      fmt::print("{}", document);
    }
    if (is_stopped) {
      say("\nInterrupted; {} trials are kept. The same command resumes.", trials.size());
      return kInterrupted;
    }
    return options_.expect.word.empty() ? kDone : options_.expect.judge(verdict);
  }

  /// Numbers from two versions of the data or of the kernels are not to be mixed.
  static void require_same_ground(const study::Experiment& experiment,
                                  const record::RunFolder& folder, const study::Trials& trials) {
    for (const auto& [key, trial] : trials) {
      const std::string file = folder.trial_path(key.first, key.second).string();
      if (trial.machine.kernels != experiment.platform.library) {
        throw Error(
            fmt::format("{}: it was trained with {}, found {} here; finish the run with the same "
                        "library, or start anew with --out and another folder",
                        file, trial.machine.kernels, experiment.platform.library));
      }
      if (trial.hashes.data == experiment.material.hash) continue;
      throw Error(
          fmt::format("{}: it was trained on other data (hash {}, now {}): the files behind {} "
                      "changed; restore them, or start anew with --out and another folder",
                      file, trial.hashes.data, experiment.material.hash,
                      experiment.study.data.path.value_or(experiment.study.data.name)));
    }
  }

  static const study::Arm& arm_of(const study::Experiment& experiment, const study::TrialId& id) {
    return experiment.arms[static_cast<std::size_t>(id.arm)];
  }

  LiveDisplay::Style style() const {
    if (options_.quiet) return LiveDisplay::Style::quiet;
    return isatty(STDERR_FILENO) != 0 ? LiveDisplay::Style::live : LiveDisplay::Style::lines;
  }

  /// Every order at every rate; returns whether all of that is there.
  bool train_tuning(const study::Experiment& experiment, record::RunFolder& folder, int jobs,
                    const std::stop_token& stop, study::Trials& trials) const {
    const std::vector<study::TrialId> needed = study::tuning_trials(experiment);
    const auto missing = [&] {
      std::vector<study::TrialId> todo;
      for (const study::TrialId& id : needed) {
        if (!trials.contains({arm_of(experiment, id).name, id.replicate})) todo.push_back(id);
      }
      return todo;
    };
    std::vector<study::TrialId> todo = missing();
    if (!todo.empty()) {
      std::vector<int> arms(experiment.arms.size());
      std::iota(arms.begin(), arms.end(), 0);
      say("trying each order at {} learning rates", experiment.study.recipe.lr.size());
      LiveDisplay display(experiment,
                          {.arms = std::move(arms),
                           .replicates = experiment.study.plan.tuning_seeds,
                           .metric = std::string(study::tuning_metric(experiment.study)),
                           .is_tuning = true},
                          trials, style());
      train(experiment, folder, jobs, study::source_of(std::move(todo)), stop, trials, display, {});
    }
    return missing().empty();
  }

  /// What the comparisons ask for; returns whether all of that is there.
  bool train_pairs(const study::Experiment& experiment,
                   const std::vector<study::PlannedComparison>& comparisons,
                   record::RunFolder& folder, int jobs, const std::stop_token& stop,
                   study::Trials& trials) const {
    study::Campaign campaign(experiment, comparisons, trials);
    if (campaign.is_complete()) return true;
    std::set<int> arms;
    for (const study::PlannedComparison& planned : comparisons) {
      arms.insert({planned.a, planned.b});
    }
    LiveDisplay display(experiment,
                        {.arms = {arms.begin(), arms.end()},
                         .replicates = record::most_seeds(experiment.study.plan),
                         .metric = experiment.study.plan.metric,
                         .is_tuning = false},
                        trials, style());
    const auto look = [&] {
      campaign.tell();
      if (experiment.study.plan.seeds) return;
      for (std::size_t i = 0; i < comparisons.size(); ++i) {
        display.tell(i, report::look_line(look_at(experiment, comparisons[i], campaign, i, trials),
                                          experiment.study.plan.metric));
      }
    };
    train(
        experiment, folder, jobs, [&] { return campaign.next(); }, stop, trials, display, look);
    return campaign.is_complete();
  }

  static report::LookProgress look_at(const study::Experiment& experiment,
                                      const study::PlannedComparison& planned,
                                      study::Campaign& campaign, std::size_t index,
                                      const study::Trials& trials) {
    const stats::Watch& watch = campaign.watch(index);
    report::LookProgress look{.a = experiment.arms[static_cast<std::size_t>(planned.a)].name,
                              .b = experiment.arms[static_cast<std::size_t>(planned.b)].name,
                              .pairs = static_cast<int>(watch.differences().size()),
                              .interval = {},
                              .verdict = {},
                              .more_pairs = {},
                              .core_hours = {}};
    if (const auto& intervals = watch.look().intervals) {
      look.interval = stats::deciding(*intervals, study::rule_of(experiment, 1));
    }
    if (watch.is_decided()) {
      look.verdict = watch.look().verdict;
      return look;
    }
    look.more_pairs = campaign.more_pairs(index);
    if (look.more_pairs && !trials.empty()) {
      look.core_hours = *look.more_pairs * study::pair_seconds(experiment, planned, trials) / 3600;
    }
    return look;
  }

  void train(const study::Experiment& experiment, record::RunFolder& folder, int jobs,
             const study::Source& source, const std::stop_token& stop, study::Trials& trials,
             LiveDisplay& display, const std::function<void()>& after_each) const {
    const study::Runner run =
        [&](const study::TrialId& id,
            const train::Observer& observe) -> std::optional<record::TrialRecord> {
      const study::Arm& arm = arm_of(experiment, id);
      const train::Observer keep_epochs = [&](const train::Progress& progress) {
        if (progress.finished_epoch) {
          folder.append_progress(
              record::progress_line(arm.name, id.replicate, *progress.finished_epoch));
        }
        observe(progress);
      };
      study::TrialOutcome outcome =
          study::run_trial(experiment, arm, id.replicate,
                           study::initial_values(experiment, arm, id.replicate), stop, keep_epochs);
      if (outcome.is_interrupted) return std::nullopt;
      return std::move(outcome.record);
    };
    const study::Keeper keep = [&](const study::TrialId& id, const record::TrialRecord& record) {
      folder.save_trial(record);
      const std::pair key(arm_of(experiment, id).name, id.replicate);
      study::forget_early_looks(trials.emplace(key, record).first->second);
      if (after_each) after_each();
    };
    const auto placement = options_.pin ? study::Placement::pinned : study::Placement::free;
    study::run_trials(source, jobs, run, keep, display, stop, placement);
  }

  static void add_words(const study::Experiment& experiment, record::VerdictRecord& verdict) {
    std::vector<network::Network> networks;
    for (const study::Arm& arm : experiment.arms) {  // rates change no network
      const auto& named = verdict.ledger_orders;
      if (!named.empty() && named.back() == arm.order_name) continue;
      networks.push_back(arm.network);
      verdict.ledger_orders.push_back(arm.order_name);
    }
    for (const algebra::LedgerRow& row : algebra::compare_networks(networks)) {
      verdict.ledger.push_back({.what = row.what, .values = row.values});
    }
    const auto rows = engine_rows(networks, train::engine_options(experiment.study.recipe));
    verdict.ledger.insert(verdict.ledger.end(), rows.begin(), rows.end());
    for (record::ComparisonResult& result : verdict.comparisons) {
      result.sentence = report::verdict_sentence(result, verdict);
    }
  }

  const CompareOptions& options_;
};

}  // namespace

Verb compare_verb() {
  auto options = std::make_shared<CompareOptions>();
  return {
      .name = "compare",
      .help = "Train the orders in matched pairs on the same data and say which is better",
      .options = joined(
          {{options->study.option(),
            {"--out", &options->out,
             "The run folder itself; default runs/<name>-<hash of the study>"},
            {"--jobs",
             &options->jobs,
             "Trials side by side; default: one a core",
             {.range = Range{1, 1024}}},
            {"--pin", &options->pin,
             "Keep each of the --jobs on a core of its own; not where other programs do"}},
           options->format.options(),
           options->wanted.options(),
           {{"--quiet", &options->quiet, "No progress"},
            {"--dry-run", &options->dry_run, "Check everything, print the plan, train nothing"},
            options->expect.option()}}),
      .footer =
          "Examples:\n"
          "  whichfirst compare                          the built-in demo, about a minute\n"
          "  whichfirst compare my.toml plan.seeds=12    a study file, one setting changed\n"
          "  whichfirst compare data.name=fashion-mnist data.train=12000 recipe.lr=0.1\n"
          "  whichfirst compare orders.a='conv bn relu' orders.b='conv relu bn' plan.margin=0.5\n"
          "\n"
          "The same command again resumes a run that was stopped, at any moment and in any way.\n"
          "Exit codes: 0 done, 1 --expect does not hold, 2 wrong input, 3 --expect and undecided,\n"
          "130 interrupted.",
      .run = [options] { return Comparing(*options).run(); }};
}

}  // namespace whichfirst::cli
