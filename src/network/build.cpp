#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/error.h"
#include "network/network.h"
#include "notation/print.h"

namespace whichfirst::network {
namespace {

using notation::BiasRule;
using notation::Item;
using notation::Overload;
using notation::Sequence;

/// One stage of the written-out network, before shapes.
struct Placed {
  notation::Stage stage;
  std::optional<int> unit;
  std::optional<int> unit_width;
};

template <class Alternative>
bool contains(const Sequence& sequence) {
  return std::any_of(sequence.items.begin(), sequence.items.end(), [](const Item& item) {
    if (const auto* repeat = std::get_if<notation::Repeat>(&item.stage)) {
      return contains<Alternative>(repeat->body);
    }
    return std::holds_alternative<Alternative>(item.stage);
  });
}

/// The max-pool of a unit with `pool=`.
notation::MaxPool unit_pool(const notation::Unit& unit) {
  return {.kernel = *unit.pool, .stride = {}, .padding = 0};
}

/// Writes out repetitions and units.
class Expansion {
 public:
  Expansion(const Sequence& order, std::vector<Placed>& placed)
      : order_(complete_order(order)),
        order_pools_(contains<notation::PoolPlace>(order_)),
        placed_(placed) {}

  void add_body(const Sequence& body) {
    for (const Item& item : body.items) {
      if (const auto* repeat = std::get_if<notation::Repeat>(&item.stage)) {
        for (int i = 0; i < repeat->times; ++i) add_body(repeat->body);
      } else if (const auto* unit = std::get_if<notation::Unit>(&item.stage)) {
        add_order(order_, *unit);
        if (unit->pool && !order_pools_) add(unit_pool(*unit), unit);
        ++units_;
      } else {
        add(item.stage, nullptr);
      }
    }
  }

 private:
  void add_order(const Sequence& order, const notation::Unit& unit) {
    for (const Item& item : order.items) {
      if (const auto* repeat = std::get_if<notation::Repeat>(&item.stage)) {
        for (int i = 0; i < repeat->times; ++i) add_order(repeat->body, unit);
      } else if (std::holds_alternative<notation::PoolPlace>(item.stage)) {
        if (unit.pool) add(unit_pool(unit), &unit);
      } else {
        add(item.stage, &unit);
      }
    }
  }

  void add(const notation::Stage& stage, const notation::Unit* unit) {
    if (placed_.size() == kMaxBuiltStages) {
      throw Error(
          fmt::format("the network has more than {} stages; use fewer units or a shorter order",
                      kMaxBuiltStages));
    }
    Placed placed{.stage = stage, .unit = {}, .unit_width = {}};
    if (unit != nullptr) {
      placed.unit = units_;
      placed.unit_width = unit->width;
    }
    placed_.push_back(std::move(placed));
  }

  Sequence order_;
  bool order_pools_;
  std::vector<Placed>& placed_;
  int units_ = 0;
};

/// "units.3.bn", "units.3.conv.0" where the unit has several; "body.fc.0".
std::vector<std::string> name_stages(const std::vector<Placed>& placed) {
  std::map<std::pair<int, std::string>, int> totals;  // unit (-1: body) and word -> how many
  const auto key = [](const Placed& p) {
    return std::pair(p.unit.value_or(-1), std::string(notation::word(p.stage)));
  };
  for (const Placed& p : placed) ++totals[key(p)];
  std::map<std::pair<int, std::string>, int> seen;
  std::vector<std::string> paths;
  for (const Placed& p : placed) {
    const int number = seen[key(p)]++;
    const std::string_view word = notation::word(p.stage);
    if (!p.unit) {
      paths.push_back(fmt::format("body.{}.{}", word, number));
    } else if (totals[key(p)] == 1) {
      paths.push_back(fmt::format("units.{}.{}", *p.unit, word));
    } else {
      paths.push_back(fmt::format("units.{}.{}.{}", *p.unit, word, number));
    }
  }
  return paths;
}

/// Whether the stage after `index`, unpadded pools skipped, subtracts each channel's own mean.
bool bias_is_redundant(const std::vector<Placed>& placed, std::size_t index) {
  for (std::size_t next = index + 1; next < placed.size(); ++next) {
    const auto* pool = std::get_if<notation::MaxPool>(&placed[next].stage);
    if (pool == nullptr || pool->padding != 0) {
      return std::holds_alternative<notation::BatchNorm>(placed[next].stage);
    }
  }
  return false;
}

std::string show(const Shape& shape) {
  if (shape.is_vector) return fmt::format("a vector of {}", shape.channels);
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

class Builder {
 public:
  explicit Builder(const Blueprint& blueprint) : blueprint_(blueprint) {
    check(blueprint.input.size() > 0 && blueprint.classes > 0,
          "the data's shape and classes are known");
    Expansion(blueprint.order, placed_).add_body(blueprint.body);
    paths_ = name_stages(placed_);
    network_.input = blueprint.input;
    network_.classes = blueprint.classes;
  }

  Network build() {
    shape_ = blueprint_.input;
    for (index_ = 0; index_ < placed_.size(); ++index_) add_stage();
    const Shape wanted{.channels = blueprint_.classes, .is_vector = true};
    if (!(shape_ == wanted)) {
      throw Error(fmt::format(
          "the network ends with {} ({}), expected a vector of {} numbers, one a class; end it "
          "with "
          "'gap fc(classes)' or 'flatten fc(classes)'",
          show(shape_), network_.stages.empty() ? "no stage" : network_.stages.back().path,
          blueprint_.classes));
    }
    return std::move(network_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(fmt::format("{} ({}) cannot be built: {}", paths_[index_],
                            notation::print(placed_[index_].stage), why));
  }

  void need_picture(std::string_view remedy) const {
    if (shape_.is_vector)
      refuse(fmt::format("it reads a picture, found {}; {}", show(shape_), remedy));
  }

  void add_stage() {
    Stage stage;
    stage.path = paths_[index_];
    stage.input = shape_;
    stage.unit = placed_[index_].unit;
    network_.stages.push_back(std::move(stage));
    Stage& added = network_.stages.back();
    std::visit([&](const auto& written) { resolve(written, added); }, placed_[index_].stage);
    if (added.output.size() > kMaxActivationsPerStage) {
      refuse(fmt::format("its output of {} has {} numbers an image, at most {} are built",
                         show(added.output), added.output.size(), kMaxActivationsPerStage));
    }
    added.text = describe_operation(added);
    shape_ = added.output;
  }

  int output_size(int size, int kernel, int stride, int padding) const {
    if (size + 2 * padding < kernel) {
      refuse(fmt::format("a {0}x{0} kernel does not fit its input of {1}", kernel, show(shape_)));
    }
    return (size + 2 * padding - kernel) / stride + 1;
  }

  bool has_bias(BiasRule written, BiasRule study_wide) const {
    const BiasRule rule = written != BiasRule::automatic ? written : study_wide;
    if (rule != BiasRule::automatic) return rule == BiasRule::on;
    return !bias_is_redundant(placed_, index_);
  }

  void resolve(const notation::Conv& written, Stage& stage) {
    need_picture("put it before gap or flatten");
    const int channels =
        written.channels ? *written.channels : placed_[index_].unit_width.value_or(0);
    check(channels > 0, "the parser gave every conv of a body its channels");
    Conv conv{.kernel = written.kernel,
              .stride = written.stride,
              .padding = written.padding.value_or((written.kernel - 1) / 2),
              .bias = has_bias(written.bias, blueprint_.bias)};
    stage.operation = conv;
    stage.output = {.channels = channels,
                    .height = output_size(shape_.height, conv.kernel, conv.stride, conv.padding),
                    .width = output_size(shape_.width, conv.kernel, conv.stride, conv.padding)};
    const std::int64_t weights =
        std::int64_t{channels} * shape_.channels * conv.kernel * conv.kernel;
    limit_parameters(weights);
    take_role(RoleKind::conv, stage);
    add_parameter(ParameterKind::weight, {channels, shape_.channels, conv.kernel, conv.kernel});
    if (conv.bias) add_parameter(ParameterKind::bias, {channels});
    stage.flops_per_image =
        2 * weights * stage.output.pixels() + (conv.bias ? stage.output.size() : 0);
  }

  void resolve(const notation::BatchNorm& written, Stage& stage) {
    stage.operation =
        BatchNorm{.affine = written.affine, .eps = written.eps, .momentum = written.momentum};
    stage.output = shape_;
    take_role(RoleKind::bn, stage);
    if (written.affine) {
      add_parameter(ParameterKind::scale, {shape_.channels});
      add_parameter(ParameterKind::offset, {shape_.channels});
    }
    add_parameter(ParameterKind::running_mean, {shape_.channels});
    add_parameter(ParameterKind::running_variance, {shape_.channels});
    stage.flops_per_image = 2 * shape_.size();
  }

  void resolve(const notation::Relu&, Stage& stage) { resolve_activation(Relu{}, stage); }
  void resolve(const notation::Tanh&, Stage& stage) { resolve_activation(Tanh{}, stage); }
  void resolve_activation(Operation operation, Stage& stage) {
    stage.operation = operation;
    stage.output = shape_;
    stage.flops_per_image = shape_.size();
  }

  void resolve(const notation::MaxPool& written, Stage& stage) {
    need_picture("put it before gap or flatten");
    const MaxPool pool{.kernel = written.kernel,
                       .stride = written.stride.value_or(written.kernel),
                       .padding = written.padding};
    stage.operation = pool;
    stage.output = {.channels = shape_.channels,
                    .height = output_size(shape_.height, pool.kernel, pool.stride, pool.padding),
                    .width = output_size(shape_.width, pool.kernel, pool.stride, pool.padding)};
    stage.flops_per_image = stage.output.size() * (std::int64_t{pool.kernel} * pool.kernel - 1);
  }

  void resolve(const notation::GlobalAveragePool&, Stage& stage) {
    need_picture("a vector needs no gap");
    stage.operation = GlobalAveragePool{};
    stage.output = {.channels = shape_.channels, .is_vector = true};
    stage.flops_per_image = shape_.size();
  }

  void resolve(const notation::Flatten&, Stage& stage) {
    need_picture("a vector needs no flatten");
    stage.operation = Flatten{};
    stage.output = {.channels = static_cast<int>(shape_.size()), .is_vector = true};
  }

  void resolve(const notation::FullyConnected& written, Stage& stage) {
    if (!shape_.is_vector) {
      refuse(
          fmt::format("it reads a vector, found {}; put gap or flatten before it", show(shape_)));
    }
    const int features = written.features.value_or(blueprint_.classes);
    const FullyConnected fc{.bias = has_bias(written.bias, BiasRule::automatic)};
    stage.operation = fc;
    stage.output = {.channels = features, .is_vector = true};
    const std::int64_t weights = std::int64_t{features} * shape_.channels;
    limit_parameters(weights);
    take_role(RoleKind::fc, stage);
    add_parameter(ParameterKind::weight, {features, shape_.channels});
    if (fc.bias) add_parameter(ParameterKind::bias, {features});
    stage.flops_per_image = 2 * weights + (fc.bias ? features : 0);
  }

  void resolve(const notation::PoolPlace&, Stage&) { check(false, "pool was written out"); }
  void resolve(const notation::Unit&, Stage&) { check(false, "units were written out"); }
  void resolve(const notation::Repeat&, Stage&) { check(false, "repetitions were written out"); }

  void limit_parameters(std::int64_t count) const {
    if (count > kMaxParametersPerStage) {
      refuse(fmt::format("it has {} weights, at most {} are built", count, kMaxParametersPerStage));
    }
  }

  void take_role(RoleKind kind, Stage& stage) { stage.role = Role{kind, roles_[kind]++}; }

  void add_parameter(ParameterKind kind, std::vector<std::int64_t> dimensions) {
    static const std::map<ParameterKind, std::string_view> kSuffixes = {
        {ParameterKind::weight, "weight"},
        {ParameterKind::bias, "bias"},
        {ParameterKind::scale, "weight"},
        {ParameterKind::offset, "bias"},
        {ParameterKind::running_mean, "running_mean"},
        {ParameterKind::running_variance, "running_var"}};
    Stage& stage = network_.stages.back();
    Parameter parameter{.name = fmt::format("{}.{}", stage.path, kSuffixes.at(kind)),
                        .kind = kind,
                        .dimensions = std::move(dimensions),
                        .stage = static_cast<int>(network_.stages.size()) - 1};
    if (parameter.is_trained()) stage.parameter_count += parameter.size();
    stage.parameters.push_back(static_cast<int>(network_.parameters.size()));
    network_.parameters.push_back(std::move(parameter));
  }

  const Blueprint& blueprint_;
  std::vector<Placed> placed_;
  std::vector<std::string> paths_;
  std::map<RoleKind, int> roles_;
  Network network_;
  Shape shape_;
  std::size_t index_ = 0;
};

}  // namespace

std::int64_t Parameter::size() const {
  std::int64_t product = 1;
  for (const std::int64_t length : dimensions) product *= length;
  return product;
}

std::int64_t Network::parameter_count() const {
  std::int64_t sum = 0;
  for (const Stage& stage : stages) sum += stage.parameter_count;
  return sum;
}

std::int64_t Network::flops_per_image() const {
  std::int64_t sum = 0;
  for (const Stage& stage : stages) sum += stage.flops_per_image;
  return sum;
}

Sequence complete_order(const Sequence& order) {
  if (contains<notation::Conv>(order)) return order;
  Sequence completed;
  completed.items.push_back(Item{notation::Conv{}, 0});
  completed.items.insert(completed.items.end(), order.items.begin(), order.items.end());
  return completed;
}

std::string describe_operation(const Stage& stage) {
  const auto bias_of = [](bool bias) { return bias ? BiasRule::on : BiasRule::off; };
  const notation::Stage written = std::visit(
      Overload{
          [&](const Conv& conv) -> notation::Stage {
            notation::Conv text{.channels = stage.output.channels,
                                .kernel = conv.kernel,
                                .stride = conv.stride,
                                .padding = {},
                                .bias = bias_of(conv.bias)};
            if (conv.padding != (conv.kernel - 1) / 2) text.padding = conv.padding;
            return text;
          },
          [](const BatchNorm& bn) -> notation::Stage {
            return notation::BatchNorm{.affine = bn.affine, .eps = bn.eps, .momentum = bn.momentum};
          },
          [](const Relu&) -> notation::Stage { return notation::Relu{}; },
          [](const Tanh&) -> notation::Stage { return notation::Tanh{}; },
          [](const MaxPool& pool) -> notation::Stage {
            notation::MaxPool text{.kernel = pool.kernel, .stride = {}, .padding = pool.padding};
            if (pool.stride != pool.kernel) text.stride = pool.stride;
            return text;
          },
          [](const GlobalAveragePool&) -> notation::Stage { return notation::GlobalAveragePool{}; },
          [](const Flatten&) -> notation::Stage { return notation::Flatten{}; },
          [&](const FullyConnected& fc) -> notation::Stage {
            return notation::FullyConnected{.features = stage.output.channels,
                                            .bias = bias_of(fc.bias)};
          }},
      stage.operation);
  return notation::print(written);
}

Network build(const Blueprint& blueprint) { return Builder(blueprint).build(); }

}  // namespace whichfirst::network
