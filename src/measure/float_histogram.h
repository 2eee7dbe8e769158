// Counts of floats in bins that are the same for all values of all networks, so that any two
// histograms merge: eight bins an octave on both sides of zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace whichfirst::measure {

/// Bins count from the most negative values to the largest. The middle one holds what is smaller
/// than 2^-16 in magnitude, the first and the last what is 2^16 or larger; between them an octave
/// [2^e, 2^(e+1)) has eight bins of equal width. NaN and infinities are counted nowhere.
class FloatHistogram {
 public:
  static constexpr int kBinsASide = 32 * 8 + 1;
  static constexpr int kBins = 2 * kBinsASide + 1;

  FloatHistogram() : counts_(kBins, 0) {}

  void add(std::span<const float> values);
  void merge(const FloatHistogram& other);

  /// By bin.
  const std::vector<std::int64_t>& counts() const { return counts_; }
  void set_count(std::size_t bin, std::int64_t count) { counts_[bin] = count; }
  std::int64_t total() const;

  /// Where a bin begins and ends; the outermost ones have infinite ends.
  static double lower_edge(std::size_t bin);
  static double upper_edge(std::size_t bin);

  /// The quantile at `share` in [0, 1], the values of a bin taken as evenly spread in it, and as
  /// lying between `least` and `largest`, the ends of all values: 0 in the middle bin, from 2^-16
  /// to 2^16 within an eighth of its size. Missing where nothing was counted.
  std::optional<double> quantile(double share, double least, double largest) const;

  bool operator==(const FloatHistogram&) const = default;

 private:
  std::vector<std::int64_t> counts_;
};

}  // namespace whichfirst::measure
