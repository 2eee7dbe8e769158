#include "train/taps.h"

#include <gmock/gmock.h>

#include "train/shapes.h"
#include "train/trial.h"

namespace whichfirst::train {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

network::Network make(const std::string& order) {
  return network_of(order, "unit(8, pool=2) unit(8) gap fc(classes)");
}

Result run(const std::string& order, record::TapRate taps, int epochs = 2) {
  const network::Network network = make(order);
  const record::Recipe recipe{.epochs = epochs, .batch = 32, .taps = taps};
  return run_from(network, network::initial_values(network, 0, 1), recipe);
}

const record::ValueTap& tap_at(const record::EpochTaps& taps, const std::string& place) {
  const auto found = std::find_if(taps.values.begin(), taps.values.end(),
                                  [&](const auto& tap) { return tap.place == place; });
  EXPECT_NE(found, taps.values.end()) << place;
  return *found;
}

TEST(Taps, ChangeNoBitOfTheTrial) {
  for (const char* order : {"conv bn relu", "conv relu bn drop(0.2)", "conv gn(2) tanh"}) {
    Result plain = run(order, record::TapRate::off);
    Result tapped = run(order, record::TapRate::epochs);
    EXPECT_THAT(plain.record.taps, IsEmpty());
    EXPECT_THAT(tapped.record.taps, SizeIs(2));
    EXPECT_EQ(plain.values, tapped.values) << order;
    tapped.record.taps.clear();
    tapped.record.timings = plain.record.timings;
    EXPECT_EQ(plain.record, tapped.record) << order;
  }
}

TEST(Taps, AreTheSameTwice) {
  EXPECT_EQ(run("conv relu bn", record::TapRate::epochs).record.taps,
            run("conv relu bn", record::TapRate::epochs).record.taps);
}

TEST(Taps, ShowWhatEachOrderMakes) {
  const record::EpochTaps bn_first =
      run("conv bn relu", record::TapRate::epochs).record.taps.back();
  const record::EpochTaps act_first =
      run("conv relu bn", record::TapRate::epochs).record.taps.back();
  // 32 pictures of 8 channels of 28 x 28.
  EXPECT_EQ(tap_at(bn_first, "units.0.norm").moments.count, 32 * 8 * 28 * 28);
  EXPECT_EQ(tap_at(bn_first, "units.0.pool").moments.count, 32 * 8 * 14 * 14);
  EXPECT_EQ(tap_at(bn_first, "units.0.act").moments.least, 0);
  EXPECT_GT(tap_at(bn_first, "units.0.act").moments.zero_share, 0.1);
  EXPECT_LT(tap_at(act_first, "units.0.norm").moments.least, 0);
  EXPECT_EQ(tap_at(act_first, "units.0.norm").moments.zero_share, 0);
  // Only what weights read has a condition; only a bn has gaps.
  EXPECT_TRUE(tap_at(bn_first, "units.0.pool").condition);
  EXPECT_FALSE(tap_at(bn_first, "units.0.act").condition);
  EXPECT_TRUE(tap_at(bn_first, "units.0.norm").mean_gap);
  EXPECT_FALSE(tap_at(bn_first, "units.0.act").mean_gap);
  for (const record::EpochTaps& taps : {bn_first, act_first}) {
    EXPECT_EQ(taps.epoch, 2);
    EXPECT_TRUE(taps.training_loss && taps.evaluation_loss);
    EXPECT_THAT(taps.weights, SizeIs(3));  // two convolutions and the classifier
    for (const record::WeightTap& tap : taps.weights) {
      EXPECT_GT(tap.gradient_norm.value(), 0);
      EXPECT_GT(tap.update_ratio.value(), 0);
      EXPECT_LT(tap.update_ratio.value(), 1);
    }
  }
}

TEST(Taps, AreAtOneTwoFourAndTheEndInLog) {
  const record::Recipe recipe{.epochs = 7, .taps = record::TapRate::log};
  std::vector<int> tapped;
  for (int epoch = 1; epoch <= recipe.epochs; ++epoch) {
    if (is_tapped(recipe, epoch)) tapped.push_back(epoch);
  }
  EXPECT_THAT(tapped, ElementsAre(1, 2, 4, 7));
}

TEST(TapPlaces, AreAlikeForWhatMeansTheSame) {
  auto places = tap_places(make("conv bn relu"));
  auto others = tap_places(make("conv tanh gn(2)"));
  EXPECT_THAT(places, ElementsAre("units.0.conv", "units.0.norm", "units.0.act", "units.0.pool",
                                  "units.1.conv", "units.1.norm", "units.1.act", "body.gap.0",
                                  "body.fc.0"));
  std::sort(places.begin(), places.end());
  std::sort(others.begin(), others.end());
  EXPECT_EQ(places, others);
}

TEST(TapPlaces, AreOneEach) {
  auto places = tap_places(network_of("res(bn relu conv bn tanh conv)",
                                      "conv(4) 2*unit(8, s=2) bn relu gap fc(classes)"));
  EXPECT_THAT(places, Contains("units.0.act.1"));
  std::sort(places.begin(), places.end());
  EXPECT_EQ(std::adjacent_find(places.begin(), places.end()), places.end());
}

}  // namespace
}  // namespace whichfirst::train
