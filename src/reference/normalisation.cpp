#include <cmath>

#include "base/error.h"
#include "reference/stages.h"

namespace whichfirst::reference {
namespace {

/// Calls visit(place) for every number of channel `c`.
template <class Visit>
void for_each_of_channel(const Tensor& tensor, std::size_t c, Visit visit) {
  const auto pixels = static_cast<std::size_t>(tensor.shape.pixels());
  for (int n = 0; n < tensor.count; ++n) {
    const std::size_t first = tensor.index(n, static_cast<int>(c), 0, 0);
    for (std::size_t i = first; i < first + pixels; ++i) visit(i);
  }
}

std::size_t channels_of(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.shape.channels);
}

void check_sizes(const network::BatchNorm& bn, const Tensor& src,
                 const ChannelStatistics& statistics, std::span<const double> scale) {
  const std::size_t channels = channels_of(src);
  check(statistics.mean.size() == channels && statistics.variance.size() == channels,
        "bn has the statistics of every channel");
  check(scale.size() == (bn.affine ? channels : 0), "bn has C scales or none");
}

double values_per_channel(const Tensor& tensor) {
  return static_cast<double>(tensor.count * tensor.shape.pixels());
}

/// A group of one image: its places in `values`, which follow each other, and its statistics.
struct Group {
  std::size_t first = 0;
  std::size_t end = 0;
  double mean = 0;
  double inverse_deviation = 0;

  double size() const { return static_cast<double>(end - first); }
  double xhat(double x) const { return (x - mean) * inverse_deviation; }
};

std::vector<Group> find_groups(const network::GroupNorm& norm, const Tensor& src) {
  const auto groups = static_cast<std::size_t>(norm.groups);
  check(norm.groups > 0 && channels_of(src) % groups == 0, "the channels part into groups");
  const std::size_t size = static_cast<std::size_t>(src.shape.size()) / groups;
  std::vector<Group> found;
  for (std::size_t first = 0; first < src.values.size(); first += size) {
    Group group{.first = first, .end = first + size};
    for (std::size_t i = first; i < group.end; ++i) group.mean += src.values[i];
    group.mean /= group.size();
    double squares = 0;
    for (std::size_t i = first; i < group.end; ++i) {
      squares += (src.values[i] - group.mean) * (src.values[i] - group.mean);
    }
    group.inverse_deviation = 1 / std::sqrt(squares / group.size() + norm.eps);
    found.push_back(group);
  }
  return found;
}

/// The channel of values[i].
std::size_t channel_at(const Tensor& tensor, std::size_t i) {
  return i / static_cast<std::size_t>(tensor.shape.pixels()) % channels_of(tensor);
}

}  // namespace

ChannelStatistics batch_statistics(const Tensor& src) {
  ChannelStatistics batch;
  for (std::size_t c = 0; c < channels_of(src); ++c) {
    double sum = 0;
    for_each_of_channel(src, c, [&](std::size_t i) { sum += src.values[i]; });
    const double mean = sum / values_per_channel(src);
    double squares = 0;
    for_each_of_channel(
        src, c, [&](std::size_t i) { squares += (src.values[i] - mean) * (src.values[i] - mean); });
    batch.mean.push_back(mean);
    batch.variance.push_back(squares / values_per_channel(src));
  }
  return batch;
}

ChannelStatistics move_running_statistics(const network::BatchNorm& bn,
                                          const ChannelStatistics& running,
                                          const ChannelStatistics& batch, std::int64_t values) {
  check(values >= 2, "a variance needs two values");
  const double unbiased = static_cast<double>(values) / static_cast<double>(values - 1);
  ChannelStatistics moved;
  for (std::size_t c = 0; c < batch.mean.size(); ++c) {
    moved.mean.push_back((1 - bn.momentum) * running.mean[c] + bn.momentum * batch.mean[c]);
    moved.variance.push_back((1 - bn.momentum) * running.variance[c] +
                             bn.momentum * (batch.variance[c] * unbiased));
  }
  return moved;
}

Tensor batch_norm_forward(const network::BatchNorm& bn, const Tensor& src,
                          const ChannelStatistics& statistics, std::span<const double> scale,
                          std::span<const double> offset) {
  check_sizes(bn, src, statistics, scale);
  check(offset.size() == scale.size(), "bn has as many offsets as scales");
  Tensor dst = zeros(src.count, src.shape);
  for (std::size_t c = 0; c < channels_of(src); ++c) {
    const double inverse_deviation = 1 / std::sqrt(statistics.variance[c] + bn.eps);
    for_each_of_channel(src, c, [&](std::size_t i) {
      const double xhat = (src.values[i] - statistics.mean[c]) * inverse_deviation;
      dst.values[i] = bn.affine ? scale[c] * xhat + offset[c] : xhat;
    });
  }
  return dst;
}

NormGradients batch_norm_backward(const network::BatchNorm& bn, const Tensor& src,
                                  const ChannelStatistics& statistics,
                                  std::span<const double> scale, const Tensor& ddst, Mode mode) {
  check_sizes(bn, src, statistics, scale);
  check(ddst.count == src.count && ddst.shape == src.shape,
        "the gradient has the shape of the bn's output");
  NormGradients gradients{.dsrc = zeros(src.count, src.shape), .dscale = {}, .doffset = {}};
  for (std::size_t c = 0; c < channels_of(src); ++c) {
    const double inverse_deviation = 1 / std::sqrt(statistics.variance[c] + bn.eps);
    const auto xhat = [&](std::size_t i) {
      return (src.values[i] - statistics.mean[c]) * inverse_deviation;
    };
    double sum = 0;
    double sum_with_xhat = 0;
    for_each_of_channel(src, c, [&](std::size_t i) {
      sum += ddst.values[i];
      sum_with_xhat += ddst.values[i] * xhat(i);
    });
    if (bn.affine) {
      gradients.dscale.push_back(sum_with_xhat);
      gradients.doffset.push_back(sum);
    }
    const double slope = (bn.affine ? scale[c] : 1) * inverse_deviation;
    for_each_of_channel(src, c, [&](std::size_t i) {
      // What moves with the batch's mean and variance, and is no gradient of src alone.
      const double common =
          mode == Mode::training ? (sum + xhat(i) * sum_with_xhat) / values_per_channel(src) : 0;
      gradients.dsrc.values[i] = slope * (ddst.values[i] - common);
    });
  }
  return gradients;
}

Tensor group_norm_forward(const network::GroupNorm& norm, const Tensor& src,
                          std::span<const double> scale, std::span<const double> offset) {
  check(scale.size() == (norm.affine ? channels_of(src) : 0), "a norm has C scales or none");
  check(offset.size() == scale.size(), "a norm has as many offsets as scales");
  Tensor dst = zeros(src.count, src.shape);
  for (const Group& group : find_groups(norm, src)) {
    for (std::size_t i = group.first; i < group.end; ++i) {
      const std::size_t c = channel_at(src, i);
      const double xhat = group.xhat(src.values[i]);
      dst.values[i] = norm.affine ? scale[c] * xhat + offset[c] : xhat;
    }
  }
  return dst;
}

NormGradients group_norm_backward(const network::GroupNorm& norm, const Tensor& src,
                                  std::span<const double> scale, const Tensor& ddst) {
  check(scale.size() == (norm.affine ? channels_of(src) : 0), "a norm has C scales or none");
  check(ddst.count == src.count && ddst.shape == src.shape,
        "the gradient has the shape of the norm's output");
  NormGradients gradients{.dsrc = zeros(src.count, src.shape),
                          .dscale = std::vector<double>(scale.size()),
                          .doffset = std::vector<double>(scale.size())};
  for (const Group& group : find_groups(norm, src)) {
    const auto dxhat = [&](std::size_t i) {
      return norm.affine ? scale[channel_at(src, i)] * ddst.values[i] : ddst.values[i];
    };
    double sum = 0;
    double sum_with_xhat = 0;
    for (std::size_t i = group.first; i < group.end; ++i) {
      const double xhat = group.xhat(src.values[i]);
      sum += dxhat(i);
      sum_with_xhat += dxhat(i) * xhat;
      if (!norm.affine) continue;
      gradients.dscale[channel_at(src, i)] += ddst.values[i] * xhat;
      gradients.doffset[channel_at(src, i)] += ddst.values[i];
    }
    for (std::size_t i = group.first; i < group.end; ++i) {
      // What moves with the group's mean and variance, and is no gradient of src alone.
      const double common = (sum + group.xhat(src.values[i]) * sum_with_xhat) / group.size();
      gradients.dsrc.values[i] = group.inverse_deviation * (dxhat(i) - common);
    }
  }
  return gradients;
}

}  // namespace whichfirst::reference
