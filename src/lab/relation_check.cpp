#include "lab/relation_check.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "algebra/explain.h"
#include "algebra/relation.h"
#include "base/error.h"
#include "base/random.h"
#include "network/lookup.h"
#include "reference/pass.h"

namespace whichfirst::lab {
namespace {

using algebra::Answer;
using algebra::Relation;
using algebra::Term;
using network::Network;
using network::ParameterKind;
using reference::Arrays;
using reference::Mode;
using reference::Tensor;

// Sums of a few hundred terms of order 1, behind a few normalisers that divide by small deviations.
constexpr double kRounding = 1e-8;
// Operations of one case, beyond which it would take minutes.
constexpr double kLargestCase = 2e10;
// What differs by more is no rounding.
constexpr double kWitness = 1e-5;

/// Random numbers for every parameter; `scales` says whether bn's scales may be negative. Quantised
/// ones make equal pixels.
Arrays draw_values(const Network& network, RandomSequence& random, algebra::Scales scales,
                   bool is_quantised) {
  Arrays values;
  for (const network::Parameter& parameter : network.parameters) {
    std::vector<double>& array = values.emplace_back(static_cast<std::size_t>(parameter.size()));
    const double fan_in =
        static_cast<double>(parameter.size()) / static_cast<double>(parameter.dimensions[0]);
    for (double& x : array) {
      x = random.normal();
      if (is_quantised) x = std::round(2 * x) / 2;
      if (parameter.kind == ParameterKind::weight && !is_quantised) x *= std::sqrt(2 / fan_in);
      if (parameter.kind == ParameterKind::scale && scales == algebra::Scales::positive) {
        x = std::abs(x) + 0.1;
      }
      if (parameter.kind == ParameterKind::running_variance) x = 0.3 + std::abs(x);
    }
  }
  return values;
}

/// One random case: two networks and what goes through them.
struct Case {
  int number = 0;
  Network a;
  Network b;
  Tensor images = {};
  std::vector<std::int32_t> labels = {};
  bool has_ties = false;
};

Shape draw_shape(const Shape& wanted, RandomSequence& random, int attempt) {
  if (attempt > 60) return wanted;
  constexpr int kChannels[] = {1, 2, 3, 4, 6, 8, 16};
  const auto pick = [&](std::uint64_t bound) { return static_cast<int>(random.below(bound)); };
  Shape shape{.channels = kChannels[pick(attempt < 20 ? 4 : 7)], .is_vector = wanted.is_vector};
  if (wanted.is_vector) return shape;
  const std::uint64_t span = attempt < 20 ? 6 : attempt < 40 ? 16 : 40;
  shape.height = 1 + pick(span) + (attempt < 5 ? 2 : 0);
  shape.width = 1 + pick(span) + (attempt < 5 ? 2 : 0);
  if (attempt >= 40) shape.channels = wanted.channels;  // groups may need them
  return shape;
}

bool holds_sign(const Network& network) {
  return std::any_of(network.stages.begin(), network.stages.end(), [](const network::Stage& stage) {
    return network::is_activation(stage, network::ActivationKind::sign);
  });
}

/// A case with which `answer` is checked.
Case draw_case(const CheckedOrders& orders, Answer answer, RandomSequence& random, int number) {
  for (int attempt = 0;; ++attempt) {
    const Shape shape = draw_shape(orders.input, random, attempt);
    try {
      Case drawn{.number = number,
                 .a = algebra::build_stack(orders.a, shape, orders.units),
                 .b = algebra::build_stack(orders.b, shape, orders.units),
                 .has_ties = number % 2 == 1};
      // Equal numbers make exact zeros, where sign jumps if one is rounded otherwise.
      if (answer != Answer::same_training && (holds_sign(drawn.a) || holds_sign(drawn.b))) {
        drawn.has_ties = false;
      }
      const int count = 2 + static_cast<int>(random.below(3));
      drawn.images = reference::zeros(count, shape);
      for (double& x : drawn.images.values) {
        x = random.normal();
        if (drawn.has_ties) x = std::round(x);
      }
      for (int n = 0; n < count; ++n) drawn.labels.push_back(n % algebra::kStackClasses);
      return drawn;
    } catch (const Error&) {
      if (shape == orders.input) throw;
    }
  }
}

/// Compares arrays and keeps the worst; `limit` is the largest difference that is none.
class Comparison {
 public:
  Comparison(const Case& drawn, double limit) : case_(drawn), limit_(limit) {}

  void compare(const std::string& what, std::span<const double> a, std::span<const double> b) {
    check(a.size() == b.size(), "arrays that are compared are of one size");
    double size = 1;
    for (const double x : a) size = std::max(size, std::abs(x));
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!std::isfinite(a[i]) || !std::isfinite(b[i])) continue;  // the numbers overflow: no case
      is_empty_ = false;
      const double difference = std::abs(a[i] - b[i]) / size;
      if (difference <= limit_ && difference <= largest_) continue;
      largest_ = std::max(largest_, difference);
      if (difference > limit_ && !differing_) {
        differing_ = DifferingCase{.number = case_.number,
                                   .input = case_.a.input,
                                   .images = case_.images.count,
                                   .what = what,
                                   .a = a[i],
                                   .b = b[i]};
      }
    }
  }

  bool is_empty() const { return is_empty_; }
  double largest() const { return largest_; }
  const std::optional<DifferingCase>& differing() const { return differing_; }

 private:
  const Case& case_;
  double limit_;
  bool is_empty_ = true;
  double largest_ = 0;
  std::optional<DifferingCase> differing_;
};

/// The stage of `other` in the place of `stage` of `network`: of the same role; of
/// normalisers and prelus without a role the one as far behind.
std::optional<int> find_counterpart(const Network& network, int stage, const Network& other) {
  const network::Stage& mine = stage_at(network, stage);
  const auto& role = mine.role;
  const auto is_alike = [&](const network::Stage& x) {
    return x.role == role && (role || (x.operation.index() == mine.operation.index() &&
                                       (is_normaliser(x) || !x.parameters.empty())));
  };
  const auto place =
      role ? 0 : std::count_if(network.stages.begin(), network.stages.begin() + stage, is_alike);
  std::ptrdiff_t passed = 0;
  for (std::size_t i = 0; i < other.stages.size(); ++i) {
    if (is_alike(other.stages[i]) && passed++ == place) return static_cast<int>(i);
  }
  return std::nullopt;
}

/// Where `other` has no such normaliser: scale 1, offset 0.
void set_neutral(const Network& network, const Network& other, Arrays& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const network::Parameter& parameter = network.parameters[i];
    if (!is_normaliser(stage_at(network, parameter.stage))) continue;
    if (find_counterpart(network, parameter.stage, other)) continue;
    const bool multiplies =
        parameter.kind == ParameterKind::scale || parameter.kind == ParameterKind::running_variance;
    values[i].assign(values[i].size(), multiplies ? 1 : 0);
  }
}

struct SharedParameters {
  Arrays a;
  Arrays b;
};

/// The two with equal numbers wherever both have them, as in a study, so that what differs is the
/// order. An array that one of two counterparts has alone stays random: it makes other maps.
SharedParameters share_parameters(const Case& drawn, Arrays a, Arrays b) {
  for (std::size_t j = 0; j < b.size(); ++j) {
    const network::Parameter& mine = drawn.b.parameters[j];
    const auto counterpart = find_counterpart(drawn.b, mine.stage, drawn.a);
    const auto* other =
        counterpart ? find_array(drawn.a, a, stage_at(drawn.a, *counterpart), mine.kind) : nullptr;
    if (other != nullptr && other->size() == b[j].size()) b[j] = *other;
  }
  set_neutral(drawn.a, drawn.b, a);
  set_neutral(drawn.b, drawn.a, b);
  return {.a = std::move(a), .b = std::move(b)};
}

void compare_inference(const Case& drawn, const Arrays& a, const Arrays& b, Comparison& to) {
  const auto logits = [&](const Network& network, const Arrays& values) {
    return reference::run_forward(network, values, drawn.images, Mode::evaluation)
        .outputs.back()
        .values;
  };
  to.compare("logits at inference", logits(drawn.a, a), logits(drawn.b, b));
}

/// Gradients and, in training, running statistics of the stages that correspond.
void compare_stages(const Case& drawn, const Relation& relation, const reference::Pass& a,
                    const reference::Pass& b, Comparison& to) {
  for (std::size_t i = 0; i < relation.a.size(); ++i) {
    const Term& mine = relation.a[i];
    const Term& other = relation.b[i];
    if (mine.mark != algebra::Mark::stage) continue;
    const network::Stage& stage_a = stage_at(drawn.a, mine.stage);
    const network::Stage& stage_b = stage_at(drawn.b, other.stage);
    for (const ParameterKind kind :
         {ParameterKind::weight, ParameterKind::bias, ParameterKind::scale, ParameterKind::offset,
          ParameterKind::slope}) {
      const auto* left = find_array(drawn.a, a.gradients, stage_a, kind);
      const auto* right = find_array(drawn.b, b.gradients, stage_b, kind);
      const std::string what = "gradient of " + stage_a.path;
      if (left && right) {
        to.compare(what, *left, *right);
      } else if (left || right) {  // a bias that the other has not: it trains nothing
        const auto* extra = left ? left : right;
        to.compare(what, *extra, std::vector<double>(extra->size()));
      }
    }
  }
  to.compare("gradient of the input", a.dinput.values, b.dinput.values);
}

void compare_training(const Case& drawn, const Relation& relation, const Arrays& a, const Arrays& b,
                      Comparison& to) {
  const bool is_bitwise = relation.answer == Answer::same_training;
  const auto pass = [&](const Network& network, const Arrays& values) {
    return reference::run(network, values, drawn.images, drawn.labels, Mode::training, {.seed = 3});
  };
  const reference::Pass mine = pass(drawn.a, a);
  const reference::Pass other = pass(drawn.b, b);
  to.compare("logits in training", mine.outputs.back().values, other.outputs.back().values);
  if (is_bitwise) {
    to.compare("loss", std::span(&mine.loss, 1), std::span(&other.loss, 1));
    for (std::size_t i = 0; i < mine.running_statistics.size(); ++i) {
      to.compare("running statistics", mine.running_statistics[i], other.running_statistics[i]);
    }
  }
  // sign makes nearly all numbers equal; where pixels are equal, either may get the gradient.
  if (is_bitwise || (!drawn.has_ties && !holds_sign(drawn.a))) {
    compare_stages(drawn, relation, mine, other, to);
  }
}

const Tensor& output_of_last_unit(const Network& network, const reference::ForwardPass& pass) {
  std::size_t last = network.stages.size() - 1;
  while (last > 0 && !network.stages[last].unit) --last;
  return pass.outputs[last];
}

/// Whether the two differ with the same parameters, in training or at inference: in the logits or,
/// where the head makes those alike (in, then gap), in what the last unit makes.
std::optional<DifferingCase> find_witness(const Case& drawn, const SharedParameters& values) {
  Comparison comparison(drawn, kWitness);
  for (const Mode mode : {Mode::training, Mode::evaluation}) {
    const std::string when = mode == Mode::training ? " in training" : " at inference";
    const auto a = reference::run_forward(drawn.a, values.a, drawn.images, mode, {.seed = 3});
    const auto b = reference::run_forward(drawn.b, values.b, drawn.images, mode, {.seed = 3});
    comparison.compare("logits" + when, a.outputs.back().values, b.outputs.back().values);
    const Tensor& unit_a = output_of_last_unit(drawn.a, a);
    const Tensor& unit_b = output_of_last_unit(drawn.b, b);
    if (unit_a.values.size() == unit_b.values.size()) {
      comparison.compare("output of the last unit" + when, unit_a.values, unit_b.values);
    }
  }
  return comparison.differing();
}

void check_case(const Case& drawn, const Relation& relation, const CheckOptions& options,
                RandomSequence& random, RelationCheck& result) {
  const auto draw = [&](const Network& network) {
    return draw_values(network, random, options.scales, drawn.has_ties);
  };
  const Arrays a = draw(drawn.a);
  const Arrays start = draw(drawn.b);
  const Answer answer = relation.answer;
  if (answer > Answer::same_function && !result.witness) {
    result.witness = find_witness(drawn, share_parameters(drawn, a, start));
  }
  if (answer == Answer::different) {
    ++result.cases;
    return;
  }
  const bool is_bitwise = answer == Answer::same_training;
  const double limit = is_bitwise ? 0 : kRounding * static_cast<double>(drawn.a.stages.size());
  Comparison comparison(drawn, limit);
  const Arrays b = algebra::transfer({drawn.a, relation.a, drawn.b, relation.b}, a, start);
  compare_inference(drawn, a, b, comparison);
  if (answer <= Answer::same_function) compare_training(drawn, relation, a, b, comparison);
  if (answer == Answer::same_function_class) {
    const Arrays other = draw(drawn.b);
    const Arrays back = algebra::transfer({drawn.b, relation.b, drawn.a, relation.a}, other, a);
    compare_inference(drawn, back, other, comparison);
  }
  if (comparison.is_empty()) return;
  ++result.cases;
  result.largest_difference = std::max(result.largest_difference, comparison.largest());
  if (!result.contradiction) result.contradiction = comparison.differing();
}

/// Operations of forward and backward passes through both, at least twice; a number that is only
/// copied counts too.
double cost_of(const Case& drawn) {
  double numbers = 0;
  for (const Network* network : {&drawn.a, &drawn.b}) {
    for (const network::Stage& stage : network->stages) {
      // A window of a pool is slow: its pixels are listed first.
      const bool is_pool = network::is<network::MaxPool, network::AveragePool>(stage);
      numbers += static_cast<double>(stage.flops_per_image) * (is_pool ? 10 : 1) +
                 static_cast<double>(stage.output.size());
    }
  }
  return 8 * drawn.images.count * numbers;
}

}  // namespace

RelationCheck check_relation(const CheckedOrders& orders, Answer answer,
                             const std::vector<algebra::Rule>& rules, const CheckOptions& options) {
  RelationCheck result;
  RandomSequence random({.seed = options.seed, .stream = Stream::resampling});
  double flops = 0;
  int number = 0;
  for (; number < options.cases && flops < options.most_flops && !result.contradiction; ++number) {
    const Case drawn = draw_case(orders, answer, random, number);
    const double cost = cost_of(drawn);
    if (cost > kLargestCase) break;
    flops += cost;
    const Relation relation = relate(drawn.a, drawn.b, rules);
    if (relation.answer != answer) continue;  // on so small a picture a projection may fall away
    try {
      check_case(drawn, relation, options, random, result);
    } catch (const Error&) {
      continue;  // a bn of a single number has no variance to train with
    }
  }
  if (answer == Answer::different && !result.witness && result.cases > 0) {
    result.contradiction = DifferingCase{.number = number - 1,
                                         .input = orders.input,
                                         .images = 0,
                                         .what = "no output differed in any case",
                                         .a = 0,
                                         .b = 0};
  }
  return result;
}

void check_explanation(const notation::Sequence& a, const notation::Sequence& b,
                       algebra::Explanation& explanation) {
  const auto check = [&](algebra::StackRelation& stack) {
    const CheckedOrders orders{.a = a, .b = b, .input = explanation.input, .units = stack.units};
    const auto check_with = [&](Relation& relation, algebra::Scales scales) {
      relation.check = check_relation(orders, relation.answer, algebra::make_rules(scales),
                                      {.scales = scales, .most_flops = 5e8});
    };
    check_with(stack.relation, algebra::Scales::any);
    if (stack.with_positive_scales) {
      check_with(*stack.with_positive_scales, algebra::Scales::positive);
    }
  };
  check(explanation.unit);
  if (explanation.stack) check(*explanation.stack);
}

}  // namespace whichfirst::lab
