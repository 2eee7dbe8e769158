// What is said of a study before it is trained and of its trials after, and what it does to a
// verdict: each false assurance that was ever found is a test.
#include "study/notices.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "report/wording.h"
#include "study/conclude.h"
#include "study/prepared.h"

namespace whichfirst::study {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> kinds(const std::vector<record::Notice>& notices) {
  std::vector<std::string> kinds;
  for (const record::Notice& notice : notices) kinds.push_back(notice.kind);
  return kinds;
}

std::string text_of(const std::vector<record::Notice>& notices, std::string_view kind) {
  const auto found = std::find_if(notices.begin(), notices.end(),
                                  [&](const auto& notice) { return notice.kind == kind; });
  return found == notices.end() ? "" : found->text;
}

/// Nothing is wrong with these: 110 steps, a margin of two images, six replicates.
const Settings kSound = {"recipe.epochs=12", "plan.margin=5", "plan.seeds=6"};

Settings sound_but(Settings others) {
  others.insert(others.begin(), kSound.begin(), kSound.end());
  return others;
}

std::vector<record::Notice> before(const Settings& others) {
  return notices_before(prepared(sound_but(others)));
}

/// The sound experiment with pixels of [0, 1], of which some are changed.
template <class Change>
std::vector<record::Notice> with_pixels(const Change& change) {
  Experiment experiment = prepared(kSound);
  data::Dataset& set = experiment.material.dataset;
  for (data::Images* images : {&set.train, &set.test}) {
    const auto& bytes = std::get<std::vector<std::uint8_t>>(images->pixels);
    std::vector<float> pixels;
    for (const std::uint8_t byte : bytes) pixels.push_back(static_cast<float>(byte) / 255);
    images->pixels = std::move(pixels);
  }
  change(std::get<std::vector<float>>(set.train.pixels),
         std::get<std::vector<float>>(set.test.pixels),
         experiment.material.parts.train.front() * std::size_t{28 * 28});
  return notices_before(experiment);
}

TEST(NoticesBefore, SayNothingOfASoundStudy) { EXPECT_THAT(before({}), IsEmpty()); }

TEST(NoticesBefore, CountStepsAndWhatTheyLeaveOfTheRunningStatistics) {
  const auto few = before({"recipe.epochs=2", "recipe.batch=40"});  // 7 batches of 300 pictures
  EXPECT_THAT(kinds(few), ElementsAre("few-steps", "running-statistics"));
  EXPECT_THAT(few[0].text, HasSubstr("only 14 steps (300 training images, batch 40, 2 epochs)"));
  EXPECT_THAT(few[1].text, HasSubstr("still 23 % initial ((1 - 0.1)^14)"));  // 0.9^14 = 0.2288
  EXPECT_THAT(kinds(before({"orders.a=conv bn(momentum=0.01) relu", "orders.b=conv relu"})),
              ElementsAre("running-statistics"));
}

TEST(NoticesBefore, KnowSgdsRateInAdamw) {
  EXPECT_THAT(kinds(before({"recipe.optimizer=adamw"})), ElementsAre("adamw-rate"));
  EXPECT_THAT(before({"recipe.optimizer=adamw", "recipe.lr=[0.001, 0.1]", "recipe.epochs=13"}),
              IsEmpty());
}

TEST(NoticesBefore, SayWhatImagesAndReplicatesCannotDecide) {
  const auto step = before({"plan.margin=0.25"});
  EXPECT_THAT(kinds(step), ElementsAre("step-over-margin"));
  EXPECT_THAT(step[0].text, AllOf(HasSubstr("one of 100 test images is 1 % of accuracy"),
                                  HasSubstr("use 400 test images or more")));
  EXPECT_THAT(text_of(before({"plan.seeds=5"}), "too-few-seeds"),
              HasSubstr("5 replicates cannot decide anything at 95 % confidence: at least 6"));
  EXPECT_THAT(text_of(before({"plan.seeds=5", "plan.rule=sign"}), "too-few-seeds"),
              HasSubstr("at least 6"));
  // Student's quantile of 5 degrees, 2.5706, times a step of 1 point over the root of 6.
  EXPECT_THAT(text_of(before({"plan.margin=1"}), "no-equivalence"),
              HasSubstr("at least 1.05 points wide on each side, the margin is 1"));
  EXPECT_THAT(before({"plan.margin=1.06"}), IsEmpty());
}

TEST(NoticesBefore, SayThatPixelsAreConstant) {
  const auto notices = with_pixels([](auto& train, auto& test, std::size_t) {
    std::fill(train.begin(), train.end(), 0.3F);
    std::fill(test.begin(), test.end(), 0.3F);
  });
  EXPECT_THAT(notices,
              ElementsAre(record::Notice{"constant-channel",
                                         "all pixels of the training images are 0.3: nothing "
                                         "can be learnt from them"}));
}

TEST(NoticesBefore, SayThatAFewPixelsSetTheScale) {
  const auto notices =
      with_pixels([](auto& train, auto&, std::size_t picture) { train[picture + 9] = -9999; });
  EXPECT_THAT(kinds(notices), ElementsAre("few-pixels-far"));
  EXPECT_THAT(notices[0].text,
              AllOf(HasSubstr("range from -9999 to 1"),
                    HasSubstr("all except 1 of 235,200 (99.99957 %) lie within 0 to 1")));
  EXPECT_THAT(kinds(with_pixels([](auto&, auto& test, std::size_t) {
                std::fill_n(test.begin(), test.size() / 2, 0.5F);
              })),
              IsEmpty())
      << "duller is no other scale";
}

TEST(NoticesBefore, SayThatTrainingAndTestAreOnTwoScales) {
  for (const float scale : {255.0F, 2.0F, 0.5F}) {
    const auto notices = with_pixels([&](auto&, auto& test, std::size_t) {
      for (float& pixel : test) pixel *= scale;
    });
    EXPECT_THAT(kinds(notices), ElementsAre("data-scale")) << scale;
  }
  EXPECT_THAT(kinds(with_pixels([](auto&, auto& test, std::size_t) {
                for (float& pixel : test) pixel = 2 * pixel - 1;
              })),
              ElementsAre("data-scale"));
}

TEST(NoticesBefore, SayWhichClassesAreEmpty) {
  Experiment experiment = prepared(kSound);
  experiment.material.dataset.class_names.clear();
  for (std::int32_t& label : experiment.material.dataset.train.labels) {
    if (label == 0 || label == 7) label = 3;
  }
  EXPECT_THAT(
      text_of(notices_before(experiment), "empty-classes"),
      HasSubstr("2 of 10 classes have no training image (0, 7), so no network can learn them"));
}

// --- of trials -----------------------------------------------------------------------------------

class NoticesAfter : public ::testing::Test {
 protected:
  /// Trials of both orders over `replicates`, with metrics that `give` sets.
  template <class Give>
  record::VerdictRecord conclude_with(const Give& give) {
    for (std::size_t arm = 0; arm < experiment.arms.size(); ++arm) {
      for (int r = 1; r <= 6; ++r) {
        record::TrialRecord trial;
        trial.arm = experiment.arms[arm].name;
        trial.replicate = static_cast<std::uint64_t>(r);
        trial.hashes = {.data = "d", .data_order = "o", .initial_weights = "w"};
        give(trial, arm == 0, r);
        const double right = trial.metrics.test_accuracy.value_or(-1);
        if (right >= 0) trial.right_answers.assign(100, 0);
        for (int i = 0; i < right; ++i) trial.right_answers[static_cast<std::size_t>(i)] = 1;
        trials[{.arm = arm, .replicate = trial.replicate}] = trial;
      }
    }
    record::VerdictRecord verdict =
        conclude(experiment, plan_comparisons(experiment, {}), {}, trials, Ending::complete);
    for (const record::Notice& notice : notices_before(experiment)) {
      verdict.notices.push_back(notice);
    }
    return verdict;
  }
  template <class Accuracy>
  record::VerdictRecord with_accuracy(const Accuracy& accuracy) {
    return conclude_with([&](record::TrialRecord& trial, bool is_first, int r) {
      trial.metrics.test_accuracy = accuracy(is_first, r);
    });
  }

  Experiment experiment = prepared(kSound);
  Trials trials;
};

/// Constant pictures: both orders name one class, always.
TEST_F(NoticesAfter, OfGuessersAreNeverEquivalent) {
  const record::VerdictRecord verdict = with_accuracy([](bool, int) { return 10; });
  const stats::Comparison& comparison = verdict.comparisons[0].comparison;
  EXPECT_EQ(comparison.verdict, stats::Verdict::undecided);
  EXPECT_EQ(comparison.reason, "no order has learnt more than guessing (10 %)");
  EXPECT_EQ(comparison.more_pairs_needed, std::nullopt);
  ASSERT_THAT(kinds(verdict.notices), ElementsAre("nothing-learnt"));
  EXPECT_THAT(verdict.notices[0].text, HasSubstr("mean of bn-first: 10 %, act-first: 10 %"));
  EXPECT_EQ(verdict.scale->guessing, 10);
  EXPECT_EQ(verdict.scale->step, 1);
}

TEST_F(NoticesAfter, AGuesserIsNotBetterThanAWorseGuesser) {
  const record::VerdictRecord verdict =
      with_accuracy([](bool is_first, int r) { return is_first ? 12 + r % 2 : 1; });
  EXPECT_THAT(verdict.comparisons[0].comparison.interval->lower, ::testing::Gt(5));
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::undecided);
}

TEST_F(NoticesAfter, ALearnerIsBetterThanAGuesserAndThatIsSaid) {
  const record::VerdictRecord verdict =
      with_accuracy([](bool is_first, int r) { return is_first ? 60 + r % 3 : 10; });
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::better);
  EXPECT_THAT(kinds(verdict.notices), ElementsAre("order-learnt-nothing"));
  EXPECT_THAT(verdict.notices[0].text, HasSubstr("act-first learnt no more than guessing (10 %)"));
}

/// 15 steps on 168 photographs were once called "better by 19 points, and on data like them".
TEST_F(NoticesAfter, AVerdictAfterFewStepsClaimsNothingAboutDataLikeThem) {
  const auto sentence = [&](const Settings& settings) {
    experiment = prepared(sound_but(settings));
    const record::VerdictRecord verdict =
        with_accuracy([](bool is_first, int r) { return (is_first ? 59 : 40) + r % 2; });
    EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::better);
    return report::verdict_sentence(verdict.comparisons[0], verdict);
  };
  EXPECT_THAT(sentence({}), HasSubstr("like them"));
  EXPECT_THAT(sentence({"data.train=168", "recipe.epochs=3"}), Not(HasSubstr("like them")));
}

TEST_F(NoticesAfter, ALossIsJudgedByItsEntropyOrByTheAccuracyBesideIt) {
  experiment = prepared(sound_but({"plan.metric=test_loss"}));
  const auto with = [&](double loss, double accuracy) {
    return conclude_with([&](record::TrialRecord& trial, bool, int r) {
             trial.metrics.test_loss = loss + 0.01 * r;
             trial.metrics.test_accuracy = accuracy;
           })
        .comparisons[0]
        .comparison.reason.value_or("");
  };
  EXPECT_EQ(with(2.31, 10), "no order has learnt more than guessing (a loss of 2.303)");
  EXPECT_THAT(with(2.1, 10), Not(HasSubstr("guessing")));
  EXPECT_THAT(with(3.1, 60), Not(HasSubstr("guessing"))) << "sure of its errors, but it learnt";
}

TEST_F(NoticesAfter, SayThatAllOrdersAreAtTheCeiling) {
  EXPECT_THAT(kinds(with_accuracy([](bool, int r) { return 99 - r % 3; }).notices),
              ElementsAre("ceiling"));
  EXPECT_THAT(with_accuracy([](bool is_first, int) { return is_first ? 99 : 90; }).notices,
              IsEmpty());
}

TEST_F(NoticesAfter, SayWhatFitsNeitherTrainingNorChance) {
  const record::VerdictRecord verdict =
      conclude_with([](record::TrialRecord& trial, bool is_first, int r) {
        trial.metrics.test_accuracy = (is_first ? 60 : 30) + r;
        trial.metrics.test_loss = is_first ? 1.0 : 9.0;
        trial.metrics.train_accuracy = 79;
        trial.inference.emplace();
        trial.inference->max_logit = 2.98;
        trial.inference->max_difference = is_first ? 1e-5 : 3.6e-3;
      });
  EXPECT_THAT(kinds(verdict.notices),
              ElementsAre("loss-above-guessing", "collapse", "fold-difference"));
  EXPECT_THAT(verdict.notices[1].text,
              HasSubstr("(act-first: 79 % in training, 33.5 % in the test)"));
  EXPECT_THAT(verdict.notices[2].text, HasSubstr("a logit of act-first by 0.0036 of 2.98"));
}

TEST_F(NoticesAfter, SayWhoNeverTrained) {
  const record::VerdictRecord verdict =
      conclude_with([](record::TrialRecord& trial, bool is_first, int r) {
        if (is_first) {
          trial.status = record::Status::diverged;
        } else {
          trial.metrics.test_accuracy = 80 + r;
        }
      });
  EXPECT_THAT(text_of(verdict.notices, "never-trained"),
              HasSubstr("bn-first never trained: of 6 trials 6 diverged and 0 failed"));
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::undecided);
}

TEST_F(NoticesAfter, DifferencesThatMustBeZeroAreExplained) {
  experiment = prepared(sound_but(
      {"orders.a=conv relu maxpool(2)", "orders.b=conv maxpool(2) relu", "plan.margin=1.5"}));
  const auto equal = [](bool, int r) { return 60 + 2 * r; };
  const record::ComparisonResult result = with_accuracy(equal).comparisons[0];
  EXPECT_THAT(*result.proof, HasSubstr("the largest of several numbers"));
  EXPECT_EQ(result.comparison.verdict, stats::Verdict::equivalent);
  EXPECT_FALSE(result.images_floor);
  EXPECT_THAT(result.warnings, IsEmpty());
  const record::VerdictRecord other =
      with_accuracy([&](bool is_first, int r) { return equal(is_first, r) + (is_first ? r : 0); });
  EXPECT_FALSE(other.comparisons[0].proof);
  EXPECT_THAT(kinds(other.notices), Contains("proof-contradicted"));
}

}  // namespace
}  // namespace whichfirst::study
