#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "algebra/ledger.h"
#include "base/error.h"
#include "cli/expectation.h"
#include "cli/interrupt.h"
#include "cli/live_display.h"
#include "cli/machine.h"
#include "cli/study_arguments.h"
#include "cli/verbs.h"
#include "record/run_folder.h"
#include "report/verdict_text.h"
#include "report/wording.h"
#include "study/conclude.h"
#include "study/experiment.h"
#include "study/scheduler.h"

namespace whichfirst::cli {
namespace {

struct CompareOptions {
  StudyArguments study;
  std::string out;
  int jobs = 0;  // 0: as many as there are cores
  bool json = false;
  bool quiet = false;
  bool dry_run = false;
  Expectation expect;
};

class Comparing {
 public:
  explicit Comparing(const CompareOptions& options) : options_(options) {}

  int run() {
    const record::Study study = options_.study.resolve();
    record::require_orders(study, 2);
    say("reading {} ...", study.data.path.value_or(study.data.name));
    const study::Experiment experiment = study::prepare(study, data::search_folders());
    for (const std::string& note : experiment.material.dataset.notes) say("note: {}", note);
    for (const auto& [a, b] : study::same_networks(experiment.arms)) {
      say("warning: {} and {} build the same network; they train to the same numbers", a, b);
    }
    const int jobs = choose_jobs(experiment);
    const std::filesystem::path folder = options_.out.empty() ? record::default_run_folder(study)
                                                              : std::filesystem::path(options_.out);
    if (options_.dry_run) return print_plan(experiment, jobs, folder);
    record::RunFolder run_folder(folder, study);
    return compare(experiment, run_folder, jobs);
  }

 private:
  template <class... Arguments>
  void say(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    if (options_.quiet) return;
    fmt::print(stderr, text, std::forward<Arguments>(arguments)...);
    fmt::print(stderr, "\n");
  }

  static int planned_trials(const study::Experiment& experiment) {
    return experiment.study.plan.seeds * static_cast<int>(experiment.arms.size());
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
    const int wanted =
        std::min(options_.jobs > 0 ? options_.jobs : available_cores(), planned_trials(experiment));
    const std::int64_t bytes = largest_trial(experiment);
    const std::optional<std::int64_t> available = available_memory();
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
    return fitting;
  }

  int print_plan(const study::Experiment& experiment, int jobs,
                 const std::filesystem::path& folder) const {
    const std::int64_t bytes = largest_trial(experiment);
    const record::VerdictRecord nothing_yet = conclude(experiment, {}, record::Stop::interrupted);
    const std::string plan = record::print_study(experiment.study);
    if (options_.json) {
      fmt::print("{}", record::to_json(record::PlanRecord{.study = experiment.study.name,
                                                          .study_hash = experiment.hash,
                                                          .run_folder = folder.string(),
                                                          .condition = nothing_yet.condition,
                                                          .orders = nothing_yet.orders,
                                                          .replicates = experiment.study.plan.seeds,
                                                          .jobs = jobs,
                                                          .trial_bytes = bytes}));
      return kDone;
    }
    fmt::print("{}\n", plan);
    fmt::print("# {} trials ({} orders x {} replicates), {} at a time, about {} of memory each\n",
               planned_trials(experiment), experiment.arms.size(), experiment.study.plan.seeds,
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
    require_same_ground(experiment, folder, trials);
    std::vector<study::TrialId> todo;
    for (const study::TrialId& id : study::trial_order(static_cast<int>(experiment.arms.size()),
                                                       experiment.study.plan.seeds)) {
      if (!trials.contains({arm_of(experiment, id).name, id.replicate})) todo.push_back(id);
    }
    if (!trials.empty())
      say("{} finished trials found in {}", trials.size(), folder.path().string());

    const Interrupt interrupt;
    train_all(experiment, folder, jobs, todo, interrupt.token(), trials);
    const bool is_stopped = interrupt.happened() && !is_complete(experiment, trials);
    record::VerdictRecord verdict =
        conclude(experiment, trials, is_stopped ? record::Stop::interrupted : record::Stop::fixed);
    verdict.run_folder = folder.path().string();
    add_words(experiment, verdict);
    const std::string document = record::to_json(verdict);
    if (!is_stopped) folder.save_verdict(document);
    if (options_.json) {
      fmt::print("{}", document);
    } else {
      fmt::print("\n{}\nRun folder: {}\n", report::print_verdict(verdict), folder.path().string());
    }
    if (is_stopped) {
      say("\nInterrupted; {} of {} trials are kept. The same command resumes.", trials.size(),
          planned_trials(experiment));
      return kInterrupted;
    }
    return options_.expect.judge(verdict);
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

  static bool is_complete(const study::Experiment& experiment, const study::Trials& trials) {
    return static_cast<int>(trials.size()) == planned_trials(experiment);
  }

  void train_all(const study::Experiment& experiment, record::RunFolder& folder, int jobs,
                 const std::vector<study::TrialId>& todo, const std::stop_token& stop,
                 study::Trials& trials) const {
    if (todo.empty()) return;
    const bool is_terminal = isatty(STDERR_FILENO) != 0;
    const auto style = options_.quiet ? LiveDisplay::Style::quiet
                       : is_terminal  ? LiveDisplay::Style::live
                                      : LiveDisplay::Style::lines;
    LiveDisplay display(experiment, trials, style);
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
      trials.emplace(std::pair(arm_of(experiment, id).name, id.replicate), record);
    };
    study::run_trials(todo, jobs, run, keep, display, stop);
  }

  static void add_words(const study::Experiment& experiment, record::VerdictRecord& verdict) {
    std::vector<network::Network> networks;
    for (const study::Arm& arm : experiment.arms) networks.push_back(arm.network);
    for (const algebra::LedgerRow& row : algebra::compare_networks(networks)) {
      verdict.ledger.push_back({.what = row.what, .values = row.values});
    }
    for (record::ComparisonResult& result : verdict.comparisons) {
      result.sentence = report::verdict_sentence(result, verdict);
    }
  }

  const CompareOptions& options_;
};

}  // namespace

AddedVerb add_compare(CLI::App& program) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = program.add_subcommand(
      "compare", "Train the orders in matched pairs on the same data and say which is better");
  options->study.add_to(*command);
  command->add_option("--out", options->out,
                      "The run folder itself; default runs/<name>-<hash of the study>");
  command->add_option("--jobs", options->jobs, "Trials side by side; default: one a core")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--json", options->json, "Print the verdict as one JSON document");
  command->add_flag("--quiet", options->quiet, "No progress");
  command->add_flag("--dry-run", options->dry_run,
                    "Check everything, print the plan, train nothing");
  options->expect.add_to(*command);
  command->footer(
      "Examples:\n"
      "  whichfirst compare                          the built-in demo, about a minute\n"
      "  whichfirst compare my.toml plan.seeds=12    a study file, one setting changed\n"
      "  whichfirst compare data.name=fashion-mnist data.train=12000 recipe.lr=0.1\n"
      "  whichfirst compare orders.a='conv bn relu' orders.b='conv relu bn' plan.margin=0.5\n"
      "\n"
      "The same command again resumes a run that was stopped, at any moment and in any way.\n"
      "Exit codes: 0 done, 1 --expect does not hold, 2 wrong input, 3 --expect and undecided,\n"
      "130 interrupted.");
  return {command, [options] { return Comparing(*options).run(); }};
}

}  // namespace whichfirst::cli
