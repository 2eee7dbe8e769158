#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "train/taps.h"

namespace whichfirst::train {
namespace {

/// Sums in float lanes over short runs, then in double.
double dot(const float* a, const float* b, std::size_t count) {
  constexpr std::size_t kLanes = 16;
  constexpr std::size_t kRun = 1024;
  double sum = 0;
  for (std::size_t begin = 0; begin < count; begin += kRun) {
    const std::size_t end = std::min(begin + kRun, count);
    std::array<float, kLanes> lanes{};
    std::size_t i = begin;
    for (; i + kLanes <= end; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
    }
    for (; i < end; ++i) lanes[i % kLanes] += a[i] * b[i];
    for (const float lane : lanes) sum += lane;
  }
  return sum;
}

/// A symmetric matrix of inner products.
struct Gram {
  std::size_t size = 0;
  std::vector<double> entries;

  explicit Gram(std::size_t rows) : size(rows), entries(rows * rows, 0.0) {}

  /// Adds the products of `size` rows that follow each other.
  void add(const float* rows, std::size_t length) {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        entries[i * size + j] += dot(rows + i * length, rows + j * length, length);
      }
    }
  }
  void mirror() {
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < i; ++j) entries[j * size + i] = entries[i * size + j];
    }
  }
  double trace() const {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += entries[i * size + i];
    return sum;
  }
};

/// By power iteration from a fixed random direction, which no channels are orthogonal to. Where two
/// eigenvalues are so near that it has not settled, what it has lies between them.
double largest_eigenvalue(const Gram& gram) {
  constexpr int kLeastRounds = 20;
  constexpr int kMostRounds = 1000;
  constexpr double kSettled = 1e-12;
  const std::size_t n = gram.size;
  std::vector<double> vector(n);
  RandomSequence random({.stream = Stream::probe, .role = 1});
  for (double& entry : vector) entry = random.normal();
  std::vector<double> next(n);
  double value = 0;
  for (int round = 0; round < kMostRounds; ++round) {
    const double norm =
        std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
    for (double& entry : vector) entry /= norm;
    for (std::size_t i = 0; i < n; ++i) {
      next[i] = std::inner_product(vector.begin(), vector.end(),
                                   gram.entries.begin() + static_cast<std::ptrdiff_t>(i * n), 0.0);
    }
    const double found = std::inner_product(vector.begin(), vector.end(), next.begin(), 0.0);
    const bool is_settled = round >= kLeastRounds && std::abs(found - value) <= kSettled * found;
    value = found;
    vector.swap(next);
    if (is_settled) break;
  }
  return value;
}

}  // namespace

std::vector<measure::Summary> summarise_channels(const ChannelView& view) {
  std::vector<measure::Summary> channels;
  std::vector<float> gathered;
  for (std::ptrdiff_t c = 0; c < view.channels; ++c) {
    gathered.clear();
    for (std::ptrdiff_t n = 0; n < view.images; ++n) {
      const std::span<const float> plane = view.plane(n, c);
      gathered.insert(gathered.end(), plane.begin(), plane.end());
    }
    channels.emplace_back(std::span<const float>(gathered));
  }
  return channels;
}

std::optional<double> saturation_of(std::span<const float> values) {
  double sum = 0;
  double most = 0;
  double count = 0;
  for (const float value : values) {
    const double size = std::abs(static_cast<double>(value));
    if (!std::isfinite(size)) continue;
    sum += size;
    most = std::max(most, size);
    ++count;
  }
  if (most == 0) return std::nullopt;
  return sum / count / most;
}

std::optional<double> mean_channel_skewness(const std::vector<measure::Summary>& channels) {
  double sum = 0;
  int count = 0;
  for (const measure::Summary& channel : channels) {
    const std::optional<double> skewness = channel.skewness();
    const auto m = static_cast<double>(channel.count());
    if (!skewness || m < 3) continue;
    sum += std::abs(*skewness) * std::sqrt(m * (m - 1)) / (m - 2);
    ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

double dead_share(const std::vector<measure::Summary>& channels) {
  const auto dead = std::count_if(channels.begin(), channels.end(), [](const auto& channel) {
    return channel.count() > 0 && channel.least() == channel.largest();
  });
  return static_cast<double>(dead) / static_cast<double>(channels.size());
}

std::optional<double> condition_of(const ChannelView& view) {
  const std::ptrdiff_t samples = view.images * view.pixels;
  const auto channels = static_cast<std::size_t>(view.channels);
  // A matrix and its transpose have the same eigenvalues but for zeros: the smaller one is taken.
  Gram gram(static_cast<std::size_t>(std::min<std::ptrdiff_t>(view.channels, samples)));
  if (view.channels <= samples) {
    for (std::ptrdiff_t n = 0; n < view.images; ++n) {
      gram.add(view.plane(n, 0).data(), static_cast<std::size_t>(view.pixels));
    }
  } else {
    std::vector<float> rows;
    rows.reserve(view.values.size());
    for (std::ptrdiff_t n = 0; n < view.images; ++n) {
      for (std::ptrdiff_t p = 0; p < view.pixels; ++p) {
        for (std::ptrdiff_t c = 0; c < view.channels; ++c) {
          rows.push_back(view.plane(n, c)[static_cast<std::size_t>(p)]);
        }
      }
    }
    gram.add(rows.data(), channels);
  }
  gram.mirror();
  const double trace = gram.trace();
  if (!std::isfinite(trace) || trace <= 0) return std::nullopt;
  return largest_eigenvalue(gram) / (trace / static_cast<double>(channels));
}

}  // namespace whichfirst::train
