#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "cli/interrupt.h"
#include "cli/study_arguments.h"
#include "cli/verbs.h"
#include "record/atomic_file.h"
#include "record/safetensors.h"
#include "report/wording.h"
#include "study/experiment.h"
#include "study/run_state.h"
#include "study/weights.h"

namespace whichfirst::cli {
namespace {

struct TrainOptions {
  StudyArguments study;
  std::string order;
  std::string run;
  std::uint64_t replicate = 1;
  std::string save_init;
  std::string save;
  std::string init;
  bool json = false;
};

/// Running statistics that no training leaves behind; relu would hide what they make.
void require_statistics(const std::string& path, const network::Parameter& parameter,
                        const std::vector<float>& values) {
  const bool is_variance = parameter.kind == network::ParameterKind::running_variance;
  if (!is_variance && parameter.kind != network::ParameterKind::running_mean) return;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i]) && !(is_variance && values[i] < 0)) continue;
    throw Error(
        "{}: {}[{}]: expected a finite {}, found {}; write the file anew from a network "
        "that did not diverge",
        path, parameter.name, i, is_variance ? "variance of at least 0" : "mean", values[i]);
  }
}

/// The values of a file, one tensor for each parameter of the network and none beside.
network::Values load_weights(const std::string& path, const study::Arm& arm) {
  record::Weights weights = record::read_safetensors(path);
  std::map<std::string, record::Tensor*> by_name;
  for (record::Tensor& tensor : weights.tensors) by_name[tensor.name] = &tensor;
  network::Values values;
  for (const network::Parameter& parameter : arm.network.parameters) {
    const auto found = by_name.find(parameter.name);
    if (found == by_name.end()) {
      throw Error(
          "{}: no tensor '{}', which order {} needs; --save-init writes a file "
          "with all names and shapes",
          path, parameter.name, arm.name);
    }
    if (found->second->shape != parameter.dimensions) {
      throw Error("{}: tensor '{}' has shape [{}], expected [{}]", path, parameter.name,
                  fmt::join(found->second->shape, ", "), fmt::join(parameter.dimensions, ", "));
    }
    require_statistics(path, parameter, found->second->values);
    values.push_back(std::move(found->second->values));
    by_name.erase(found);
  }
  if (!by_name.empty()) {
    throw Error("{}: tensor '{}' belongs to no stage of order {} ({})", path,
                by_name.begin()->first, arm.name, arm.order);
  }
  return values;
}

void print_epoch(const record::EpochMetrics& epoch) {
  std::string line =
      fmt::format("epoch {}: training loss {:.4f}, training accuracy {:.2f}", epoch.epoch,
                  epoch.train_loss.value_or(0), epoch.train_accuracy.value_or(0));
  if (epoch.val_loss && epoch.val_accuracy) {
    line += fmt::format(", validation loss {:.4f}, accuracy {:.2f}", *epoch.val_loss,
                        *epoch.val_accuracy);
  }
  fmt::print(stderr, "{}\n", line);
}

void print_result(const record::TrialRecord& record) {
  if (record.status != record::Status::done) {
    fmt::print("{} replicate {}: {}: {}", record.arm, record.replicate, record::name(record.status),
               record.reason.value_or(""));
    if (record.diverged_at) {
      fmt::print(" (epoch {}, step {})", record.diverged_at->epoch, record.diverged_at->step);
    }
    fmt::print("\n");
    return;
  }
  fmt::print(
      "{} replicate {}: test accuracy {:.2f} points, test loss {:.4f}, {}, {:.0f} images/s\n",
      record.arm, record.replicate, record.metrics.test_accuracy.value_or(0),
      record.metrics.test_loss.value_or(0), report::duration(record.timings.seconds),
      record.timings.images_per_second.value_or(0));
}

int run(const TrainOptions& options) {
  const record::Study study = options.study.resolve();
  const study::Experiment experiment = study::prepare(study, data::search_folders());
  const study::Arm& arm = study::arm_at_best_rate(experiment, options.order, options.run);
  if (arm.name != options.order) {
    fmt::print(stderr, "{} at learning rate {}, the best of its tuning\n", options.order, arm.lr);
  }
  if (!options.save.empty()) record::require_output("--save", options.save);
  if (!options.save_init.empty()) record::require_output("--save-init", options.save_init);
  const network::Values initial = options.init.empty()
                                      ? study::initial_values(experiment, arm, options.replicate)
                                      : load_weights(options.init, arm);
  if (!options.save_init.empty()) study::save_weights(options.save_init, arm, initial);

  const Interrupt interrupt;
  const study::TrialOutcome outcome =
      study::run_trial(experiment, arm, options.replicate, initial, interrupt.token(),
                       [](const train::Progress& progress) {
                         if (progress.finished_epoch) print_epoch(*progress.finished_epoch);
                       });
  if (outcome.is_interrupted) {
    fmt::print(stderr, "Interrupted; nothing was saved. The same command starts over.\n");
    return kInterrupted;
  }
  if (outcome.record.status == record::Status::failed) throw Error(*outcome.record.reason);
  if (!options.save.empty() && outcome.values.empty()) {
    fmt::print(stderr, "--save {}: nothing was written, the trial did not end well\n",
               options.save);
  } else if (!options.save.empty()) {
    study::save_weights(options.save, arm, outcome.values);
  }
  if (options.json) {
    fmt::print("{}", record::to_json(outcome.record));
  } else {
    print_result(outcome.record);
  }
  return kDone;
}

}  // namespace

Verb train_verb() {
  auto options = std::make_shared<TrainOptions>();
  return {
      .name = "train",
      .help = "Train one trial: one order, one replicate of a study",
      .options = {options->study.option(),
                  {"--order", &options->order,
                   "The order's name in the study; where that tries several learning rates, also "
                   "with one of them: bn-first@0.1",
                   kRequired},
                  {"--run", &options->run,
                   "The run folder that knows each order's best rate; default: where compare "
                   "writes"},
                  {"--replicate",
                   &options->replicate,
                   "The replicate, 1 or more",
                   {.is_required = true, .range = Range{1, 1'000'000'000}}},
                  {"--save-init", &options->save_init,
                   "Write the initial weights (safetensors, PyTorch's names and layouts)"},
                  {"--save", &options->save, "Write the trained weights and running statistics"},
                  {"--init", &options->init, "Start from these weights and running statistics"},
                  {"--json", &options->json, "Print the trial's record as one JSON document"}},
      .footer =
          "Examples:\n"
          "  whichfirst train demo --order bn-first --replicate 1\n"
          "  whichfirst train my.toml --order act-first --replicate 3 --save "
          "trained.safetensors\n"
          "  whichfirst train my.toml --order act-first --replicate 3 --init "
          "pytorch.safetensors\n"
          "\n"
          "Exit codes: 0 done or diverged (the record says which), 2 wrong input or an error,\n"
          "130 interrupted.",
      .run = [options] { return run(*options); }};
}

}  // namespace whichfirst::cli
