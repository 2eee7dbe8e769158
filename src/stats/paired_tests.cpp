#include "stats/paired_tests.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/random.h"
#include "stats/interval.h"
#include "stats/student.h"

namespace whichfirst::stats {
namespace {

constexpr std::size_t kMostEnumerated = 20;
constexpr int kDraws = 100'000;
constexpr std::size_t kMostExactRanks = 25;

double standard_error(double sd, int count) { return sd / std::sqrt(static_cast<double>(count)); }

/// The sign of the last difference stays: the other half of all flips has the same |sum|.
double enumerated_share(std::span<const double> differences, double sum, double least) {
  const std::uint32_t flips = 1U << (differences.size() - 1);
  std::vector<double> signed_values(differences.begin(), differences.end());
  std::uint32_t hits = 1;  // no flip at all
  for (std::uint32_t i = 1; i < flips; ++i) {
    double& flipped = signed_values[static_cast<std::size_t>(std::countr_zero(i))];
    flipped = -flipped;
    sum += 2 * flipped;
    if (std::abs(sum) >= least) ++hits;
  }
  return static_cast<double>(hits) / flips;
}

double drawn_share(std::span<const double> differences, double least) {
  RandomSequence random(RandomKey{.stream = Stream::resampling});
  int hits = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    double sum = 0;
    std::uint64_t signs = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      if (i % 64 == 0) signs = random.next();
      sum += (signs >> (i % 64) & 1) != 0 ? differences[i] : -differences[i];
    }
    if (std::abs(sum) >= least) ++hits;
  }
  return (hits + 1.0) / (kDraws + 1.0);
}

/// Twice the mean rank of each magnitude, which is whole. `magnitudes` are sorted and not 0.
std::vector<int> doubled_ranks(const std::vector<double>& magnitudes) {
  const double tolerance = kTieShare * magnitudes.back();
  std::vector<int> ranks;
  ranks.reserve(magnitudes.size());
  for (std::size_t first = 0; first < magnitudes.size();) {
    std::size_t end = first + 1;
    while (end < magnitudes.size() && magnitudes[end] - magnitudes[first] <= tolerance) ++end;
    ranks.insert(ranks.end(), end - first, static_cast<int>(first + 1 + end));
    first = end;
  }
  return ranks;
}

/// P(sum of the ranks whose fair coin falls heads <= smaller).
double exact_lower_tail(const std::vector<int>& ranks, int smaller) {
  std::vector<double> ways(static_cast<std::size_t>(smaller) + 1, 0.0);
  ways[0] = 1;
  for (const int rank : ranks) {
    for (int sum = smaller; sum >= rank; --sum) {
      ways[static_cast<std::size_t>(sum)] += ways[static_cast<std::size_t>(sum - rank)];
    }
  }
  double below = 0;
  for (const double count : ways) below += count;
  return std::ldexp(below, -static_cast<int>(ranks.size()));
}

/// The same by the normal law. Its variance, sum r^2 / 4, includes the correction for ties.
double approximate_lower_tail(const std::vector<int>& ranks, double smaller, double total) {
  double squares = 0;
  for (const int rank : ranks) squares += static_cast<double>(rank) * rank;
  constexpr double kContinuity = 1;  // half a rank, doubled as all ranks here
  const double distance = std::max(0.0, total / 2 - smaller - kContinuity);
  return std::erfc(distance / std::sqrt(squares / 4) / std::numbers::sqrt2) / 2;
}

}  // namespace

std::optional<double> t_test(const Moments& differences) {
  if (differences.sd.value_or(0) == 0) return std::nullopt;
  const double t = *differences.mean / standard_error(*differences.sd, differences.count);
  return 2 * student_upper_tail(std::abs(t), differences.count - 1);
}

std::optional<PermutationTest> permutation_test(std::span<const double> differences) {
  if (differences.empty()) return std::nullopt;
  double sum = 0;
  double magnitudes = 0;
  for (const double d : differences) {
    sum += d;
    magnitudes += std::abs(d);
  }
  const double least = std::abs(sum) - kTieShare * magnitudes;
  if (differences.size() <= kMostEnumerated) {
    return PermutationTest{.p = enumerated_share(differences, sum, least)};
  }
  const double p = drawn_share(differences, least);
  return PermutationTest{.p = p, .monte_carlo_error = std::sqrt(p * (1 - p) / kDraws)};
}

std::optional<double> wilcoxon_test(std::span<const double> differences) {
  if (differences.empty()) return std::nullopt;
  std::vector<double> nonzero;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(nonzero),
               [](double d) { return d != 0; });
  if (nonzero.empty()) return 1;
  std::sort(nonzero.begin(), nonzero.end(),
            [](double x, double y) { return std::abs(x) < std::abs(y); });
  std::vector<double> magnitudes;
  for (const double d : nonzero) magnitudes.push_back(std::abs(d));

  const std::vector<int> ranks = doubled_ranks(magnitudes);
  std::int64_t total = 0;
  std::int64_t positive = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    total += ranks[i];
    if (nonzero[i] > 0) positive += ranks[i];
  }
  const std::int64_t smaller = std::min(positive, total - positive);
  const double tail =
      ranks.size() <= kMostExactRanks
          ? exact_lower_tail(ranks, static_cast<int>(smaller))
          : approximate_lower_tail(ranks, static_cast<double>(smaller), static_cast<double>(total));
  return std::min(1.0, 2 * tail);
}

std::optional<double> equivalence_test(const Moments& differences, const Rule& rule) {
  if (!rule.margin || differences.count < 2) return std::nullopt;
  const double sd = deciding_sd(differences, rule);
  if (sd == 0) return std::nullopt;
  const double t =
      (*rule.margin - std::abs(*differences.mean)) / standard_error(sd, differences.count);
  return student_upper_tail(t, differences.count - 1);
}

std::vector<std::optional<double>> holm_adjusted(std::span<const std::optional<double>> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i]) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t x, std::size_t y) { return *p[x] < *p[y]; });
  std::vector<std::optional<double>> adjusted(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double scaled = *p[order[rank]] * static_cast<double>(p.size() - rank);
    largest = std::max(largest, std::min(1.0, scaled));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

}  // namespace whichfirst::stats
