#include "stats/guessing.h"

#include <gtest/gtest.h>

#include <vector>

namespace whichfirst::stats {
namespace {

using Values = std::vector<double>;

TEST(Guessing, OfAnAccuracyHasTheBinomialErrorAndAStepOfOneImage) {
  const Guessing guessing = guessing_of_accuracy(0.25, 400);
  EXPECT_DOUBLE_EQ(guessing.value, 25);
  EXPECT_DOUBLE_EQ(guessing.step, 0.25);
  EXPECT_NEAR(guessing.image_error, 100 * 0.0216506350946, 1e-9);  // sqrt(.25 .75 / 400)
}

TEST(Guessing, IsBeatenByMoreThanTwoStandardErrorsOverSeedsAndImages) {
  const Guessing guessing = guessing_of_accuracy(0.5, 10'000);  // error 0.5 points
  EXPECT_FALSE(beats_guessing({}, guessing));
  EXPECT_FALSE(beats_guessing(Values{50, 50, 50, 50}, guessing));
  EXPECT_FALSE(beats_guessing(Values{40, 40, 40, 40}, guessing)) << "worse is no better";
  EXPECT_FALSE(beats_guessing(Values{50.9, 50.9}, guessing));
  EXPECT_TRUE(beats_guessing(Values{51.1, 51.1}, guessing));
  // Mean 52, sd 2 over 4 seeds: an error of 1, with that of the images 1.118.
  EXPECT_FALSE(beats_guessing(Values{50, 51, 53, 54}, guessing_of_accuracy(0.5, 2'500)));
  EXPECT_TRUE(beats_guessing(Values{52, 53, 55, 56}, guessing));
}

TEST(Guessing, IsNotBeatenByOneImageAlone) {
  Guessing sure = guessing_of_accuracy(0.5, 10);
  sure.image_error = 0;
  EXPECT_FALSE(beats_guessing(Values{60, 60, 60}, sure));
  EXPECT_TRUE(beats_guessing(Values{70, 70, 70}, sure));
}

TEST(Guessing, OfALossIsBeatenFromBelow) {
  const Guessing guessing{.value = 1.386, .direction = Direction::lower_is_better};
  EXPECT_TRUE(beats_guessing(Values{1.1, 1.2, 1.15}, guessing));
  EXPECT_FALSE(beats_guessing(Values{1.5, 1.6, 1.55}, guessing));
  EXPECT_FALSE(beats_guessing(Values{0.2, 1.9, 1.8}, guessing));
}

}  // namespace
}  // namespace whichfirst::stats
