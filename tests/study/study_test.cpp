#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "complaint.h"
#include "study/campaign.h"
#include "study/conclude.h"
#include "study/expectation.h"
#include "study/prepared.h"
#include "study/tuning.h"

namespace whichfirst::study {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(TrialOrder, CompletesPairsEarlyAndAlternatesWhoGoesFirst) {
  EXPECT_THAT(trial_order(2, 3), ElementsAre(TrialId{0, 1}, TrialId{1, 1}, TrialId{1, 2},
                                             TrialId{0, 2}, TrialId{0, 3}, TrialId{1, 3}));
  EXPECT_THAT(trial_order(3, 1), ElementsAre(TrialId{0, 1}, TrialId{1, 1}, TrialId{2, 1}));
  EXPECT_TRUE(trial_order(2, 0).empty());
}

// --- real experiments --------------------------------------------------------------------------

std::string complaint(const Settings& overrides) {
  return complaint_of([&] { prepared(overrides); });
}

TEST(Prepare, BuildsEveryOrderOverTheSameData) {
  const Experiment& experiment = prepared();
  ASSERT_THAT(experiment.arms, SizeIs(2));
  EXPECT_EQ(experiment.arms[0].order, "conv bn relu");
  EXPECT_THAT(experiment.shared, SizeIs(3));
  EXPECT_THAT(experiment.material.parts.train, SizeIs(300));
  EXPECT_TRUE(experiment.material.parts.validation.empty());
  EXPECT_GT(trial_bytes(experiment.arms[0], experiment.study.recipe), 1'000'000);
}

TEST(Prepare, RefusesBeforeAnythingIsTrained) {
  EXPECT_THAT(complaint({"network=artcle-15"}), HasSubstr("did you mean 'article-15'?"));
  EXPECT_THAT(complaint({"network=6*unit(8, pool=2) gap fc(classes)"}),
              HasSubstr("order bn-first on pictures of 1x28x28: units.4.maxpool"));
  EXPECT_THAT(complaint({"recipe.batch=301"}), HasSubstr("recipe.batch"));
  EXPECT_THAT(complaint({"data.train=10001"}), HasSubstr("10000"));
  EXPECT_THAT(complaint({"orders.a=conv bn", "orders.b=conv(k=5) bn", "network=unit(8) gap"}),
              ::testing::AnyOf(HasSubstr("share no initial weights"), HasSubstr("vector of 10")));
  EXPECT_THAT(complaint({"orders.a=conv bn", "orders.b=conv(k=5) bn", "network=unit(10) gap"}),
              HasSubstr("the orders share no initial weights"));
}

class Concluding : public ::testing::Test {
 protected:
  /// A trial of this accuracy in points on 100 images, its right answers the first so many.
  record::TrialRecord trial(const std::string& arm, std::uint64_t replicate, int accuracy) const {
    record::TrialRecord record;
    record.arm = arm;
    record.replicate = replicate;
    record.metrics.test_accuracy = accuracy;
    record.hashes = {.data = "d", .data_order = "o", .initial_weights = "w"};
    record.right_answers.assign(100, 0);
    std::fill_n(record.right_answers.begin(), accuracy, std::uint8_t{1});
    record.timings.seconds = 10;
    return record;
  }
  record::VerdictRecord decide(Ending ending) const {
    return conclude(experiment, plan_comparisons(experiment, {}), {}, trials, ending);
  }
  TrialId id(const std::string& arm, std::uint64_t replicate) const {
    const auto found = std::find_if(experiment.arms.begin(), experiment.arms.end(),
                                    [&](const Arm& each) { return each.name == arm; });
    return {.arm = static_cast<std::size_t>(found - experiment.arms.begin()),
            .replicate = replicate};
  }
  void add(const record::TrialRecord& record) { trials[id(record.arm, record.replicate)] = record; }

  Experiment experiment = prepared();
  Trials trials;
};

TEST_F(Concluding, ReadsTheVerdictOffThePairs) {
  for (std::uint64_t r = 1; r <= 6; ++r) {
    add(trial("bn-first", r, 80 + static_cast<int>(r % 3)));
    add(trial("act-first", r, 70 + static_cast<int>(r % 2)));
  }
  const record::VerdictRecord verdict = decide(Ending::complete);
  ASSERT_THAT(verdict.comparisons, SizeIs(1));
  const record::ComparisonResult& result = verdict.comparisons[0];
  EXPECT_EQ(result.a, "bn-first");
  EXPECT_EQ(result.comparison.pairs, 6);
  EXPECT_EQ(result.comparison.verdict, stats::Verdict::better);
  EXPECT_NEAR(*result.comparison.mean_diff, 10.5, 1e-12);
  EXPECT_TRUE(result.interval_images);
  EXPECT_EQ(verdict.orders[0].values.size(), 6U);
  EXPECT_EQ(verdict.condition.train, 300);
  EXPECT_EQ(verdict.condition.test, 100);
}

TEST_F(Concluding, LeavesLostPairsOutAndCountsThem) {
  for (std::uint64_t r = 1; r <= 6; ++r) {
    add(trial("bn-first", r, 80 + static_cast<int>(r % 3)));
    add(trial("act-first", r, 70));
  }
  record::TrialRecord& lost = trials[id("bn-first", 2)];
  lost.status = record::Status::diverged;
  lost.metrics = {};
  lost.right_answers.clear();
  const record::VerdictRecord verdict = decide(Ending::complete);
  EXPECT_EQ(verdict.orders[0].diverged, 1);
  EXPECT_EQ(verdict.orders[0].values[1], std::nullopt);
  EXPECT_EQ(verdict.comparisons[0].comparison.pairs, 5);
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::undecided);
}

TEST_F(Concluding, AnOrderThatNeverTrainedRanksBelowThoseThatDid) {
  experiment = prepared({"orders.a=conv bn relu", "orders.b=conv relu bn", "orders.c=conv relu"});
  for (std::uint64_t r = 1; r <= 6; ++r) {
    add(trial("b", r, 80 + static_cast<int>(r % 3)));
    for (const char* name : {"a", "c"}) {
      record::TrialRecord lost = trial(name, r, 0);
      lost.status = record::Status::diverged;
      lost.metrics = {};
      lost.right_answers.clear();
      add(lost);
    }
  }
  EXPECT_THAT(decide(Ending::complete).ranking,
              ElementsAre(record::RankedOrder{"b", 1, false}, record::RankedOrder{"a", 2, true},
                          record::RankedOrder{"c", 2, true}));
}

TEST_F(Concluding, TheIntervalOverImagesHoldsTheOneOverSeeds) {
  RandomSequence random(RandomKey{.seed = 1});
  for (int study = 0; study < 30; ++study) {
    for (std::uint64_t r = 1; r <= 6; ++r) {
      const int shift = static_cast<int>(random.below(10));
      for (const char* name : {"bn-first", "act-first"}) {
        record::TrialRecord one = trial(name, r, 0);
        const bool is_first = one.arm == "bn-first";
        for (std::size_t i = 0; i < 100; ++i) {
          one.right_answers[i] = random.below(100) < 50U + (is_first ? 2U * shift : 0U) ? 1 : 0;
        }
        one.metrics.test_accuracy =
            std::accumulate(one.right_answers.begin(), one.right_answers.end(), 0.0);
        add(one);
      }
    }
    const record::ComparisonResult result = decide(Ending::complete).comparisons[0];
    EXPECT_LE(result.interval_images->lower, result.comparison.interval->lower);
    EXPECT_GE(result.interval_images->upper, result.comparison.interval->upper);
  }
}

TEST_F(Concluding, RefusesAPairThatIsNone) {
  add(trial("bn-first", 1, 80));
  add(trial("act-first", 1, 70));
  trials[id("act-first", 1)].hashes.data_order = "other";
  EXPECT_THROW(decide(Ending::complete), Error);
}

TEST_F(Concluding, DecidesNothingBeforeThePlannedNumber) {
  for (std::uint64_t r = 1; r <= 5; ++r) {
    add(trial("bn-first", r, 90));
    add(trial("act-first", r, 50 + static_cast<int>(r)));
  }
  const record::VerdictRecord verdict = decide(Ending::interrupted);
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::undecided);
  EXPECT_THAT(*verdict.comparisons[0].comparison.reason, HasSubstr("5 of 6 planned pairs"));
  EXPECT_EQ(verdict.comparisons[0].comparison.more_pairs_needed, 1);
}

// --- seeds that stop by themselves ---------------------------------------------------------------

class Sequential : public Concluding {
 protected:
  Sequential() { experiment = prepared({"plan.seeds=auto", "plan.max-seeds=12"}); }

  /// Replicates 1 .. n in which the first order is ahead by about `ahead` points.
  void add_pairs(int n, int ahead) {
    for (int r = 1; r <= n; ++r) {
      const auto replicate = static_cast<std::uint64_t>(r);
      add(trial("bn-first", replicate, 60 + ahead + (r * 7) % 5));
      add(trial("act-first", replicate, 60 + (r * 3) % 4));
    }
  }
};

TEST_F(Sequential, AClearDifferenceStopsAtTheFirstLook) {
  const auto comparisons = plan_comparisons(experiment, {});
  Campaign campaign(experiment, comparisons, trials);
  int asked = 0;
  for (auto todo = campaign.wanted(); !todo.empty(); todo = campaign.wanted()) {
    ++asked;
    const auto [arm, replicate] = todo.front();
    add(trial(experiment.arms[arm].name, replicate,
              (arm == 0 ? 80 : 60) + static_cast<int>(replicate % 3)));
    campaign.tell();
  }
  EXPECT_EQ(asked, 12) << "six pairs, and none is asked for after the verdict";
  EXPECT_TRUE(campaign.is_complete());
  const record::VerdictRecord verdict = decide(Ending::complete);
  EXPECT_EQ(verdict.stop, record::Stop::decided);
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::better);
  EXPECT_EQ(verdict.comparisons[0].comparison.pairs, 6);
}

TEST_F(Sequential, StopsAtTheAnswerOfAGateAndGoesOnWithoutIt) {
  const auto simulate = [&](const std::vector<Expectation>& expectations) {
    auto comparisons = plan_comparisons(experiment, {});
    add_gates(expectations, experiment, {}, comparisons);
    Campaign campaign(experiment, comparisons, trials);
    for (auto todo = campaign.wanted(); !todo.empty(); todo = campaign.wanted()) {
      const auto [arm, replicate] = todo.front();
      const int wobble = static_cast<int>((replicate * (arm == 0 ? 7 : 11)) % 5);
      add(trial(experiment.arms[arm].name, replicate, 70 + wobble));
      campaign.tell();
    }
    return conclude(experiment, comparisons, {}, trials, Ending::complete);
  };
  const record::VerdictRecord gated = simulate({parse_expectation("not-worse-by=10")});
  EXPECT_EQ(gated.stop, record::Stop::gate);
  EXPECT_LT(gated.comparisons[0].comparison.pairs, 12);
  EXPECT_EQ(gated.comparisons[0].comparison.verdict, stats::Verdict::undecided);
  EXPECT_EQ(gated.trial_seconds,
            std::vector<double>(2, 10.0 * gated.comparisons[0].comparison.pairs));
  const record::VerdictRecord whole = simulate({});
  EXPECT_EQ(whole.stop, record::Stop::max_seeds);
  EXPECT_EQ(whole.comparisons[0].comparison.pairs, 12);
}

TEST_F(Sequential, PairsAfterTheStopAreKeptAndNotUsed) {
  add_pairs(6, 20);
  const record::VerdictRecord six = decide(Ending::complete);
  ASSERT_EQ(six.stop, record::Stop::decided);
  add_pairs(8, 20);  // two pairs were under way
  const record::VerdictRecord eight = decide(Ending::complete);
  EXPECT_EQ(eight.comparisons[0].comparison.interval, six.comparisons[0].comparison.interval);
  EXPECT_EQ(eight.orders[0].values, six.orders[0].values);
  EXPECT_EQ(eight.after_stop, 4);
}

TEST_F(Sequential, APairWaitsForTheSmallerReplicates) {
  add_pairs(8, 20);
  trials.erase(id("act-first", 2));
  const record::VerdictRecord verdict = decide(Ending::interrupted);
  EXPECT_EQ(verdict.comparisons[0].comparison.pairs, 1);
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::undecided);
}

TEST_F(Sequential, NoDifferenceEndsUndecidedAtTheMaximumWithoutAMargin) {
  experiment.study.plan.margin.reset();
  add_pairs(12, 0);
  for (int r = 1; r <= 12; ++r) {
    add(trial("act-first", static_cast<std::uint64_t>(r),
              60 + (r * 7) % 5 + (r % 2 == 0 ? 1 : -1)));
  }
  const record::VerdictRecord verdict = decide(Ending::complete);
  EXPECT_EQ(verdict.stop, record::Stop::max_seeds);
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::undecided);
  EXPECT_EQ(verdict.comparisons[0].comparison.pairs, 12);
}

TEST_F(Sequential, ADecidedOrderGetsNoMoreReplicates) {
  experiment = prepared({"plan.seeds=auto", "plan.max-seeds=12", "orders.x=conv bn relu",
                         "orders.y=conv relu bn", "orders.z=conv tanh bn"});
  const auto comparisons = plan_comparisons(experiment, {});
  ASSERT_THAT(comparisons, SizeIs(3));
  Campaign campaign(experiment, comparisons, trials);
  std::map<std::size_t, int> asked;
  for (auto todo = campaign.wanted(); !todo.empty(); todo = campaign.wanted()) {
    const auto [arm, replicate] = todo.front();
    ++asked[arm];
    // z is far below; x and y are alike.
    const int base = arm == 2 ? 20 : 70;
    const int wobble = static_cast<int>((replicate * (arm == 0 ? 7 : 11)) % 9);
    add(trial(experiment.arms[arm].name, replicate, base + wobble));
    campaign.tell();
  }
  EXPECT_LT(asked[2], 12);
  EXPECT_EQ(asked[0], 12);
  EXPECT_EQ(asked[1], 12);
}

// --- learning rates ------------------------------------------------------------------------------

class Tuning : public Concluding {
 protected:
  Tuning() { experiment = prepared({"recipe.lr=[0.3, 0.01, 0.1]"}); }

  void add_tuning(const std::string& arm, int replicate, std::optional<double> accuracy) {
    record::TrialRecord record;
    record.arm = arm;
    record.replicate = record::kTuningReplicates + static_cast<std::uint64_t>(replicate);
    record.metrics.val_accuracy = accuracy;
    if (!accuracy) record.status = record::Status::diverged;
    add(record);
  }
};

TEST_F(Tuning, CutsAValidationPartAndMakesAnArmOfEveryOrderAtEveryRate) {
  EXPECT_FALSE(experiment.material.parts.validation.empty());
  std::vector<std::string> names;
  for (const Arm& arm : experiment.arms) names.push_back(arm.name);
  EXPECT_THAT(names, ElementsAre("bn-first@0.01", "bn-first@0.1", "bn-first@0.3", "act-first@0.01",
                                 "act-first@0.1", "act-first@0.3"));
  EXPECT_THAT(tuning_trials(experiment), SizeIs(12));
  EXPECT_TRUE(record::is_tuning(tuning_trials(experiment)[0].replicate));
}

TEST_F(Tuning, GivesEveryOrderItsOwnBestRate) {
  for (int r = 1; r <= 2; ++r) {
    add_tuning("bn-first@0.01", r, 50);
    add_tuning("bn-first@0.1", r, 70 + r);
    add_tuning("bn-first@0.3", r, r == 1 ? std::optional(90.0) : std::nullopt);  // lost one
    add_tuning("act-first@0.01", r, 60);
    add_tuning("act-first@0.1", r, 55);
    add_tuning("act-first@0.3", r, 60);  // a tie: the smaller rate
  }
  const auto tuned = tune(experiment, trials);
  ASSERT_THAT(tuned, SizeIs(2));
  EXPECT_EQ(tuned[0].best, 0.1);
  EXPECT_FALSE(tuned[0].is_at_low_end || tuned[0].is_at_high_end);
  EXPECT_EQ(tuned[1].best, 0.01);
  EXPECT_TRUE(tuned[1].is_at_low_end);
  EXPECT_EQ(*tuned[0].rates[1].mean, 71.5);
  EXPECT_EQ(tuned[0].rates[2].diverged, 1);

  const auto comparisons = plan_comparisons(experiment, tuned);
  ASSERT_THAT(comparisons, SizeIs(1));
  EXPECT_EQ(experiment.arms[comparisons[0].a].name, "bn-first@0.1");
  EXPECT_EQ(experiment.arms[comparisons[0].b].name, "act-first@0.01");
  experiment.study.plan.lr_report = record::LrReport::all;
  EXPECT_THAT(plan_comparisons(experiment, tuned), SizeIs(4)) << "its own best, and three shared";
  auto alike = tuned;
  alike[1].best = 0.1;
  EXPECT_THAT(plan_comparisons(experiment, alike), SizeIs(3)) << "their best is one of the shared";
}

TEST_F(Tuning, RefusesAnOrderThatTrainsAtNoRate) {
  for (int r = 1; r <= 2; ++r) {
    for (const char* rate : {"0.01", "0.1", "0.3"}) {
      add_tuning(std::string("bn-first@") + rate, r, std::nullopt);
      add_tuning(std::string("act-first@") + rate, r, 50);
    }
  }
  EXPECT_THROW(tune(experiment, trials), Error);
}

TEST_F(Tuning, NeverLooksAtTheTestImages) {
  const Arm& arm = experiment.arms[0];
  const std::uint64_t replicate = record::kTuningReplicates + 1;
  const TrialOutcome outcome =
      run_trial(experiment, arm, replicate, initial_values(experiment, arm, replicate), {},
                [](const auto&) {});
  EXPECT_EQ(outcome.record.status, record::Status::done);
  EXPECT_EQ(outcome.record.metrics.test_accuracy, std::nullopt);
  EXPECT_TRUE(outcome.record.metrics.val_accuracy);
  EXPECT_TRUE(outcome.record.right_answers.empty());
  EXPECT_EQ(outcome.record.lr, 0.01);
}

TEST(RunTrial, AnErrorIsAFailedTrialWithItsReasonAndItsIdentity) {
  Experiment experiment = prepared({"network=unit(4) gap fc(4) bn fc(classes)"});
  experiment.study.recipe.batch = 1;  // behind the back of every check that comes before
  const Arm& arm = experiment.arms[1];
  const TrialOutcome outcome =
      run_trial(experiment, arm, 3, initial_values(experiment, arm, 3), {}, [](const auto&) {});
  EXPECT_EQ(outcome.record.status, record::Status::failed);
  EXPECT_THAT(*outcome.record.reason, HasSubstr("body.bn.0"));
  EXPECT_EQ(outcome.record.arm, "act-first");
  EXPECT_EQ(outcome.record.replicate, 3U);
  EXPECT_EQ(outcome.record.study, experiment.hash);
  EXPECT_EQ(outcome.record.hashes.data, experiment.material.hash);
  EXPECT_TRUE(outcome.values.empty());
}

// Lack of memory, a display that broke: nothing of that is an outcome of the order.
TEST(RunTrial, WhatSaysNothingOfTheOrderIsNoTrial) {
  const Experiment& experiment = prepared();
  const Arm& arm = experiment.arms[0];
  const auto observe = [](const auto&) { throw std::bad_alloc(); };
  EXPECT_THROW(run_trial(experiment, arm, 1, initial_values(experiment, arm, 1), {}, observe),
               std::bad_alloc);
}

TEST(Pairing, OrdersThatDifferInNothingTrainToTheSameNumbers) {
  const Experiment experiment = prepared({"orders.a=conv bn relu", "orders.b=conv bn relu"});
  std::vector<record::TrialRecord> records;
  for (const Arm& arm : experiment.arms) {
    records.push_back(
        run_trial(experiment, arm, 2, initial_values(experiment, arm, 2), {}, [](const auto&) {
        }).record);
  }
  EXPECT_EQ(records[0].metrics, records[1].metrics);
  EXPECT_EQ(records[0].hashes, records[1].hashes);
  EXPECT_EQ(records[0].arm, "a");
}

}  // namespace
}  // namespace whichfirst::study
