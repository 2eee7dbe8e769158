#include "stats/paired_tests.h"

#include <algorithm>
#include <array>
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
constexpr std::size_t kMostDraws = 100'000;
constexpr std::size_t kFewestDraws = 1'000;
constexpr std::size_t kMostFlips = 400'000'000;
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

/// Of 64 differences at most, the sums of every four in a row under each of their 16 choices of
/// signs: 64 random bits flip all with 16 look-ups.
class SignedSums {
 public:
  static constexpr std::size_t kMost = 64;

  explicit SignedSums(std::span<const double> differences) {
    for (std::size_t i = 0; i < differences.size(); ++i) {
      for (std::size_t signs = 0; signs < 16; ++signs) {
        const bool is_kept = (signs >> (i % 4) & 1) != 0;
        sums_[i / 4][signs] += is_kept ? differences[i] : -differences[i];
      }
    }
  }

  double sum(std::uint64_t signs) const {
    double sum = 0;
    for (const auto& four : sums_) {
      sum += four[signs & 15];
      signs >>= 4;
    }
    return sum;
  }

 private:
  std::array<std::array<double, 16>, kMost / 4> sums_ = {};
};

PermutationTest drawn_share(std::span<const double> differences, double least) {
  const std::size_t draws = std::clamp(kMostFlips / differences.size(), kFewestDraws, kMostDraws);
  RandomSequence random(RandomKey{.stream = Stream::resampling});
  std::vector<double> sums(draws, 0.0);
  for (std::size_t i = 0; i < differences.size(); i += SignedSums::kMost) {
    const SignedSums some(
        differences.subspan(i, std::min(SignedSums::kMost, differences.size() - i)));
    for (double& sum : sums) sum += some.sum(random.next());
  }
  const auto hits = std::count_if(sums.begin(), sums.end(),
                                  [least](double sum) { return std::abs(sum) >= least; });
  const double p = static_cast<double>(hits + 1) / static_cast<double>(draws + 1);
  return {.p = p, .monte_carlo_error = std::sqrt(p * (1 - p) / static_cast<double>(draws))};
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

/// The places of the p values that are there, from the smallest on.
std::vector<std::size_t> rising_places(std::span<const std::optional<double>> p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i]) order.push_back(i);
  }
  std::sort(order.begin(), order.end(),
            [&](std::size_t x, std::size_t y) { return *p[x] < *p[y]; });
  return order;
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
  return drawn_share(differences, least);
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
  const std::vector<std::size_t> order = rising_places(p);
  std::vector<std::optional<double>> adjusted(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double scaled = *p[order[rank]] * static_cast<double>(p.size() - rank);
    largest = std::max(largest, std::min(1.0, scaled));
    adjusted[order[rank]] = largest;
  }
  return adjusted;
}

std::vector<std::optional<double>> false_discovery_adjusted(
    std::span<const std::optional<double>> p) {
  const std::vector<std::size_t> order = rising_places(p);
  const auto count = static_cast<double>(order.size());
  double harmonic = 0;
  for (std::size_t rank = 1; rank <= order.size(); ++rank) {
    harmonic += 1 / static_cast<double>(rank);
  }
  std::vector<std::optional<double>> adjusted(p.size());
  double smallest = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    const std::size_t i = order[rank - 1];
    smallest = std::min(smallest, *p[i] * count * harmonic / static_cast<double>(rank));
    adjusted[i] = smallest;
  }
  return adjusted;
}

PlainComparison compare_plainly(std::span<const double> differences, double confidence) {
  const Moments moments = moments_of(differences);
  PlainComparison result{.mean = moments.mean.value(), .interval = {}, .p = t_test(moments)};
  if (moments.sd.value_or(0) > 0) {
    const double n = moments.count;
    const double critical = student_critical(1 - confidence, n - 1);
    result.interval = mean_interval(result.mean, *moments.sd, critical / std::sqrt(n));
  } else if (moments.count > 1 && result.mean != 0) {
    result.p = std::ldexp(1.0, 1 - moments.count);
  }
  return result;
}

}  // namespace whichfirst::stats
