// Counts of values between fixed edges, which merge; exact quantiles.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace whichfirst::measure {

/// Bin i is [edges[i], edges[i+1]), the last one with its right edge, as numpy.histogram has it.
struct Histogram {
  std::vector<double> edges;         ///< rising, at least 2
  std::vector<std::int64_t> counts;  ///< one less than edges
};

/// `bins` equal bins from `least` to `largest`, both finite and in this order; where they are equal
/// (or too near for so many edges), a little more to both sides. bins > 0.
std::vector<double> even_edges(double least, double largest, int bins);

/// Of what lies between the edges; the rest, NaN too, is counted nowhere.
Histogram count_between(std::vector<double> edges, std::span<const double> values);

/// Adds the counts of `other`, which has the same edges, to `sum`.
void merge(Histogram& sum, const Histogram& other);

/// The exact quantiles of the finite ones of `values` at each of `shares` in [0, 1], which rise;
/// between two values in proportion (numpy.quantile's rule; Hyndman and Fan 1996, type 7). Empty
/// where no value is finite.
std::vector<double> quantiles(std::span<const double> values, std::span<const double> shares);

}  // namespace whichfirst::measure
