#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "measure/distance.h"
#include "measure/histogram.h"
#include "measure/summary.h"

namespace whichfirst::measure {
namespace {

using nlohmann::json;
using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pointwise;

using Values = std::vector<double>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Summary summarise(const Values& values) { return Summary(values); }

/// What NumPy and SciPy say (tests/fixtures/lab/make_measure.py).
const json& fixture() {
  static const json document =
      json::parse(std::ifstream(std::string(WHICHFIRST_FIXTURES) + "/lab/measure.json"));
  return document;
}

MATCHER_P(IsClose, relative, "") {
  const auto [actual, expected] = arg;
  return std::abs(actual - expected) <= relative * std::max(std::abs(expected), 1e-300);
}

void expect_close(const std::optional<double>& actual, double expected, double relative = 1e-10) {
  EXPECT_THAT(actual, Optional(DoubleNear(expected, relative * std::abs(expected) + 1e-300)));
}

TEST(Summary, AgreesWithNumpyAndScipy) {
  for (const auto& [name, sample] : fixture()["samples"].items()) {
    SCOPED_TRACE(name);
    const Summary summary = summarise(sample["values"]);
    expect_close(summary.mean(), sample["mean"], 1e-14);
    // Near 1e8 the mean itself is rounded to 1e-8.
    const double relative = name == "shifted" ? 5e-6 : 1e-12;
    expect_close(summary.sd(), sample["sd"], relative);
    expect_close(summary.skewness(), sample["skewness"], relative);
    expect_close(summary.kurtosis(), sample["kurtosis"], relative);
    EXPECT_EQ(summary.zero_share(), sample["zero_share"].get<double>());
    EXPECT_EQ(summary.negative_share(), sample["negative_share"].get<double>());
  }
}

TEST(Summary, OfPartsMergedIsThatOfTheWhole) {
  for (const auto& [name, sample] : fixture()["samples"].items()) {
    SCOPED_TRACE(name);
    const Values values = sample["values"];
    const Summary whole = summarise(values);
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, values.size() / 3}) {
      const std::span<const double> all(values);
      Summary merged(all.first(cut));
      merged.merge(Summary(all.subspan(cut, 5)));
      merged.merge(Summary(all.subspan(cut + 5)));
      EXPECT_EQ(merged.count(), whole.count());
      EXPECT_EQ(merged.least(), whole.least());
      EXPECT_EQ(merged.largest(), whole.largest());
      EXPECT_EQ(merged.zero_share(), whole.zero_share());
      EXPECT_EQ(merged.negative_share(), whole.negative_share());
      const double relative = name == "shifted" ? 5e-6 : 1e-12;
      expect_close(merged.mean(), *whole.mean(), 1e-13);
      expect_close(merged.sd(), *whole.sd(), relative);
      expect_close(merged.skewness(), *whole.skewness(), relative);
      expect_close(merged.kurtosis(), *whole.kurtosis(), relative);
    }
  }
}

TEST(Summary, KeepsASmallSpreadUnderAHugeMean) {
  Summary merged = summarise({1e8 + 1});
  merged.merge(summarise({1e8 + 2, 1e8 + 3}));
  for (const Summary& summary : {summarise({1e8 + 1, 1e8 + 2, 1e8 + 3}), merged}) {
    EXPECT_EQ(summary.mean(), 1e8 + 2);
    EXPECT_THAT(summary.sd(), Optional(DoubleEq(std::sqrt(2.0 / 3))));
  }
}

TEST(Summary, CountsNonFiniteValuesApartAndIsNotMovedByThem) {
  Summary mixed = summarise({kNan, 1, kInfinity, 2, -kInfinity, kNan, 3});
  EXPECT_EQ(mixed.count(), 3);
  EXPECT_EQ(mixed.nan_count(), 2);
  EXPECT_EQ(mixed.infinite_count(), 2);
  EXPECT_EQ(mixed.mean(), 2);
  EXPECT_EQ(mixed.largest(), 3);
  mixed.merge(summarise({kNan}));
  EXPECT_EQ(mixed.nan_count(), 3);
  EXPECT_EQ(mixed.sd(), summarise({1, 2, 3}).sd());
}

TEST(Summary, OfNothingIsMissingAndMergesAsNothing) {
  for (const Values& values : {Values{}, Values{kNan, kInfinity}}) {
    Summary none = summarise(values);
    EXPECT_EQ(none.mean(), std::nullopt);
    EXPECT_EQ(none.sd(), std::nullopt);
    EXPECT_EQ(none.least(), std::nullopt);
    EXPECT_EQ(none.zero_share(), std::nullopt);
    EXPECT_EQ(none.kurtosis(), std::nullopt);
    none.merge(summarise({5}));
    EXPECT_EQ(none.least(), 5);
    EXPECT_EQ(none.largest(), 5);
  }
}

TEST(Summary, OfEqualValuesHasNoSpreadAndNoShape) {
  for (const double value : {0.0, 0.1, -1e300}) {
    Summary equal = summarise(Values(7, value));
    equal.merge(summarise(Values(4, value)));
    EXPECT_EQ(equal.mean(), value);
    EXPECT_EQ(equal.sd(), 0);
    EXPECT_EQ(equal.skewness(), std::nullopt);
    EXPECT_EQ(equal.kurtosis(), std::nullopt);
  }
}

TEST(Summary, SaysNothingOfMomentsBeyondDouble) {
  const Summary huge = summarise({-1e300, 1e300});
  EXPECT_EQ(huge.mean(), 0);
  EXPECT_EQ(huge.sd(), std::nullopt);
  EXPECT_EQ(huge.kurtosis(), std::nullopt);
  EXPECT_EQ(huge.largest(), 1e300);
}

TEST(Summary, CountsNegativeZeroAsAZero) {
  EXPECT_EQ(summarise({-0.0, 0.0, -1, 1}).zero_share(), 0.5);
  EXPECT_EQ(summarise({-0.0, 0.0, -1, 1}).negative_share(), 0.25);
}

TEST(Summary, OfFloatsIsThatOfTheSameDoubles) {
  const std::vector<float> floats = {0.1F, 2.5F, -3.25F};
  const Summary narrow{std::span<const float>(floats)};
  const Summary wide = summarise({floats.begin(), floats.end()});
  EXPECT_EQ(narrow.mean(), wide.mean());
  EXPECT_EQ(narrow.kurtosis(), wide.kurtosis());
}

TEST(Histogram, AgreesWithNumpy) {
  for (const auto& [name, sample] : fixture()["samples"].items()) {
    SCOPED_TRACE(name);
    const Values values = sample["values"];
    const Histogram histogram = count_between(sample["edges"], values);
    EXPECT_EQ(histogram.counts, sample["counts"].get<std::vector<std::int64_t>>());
  }
}

TEST(Histogram, CountsWhatLiesBetweenItsEdges) {
  const Values values = {-kInfinity, -2, -1, 0, 0.5, 1, 1.5, kInfinity, kNan};
  Histogram histogram = count_between({-1, 0, 1}, values);
  EXPECT_THAT(histogram.counts, ElementsAre(1, 3));
  merge(histogram, histogram);
  EXPECT_THAT(histogram.counts, ElementsAre(2, 6));
}

TEST(Histogram, WithOtherEdgesOrFallingOnesIsRefused) {
  Histogram histogram = count_between({0, 1}, {});
  EXPECT_THROW(merge(histogram, count_between({0, 2}, {})), std::logic_error);
  EXPECT_THROW(count_between({1, 1}, {}), std::logic_error);
}

TEST(EvenEdges, RiseWhateverTheRange) {
  constexpr double kMost = std::numeric_limits<double>::max();
  const std::vector<std::pair<double, double>> ranges = {
      {0, 1}, {3, 3}, {-kMost, kMost}, {1e20, 1e20}, {kMost, kMost}, {1, std::nextafter(1, 2)}};
  for (const auto& [least, largest] : ranges) {
    const Values edges = even_edges(least, largest, 40);
    EXPECT_EQ(edges.size(), 41U);
    EXPECT_LE(edges.front(), least);
    EXPECT_GE(edges.back(), largest);
    for (std::size_t i = 1; i < edges.size(); ++i) EXPECT_LT(edges[i - 1], edges[i]);
  }
}

TEST(Quantiles, AgreeWithNumpy) {
  const Values shares = fixture()["shares"];
  for (const auto& [name, sample] : fixture()["samples"].items()) {
    SCOPED_TRACE(name);
    const Values values = sample["values"];
    EXPECT_THAT(quantiles(values, shares),
                Pointwise(IsClose(1e-13), sample["quantiles"].get<Values>()));
  }
}

TEST(Quantiles, AreOfTheFiniteValues) {
  EXPECT_THAT(quantiles(Values{kNan, 2, kInfinity, 1}, Values{0, 0.5, 1}), ElementsAre(1, 1.5, 2));
  EXPECT_THAT(quantiles(Values{4}, Values{0, 0.3, 1}), ElementsAre(4, 4, 4));
  EXPECT_THAT(quantiles(Values{kNan}, Values{0.5}), IsEmpty());
}

TEST(Distances, AgreeWithScipy) {
  for (const json& pair : fixture()["pairs"]) {
    const json& samples = fixture()["samples"];
    SCOPED_TRACE(pair.dump());
    Values x = samples[pair["a"].get<std::string>()]["values"];
    Values y = samples[pair["b"].get<std::string>()]["values"];
    const Values a = sort_finite(x);
    const Values b = sort_finite(y);
    EXPECT_NEAR(kolmogorov_smirnov(a, b), pair["ks"], 1e-12);
    EXPECT_NEAR(wasserstein(a, b), pair["wasserstein"], 1e-12);
    EXPECT_NEAR(kolmogorov_smirnov(*standardise(a), *standardise(b)), pair["ks_standardised"],
                1e-12);
    EXPECT_NEAR(wasserstein(*standardise(a), *standardise(b)), pair["wasserstein_standardised"],
                1e-12);
    x.resize(std::min(x.size(), y.size()));
    y.resize(x.size());
    const auto fit = fit_affine(x, y);
    ASSERT_TRUE(fit);
    EXPECT_NEAR(fit->slope, pair["slope"], 1e-12);
    EXPECT_NEAR(fit->offset, pair["offset"], 1e-12);
    EXPECT_NEAR(fit->residual, pair["residual"], 1e-12);
  }
}

TEST(Distances, AreZeroOfASampleToItselfAndOneBetweenSamplesThatDoNotMeet) {
  const Values a = {1, 2, 2, 3};
  EXPECT_EQ(kolmogorov_smirnov(a, a), 0);
  EXPECT_EQ(wasserstein(a, a), 0);
  EXPECT_EQ(kolmogorov_smirnov(a, Values{7}), 1);
  EXPECT_EQ(wasserstein(a, Values{7}), 5);
  EXPECT_EQ(wasserstein(Values{7}, a), 5);
  EXPECT_EQ(standardise({2, 2}), std::nullopt);
  EXPECT_EQ(standardise({}), std::nullopt);
}

TEST(AffineFit, FindsAnExactLineAndLeavesOutWhatIsNotFinite) {
  const auto fit = fit_affine(Values{0, 1, kNan, 2, 5}, Values{1, 3, 4, 5, kInfinity});
  ASSERT_TRUE(fit);
  EXPECT_EQ(fit->slope, 2);
  EXPECT_EQ(fit->offset, 1);
  EXPECT_EQ(fit->residual, 0);
  EXPECT_EQ(fit->residual_share, 0);
  EXPECT_EQ(fit->count, 3);
}

TEST(AffineFit, OfAConstantIsMissingOnTheLeftAndFlatOnTheRight) {
  EXPECT_FALSE(fit_affine(Values{1, 1}, Values{1, 2}));
  EXPECT_FALSE(fit_affine(Values{}, Values{}));
  const auto flat = fit_affine(Values{1, 2}, Values{4, 4});
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->slope, 0);
  EXPECT_EQ(flat->offset, 4);
  EXPECT_EQ(flat->residual_share, std::nullopt);
}

}  // namespace
}  // namespace whichfirst::measure
