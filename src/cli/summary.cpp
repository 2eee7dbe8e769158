#include "network/summary.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "cli/study_arguments.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "report/summary_text.h"
#include "study/experiment.h"

namespace whichfirst::cli {
namespace {

struct SummaryOptions {
  StudyArguments study;
  std::string order;
  bool json = false;
};

network::NetworkSummary summarise(const study::Arm& arm, const record::Recipe& recipe) {
  network::NetworkSummary summary = network::summarise(arm.network);
  summary.name = arm.name;
  summary.order = arm.order;
  summary.trial_bytes = study::trial_bytes(arm, recipe);
  return summary;
}

int run(const SummaryOptions& options) {
  const record::Study study = options.study.resolve();
  const data::Dataset dataset = study::load_dataset(study, data::search_folders());
  network::StudySummary summary{.study = study.name,
                                .network = study.network,
                                .input = dataset.train.shape,
                                .classes = dataset.classes,
                                .batch = study.recipe.batch,
                                .orders = {}};
  const auto arms = study::build_arms(study, dataset.train.shape, dataset.classes);
  if (!options.order.empty()) {
    summary.orders.push_back(summarise(study::find_arm(arms, options.order), study.recipe));
  } else {
    for (const study::Arm& arm : arms) summary.orders.push_back(summarise(arm, study.recipe));
  }
  fmt::print("{}", options.json ? to_json(summary)
                                : report::print_summary(
                                      summary, columns_of(STDOUT_FILENO, report::kUnlimited)));
  return kDone;
}

}  // namespace

Verb summary_verb() {
  auto options = std::make_shared<SummaryOptions>();
  return {.name = "summary",
          .help = "Show the stages of each order: shape, parameters, FLOPs, memory",
          .options = {options->study.option(),
                      {"--order", &options->order, "Only this order"},
                      json_option(options->json)},
          .footer =
              "Examples:\n"
              "  whichfirst summary demo\n"
              "  whichfirst summary my.toml --order bn-first --json",
          .run = [options] { return run(*options); }};
}

}  // namespace whichfirst::cli
