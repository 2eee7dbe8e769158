#include "measure/histogram.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <utility>

#include "base/error.h"

namespace whichfirst::measure {
namespace {

/// Between `a` and `b`, which may be the ends of double's range.
double between(double a, double b, double share) { return a * (1 - share) + b * share; }

}  // namespace

std::vector<double> even_edges(double least, double largest, int bins) {
  check(bins > 0 && std::isfinite(least) && std::isfinite(largest) && least <= largest,
        "a histogram's range is finite and rises");
  const double magnitude = std::max(std::abs(least), std::abs(largest));
  if (largest / 2 - least / 2 <= magnitude * bins * 1e-15) {
    const double margin = std::max(0.5, magnitude * bins * 1e-12);
    least = std::max(least - margin, std::numeric_limits<double>::lowest());
    largest = std::min(largest + margin, std::numeric_limits<double>::max());
  }
  std::vector<double> edges;
  for (int i = 0; i <= bins; ++i)
    edges.push_back(between(least, largest, static_cast<double>(i) / bins));
  return edges;
}

Histogram count_between(std::vector<double> edges, std::span<const double> values) {
  check(edges.size() >= 2, "a histogram has at least two edges");
  check(std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) == edges.end(),
        "a histogram's edges rise");
  Histogram histogram{.edges = std::move(edges), .counts = {}};
  histogram.counts.resize(histogram.edges.size() - 1);
  const double first = histogram.edges.front();
  const double last = histogram.edges.back();
  for (const double x : values) {
    if (!(x >= first && x <= last)) continue;
    const auto after = std::upper_bound(histogram.edges.begin() + 1, histogram.edges.end() - 1, x);
    ++histogram.counts[static_cast<std::size_t>(after - histogram.edges.begin()) - 1];
  }
  return histogram;
}

void merge(Histogram& sum, const Histogram& other) {
  check(sum.edges == other.edges, "histograms that are merged have the same edges");
  for (std::size_t i = 0; i < sum.counts.size(); ++i) sum.counts[i] += other.counts[i];
}

std::vector<double> quantiles(std::span<const double> values, std::span<const double> shares) {
  check(std::is_sorted(shares.begin(), shares.end()), "the shares of quantiles rise");
  std::vector<double> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept),
               [](double x) { return std::isfinite(x); });
  std::vector<double> found;
  if (kept.empty()) return found;
  auto done = kept.begin();  // what stands before it is not above what follows
  for (const double share : shares) {
    check(share >= 0 && share <= 1, "a quantile's share is in [0, 1]");
    const double place = share * static_cast<double>(kept.size() - 1);
    const double rest = place - std::floor(place);
    const auto low = kept.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(done, low, kept.end());
    done = low;
    const double high = rest > 0 ? *std::min_element(low + 1, kept.end()) : *low;
    found.push_back(*low == high ? *low : between(*low, high, rest));
  }
  return found;
}

}  // namespace whichfirst::measure
