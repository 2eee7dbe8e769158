#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"
#include "network/expand.h"
#include "network/lookup.h"
#include "notation/print.h"

namespace whichfirst::network {
namespace {

using notation::BiasRule;
using notation::Overload;

std::string show(const Shape& shape) {
  if (shape.is_vector) return fmt::format("a vector of {}", shape.channels);
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

class Builder {
 public:
  explicit Builder(const Blueprint& blueprint) : blueprint_(blueprint) {
    check(blueprint.input.size() > 0 && blueprint.classes > 0,
          "the data's shape and classes are known");
    placed_ = expand(blueprint.body, blueprint.order);
    paths_ = name_stages(placed_);
    network_.input = blueprint.input;
    network_.classes = blueprint.classes;
  }

  Network build() {
    shape_ = blueprint_.input;
    for (index_ = 0; index_ < placed_.size(); ++index_) {
      switch (placed_[index_].mark) {
        case Mark::stage:
          add_stage();
          break;
        case Mark::begin_residual:
          residuals_.push_back({.source = current_, .shape = shape_});
          break;
        case Mark::end_residual:
          end_residual();
          break;
      }
    }
    const Shape wanted{.channels = blueprint_.classes, .is_vector = true};
    if (!(shape_ == wanted)) {
      throw Error(
          "the network ends with {} ({}), expected a vector of {} numbers, one per class; end it "
          "with 'gap fc(classes)' or 'flatten fc(classes)'",
          show(shape_), network_.stages.empty() ? "no stage" : network_.stages.back().path,
          blueprint_.classes);
    }
    return std::move(network_);
  }

 private:
  /// A residual that is open: what its shortcut reads, and the strides of its body so far.
  struct OpenResidual {
    int source = kInput;
    Shape shape;
    int stride = 1;
  };

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error("{} ({}) cannot be built: {}", paths_[index_],
                notation::print(placed_[index_].stage), why);
  }

  void need_picture(std::string_view remedy) const {
    if (shape_.is_vector)
      refuse(fmt::format("it reads a picture, found {}; {}", show(shape_), remedy));
  }

  /// A stage that reads `source`, whose output is `shape`, and makes of it another of that shape,
  /// unless it says so.
  Stage& append(std::string path, int source, const Shape& shape) {
    Stage stage;
    stage.path = std::move(path);
    stage.source = source;
    stage.input = stage.output = shape;
    stage.unit = placed_[index_].unit;
    network_.stages.push_back(std::move(stage));
    return network_.stages.back();
  }

  void add_stage() {
    Stage& added = append(paths_[index_], current_, shape_);
    std::visit([&](const auto& written) { resolve(written, added); }, placed_[index_].stage);
    finish(added);
  }

  void finish(Stage& added) {
    if (added.output.size() > kMaxActivationsPerStage) {
      refuse(fmt::format("its output of {} has {} numbers per image; the limit is {}",
                         show(added.output), added.output.size(), kMaxActivationsPerStage));
    }
    added.text = describe_operation(added);
    shape_ = added.output;
    current_ = static_cast<int>(network_.stages.size()) - 1;
  }

  void end_residual() {
    const OpenResidual residual = residuals_.back();
    residuals_.pop_back();
    const int body = current_;
    const Shape made = shape_;
    if (body == residual.source) refuse("it is empty here; put a stage into it");
    int shortcut = residual.source;
    if (!(made == residual.shape)) {
      add_projection(residual, made);
      shortcut = current_;
    }
    Stage& sum = append(paths_[index_], body, made);
    sum.shortcut = shortcut;
    sum.operation = Add{};
    sum.flops_per_image = made.size();
    finish(sum);
    multiply_strides(residual.stride);
  }

  void add_projection(const OpenResidual& residual, const Shape& made) {
    std::string path = paths_[index_];  // "units.3.res.1" -> "units.3.projection.1"
    path.replace(path.rfind("res"), 3, "projection");
    if (residual.shape.is_vector != made.is_vector) {
      refuse(
          fmt::format("it reads {} and its sequence makes {}, which cannot be added; put gap "
                      "or flatten outside of it",
                      show(residual.shape), show(made)));
    }
    shape_ = residual.shape;
    Stage& projection = append(std::move(path), residual.source, shape_);
    if (made.is_vector) {
      add_fully_connected({.bias = false}, made.channels, RoleKind::projection, projection);
    } else {
      const Conv conv{.kernel = 1, .stride = residual.stride, .padding = 0, .bias = false};
      add_convolution(conv, made.channels, RoleKind::projection, projection);
    }
    if (!(projection.output == made)) {
      refuse(fmt::format(
          "its sequence makes {}, its shortcut with the same stride of {} makes {}; the "
          "sequence must reach that size, with paddings such as p=1 for k=3",
          show(made), residual.stride, show(projection.output)));
    }
    finish(projection);
  }

  /// A stride counts in every residual it stands in. Beyond the picture all strides are alike: they
  /// leave one pixel.
  void multiply_strides(int stride) {
    if (residuals_.empty()) return;
    OpenResidual& open = residuals_.back();
    const std::int64_t product = std::int64_t{open.stride} * stride;
    const int side = std::max({open.shape.height, open.shape.width, 1});
    open.stride = static_cast<int>(std::min<std::int64_t>(product, side));
  }

  /// What a window makes that moves over the picture at hand.
  Shape slide(const auto& window, int channels) const {
    const auto places = [&](int side) {
      const int room = side + 2 * window.padding - window.kernel;
      if (room < 0) {
        refuse(fmt::format("a {0}x{0} kernel does not fit its input of {1}", window.kernel,
                           show(shape_)));
      }
      return room / window.stride + 1;
    };
    return {.channels = channels, .height = places(shape_.height), .width = places(shape_.width)};
  }

  bool has_bias(BiasRule written, BiasRule study_wide, RoleKind kind) {
    if (const auto said = said_of(blueprint_.biased, kind)) return *said;
    const BiasRule rule = written != BiasRule::automatic ? written : study_wide;
    if (rule != BiasRule::automatic) return rule == BiasRule::on;
    return !bias_is_redundant(placed_, index_);
  }

  bool is_affine(bool written) {
    return said_of(blueprint_.affine, RoleKind::bn).value_or(written);
  }

  /// What was said of the next stage of this kind in its unit.
  std::optional<bool> said_of(const std::map<Place, bool>& said, RoleKind kind) {
    const int unit = placed_[index_].unit.value_or(Place::kBody);
    const Place place{.unit = unit, .kind = kind, .number = counts_[{unit, kind}]++};
    const auto found = said.find(place);
    return found == said.end() ? std::nullopt : std::optional(found->second);
  }

  void resolve(const notation::Conv& written, Stage& stage) {
    need_picture("put it before gap or flatten");
    check(written.channels.has_value(), "every conv has its channels by now");
    const int kernel = written.kernel.value_or(notation::kDefaultKernel);
    const Conv conv{.kernel = kernel,
                    .stride = written.stride,
                    .padding = written.padding.value_or((kernel - 1) / 2),
                    .bias = has_bias(written.bias, blueprint_.bias, RoleKind::conv)};
    add_convolution(conv, *written.channels, RoleKind::conv, stage);
    multiply_strides(conv.stride);
  }

  void add_convolution(const Conv& conv, int channels, RoleKind role, Stage& stage) {
    stage.operation = conv;
    stage.output = slide(conv, channels);
    add_weights({channels, shape_.channels, conv.kernel, conv.kernel}, conv.bias, role, stage);
  }

  void resolve(const notation::BatchNorm& written, Stage& stage) {
    BatchNorm bn = written;
    bn.affine = is_affine(written.affine);
    stage.operation = bn;
    take_role(RoleKind::bn, stage);
    add_affine(bn.affine);
    add_parameter(ParameterKind::running_mean, {shape_.channels});
    add_parameter(ParameterKind::running_variance, {shape_.channels});
    stage.flops_per_image = 2 * shape_.size();
  }

  void resolve(const notation::GroupNorm& written, Stage& stage) {
    using notation::GroupKind;
    if (written.kind == GroupKind::instance && shape_.pixels() < 2) {
      refuse(
          fmt::format("it normalises each channel over its pixels, and {} has one pixel per "
                      "channel; use ln or bn here",
                      show(shape_)));
    }
    if (written.kind == GroupKind::group && shape_.channels % written.groups != 0) {
      refuse(fmt::format("{} channels do not part into {} groups; take a divisor of {}",
                         shape_.channels, written.groups, shape_.channels));
    }
    GroupNorm norm = written;
    if (written.kind == GroupKind::instance) norm.groups = shape_.channels;
    if (written.kind == GroupKind::layer) norm.groups = 1;
    if (shape_.size() / norm.groups < 2) {
      refuse("it normalises groups of a single number, which always become 0; take fewer groups");
    }
    norm.affine = is_affine(written.affine);
    stage.operation = norm;
    add_affine(norm.affine);
    // Mean 1, deviation, square and sum 3, scale and offset 2 for each number.
    stage.flops_per_image = 6 * shape_.size();
  }

  void add_affine(bool affine) {
    if (!affine) return;
    add_parameter(ParameterKind::scale, {shape_.channels});
    add_parameter(ParameterKind::offset, {shape_.channels});
  }

  void resolve(const notation::Activation& written, Stage& stage) {
    stage.operation = written;
    if (written.kind == ActivationKind::prelu) {
      add_parameter(ParameterKind::slope, {shape_.channels});
    }
    stage.flops_per_image = shape_.size();
  }

  void resolve(const notation::MaxPool& written, Stage& stage) {
    resolve_pool<MaxPool>(written, stage);
    // Comparisons.
    stage.flops_per_image =
        stage.output.size() * (std::int64_t{written.kernel} * written.kernel - 1);
  }

  void resolve(const notation::AveragePool& written, Stage& stage) {
    resolve_pool<AveragePool>(written, stage);
    stage.flops_per_image = stage.output.size() * (std::int64_t{written.kernel} * written.kernel);
  }

  template <class Pool>
  void resolve_pool(const auto& written, Stage& stage) {
    need_picture("put it before gap or flatten");
    const Pool pool{.kernel = written.kernel,
                    .stride = written.stride.value_or(written.kernel),
                    .padding = written.padding};
    stage.operation = pool;
    stage.output = slide(pool, shape_.channels);
    multiply_strides(pool.stride);
  }

  void resolve(const notation::GlobalAveragePool&, Stage& stage) {
    need_picture("a vector needs no gap");
    stage.operation = GlobalAveragePool{};
    stage.output = {.channels = shape_.channels, .is_vector = true};
    stage.flops_per_image = shape_.size();
  }

  void resolve(const notation::Dropout& written, Stage& stage) {
    stage.operation = written;
    take_role(RoleKind::drop, stage);
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
    // The study's rule is for what is under test; the ends follow their own.
    const BiasRule study_wide = stage.unit ? blueprint_.bias : BiasRule::automatic;
    const FullyConnected fc{.bias = has_bias(written.bias, study_wide, RoleKind::fc)};
    add_fully_connected(fc, written.features.value_or(blueprint_.classes), RoleKind::fc, stage);
  }

  void add_fully_connected(const FullyConnected& fc, int features, RoleKind role, Stage& stage) {
    stage.operation = fc;
    stage.output = {.channels = features, .is_vector = true};
    add_weights({features, shape_.channels}, fc.bias, role, stage);
  }

  void resolve(const notation::PoolPlace&, Stage&) { check(false, "pool was written out"); }
  void resolve(const notation::Unit&, Stage&) { check(false, "units were written out"); }
  void resolve(const notation::Repeat&, Stage&) { check(false, "repetitions were written out"); }
  void resolve(const notation::Residual&, Stage&) { check(false, "residuals were written out"); }

  /// Weights, each used once per pixel of the output, and a bias of the first of `dimensions`.
  void add_weights(const std::vector<std::int64_t>& dimensions, bool has_bias, RoleKind role,
                   Stage& stage) {
    const std::int64_t weights =
        std::accumulate(dimensions.begin(), dimensions.end(), std::int64_t{1}, std::multiplies<>());
    if (weights > kMaxParametersPerStage) {
      refuse(
          fmt::format("it has {} weights, at most {} are built", weights, kMaxParametersPerStage));
    }
    take_role(role, stage);
    add_parameter(ParameterKind::weight, dimensions);
    if (has_bias) add_parameter(ParameterKind::bias, {dimensions[0]});
    stage.flops_per_image =
        2 * weights * stage.output.pixels() + (has_bias ? stage.output.size() : 0);
  }

  void take_role(RoleKind kind, Stage& stage) { stage.role = Role{kind, roles_[kind]++}; }

  void add_parameter(ParameterKind kind, std::vector<std::int64_t> dimensions) {
    static const std::map<ParameterKind, std::string_view> kSuffixes = {
        {ParameterKind::weight, "weight"},
        {ParameterKind::bias, "bias"},
        {ParameterKind::scale, "weight"},
        {ParameterKind::offset, "bias"},
        {ParameterKind::slope, "weight"},
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
  std::map<std::pair<int, RoleKind>, int> counts_;  // by unit and kind, so far
  std::vector<OpenResidual> residuals_;
  Network network_;
  Shape shape_;           // what the next stage reads,
  int current_ = kInput;  // and which stage made it
  std::size_t index_ = 0;
};

/// A pool as a person writes it.
template <class Text>
Text pool_text(const auto& pool) {
  Text text{.kernel = pool.kernel, .stride = {}, .padding = pool.padding};
  if (pool.stride != pool.kernel) text.stride = pool.stride;
  return text;
}

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

std::optional<std::size_t> Network::find_parameter(const Stage& stage, ParameterKind kind) const {
  for (const int index : stage.parameters) {
    const auto i = static_cast<std::size_t>(index);
    if (parameters[i].kind == kind) return i;
  }
  return std::nullopt;
}

std::int64_t Network::flops_per_image() const {
  std::int64_t sum = 0;
  for (const Stage& stage : stages) sum += stage.flops_per_image;
  return sum;
}

bool has_weights(const Stage& stage) { return is<Conv, FullyConnected>(stage); }

bool is_normaliser(const Stage& stage) { return is<BatchNorm, GroupNorm>(stage); }

std::string describe_operation(const Stage& stage) {
  if (is<Add>(stage)) return "res";
  const auto bias_of = [](bool bias) { return bias ? BiasRule::on : BiasRule::off; };
  const notation::Stage written = std::visit(
      Overload{
          [&](const Conv& conv) -> notation::Stage {
            notation::Conv text{.channels = stage.output.channels,
                                .kernel = {},
                                .stride = conv.stride,
                                .padding = {},
                                .bias = bias_of(conv.bias)};
            if (conv.kernel != notation::kDefaultKernel) text.kernel = conv.kernel;
            if (conv.padding != (conv.kernel - 1) / 2) text.padding = conv.padding;
            return text;
          },
          [](const MaxPool& pool) -> notation::Stage { return pool_text<notation::MaxPool>(pool); },
          [](const AveragePool& pool) -> notation::Stage {
            return pool_text<notation::AveragePool>(pool);
          },
          [&](const FullyConnected& fc) -> notation::Stage {
            return notation::FullyConnected{.features = stage.output.channels,
                                            .bias = bias_of(fc.bias)};
          },
          [](const Add&) -> notation::Stage { return notation::Residual{}; },
          [](const auto& as_written) -> notation::Stage { return as_written; }},
      stage.operation);
  return notation::print(written);
}

Network build(const Blueprint& blueprint) { return Builder(blueprint).build(); }

}  // namespace whichfirst::network
