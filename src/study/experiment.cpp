#include "study/experiment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "algebra/relation.h"
#include "base/error.h"
#include "base/suggest.h"
#include "engine/inference.h"
#include "engine/probe.h"
#include "engine/trainer.h"
#include "network/network.h"
#include "network/preset.h"
#include "notation/parse.h"
#include "notation/print.h"
#include "record/metrics.h"
#include "record/version.h"
#include "study/machine.h"
#include "train/taps.h"
#include "train/trial.h"

namespace whichfirst::study {
namespace {

notation::Sequence body_of(const std::string& text) {
  if (const network::Preset* preset = network::find_preset(text)) {
    return notation::parse(preset->body, notation::Context::body);
  }
  const bool looks_like_a_name = text.find_first_of("( *") == std::string::npos;
  if (looks_like_a_name) {
    std::vector<std::string_view> names;
    for (const network::Preset& preset : network::presets()) names.push_back(preset.name);
    const auto near = nearest_word(text, names);
    throw Error(
        "network: no preset is called '{}' ({}the presets are {}); or write the "
        "network itself, such as 'unit(16) unit(32, pool=2) gap fc(classes)'",
        text, near ? fmt::format("did you mean '{}'? ", *near) : "", fmt::join(names, ", "));
  }
  try {
    return notation::parse(text, notation::Context::body);
  } catch (const notation::SyntaxError& error) {
    throw Error("network: {}", error.what());
  }
}

std::string canonical_network(const std::string& text) {
  return network::find_preset(text) != nullptr ? text : notation::print(body_of(text));
}

data::Selection selection_of(const record::Study& study) {
  data::Selection selection{.train = study.data.train, .test = study.data.test, .validation = {}};
  if (record::needs_validation(study.plan.metric) || record::is_tuned(study)) {
    selection.validation = study.data.validation;
  }
  return selection;
}

}  // namespace

data::Dataset load_dataset(const record::Study& study,
                           const std::vector<std::filesystem::path>& search_folders) {
  data::ReadOptions options{.size = {}, .skip_broken = study.data.skip_broken, .seed = study.seed};
  options.size = study.data.size;
  return study.data.path ? data::load_path(*study.data.path, options)
                         : data::load_named(study.data.name, search_folders, options);
}

std::vector<Arm> build_arms(const record::Study& study, const Shape& input, int classes) {
  const notation::Sequence body = body_of(study.network);
  std::vector<network::Blueprint> blueprints;
  std::vector<Arm> arms;
  for (const record::NamedOrder& order : study.orders) {
    notation::Sequence sequence =
        network::complete_order(notation::parse(order.text, notation::Context::order));
    if (study.match.ends) sequence = network::begin_with_weights(sequence);
    blueprints.push_back(
        {.body = body, .order = sequence, .input = input, .classes = classes, .bias = study.bias});
    try {
      arms.push_back({.name = order.name,
                      .order_name = order.name,
                      .order = notation::print(sequence),
                      .lr = study.recipe.lr.front(),
                      .network = network::build(blueprints.back())});
    } catch (const Error& error) {
      throw Error("order {} on pictures of {}x{}x{}: {}", order.name, input.channels, input.height,
                  input.width, error.what());
    }
  }
  const network::Match match{
      .bias = study.match.bias, .affine = study.match.affine, .ends = study.match.ends};
  if (match == network::Match{}) return arms;
  std::vector<network::Network> matched = network::build_matched(std::move(blueprints), match);
  for (std::size_t i = 0; i < arms.size(); ++i) arms[i].network = std::move(matched[i]);
  return arms;
}

namespace {

std::vector<Arm> at_every_rate(const std::vector<Arm>& orders, const record::Study& study) {
  std::vector<Arm> arms;
  for (const Arm& order : orders) {
    for (const double lr : study.recipe.lr) {
      arms.push_back(order);
      arms.back().name = record::arm_name(study, order.order_name, lr);
      arms.back().lr = lr;
    }
  }
  return arms;
}

}  // namespace

Experiment prepare(const record::Study& study,
                   const std::vector<std::filesystem::path>& search_folders) {
  if (study.orders.size() > 1 && !network::has_unit(body_of(study.network))) {
    throw Error(
        "network '{}' has no unit( ), so the orders would never be used; write unit(16) where they "
        "belong",
        study.network);
  }
  data::Dataset dataset = load_dataset(study, search_folders);
  Experiment experiment{
      .study = study,
      .hash = record::study_hash(study),
      .network = canonical_network(study.network),
      .arms = at_every_rate(build_arms(study, dataset.train.shape, dataset.classes), study),
      .shared = {},
      .material = {},
      .platform = engine::describe_platform(study.recipe.precision)};
  std::vector<network::Network> networks;
  for (const Arm& arm : experiment.arms) networks.push_back(arm.network);
  experiment.shared = network::shared_roles(networks);
  if (experiment.shared.empty()) {
    throw Error(
        "the orders share no initial weights: no conv or fc of one has the same place and shape in "
        "all others, so that replicates would not be matched pairs; compare orders of the same "
        "stages, or networks with the same head");
  }
  experiment.material =
      train::prepare_material(std::move(dataset), selection_of(study), study.seed);
  train::require_trainable(experiment.material, study.recipe);
  return experiment;
}

network::Values initial_values(const Experiment& experiment, const Arm& arm,
                               std::uint64_t replicate) {
  return network::initial_values(arm.network, experiment.study.seed, replicate);
}

void identify(record::TrialRecord& record, const Experiment& experiment, const Arm& arm,
              std::uint64_t replicate) {
  record.arm = arm.name;
  record.order = arm.order;
  record.lr = arm.lr;
  record.replicate = replicate;
  record.version = record::kProgramVersion;
  record.study = experiment.hash;
}

namespace {

train::Task task_of(const Experiment& experiment, const Arm& arm, std::uint64_t replicate,
                    const network::Values& initial) {
  return {.network = arm.network,
          .initial = initial,
          .material = experiment.material,
          .recipe = experiment.study.recipe,
          .lr = arm.lr,
          .seed = experiment.study.seed,
          .replicate = replicate};
}

}  // namespace

TrialOutcome run_trial(const Experiment& experiment, const Arm& arm, std::uint64_t replicate,
                       const network::Values& initial, const std::stop_token& stop,
                       const train::Observer& observe) {
  std::string started = utc_now();
  train::Result result;
  try {
    result = train::run_trial(task_of(experiment, arm, replicate, initial), stop, observe);
  } catch (const Error& error) {  // alone: all else says nothing of the recipe, and ends the run
    result = {};
    result.record.status = record::Status::failed;
    result.record.reason = error.what();
    result.record.hashes.data = experiment.material.hash;
  }
  record::TrialRecord& record = result.record;
  record.timings.started = std::move(started);
  identify(record, experiment, arm, replicate);
  record.hashes.initial_weights = network::hash_weights(arm.network, initial, experiment.shared);
  record.machine = {.isa = experiment.platform.isa, .kernels = experiment.platform.library};
  return {.record = std::move(record),
          .values = std::move(result.values),
          .is_interrupted = result.is_interrupted};
}

Runner engine_runner(const Experiment& experiment, Keeper keep) {
  return [&experiment, keep = std::move(keep)](
             const Arm& arm, std::uint64_t replicate, const std::stop_token& stop,
             const train::Observer& observe) -> std::optional<record::TrialRecord> {
    TrialOutcome outcome = run_trial(experiment, arm, replicate,
                                     initial_values(experiment, arm, replicate), stop, observe);
    if (outcome.is_interrupted) return std::nullopt;
    if (keep && !outcome.values.empty()) keep(arm, outcome.record, outcome.values);
    return std::move(outcome.record);
  };
}

std::int64_t trial_bytes(const Arm& arm, const record::Recipe& recipe) {
  // A thread, the records, oneDNN's kernels and its primitives.
  constexpr std::int64_t kOtherBytes = std::int64_t{12} << 20;
  std::int64_t values = 0;  // of all parameters, once
  for (const network::Parameter& parameter : arm.network.parameters) {
    values += parameter.size() * static_cast<std::int64_t>(sizeof(float));
  }
  const engine::Options options = train::engine_options(recipe);
  std::int64_t training = engine::plan(arm.network, options).bytes();
  if (recipe.taps != record::TapRate::off) {
    engine::Options probe = options;
    probe.batch = train::kProbeImages;
    training += engine::probe_bytes(arm.network, probe) + 4 * values;  // those it looks at
  }
  // Folding computes in double; a bn that is folded forward into padding gives a number for each of
  // the result's pixels, which is packed then.
  std::int64_t folding = 6 * values;
  for (const network::Stage& stage : arm.network.stages) {
    const auto* conv = std::get_if<network::Conv>(&stage.operation);
    constexpr auto kMapBytes = static_cast<std::int64_t>(sizeof(double) + sizeof(float));
    if (conv != nullptr && conv->padding > 0) folding += kMapBytes * stage.output.size();
  }
  if (recipe.precision != engine::Precision::bf16) {  // evaluates folded, beside the trainer
    training +=
        engine::inference_bytes(arm.network, train::kEvaluationBatch, options.precision) + folding;
  }
  // Then the trained and the folded network.
  const std::int64_t inference =
      2 * engine::inference_bytes(arm.network, train::kInferenceBatch) + folding;
  return std::max(training, inference) + values + kOtherBytes;
}

double mean_trial_seconds(const Experiment& experiment) {
  constexpr double kBudget = 0.5;  // seconds of each order
  double sum = 0;
  int orders = 0;
  for (const Arm& arm : experiment.arms) {
    if (arm.lr != experiment.arms.front().lr) continue;  // rates change no network
    const network::Values initial = initial_values(experiment, arm, 1);
    sum += train::estimate_seconds(task_of(experiment, arm, 1, initial), kBudget);
    ++orders;
  }
  return sum / orders;
}

const Arm& find_arm(const std::vector<Arm>& arms, const std::string& name) {
  std::vector<std::string_view> names;
  for (const Arm& arm : arms) {
    if (arm.name == name) return arm;
    names.push_back(arm.name);
  }
  const auto near = nearest_word(name, names);
  throw Error("no order is called '{}'{}; the study has {}", name,
              near ? fmt::format(", did you mean '{}'?", *near) : "", fmt::join(names, ", "));
}

std::vector<record::NamedOrder> default_orders(const std::string& network) {
  const network::Preset* preset = network::find_preset(network);
  std::vector<record::NamedOrder> orders;
  for (const auto& [name, chain] : preset ? preset->orders : network::kPlainOrders) {
    orders.push_back({std::string(name), std::string(chain)});
  }
  return orders;
}

bool is_same_network(const Arm& a, const Arm& b) {
  const auto& left = a.network.stages;
  const auto& right = b.network.stages;
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const network::Stage& x, const network::Stage& y) {
                      return x.text == y.text && x.source == y.source && x.shortcut == y.shortcut;
                    });
}

std::optional<std::string> proof_of_same_training(const Arm& a, const Arm& b) {
  if (a.lr != b.lr) return std::nullopt;
  if (is_same_network(a, b)) return "both build the same network";
  const algebra::Relation relation =
      algebra::relate(a.network, b.network, algebra::make_rules(algebra::Scales::any));
  if (relation.answer != algebra::Answer::same_training) return std::nullopt;
  std::vector<std::string> says;
  for (const algebra::Reason& reason : relation.reasons) says.push_back(reason.says);
  return fmt::format("{}", fmt::join(says, "; "));
}

}  // namespace whichfirst::study
