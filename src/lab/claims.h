// The claims that people make about two orders, measured on the values at hand. Internal to
// inspect.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lab/inspection.h"
#include "network/lookup.h"

namespace whichfirst::lab {

using network::ParameterKind;
using network::Stage;
using reference::Mode;
using reference::Tensor;

/// The distribution of values somewhere behind a normal input: slope h + offset, where h is normal,
/// or its positive part.
struct TheoreticalValues {
  Gaussian normal;
  bool is_rectified = false;
  double slope = 1;
  double offset = 0;

  double mean() const;
  double variance() const;
  double skewness() const;
  double kurtosis() const;
  // What leaves the range of double is NaN or infinite in the four above.

  /// The probability of exactly 0, and of less.
  double zero_share() const;
  double negative_share() const;
  /// Where the positive part has its point of positive probability; missing where there is none.
  std::optional<double> atom() const;
  /// The probability that the relu behind which this is cuts nothing; 1 where there is none.
  double kept_share() const;
};

/// What a bn makes of `values` with the statistics of an infinite batch, or with `mean` and
/// `variance` where they are given.
struct TheoreticalBatchNorm {
  double scale = 1;
  double offset = 0;
  double eps = 1e-5;
  std::optional<double> mean = {};
  std::optional<double> variance = {};
};
TheoreticalValues normalise(const TheoreticalValues& values, const TheoreticalBatchNorm& bn);

/// What a relu makes of normal values; nothing where they have been rectified already.
std::optional<TheoreticalValues> rectify(const TheoreticalValues& values);

/// One order, run, with the stages that follow it.
struct OrderRun {
  std::string name;
  notation::Sequence order;
  Chain chain = {};
  reference::ForwardPass pass = {};
  std::size_t own_stages = 0;
};

/// All values of one channel, image by image.
std::vector<double> channel_values(const Tensor& tensor, int channel);
notation::Sequence join(notation::Sequence first, const notation::Sequence& second);

/// Number `c` of the parameter of this kind that `stage` has, or `missing`.
double parameter_of(const OrderRun& run, const Stage& stage, ParameterKind kind, std::size_t c,
                    double missing);

/// The share of a spread up to which a difference is rounding.
inline constexpr double kRoundingShare = 1e-9;

/// Whether the first relu of both cuts the same values of `input`, and where; nothing where one has
/// none, or they read different shapes.
std::optional<Claim> claim_same_cut(const OrderRun& a, const OrderRun& b, const Tensor& input);
/// Whether generated input comes out as in theory, as far as bn and relu lead; nothing for others.
std::optional<Claim> claim_theory(const OrderRun& run, const Input& input);
/// Whether a max-pool that follows the order could as well stand first; nothing where none does, it
/// does not fit there, or numbers are dropped.
std::optional<Claim> claim_pool(const Question& question, const OrderRun& run);

/// For each pair: whether the values differ in scale and offset only (at the end of the orders and
/// after what follows them), whether the first relu cuts the same values, whether both leave as
/// many zeros. For each order: whether generated input comes out as in theory, whether a max-pool
/// that follows could as well stand first.
std::vector<Claim> measure_claims(const Question& question, const std::vector<OrderRun>& runs);

}  // namespace whichfirst::lab
