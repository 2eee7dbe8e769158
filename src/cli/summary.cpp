#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/study_arguments.h"
#include "cli/verbs.h"
#include "record/summary_record.h"
#include "report/summary_text.h"
#include "study/experiment.h"

namespace whichfirst::cli {
namespace {

struct SummaryOptions {
  StudyArguments study;
  std::string order;
  bool json = false;
};

std::vector<int> dimensions(const Shape& shape) {
  if (shape.is_vector) return {shape.channels};
  return {shape.channels, shape.height, shape.width};
}

record::NetworkSummary summarise(const study::Arm& arm, const record::Recipe& recipe) {
  record::NetworkSummary summary{.name = arm.name,
                                 .order = arm.order,
                                 .stages = {},
                                 .parameters = arm.network.parameter_count(),
                                 .flops = arm.network.flops_per_image(),
                                 .trial_bytes = study::trial_bytes(arm, recipe)};
  const auto path_of = [&](int source) -> std::string {
    return source == network::kInput ? "input"
                                     : arm.network.stages[static_cast<std::size_t>(source)].path;
  };
  for (const network::Stage& stage : arm.network.stages) {
    std::vector<std::string> reads = {path_of(stage.source)};
    if (stage.shortcut) reads.push_back(path_of(*stage.shortcut));
    summary.stages.push_back(
        {.path = stage.path,
         .stage = stage.text,
         .reads = std::move(reads),
         .output = dimensions(stage.output),
         .parameters = stage.parameter_count,
         .flops = stage.flops_per_image,
         .bytes = stage.output.size() * static_cast<std::int64_t>(sizeof(float))});
  }
  return summary;
}

int run(const SummaryOptions& options) {
  const record::Study study = options.study.resolve();
  const data::Dataset dataset = study::load_dataset(study, data::search_folders());
  record::SummaryRecord summary{.study = study.name,
                                .network = study.network,
                                .input = dimensions(dataset.train.shape),
                                .classes = dataset.classes,
                                .batch = study.recipe.batch,
                                .orders = {}};
  const auto arms = study::build_arms(study, dataset.train.shape, dataset.classes);
  if (!options.order.empty()) {
    summary.orders.push_back(summarise(study::find_arm(arms, options.order), study.recipe));
  } else {
    for (const study::Arm& arm : arms) summary.orders.push_back(summarise(arm, study.recipe));
  }
  fmt::print("{}", options.json ? record::to_json(summary) : report::print_summary(summary));
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
