#include "measure/distance.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/error.h"
#include "measure/summary.h"

namespace whichfirst::measure {
namespace {

/// Calls visit(x, next x, F_a(x) - F_b(x)) for each value x of either but the last one.
template <class Visit>
void for_each_step(std::span<const double> a, std::span<const double> b, Visit visit) {
  check(!a.empty() && !b.empty(), "a distance is between two samples");
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    const bool takes_a = j == b.size() || (i < a.size() && a[i] <= b[j]);
    const double x = takes_a ? a[i] : b[j];
    while (i < a.size() && a[i] == x) ++i;
    while (j < b.size() && b[j] == x) ++j;
    if (i == a.size() && j == b.size()) return;
    const double next = i == a.size() ? b[j] : j == b.size() ? a[i] : std::min(a[i], b[j]);
    visit(x, next,
          static_cast<double>(i) / static_cast<double>(a.size()) -
              static_cast<double>(j) / static_cast<double>(b.size()));
  }
}

}  // namespace

std::optional<AffineFit> fit_affine(std::span<const double> x, std::span<const double> y) {
  check(x.size() == y.size(), "a fit is of pairs");
  std::vector<double> xs;
  std::vector<double> ys;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) continue;
    xs.push_back(x[i]);
    ys.push_back(y[i]);
  }
  const Summary of_x{std::span<const double>(xs)};
  const Summary of_y{std::span<const double>(ys)};
  if (!of_x.mean() || !of_y.mean() || of_x.sd().value_or(0) == 0 || !of_y.sd()) {
    return std::nullopt;
  }
  double xx = 0;
  double xy = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const double d = xs[i] - *of_x.mean();
    xx += d * d;
    xy += d * (ys[i] - *of_y.mean());
  }
  AffineFit fit{.slope = xy / xx, .count = std::ssize(xs), .residual_share = {}};
  if (!std::isfinite(fit.slope)) return std::nullopt;
  fit.offset = *of_y.mean() - fit.slope * *of_x.mean();
  double squares = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const double d = (ys[i] - *of_y.mean()) - fit.slope * (xs[i] - *of_x.mean());
    squares += d * d;
  }
  fit.residual = std::sqrt(squares / static_cast<double>(xs.size()));
  if (*of_y.sd() > 0) fit.residual_share = fit.residual / *of_y.sd();
  return fit;
}

std::vector<double> sort_finite(std::span<const double> values) {
  std::vector<double> sorted;
  std::copy_if(values.begin(), values.end(), std::back_inserter(sorted),
               [](double x) { return std::isfinite(x); });
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::optional<std::vector<double>> standardise(const std::vector<double>& sorted) {
  const Summary summary{std::span<const double>(sorted)};
  if (!summary.mean() || summary.sd().value_or(0) == 0) return std::nullopt;
  std::vector<double> scaled;
  for (const double x : sorted) scaled.push_back((x - *summary.mean()) / *summary.sd());
  return scaled;
}

double kolmogorov_smirnov(std::span<const double> a, std::span<const double> b) {
  double largest = 0;
  for_each_step(a, b, [&](double, double, double difference) {
    largest = std::max(largest, std::abs(difference));
  });
  return largest;
}

double wasserstein(std::span<const double> a, std::span<const double> b) {
  double area = 0;
  for_each_step(a, b, [&](double x, double next, double difference) {
    area += (next - x) * std::abs(difference);
  });
  return area;
}

}  // namespace whichfirst::measure
