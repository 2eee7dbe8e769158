// Against scipy, statsmodels, numpy and brute force: fixtures/stats/make_stats.py.
#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stats/comparison.h"
#include "stats/images.h"
#include "stats/paired_tests.h"
#include "stats/power.h"

namespace whichfirst::stats {
namespace {

using nlohmann::json;

const json& fixture() {
  static const json document =
      json::parse(std::ifstream(std::string(WHICHFIRST_FIXTURES) + "/stats/stats.json"));
  return document;
}

std::vector<std::optional<double>> values_of(const json& array) {
  std::vector<std::optional<double>> values;
  for (const json& value : array) {
    values.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
  }
  return values;
}

/// To ten digits of the larger, which the subtraction of 90.0 from 90.1 leaves.
void expect_close(const std::optional<double>& ours, const json& theirs, const char* what) {
  ASSERT_TRUE(ours) << what;
  const double expected = theirs.get<double>();
  EXPECT_NEAR(*ours, expected, 1e-10 * std::max(1e-2, std::abs(expected))) << what;
}

TEST(Reference, EveryNumberOfAComparisonAgrees) {
  for (const json& given : fixture()["cases"]) {
    SCOPED_TRACE(given["name"].get<std::string>());
    const Rule rule{.confidence = given["confidence"],
                    .margin = given["margin"].get<double>(),
                    .direction = given["lower_is_better"].get<bool>() ? Direction::lower_is_better
                                                                      : Direction::higher_is_better,
                    .comparisons = given["comparisons"]};
    const Comparison ours = compare(values_of(given["a"]), values_of(given["b"]), {}, {}, rule);
    const json& theirs = given["expected"];
    EXPECT_EQ(ours.pairs, theirs["pairs"].get<int>());
    expect_close(ours.mean_diff, theirs["mean_diff"], "mean_diff");
    expect_close(ours.sd_diff, theirs["sd_diff"], "sd_diff");
    ASSERT_TRUE(ours.interval);
    expect_close(ours.interval->lower, theirs["interval"][0], "interval.lower");
    expect_close(ours.interval->upper, theirs["interval"][1], "interval.upper");
    expect_close(ours.p_t, theirs["p_t"], "p_t");
    if (ours.p_permutation_error) {
      EXPECT_NEAR(*ours.p_permutation, theirs["p_permutation"], 4 * *ours.p_permutation_error);
    } else {
      expect_close(ours.p_permutation, theirs["p_permutation"], "p_permutation");
    }
    expect_close(ours.p_wilcoxon, theirs["p_wilcoxon"], "p_wilcoxon");
    expect_close(ours.p_equivalence, theirs["p_equivalence"], "p_equivalence");
    ASSERT_TRUE(ours.posterior);
    expect_close(ours.posterior->better, theirs["better"], "better");
    expect_close(ours.posterior->within_margin, theirs["within_margin"], "within_margin");
    expect_close(ours.posterior->worse, theirs["worse"], "worse");
    expect_close(ours.wins_share, theirs["wins_share"], "wins_share");
    expect_close(ours.correlation, theirs["correlation"], "correlation");
    expect_close(ours.skewness, theirs["skewness"], "skewness");
  }
}

/// Ends to the rounding by which they are moved outwards.
void expect_ends(const std::optional<Interval>& ours, const json& theirs, const char* what) {
  ASSERT_EQ(ours.has_value(), !theirs.is_null()) << what;
  if (!ours) return;
  EXPECT_NEAR(ours->lower, theirs[0].get<double>(), 1e-8) << what;
  EXPECT_NEAR(ours->upper, theirs[1].get<double>(), 1e-8) << what;
}

TEST(Reference, RankIntervalsAreThoseOfScipysTestsInverted) {
  const json cases =
      json::parse(std::ifstream(std::string(WHICHFIRST_FIXTURES) + "/stats/ranks.json"));
  for (const json& given : cases) {
    SCOPED_TRACE(given["law"].get<std::string>() + " of " + std::to_string(given["d"].size()));
    const auto differences = values_of(given["d"]);
    const std::vector<std::optional<double>> zeros(differences.size(), 0.0);
    for (const auto& [location, word, center] :
         {std::tuple(Location::pseudo_median, "signed_rank", "pseudo_median"),
          {Location::median, "sign", "median"}}) {
      const Rule rule{.confidence = given["confidence"],
                      .margin = 0.25,
                      .comparisons = given["comparisons"],
                      .location = location,
                      .equivalence_share = EquivalenceShare::full};
      const Comparison ours = compare(differences, zeros, {}, {}, rule);
      expect_ends(ours.interval, given[word], word);
      if (ours.interval) {
        expect_ends(ours.equivalence_interval, given[std::string(word) + "_full"], "full");
      }
      expect_close(ours.center, given[center], center);
      EXPECT_EQ(ours.location, location);
    }
  }
}

std::vector<std::vector<std::uint8_t>> flags_of(const json& rows) {
  std::vector<std::vector<std::uint8_t>> flags;
  for (const json& row : rows) {
    flags.emplace_back();
    for (const char c : row.get<std::string>()) flags.back().push_back(c == '1' ? 1 : 0);
  }
  return flags;
}

TEST(Reference, ImageNoiseIsTheCrossedAnalysisOfVariance) {
  for (const json& given : fixture()["images"]) {
    SCOPED_TRACE(given["name"].get<std::string>());
    const auto a = flags_of(given["a"]);
    const auto b = flags_of(given["b"]);
    std::vector<PairBits> pairs;
    for (std::size_t i = 0; i < a.size(); ++i) pairs.push_back({.a = a[i], .b = b[i]});
    const auto interval = images_interval(pairs, Rule{});
    ASSERT_TRUE(interval);
    expect_close(interval->lower, given["interval"][0], "lower");
    expect_close(interval->upper, given["interval"][1], "upper");
    expect_close(images_standard_error(pairs), given["standard_error"], "standard error");
  }
}

TEST(Reference, HolmsAdjustmentAgrees) {
  const auto adjusted = holm_adjusted(values_of(fixture()["holm"]["p"]));
  const json& theirs = fixture()["holm"]["adjusted"];
  ASSERT_EQ(adjusted.size(), theirs.size());
  for (std::size_t i = 0; i < adjusted.size(); ++i) expect_close(adjusted[i], theirs[i], "holm");
}

TEST(Reference, FalseDiscoveryAdjustmentAgrees) {
  const auto adjusted = false_discovery_adjusted(values_of(fixture()["false_discovery"]["p"]));
  const json& theirs = fixture()["false_discovery"]["adjusted"];
  ASSERT_EQ(adjusted.size(), theirs.size());
  for (std::size_t i = 0; i < adjusted.size(); ++i) {
    expect_close(adjusted[i], theirs[i], "false discovery");
  }
}

TEST(Reference, PowerOfADifferenceAgrees) {
  for (const json& given : fixture()["power"]) {
    const Expected expected{.mean = 3 * given["effect"].get<double>(), .sd = 3};
    const Rule rule{.confidence = 1 - given["alpha"].get<double>()};
    const int pairs = given["pairs"];
    EXPECT_NEAR(power_of_difference(expected, pairs, rule), given["power"], 1e-6) << given;
    EXPECT_EQ(pairs_for_difference(expected, 0.8, rule),
              std::max(given["pairs_for_80_percent"].get<int>(), minimum_pairs(rule.confidence)))
        << given;
  }
}

// The exact chance, integrated over the spread: ours is a lower bound, close from 0.5 on.
TEST(Reference, PowerOfEquivalenceIsALowerBoundThatIsCloseWhereItMatters) {
  for (const json& given : fixture()["equivalence_power"]) {
    const Rule rule{.confidence = 1 - given["alpha"].get<double>(), .margin = given["margin"]};
    const double ours =
        power_of_equivalence({.mean = given["mean"], .sd = given["sd"]}, given["pairs"], rule);
    const double exact = given["power"];
    EXPECT_LE(ours, exact + 1e-9) << given;
    if (exact > 0.5) {
      EXPECT_NEAR(ours, exact, 0.01) << given;
    }
  }
}

}  // namespace
}  // namespace whichfirst::stats
