#include "stats/referee.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "stats/rank_interval.h"
#include "stats/student.h"

namespace whichfirst::stats {
namespace {

const Rule& checked(const Rule& rule) {
  check_rule(rule);
  return rule;
}

std::vector<double> sorted_copy(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  check(std::all_of(sorted.begin(), sorted.end(), [](double d) { return std::isfinite(d); }),
        "differences are finite");
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

/// The smallest count of pairs from `first` to `most` at which `is_decided`, less `now`.
template <typename IsDecided>
std::optional<int> first_decided(int first, int most, int now, const IsDecided& is_decided) {
  for (int count = first; count <= std::max(now, most); ++count) {
    if (is_decided(count)) return count - now;
  }
  return std::nullopt;
}

}  // namespace

CriticalValues::CriticalValues(const Rule& rule, double alpha1)
    : location_(rule.location), spending_{.alpha1 = alpha1} {
  if (rule.stopping == Stopping::fixed) return;
  if (rule.horizon == Horizon::max_pairs) spending_.horizon = rule.max_pairs;
  const int first_look = minimum_pairs(rule.confidence);
  switch (location_) {
    case Location::mean:
      table_ = RepeatedStudent(spending_, first_look);
      break;
    case Location::pseudo_median:
      table_ = RepeatedSignedRank(spending_, first_look);
      break;
    case Location::median:
      table_ = RepeatedSign(spending_, first_look);
      break;
  }
}

double CriticalValues::error_by(int n) const {
  return std::holds_alternative<Fixed>(table_) ? spending_.alpha1 : spending_.by(n);
}

double CriticalValues::standard_errors(int n) {
  check(location_ == Location::mean, "standard errors are of a mean");
  if (auto* repeated = std::get_if<RepeatedStudent>(&table_)) return repeated->critical(n);
  return student_critical(2 * spending_.alpha1, n - 1);
}

std::int64_t CriticalValues::count(int n) {
  check(location_ != Location::mean, "a mean has no ranks");
  if (auto* ranks = std::get_if<RepeatedSignedRank>(&table_)) return ranks->critical(n);
  if (auto* signs = std::get_if<RepeatedSign>(&table_)) return signs->critical(n);
  return location_ == Location::median ? sign_quantile(n, spending_.alpha1)
                                       : signed_rank_quantile(n, spending_.alpha1);
}

Referee::Referee(const Rule& rule)
    : rule_(checked(rule)),
      criticals_(rule, error_share(rule) / 2),
      equivalence_criticals_(rule, equivalence_error(rule)) {}

int Referee::pairs_for_equal_signs() const {
  int n = minimum_pairs(rule_.confidence);
  while (std::ldexp(1.0, -n) > criticals_.error_by(n)) ++n;
  return n;
}

void Referee::decide_by_intervals(Look& look) const {
  const Intervals& of_equivalence =
      look.equivalence_intervals ? *look.equivalence_intervals : *look.intervals;
  look.verdict = decide(deciding(*look.intervals, rule_), deciding(of_equivalence, rule_), rule_);
}

Look Referee::look(std::span<const double> differences) {
  if (rule_.location == Location::mean) return look(moments_of(differences));
  return look_at_ranks(sorted_copy(differences), static_cast<int>(differences.size()));
}

Look Referee::look(const Moments& differences) {
  check(rule_.location == Location::mean, "moments tell of a mean");
  const int n = differences.count;
  if (n < minimum_pairs(rule_.confidence)) return {};
  check(std::isfinite(*differences.mean) && std::isfinite(*differences.sd),
        "differences are finite");
  Look look;
  const bool is_flat = deciding_sd(differences, rule_) == 0;
  if (is_flat && n < pairs_for_equal_signs()) return look;
  if (!is_flat) look.critical = criticals_.standard_errors(n);
  look.intervals = intervals_at(differences, look.critical.value_or(0), rule_);
  if (rule_.equivalence_share == EquivalenceShare::full) {
    look.equivalence_intervals =
        intervals_at(differences, is_flat ? 0 : equivalence_criticals_.standard_errors(n), rule_);
  }
  decide_by_intervals(look);
  return look;
}

Look Referee::look_at_ranks(std::span<const double> sorted, int pairs) {
  if (pairs < minimum_pairs(rule_.confidence)) return {};
  const auto interval_by = [&](CriticalValues& criticals) -> std::optional<Intervals> {
    const CriticalCount critical{.pairs = pairs, .count = criticals.count(pairs)};
    const auto interval = rank_interval(sorted, rule_.location, critical);
    if (!interval) return std::nullopt;
    return Intervals{.plain = *interval};
  };
  Look look;
  look.intervals = interval_by(criticals_);
  if (!look.intervals) return look;
  if (rule_.equivalence_share == EquivalenceShare::full) {
    look.equivalence_intervals = interval_by(equivalence_criticals_);
  }
  decide_by_intervals(look);
  return look;
}

std::optional<int> Referee::more_pairs(const Moments& differences, int most) {
  // A difference and a margin below one step of the metric: pairs without end would show rounding.
  const double least = std::max(std::abs(differences.mean.value_or(0)), rule_.margin.value_or(0));
  if (differences.count > 0 && least < rule_.resolution) return std::nullopt;
  // Student's interval is shorter than the repeated one, and needs no table.
  const auto at_least = more_pairs_to_decide(differences, rule_);
  if (rule_.stopping == Stopping::fixed || !at_least) return at_least;
  const int n = differences.count;
  return first_decided(n + *at_least, most, n, [&](int count) {
    Moments forecast = differences;
    forecast.count = count;
    return look(forecast).verdict != Verdict::undecided;
  });
}

std::optional<int> Referee::more_pairs(std::span<const double> differences, int most) {
  if (rule_.location == Location::mean) return more_pairs(moments_of(differences), most);
  const int n = static_cast<int>(differences.size());
  if (n < 2) return std::nullopt;
  const std::vector<double> sorted = sorted_copy(differences);
  const auto decides = [&sorted](Referee& referee, int count) {
    return referee.look_at_ranks(sorted, count).verdict != Verdict::undecided;
  };
  // At a fixed number the interval is the shortest, as Student's is.
  Rule fixed_rule = rule_;
  fixed_rule.stopping = Stopping::fixed;
  Referee fixed(fixed_rule);
  const auto at_least = more_pairs_to_decide(n, [&](int count) { return decides(fixed, count); });
  if (rule_.stopping == Stopping::fixed || !at_least) return at_least;
  return first_decided(n + *at_least, most, n, [&](int count) { return decides(*this, count); });
}

std::optional<int> Referee::more_pairs_until(std::span<const double> differences, int most,
                                             const std::function<bool(const Look&)>& is_enough) {
  const int n = static_cast<int>(differences.size());
  if (n < 2) return std::nullopt;
  if (rule_.location != Location::mean) {
    const std::vector<double> sorted = sorted_copy(differences);
    return first_decided(n, most, n,
                         [&](int count) { return is_enough(look_at_ranks(sorted, count)); });
  }
  Moments forecast = moments_of(differences);
  return first_decided(n, most, n, [&](int count) {
    forecast.count = count;
    return is_enough(look(forecast));
  });
}

}  // namespace whichfirst::stats
