#include "fold/fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "base/error.h"
#include "network/lookup.h"

namespace whichfirst::fold {
namespace {

using network::Affine;
using network::is;
using network::Network;
using network::ParameterKind;
using network::Stage;

// --- the arithmetic: weights take in a map by channel that stands before or behind them ---------

/// Of a convolution or a fully connected stage.
struct Weights {
  std::vector<double> weight;  // KCRS or KC
  std::vector<double> bias;    // K, or K x P x Q by output position; empty: none

  /// Whether the bias of `stage`, whose weights these are, is K x P x Q.
  bool is_by_position(const network::Stage& stage) const {
    return bias.size() > static_cast<std::size_t>(stage.output.channels);
  }
};

/// W b for each of the K x R x S taps, then W a in place.
std::vector<double> multiply_inputs(const Affine& map, std::size_t outputs,
                                    std::vector<double>& weight) {
  const std::size_t inputs = map.factor.size();
  const std::size_t taps = weight.size() / (outputs * inputs);
  std::vector<double> shifts(outputs * taps);
  for (std::size_t k = 0; k < outputs; ++k) {
    for (std::size_t c = 0; c < inputs; ++c) {
      for (std::size_t tap = 0; tap < taps; ++tap) {
        double& w = weight[(k * inputs + c) * taps + tap];
        shifts[k * taps + tap] += w * map.shift[c];
        w *= map.factor[c];
      }
    }
  }
  return shifts;
}

/// The sum of one channel's taps (R x S) that lie inside of the picture, of the window at (p, q).
double sum_inside(const double* taps, const network::Conv& conv, const Shape& in,
                  std::pair<int, int> position) {
  double sum = 0;
  for (int r = 0; r < conv.kernel; ++r) {
    const int h = position.first * conv.stride + r - conv.padding;
    if (h < 0 || h >= in.height) continue;
    for (int s = 0; s < conv.kernel; ++s) {
      const int w = position.second * conv.stride + s - conv.padding;
      if (w >= 0 && w < in.width) sum += taps[r * conv.kernel + s];
    }
  }
  return sum;
}

/// One number for each of the `outputs` where every channel's are all equal.
void shorten(std::size_t outputs, std::vector<double>& map) {
  const std::size_t pixels = map.size() / outputs;
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map[i] != map[i / pixels * pixels]) return;
  }
  for (std::size_t k = 0; k < outputs; ++k) map[k] = map[k * pixels];
  map.resize(outputs);
}

/// The map of a picture's channels as that of the flattened picture: each entry `pixels` times.
void repeat_each(std::size_t pixels, Affine& map) {
  Affine repeated;
  for (std::size_t c = 0; c < map.factor.size(); ++c) {
    repeated.factor.insert(repeated.factor.end(), pixels, map.factor[c]);
    repeated.shift.insert(repeated.shift.end(), pixels, map.shift[c]);
  }
  map = std::move(repeated);
}

/// The map of what the weights make: K entries.
void absorb_backward(const Affine& map, Weights& weights) {
  const std::size_t outputs = map.factor.size();
  check(weights.weight.size() % outputs == 0, "the map is of what the weights make");
  const std::size_t inputs = weights.weight.size() / outputs;
  for (std::size_t i = 0; i < weights.weight.size(); ++i) {
    weights.weight[i] *= map.factor[i / inputs];
  }
  if (weights.bias.empty()) weights.bias.resize(outputs);
  const std::size_t pixels = weights.bias.size() / outputs;
  for (std::size_t i = 0; i < weights.bias.size(); ++i) {
    weights.bias[i] = map.factor[i / pixels] * weights.bias[i] + map.shift[i / pixels];
  }
}

/// The map of what `stage`, whose weights these are, reads: C entries. Gives a convolution a bias
/// by position where the taps inside of the picture are not the same everywhere.
void absorb_forward(const Affine& map, const Stage& stage, Weights& weights) {
  const auto outputs = static_cast<std::size_t>(stage.output.channels);
  check(std::cmp_equal(map.factor.size(), stage.input.channels), "the map is of what is read");
  const std::vector<double> shifts = multiply_inputs(map, outputs, weights.weight);
  if (weights.bias.empty()) weights.bias.resize(outputs);
  const auto* conv = std::get_if<network::Conv>(&stage.operation);
  if (conv == nullptr) {
    for (std::size_t k = 0; k < outputs; ++k) weights.bias[k] += shifts[k];
    return;
  }
  const Shape& out = stage.output;
  const auto pixels = static_cast<std::size_t>(out.pixels());
  const std::size_t taps = shifts.size() / outputs;
  const std::size_t given = weights.bias.size() / outputs;  // 1, or `pixels`
  std::vector<double> bias;
  bias.reserve(outputs * pixels);
  for (std::size_t k = 0; k < outputs; ++k) {
    for (int p = 0; p < out.height; ++p) {
      for (int q = 0; q < out.width; ++q) {
        const std::size_t pixel = bias.size() % pixels;
        const double before = weights.bias[k * given + (given == 1 ? 0 : pixel)];
        bias.push_back(before + sum_inside(&shifts[k * taps], *conv, stage.input, {p, q}));
      }
    }
  }
  shorten(outputs, bias);
  weights.bias = std::move(bias);
}

// --- which weights absorb which bn --------------------------------------------------------------

/// Weights that may absorb a bn, or why there are none.
using Place = std::variant<int, std::string>;

class Folder {
 public:
  Folder(const Network& network, const network::Values& values)
      : network_(network),
        values_(values),
        is_gone_(network.stages.size(), false),
        weights_(network.stages.size()) {
    check(values.size() == network.parameters.size(), "there is one array for each parameter");
    for (std::size_t i = 0; i < network.stages.size(); ++i) {
      if (network::has_weights(network.stages[i])) weights_[i] = weights_of(network.stages[i]);
      if (is<network::BatchNorm>(network.stages[i]))
        fates_.push_back({.stage = network.stages[i].path});
    }
  }

  Folded fold() {
    // A bn that stands between another and its weights goes first: again until nothing changes.
    while (fold_once()) {
    }
    Folded result{.network = {}, .values = {}, .fates = std::move(fates_)};
    compact(result);
    return result;
  }

 private:
  const Stage& at(int index) const { return stage_at(network_, index); }

  std::vector<double> array(const Stage& stage, ParameterKind kind) const {
    const auto* found = find_array(network_, values_, stage, kind);
    if (found == nullptr) return {};
    return {found->begin(), found->end()};
  }

  Weights weights_of(const Stage& stage) const {
    return {.weight = array(stage, ParameterKind::weight),
            .bias = array(stage, ParameterKind::bias)};
  }

  bool fold_once() {
    bool has_changed = false;
    std::size_t number = 0;
    for (std::size_t i = 0; i < network_.stages.size(); ++i) {
      if (!is<network::BatchNorm>(network_.stages[i])) continue;
      BnFate& fate = fates_[number++];
      if (!is_gone_[i]) has_changed = fold_one(static_cast<int>(i), fate) || has_changed;
    }
    return has_changed;
  }

  bool fold_one(int bn, BnFate& fate) {
    Affine map = affine_of(network_, values_, at(bn));
    const Place before = weights_before(bn, map);
    if (const int* weights = std::get_if<int>(&before)) {
      absorb_backward(map, weights_[static_cast<std::size_t>(*weights)]);
      fate.fate = Fate::backward;
      fate.into = at(*weights).path;
      remove(bn);
      return true;
    }
    const Place behind = weights_behind(bn, map);
    if (const int* weights = std::get_if<int>(&behind)) {
      Weights& reader = weights_[static_cast<std::size_t>(*weights)];
      absorb_forward(map, at(*weights), reader);
      fate.fate = Fate::forward;
      fate.into = at(*weights).path;
      fate.needs_bias_map = reader.is_by_position(at(*weights));
      remove(bn);
      return true;
    }
    fate.reason = std::get<std::string>(before) + ", and " + std::get<std::string>(behind);
    return false;
  }

  /// The weights whose output, seen through stages that commute with the map, the bn reads.
  Place weights_before(int bn, const Affine& map) const {
    for (int index = source_of(at(bn)); index != network::kInput; index = source_of(at(index))) {
      if (readers_of(index).size() > 1) return "others read what it reads";
      const Stage& stage = at(index);
      if (network::has_weights(stage)) return index;
      if (is<network::Flatten>(stage) && stage.input.pixels() > 1) {
        return "it reads a flattened picture";
      }
      if (is_reversing(stage, map)) return "a negative scale follows a max-pool";
      if (!commutes(stage)) return "it reads " + spoken(stage);
    }
    return "it reads the picture";
  }

  /// The weights that read the bn, through stages that commute with the map, which then is given
  /// by what these weights read.
  Place weights_behind(int bn, Affine& map) const {
    for (int index = bn;;) {
      const std::vector<int> readers = readers_of(index);
      if (readers.empty()) return "the logits are read from it";
      if (readers.size() > 1) return fmt::format("{} stages read it", readers.size());
      index = readers.front();
      const Stage& stage = at(index);
      if (network::has_weights(stage)) return index;
      if (is_reversing(stage, map)) return "a negative scale precedes a max-pool";
      if (!commutes(stage)) return spoken(stage) + " reads it";
      if (is<network::Flatten>(stage)) {
        repeat_each(static_cast<std::size_t>(stage.input.pixels()), map);
      }
    }
  }

  /// Whether a stage takes y = a x + b by channel from one side to the other.
  static bool commutes(const Stage& stage) {
    return is<network::Dropout, network::AveragePool, network::GlobalAveragePool, network::Flatten,
              network::MaxPool>(stage);
  }

  /// The largest of numbers becomes the smallest where they are multiplied by less than 0.
  static bool is_reversing(const Stage& stage, const Affine& map) {
    return is<network::MaxPool>(stage) &&
           std::any_of(map.factor.begin(), map.factor.end(), [](double a) { return !(a >= 0); });
  }

  /// "a sum", "relu", "gn(4)".
  static std::string spoken(const Stage& stage) {
    return is<network::Add>(stage) ? "a sum" : stage.text;
  }

  // --- the network without what is gone ---------------------------------------------------------

  /// The stage whose output this one reads now.
  int remaining(int index) const {
    while (index != network::kInput && is_gone_[static_cast<std::size_t>(index)]) {
      index = at(index).source;
    }
    return index;
  }
  int source_of(const Stage& stage) const { return remaining(stage.source); }

  /// The stages that read the output of a stage, each as often as it does.
  std::vector<int> readers_of(int index) const {
    std::vector<int> readers;
    for (std::size_t i = 0; i < network_.stages.size(); ++i) {
      if (is_gone_[i]) continue;
      const Stage& stage = network_.stages[i];
      if (source_of(stage) == index) readers.push_back(static_cast<int>(i));
      if (stage.shortcut && remaining(*stage.shortcut) == index) {
        readers.push_back(static_cast<int>(i));
      }
    }
    return readers;
  }

  void remove(int bn) { is_gone_[static_cast<std::size_t>(bn)] = true; }

  void compact(Folded& result) const {
    std::vector<int> places(network_.stages.size(), network::kInput);  // new from old
    const auto moved = [&](int index) {
      const int old = remaining(index);
      return old == network::kInput ? old : places[static_cast<std::size_t>(old)];
    };
    result.network.input = network_.input;
    result.network.classes = network_.classes;
    for (std::size_t i = 0; i < network_.stages.size(); ++i) {
      if (is_gone_[i]) continue;
      Stage stage = network_.stages[i];
      stage.source = moved(stage.source);
      if (stage.shortcut) stage.shortcut = moved(*stage.shortcut);
      places[i] = static_cast<int>(result.network.stages.size());
      append(std::move(stage), weights_[i], result);
    }
  }

  void append(Stage stage, const Weights& weights, Folded& result) const {
    if (network::has_weights(stage)) set_bias(stage, weights);
    const std::vector<int> old_parameters = std::exchange(stage.parameters, {});
    const int place = static_cast<int>(result.network.stages.size());
    const auto add = [&](network::Parameter parameter, std::vector<float> values) {
      parameter.stage = place;
      stage.parameters.push_back(static_cast<int>(result.network.parameters.size()));
      result.network.parameters.push_back(std::move(parameter));
      result.values.push_back(std::move(values));
    };
    for (const int index : old_parameters) {
      const auto i = static_cast<std::size_t>(index);
      const network::Parameter& parameter = network_.parameters[i];
      if (!network::has_weights(stage)) {
        add(parameter, values_[i]);
      } else if (parameter.kind == ParameterKind::weight) {
        add(parameter, rounded(weights.weight));
      }
    }
    if (!weights.bias.empty()) {
      add({.name = stage.path + ".bias",
           .kind = ParameterKind::bias,
           .dimensions = bias_dimensions(stage, weights),
           .stage = place},
          rounded(weights.bias));
    }
    if (network::has_weights(stage)) {
      stage.parameter_count =
          static_cast<std::int64_t>(weights.weight.size() + weights.bias.size());
    }
    result.network.stages.push_back(std::move(stage));
  }

  /// A stage with weights says what bias it has.
  static void set_bias(Stage& stage, const Weights& weights) {
    const bool has_bias = !weights.bias.empty();
    auto* conv = std::get_if<network::Conv>(&stage.operation);
    bool& bias =
        conv != nullptr ? conv->bias : std::get<network::FullyConnected>(stage.operation).bias;
    if (has_bias && !bias) stage.flops_per_image += stage.output.size();
    bias = has_bias;
    if (conv != nullptr) conv->has_bias_map = weights.is_by_position(stage);
    stage.text = network::describe_operation(stage);
  }

  static std::vector<std::int64_t> bias_dimensions(const Stage& stage, const Weights& weights) {
    const Shape& out = stage.output;
    if (!weights.is_by_position(stage)) return {out.channels};
    return {out.channels, out.height, out.width};
  }

  static std::vector<float> rounded(const std::vector<double>& values) {
    std::vector<float> result;
    result.reserve(values.size());
    for (const double value : values) result.push_back(static_cast<float>(value));
    return result;
  }

  const Network& network_;
  const network::Values& values_;
  std::vector<bool> is_gone_;     // by stage: folded
  std::vector<Weights> weights_;  // by stage
  std::vector<BnFate> fates_;
};

}  // namespace

std::string_view name(Fate fate) {
  constexpr std::string_view kWords[] = {"backward", "forward", "kept"};
  return kWords[static_cast<std::size_t>(fate)];
}

Folded fold(const Network& network, const network::Values& values) {
  return Folder(network, values).fold();
}

}  // namespace whichfirst::fold
