#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/words.h"
#include "cli/expectation.h"
#include "cli/interrupt.h"
#include "cli/live_display.h"
#include "cli/study_arguments.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "cli/verdict_format.h"
#include "json/printable.h"
#include "report/wording.h"
#include "study/machine.h"
#include "study/run.h"

namespace whichfirst::cli {
namespace {

struct CompareOptions {
  StudyArguments study;
  std::string out;
  std::string weights;
  int jobs = 0;  // 0: as many as there are cores
  VerdictFormat format;
  WantedOptions wanted;
  bool quiet = false;
  bool dry_run = false;
  ExpectOptions expect;
};

LiveDisplay::Style style_of(const CompareOptions& options) {
  if (options.quiet) return LiveDisplay::Style::quiet;
  return can_redraw(STDERR_FILENO) ? LiveDisplay::Style::live : LiveDisplay::Style::lines;
}

int print_plan(const study::Run& run, const VerdictFormat& format) {
  const record::PlanRecord plan = run.plan();
  if (format.is_json()) {
    fmt::print("{}", record::to_json(plan));
    return kDone;
  }
  const record::Study& study = run.experiment().study;
  fmt::print("{}\n", record::print_study(study));
  fmt::print(
      "# {}{} trials ({} orders, {} {} replicates{}), {} at a time, about {} of memory each\n",
      study.plan.seeds ? "" : "at most ", study::planned_trials(study), study.orders.size(),
      study.plan.seeds ? "" : "as many as the answer needs of", plan.replicates,
      record::is_tuned(study) ? fmt::format(", after {} for tuning at each of {} rates",
                                            study.plan.tuning_seeds, study.recipe.lr.size())
                              : "",
      plan.jobs, report::bytes(plan.trial_bytes));
  fmt::print("# {} training images, {} test images, {} classes\n", grouped(plan.condition.train),
             grouped(plan.condition.test), plan.condition.classes);
  for (const record::Notice& notice : plan.notices) {
    fmt::print("# {}\n", json::printable(notice.text, 600));
  }
  const std::string least = report::duration(plan.seconds_least);
  const std::string most = report::duration(plan.seconds_most);
  fmt::print("# about {}, by the first steps of each order (an estimate)\n",
             least == most ? most : fmt::format("{} to {}", least, most));
  fmt::print("# results would go to {}; nothing was trained\n", plan.run_folder);
  return kDone;
}

int compare(const CompareOptions& options) {
  const study::Wanted wanted = options.wanted.wanted();  // out of range: said before all reading
  const std::vector<study::Expectation> expectations = options.expect.parsed();
  const record::Study study = options.study.resolve();
  record::require_orders(study, 2);
  LiveDisplay display(style_of(options));
  display.say(fmt::format("reading {} ...", study.data.path.value_or(study.data.name)));
  study::Run run(study::prepare(study, data::search_folders()),
                 {.folder = options.out,
                  .weights = options.weights.empty()    ? study::KeptWeights::none
                             : options.weights == "all" ? study::KeptWeights::all
                                                        : study::KeptWeights::best,
                  .jobs = options.jobs > 0 ? std::optional(options.jobs) : std::nullopt,
                  .cores = study::available_cores(),
                  .free_bytes = study::available_memory(),
                  .wanted = wanted,
                  .expectations = expectations},
                 display);
  if (options.dry_run) return print_plan(run, options.format);
  const Interrupt interrupt;
  const record::VerdictRecord verdict = run.finish(interrupt.token());
  display.say("");
  fmt::print("{}", options.format.print(verdict));
  if (verdict.stop == record::Stop::interrupted) {
    display.say(fmt::format("\nInterrupted; kept: {}. The same command resumes.",
                            counted(std::ssize(run.trials()), "finished trial")));
    return kInterrupted;
  }
  if (!options.weights.empty()) {
    display.say(fmt::format(
        "Weights: {}/weights{}", *verdict.run_folder,
        options.weights == "best"
            ? " (the best replicate of each order; picked by its metric, so that this metric is "
              "no result)"
            : ""));
  }
  return options.expect.judge(verdict);
}

}  // namespace

Verb compare_verb() {
  auto options = std::make_shared<CompareOptions>();
  return {
      .name = "compare",
      .help = "Train the orders in matched pairs on the same data and say which is better",
      .options = joined(
          {{options->study.option(),
            {"--out", &options->out, "The run folder; default runs/<name>-<hash of the study>"},
            {"--jobs",
             &options->jobs,
             "Trials run in parallel; default: one per core",
             {.range = Range{1, 1024}}}},
           options->format.options(),
           options->wanted.options(),
           {{"--save-weights",
             &options->weights,
             "Keep trained networks in RUN/weights (safetensors): of every trial, or of the "
             "replicate with the best metric, which says nothing of the order",
             {.choices = {"best", "all"}}},
            {"--quiet", &options->quiet, "No progress"},
            {"--dry-run", &options->dry_run, "Check everything, print the plan, train nothing"}},
           options->expect.options()}),
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
      .run = [options] { return compare(*options); }};
}

}  // namespace whichfirst::cli
