#include "study/tap_comparison.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/random.h"

namespace whichfirst::study {
namespace {

using ::testing::DoubleNear;
using ::testing::SizeIs;

/// A trial whose networks hold, at units.0.act, 40 values around `mean`.
record::TrialRecord trial(std::uint64_t replicate, double mean, double gradient_norm) {
  RandomSequence random({.replicate = replicate, .stream = Stream::drawing});
  std::vector<float> values(40);
  for (float& value : values) value = static_cast<float>(mean + random.normal());
  record::ValueTap act{.place = "units.0.act",
                       .moments = measure::Summary(std::span<const float>(values)).moments(),
                       .histogram = {}};
  act.histogram.add(values);
  record::TrialRecord record;
  record.replicate = replicate;
  record.taps = {
      {.epoch = 1, .values = {}, .weights = {}},
      {.epoch = 3, .values = {act}, .weights = {{"units.0.conv", 2.0, gradient_norm, {}}}}};
  return record;
}

class TapComparison : public ::testing::Test {
 protected:
  TapComparison() {
    for (std::uint64_t replicate = 1; replicate <= 6; ++replicate) {
      const auto noise = static_cast<double>(replicate % 3);
      a_.push_back(trial(replicate, 1.5, 3 + 0.01 * noise));
      b_.push_back(trial(replicate, 1.0, 1));
    }
    for (std::size_t i = 0; i < a_.size(); ++i) pairs_.emplace_back(&a_[i], &b_[i]);
  }

  static const record::TapDifference& row(const record::TapComparison& taps,
                                          const std::string& statistic) {
    const auto found = std::find_if(taps.differences.begin(), taps.differences.end(),
                                    [&](const auto& each) { return each.statistic == statistic; });
    EXPECT_NE(found, taps.differences.end()) << statistic;
    return *found;
  }

  std::vector<record::TrialRecord> a_;
  std::vector<record::TrialRecord> b_;
  std::vector<TrialPair> pairs_;
};

TEST_F(TapComparison, FindsWhatDiffersInTheLastEpochThatWasLookedAt) {
  const auto taps = compare_taps(pairs_, 0.95);
  ASSERT_TRUE(taps);
  EXPECT_EQ(taps->epoch, 3);
  EXPECT_EQ(taps->pairs, 6);
  // The same draws in both orders but for their mean: a shift by a half, to a float's rounding.
  EXPECT_THAT(row(*taps, "mean").mean_diff, DoubleNear(0.5, 1e-6));
  EXPECT_THAT(row(*taps, "sd").mean_diff, DoubleNear(0, 1e-6));
  const record::TapDifference& gradient = row(*taps, "gradient_norm");
  EXPECT_THAT(gradient.mean_diff, DoubleNear(2.01, 1e-12));
  ASSERT_TRUE(gradient.interval && gradient.p && gradient.q);
  EXPECT_LT(gradient.interval->lower, 2.01);
  EXPECT_LT(*gradient.p, *gradient.q);
  EXPECT_LT(*gradient.q, 0.001);
  // What never differs has no p and cannot be a discovery.
  EXPECT_EQ(row(*taps, "weight_norm").p, std::nullopt);
  EXPECT_EQ(row(*taps, "weight_norm").q, std::nullopt);
}

TEST_F(TapComparison, PutsTheClearestFirst) {
  const auto taps = compare_taps(pairs_, 0.95);
  std::vector<double> p;
  for (const auto& each : taps->differences) p.push_back(each.p.value_or(2));
  EXPECT_TRUE(std::is_sorted(p.begin(), p.end()));
}

TEST_F(TapComparison, ComparesOnlyPlacesThatBothHave) {
  for (record::TrialRecord& record : b_) record.taps.back().values[0].place = "units.0.norm";
  const auto taps = compare_taps(pairs_, 0.95);
  for (const auto& each : taps->differences) EXPECT_EQ(each.place, "units.0.conv");
}

TEST_F(TapComparison, TakesPairsThatWereLookedAt) {
  a_[2].taps.clear();
  EXPECT_EQ(compare_taps(pairs_, 0.95)->pairs, 5);
  for (record::TrialRecord& record : b_) record.taps.clear();
  EXPECT_EQ(compare_taps(pairs_, 0.95), std::nullopt);
}

TEST_F(TapComparison, LeavesOutWhoDivergedAfterALook) {
  a_[1].status = record::Status::diverged;
  a_[1].taps.resize(1);
  const auto taps = compare_taps(pairs_, 0.95);
  EXPECT_EQ(taps->pairs, 5);
  EXPECT_EQ(taps->epoch, 3);
  EXPECT_EQ(merge_taps({&a_[0], &a_[1]})[0].trials, 1);
}

TEST_F(TapComparison, OnePairHasDifferencesAndNoP) {
  const auto taps = compare_taps({pairs_[0]}, 0.95);
  EXPECT_EQ(row(*taps, "gradient_norm").p, std::nullopt);
  EXPECT_EQ(row(*taps, "gradient_norm").interval, std::nullopt);
}

TEST_F(TapComparison, ReplicatesMergeIntoTheWhole) {
  std::vector<const record::TrialRecord*> trials;
  std::vector<float> all;
  for (const record::TrialRecord& record : a_) trials.push_back(&record);
  const auto merged = merge_taps(trials);
  ASSERT_THAT(merged, SizeIs(1));
  EXPECT_EQ(merged[0].trials, 6);
  EXPECT_EQ(merged[0].moments.count, 240);
  EXPECT_EQ(merged[0].histogram.total(), 240);
  for (std::uint64_t replicate = 1; replicate <= 6; ++replicate) {
    RandomSequence random({.replicate = replicate, .stream = Stream::drawing});
    for (int i = 0; i < 40; ++i) all.push_back(static_cast<float>(1.5 + random.normal()));
  }
  const measure::Moments whole = measure::Summary(std::span<const float>(all)).moments();
  EXPECT_NEAR(merged[0].moments.mean, whole.mean, 1e-9);
  EXPECT_NEAR(merged[0].moments.sd, whole.sd, 1e-9);
  EXPECT_NEAR(merged[0].moments.skewness, whole.skewness, 1e-9);
  EXPECT_NEAR(merged[0].moments.kurtosis, whole.kurtosis, 1e-9);
  EXPECT_EQ(merged[0].moments.least, whole.least);
}

}  // namespace
}  // namespace whichfirst::study
