#include "study/tap_comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include "stats/paired_tests.h"

namespace whichfirst::study {
namespace {

/// Place, then statistic by its number.
using Row = std::pair<std::string, std::size_t>;
using Numbers = std::map<Row, double>;

/// What is larger is no number of a network that trains, and has no square.
constexpr double kLargest = 1e100;

Numbers numbers_of(const record::EpochTaps& taps) {
  Numbers numbers;
  const auto statistics = record::tap_statistics();
  const auto add = [&](const auto& tap, auto member) {
    for (std::size_t i = 0; i < statistics.size(); ++i) {
      const auto read = statistics[i].*member;
      const std::optional<double> value = read != nullptr ? read(tap) : std::nullopt;
      if (value && std::abs(*value) < kLargest) numbers[{tap.place, i}] = *value;
    }
  };
  for (const record::ValueTap& tap : taps.values) add(tap, &record::TapStatistic::of_values);
  for (const record::WeightTap& tap : taps.weights) add(tap, &record::TapStatistic::of_weights);
  return numbers;
}

/// Whether it came to its last epoch and was looked at there: one that diverged stands earlier.
bool is_seen(const record::TrialRecord& trial) {
  return trial.status == record::Status::done && !trial.taps.empty();
}

struct Sides {
  std::vector<double> a;
  std::vector<double> b;
};

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

record::TapDifference compare(const Row& row, const Sides& sides, double confidence) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < sides.a.size(); ++i) differences.push_back(sides.a[i] - sides.b[i]);
  const stats::PlainComparison found = stats::compare_plainly(differences, confidence);
  return {.place = row.first,
          .statistic = std::string(record::tap_statistics()[row.second].name),
          .pairs = static_cast<int>(differences.size()),
          .mean_a = mean_of(sides.a),
          .mean_b = mean_of(sides.b),
          .mean_diff = found.mean,
          .interval = found.interval,
          .p = found.p,
          .q = {}};
}

}  // namespace

void forget_early_looks(record::TrialRecord& trial) {
  if (trial.taps.size() > 1) trial.taps.erase(trial.taps.begin(), trial.taps.end() - 1);
}

std::optional<record::TapComparison> compare_taps(const std::vector<TrialPair>& pairs,
                                                  double confidence) {
  std::map<Row, Sides> rows;
  record::TapComparison comparison;
  for (const auto& [a, b] : pairs) {
    if (!is_seen(*a) || !is_seen(*b)) continue;
    comparison.epoch = a->taps.back().epoch;
    ++comparison.pairs;
    const Numbers left = numbers_of(a->taps.back());
    const Numbers right = numbers_of(b->taps.back());
    for (const auto& [row, value] : left) {
      const auto other = right.find(row);
      if (other == right.end()) continue;
      rows[row].a.push_back(value);
      rows[row].b.push_back(other->second);
    }
  }
  if (comparison.pairs == 0) return std::nullopt;
  for (const auto& [row, sides] : rows) {
    comparison.differences.push_back(compare(row, sides, confidence));
  }
  std::vector<std::optional<double>> p;
  for (const record::TapDifference& row : comparison.differences) p.push_back(row.p);
  const auto q = stats::false_discovery_adjusted(p);
  for (std::size_t i = 0; i < q.size(); ++i) comparison.differences[i].q = q[i];
  std::stable_sort(comparison.differences.begin(), comparison.differences.end(),
                   [](const record::TapDifference& x, const record::TapDifference& y) {
                     return x.p.value_or(2) < y.p.value_or(2);
                   });
  return comparison;
}

std::vector<record::MergedTap> merge_taps(const std::vector<const record::TrialRecord*>& trials) {
  struct Merged {
    int trials = 0;
    measure::Summary summary;
    measure::FloatHistogram histogram;
  };
  std::vector<std::string> places;  // in the order of the network
  std::map<std::string, Merged> merged;
  for (const record::TrialRecord* trial : trials) {
    if (!is_seen(*trial)) continue;
    for (const record::ValueTap& tap : trial->taps.back().values) {
      Merged& sum = merged[tap.place];
      if (sum.trials++ == 0) places.push_back(tap.place);
      sum.summary.merge(measure::Summary::of(tap.moments));
      sum.histogram.merge(tap.histogram);
    }
  }
  std::vector<record::MergedTap> taps;
  for (const std::string& place : places) {
    const Merged& sum = merged.at(place);
    record::MergedTap tap{.place = place,
                          .trials = sum.trials,
                          .moments = sum.summary.moments(),
                          .quantiles = {},
                          .histogram = sum.histogram};
    for (const double share : record::kTapQuantiles) {
      const auto quantile = sum.histogram.quantile(share, tap.moments.least, tap.moments.largest);
      if (quantile) tap.quantiles.push_back(*quantile);
    }
    taps.push_back(std::move(tap));
  }
  return taps;
}

}  // namespace whichfirst::study
