#include "stats/repeated_student.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "stats/moments.h"
#include "stats/student.h"

namespace whichfirst::stats {
namespace {

/// The critical values of one error, at those of kLooks from the first look on.
struct Row {
  double alpha1;
  int first_look;
  std::vector<double> criticals;
};

constexpr int kLooks[] = {5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 60, 100};

// Computed by two other programs, one with splines and bracketing, before this one was written.
std::vector<Row> rows() {
  return {
      {.025,
       6,
       {4.419288566, 4.310681083, 4.034487768, 3.792341635, 3.603978255, 3.347997152, 3.138784896,
        2.998675117, 2.977237303, 3.212109610, 3.476431374}},
      {.025 / 3,
       6,
       {5.711578048, 5.495258619, 5.062296271, 4.702367168, 4.431308034, 4.072722007, 3.783934027,
        3.581507372, 3.505279107, 3.670167275, 3.888019968}},
      {.025 / 6,
       6,
       {6.662955424, 6.345528602, 5.777095915, 5.319197009, 4.980767409, 4.539651365, 4.187153907,
        3.934826258, 3.815866709, 3.932363542, 4.122010614}},
      {.05,
       5,
       {4.604094871, 4.269315435, 3.843640442, 3.525415341, 3.296460267, 3.128518762, 2.905802316,
        2.726020537, 2.610047669, 2.611554339, 2.884057360, 3.178930225}},
      {.005,
       8,
       {4.697674682, 4.782590542, 4.657559526, 4.356837179, 4.060236180, 3.834941419, 3.732642694,
        3.864087142, 4.061508030}},
      {.05,
       6,
       {3.714313475, 3.647444663, 3.439592794, 3.250794162, 3.100527825, 2.891988718, 2.718996646,
        2.606408863, 2.609688182, 2.883205752, 3.178385820}},
  };
}

TEST(RepeatedStudent, AgreesWithTheTable) {
  for (const Row& row : rows()) {
    RepeatedStudent table(Spending{.alpha1 = row.alpha1}, row.first_look);
    const int* look = std::find(std::begin(kLooks), std::end(kLooks), row.first_look);
    ASSERT_EQ(row.criticals.size(), static_cast<std::size_t>(std::end(kLooks) - look));
    for (const double critical : row.criticals) {
      EXPECT_NEAR(table.critical(*look), critical, 1e-9) << row.alpha1 << " at " << *look;
      ++look;
    }
  }
}

TEST(RepeatedStudent, AgreesWithTheTableOfAHorizon) {
  RepeatedStudent table(Spending{.alpha1 = .025, .horizon = 30}, 6);
  EXPECT_NEAR(table.critical(6), 4.032142984, 1e-9);
  EXPECT_NEAR(table.critical(12), 3.451952273, 1e-9);
  EXPECT_NEAR(table.critical(30), 2.626782346, 1e-9);
  EXPECT_THROW(table.critical(31), std::logic_error);
}

TEST(RepeatedStudent, GivesTheSameNumbersInWhateverOrderTheyAreAskedFor) {
  RepeatedStudent forwards(Spending{}, 6);
  RepeatedStudent backwards(Spending{}, 6);
  const double last = backwards.critical(12);
  for (int n = 6; n <= 12; ++n) EXPECT_EQ(forwards.critical(n), backwards.critical(n));
  EXPECT_EQ(forwards.critical(12), last);
  RepeatedStudent copy = forwards;
  EXPECT_EQ(copy.critical(13), forwards.critical(13));
}

TEST(RepeatedStudent, StartsAtStudentsQuantile) {
  for (const int first_look : {2, 6, 40}) {
    const Spending spending{.alpha1 = .01};
    RepeatedStudent table(spending, first_look);
    EXPECT_NEAR(student_upper_tail(table.critical(first_look), first_look - 1),
                spending.by(first_look), 1e-14);
  }
}

TEST(RepeatedStudent, FallsInTheErrorAndNeverBelowStudentsQuantileOfAllOfIt) {
  std::vector<RepeatedStudent> tables;
  for (const double alpha1 : {1e-6, 1e-4, .005, .025, .1, .49}) {
    tables.emplace_back(Spending{.alpha1 = alpha1}, 6);
  }
  for (int n = 6; n <= 40; ++n) {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const double critical = tables[i].critical(n);
      EXPECT_GT(critical, student_critical(2 * tables[i].spending().alpha1, n - 1)) << n;
      if (i > 0) {
        EXPECT_LT(critical, tables[i - 1].critical(n)) << n;
      }
    }
  }
}

// P(t_2 <= c_2, t_3 > c_3) by brute force in other coordinates: a grid of sum and gap of the first
// two values, and the third value exactly. With T and Q the sum and the sum of squares of all
// three, t_3 > c_3 is T > 0 and T^2 > 3 k Q, k = c_3^2 / (c_3^2 + 2): a quadratic in the third
// value.
TEST(RepeatedStudent, SpendsAtTheSecondLookWhatItShould) {
  const Spending spending{.alpha1 = .2};
  RepeatedStudent table(spending, 2);
  const double c2 = table.critical(2);
  const double c3 = table.critical(3);
  constexpr int kSteps = 2000;
  constexpr double kWidest = 8;
  double share = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double gap = kWidest * (i + 0.5) / kSteps;  // |x1 - x2| / sqrt(2)
    const double gap_density = std::sqrt(2 / std::numbers::pi) * std::exp(-gap * gap / 2);
    for (int j = 0; j < kSteps; ++j) {
      const double sum = -kWidest + 2 * kWidest * (j + 0.5) / kSteps;  // (x1 + x2) / sqrt(2)
      if (sum > c2 * gap) continue;
      const double total = std::sqrt(2) * sum;
      const double squares = sum * sum + gap * gap;
      const double k = c3 * c3 / (c3 * c3 + 2);
      const double a = 1 - 3 * k;
      const double b = 2 * total;
      const double c = total * total - 3 * k * squares;
      const double root = std::sqrt(std::max(0.0, b * b - 4 * a * c));
      const auto tail = [](double x) { return std::erfc(x / std::sqrt(2)) / 2; };
      double beyond = 0;
      if (b * b - 4 * a * c > 0) {  // a < 0: above between the roots
        const double low = (-b + root) / (2 * a);
        const double high = (-b - root) / (2 * a);
        beyond = tail(std::max(low, -total)) - tail(std::max(high, -total));
      }
      share += beyond * gap_density * std::exp(-sum * sum / 2) / std::sqrt(2 * std::numbers::pi);
    }
  }
  share *= kWidest / kSteps * 2 * kWidest / kSteps;
  EXPECT_NEAR(share, spending.by(3) - spending.by(2), 2e-6);
}

TEST(RepeatedStudent, IsFiniteForAThousandPairs) {
  RepeatedStudent table(Spending{}, 6);
  double before = table.critical(30);
  for (int n = 31; n <= 1000; ++n) {
    const double critical = table.critical(n);
    ASSERT_GT(critical, before) << n;
    ASSERT_LT(critical / std::sqrt(n), before / std::sqrt(n - 1)) << "the interval shrinks, " << n;
    before = critical;
  }
  EXPECT_LT(before, 5);
}

TEST(RepeatedStudent, HoldsAtTheEndsOfWhatAPlanMayAsk) {
  for (const double confidence : {0.5, 0.999}) {
    for (const int comparisons : {1, 120}) {
      const int first = confidence == 0.5 ? 2 : 11;
      RepeatedStudent table(Spending{.alpha1 = (1 - confidence) / (2 * comparisons)}, first);
      for (int n = first; n <= 60; ++n) EXPECT_TRUE(std::isfinite(table.critical(n))) << n;
    }
  }
}

// 20,000 normal paths of the project's own random numbers.
TEST(RepeatedStudent, IsCrossedAsOftenAsTheSpendingSays) {
  constexpr int kPaths = 20'000;
  const Spending spending;
  RepeatedStudent table(spending, 6);
  RandomSequence random(RandomKey{.seed = 20260});
  std::vector<int> crossed(31);  // [n]: first crossing at n
  for (int path = 0; path < kPaths; ++path) {
    std::vector<double> values;
    for (int n = 1; n <= 30; ++n) {
      values.push_back(random.normal());
      if (n < 6) continue;
      const Moments moments = moments_of(values);
      if (*moments.mean * std::sqrt(n) > table.critical(n) * *moments.sd) {
        ++crossed[static_cast<std::size_t>(n)];
        break;
      }
    }
  }
  int so_far = 0;
  for (int n = 6; n <= 30; ++n) {
    so_far += crossed[static_cast<std::size_t>(n)];
    const double wanted = spending.by(n);
    EXPECT_NEAR(static_cast<double>(so_far) / kPaths, wanted,
                4 * std::sqrt(wanted * (1 - wanted) / kPaths))
        << n;
  }
}

TEST(RepeatedStudent, RefusesOurOwnMistakes) {
  for (const double alpha1 : {0.0, -0.1, 0.5, std::nan("")}) {
    EXPECT_THROW(RepeatedStudent(Spending{.alpha1 = alpha1}, 6), std::logic_error);
  }
  EXPECT_THROW(RepeatedStudent(Spending{}, 1), std::logic_error);
  EXPECT_THROW(RepeatedStudent(Spending{.horizon = 5}, 6), std::logic_error);
  EXPECT_THROW(RepeatedStudent(Spending{}, 6).critical(5), std::logic_error);
}

TEST(Spending, GrowsAndNeverExceedsTheError) {
  for (const Spending& spending :
       {Spending{}, Spending{.alpha1 = .4}, Spending{.alpha1 = .01, .horizon = 30}}) {
    EXPECT_GT(spending.by(2), 0);
    for (int n = 3; n < 5000; ++n) {
      EXPECT_GE(spending.by(n), spending.by(n - 1));
      EXPECT_LE(spending.by(n), spending.alpha1);
    }
  }
  EXPECT_DOUBLE_EQ(Spending{}.by(15), .0125) << "half at 15 pairs";
  EXPECT_DOUBLE_EQ((Spending{.horizon = 30}.by(30)), .025);
  EXPECT_LE(Spending{}.by(2'000'000'000), .025);
}

}  // namespace
}  // namespace whichfirst::stats
