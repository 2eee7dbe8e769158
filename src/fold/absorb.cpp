#include "fold/absorb.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace whichfirst::fold {
namespace {

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

}  // namespace

void repeat_each(std::size_t pixels, Affine& map) {
  Affine repeated;
  for (std::size_t c = 0; c < map.factor.size(); ++c) {
    repeated.factor.insert(repeated.factor.end(), pixels, map.factor[c]);
    repeated.shift.insert(repeated.shift.end(), pixels, map.shift[c]);
  }
  map = std::move(repeated);
}

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

void absorb_forward(const Affine& map, const network::Stage& stage, Weights& weights) {
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

}  // namespace whichfirst::fold
