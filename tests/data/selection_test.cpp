#include "data/selection.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Indices = std::vector<std::uint32_t>;

/// Images without pixels whose class c occurs counts[c] times, in turn for as long as it lasts.
Images images_of(std::vector<int> counts) {
  Images images;
  while (std::any_of(counts.begin(), counts.end(), [](int left) { return left > 0; })) {
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (counts[c]-- > 0) images.labels.push_back(static_cast<std::int32_t>(c));
    }
  }
  return images;
}

/// 600 training images of 3 classes, 1 : 2 : 3, and 60 of the test.
Dataset uneven() {
  Dataset dataset;
  dataset.classes = 3;
  dataset.train = images_of({100, 200, 300});
  dataset.test = images_of({10, 20, 30});
  return dataset;
}

std::vector<int> histogram(const Images& images, const Indices& picks) {
  std::vector<int> counts(3);
  for (const std::uint32_t pick : picks) ++counts[static_cast<std::size_t>(images.labels[pick])];
  return counts;
}

Indices all(std::uint32_t count) {
  Indices indices(count);
  std::iota(indices.begin(), indices.end(), 0U);
  return indices;
}

Amount count(std::int64_t images) { return images; }
Amount share(double of_all) { return of_all; }

TEST(Select, TakesEverythingUnlessAskedForLess) {
  for (const auto& amount : {std::optional<Amount>(), std::optional(share(1.0))}) {
    const Parts parts = select(uneven(), {.train = amount, .test = amount, .validation = {}}, 1);
    EXPECT_EQ(parts.train, all(600));
    EXPECT_EQ(parts.test, all(60));
    EXPECT_THAT(parts.validation, IsEmpty());
  }
  EXPECT_EQ(select(uneven(), {.train = count(600), .test = {}, .validation = {}}, 1).train,
            all(600));
}

TEST(Select, KeepsTheSharesOfTheClasses) {
  const Dataset dataset = uneven();
  const Parts parts =
      select(dataset, {.train = count(120), .test = share(0.5), .validation = share(0.25)}, 1);
  EXPECT_THAT(histogram(dataset.train, parts.train), ElementsAre(15, 30, 45));
  EXPECT_THAT(histogram(dataset.train, parts.validation), ElementsAre(5, 10, 15));
  EXPECT_THAT(histogram(dataset.test, parts.test), ElementsAre(5, 10, 15));
}

TEST(Select, GivesWhatIsLeftToTheLargestRemainders) {
  const Dataset dataset = uneven();
  const auto classes_of = [&](std::int64_t images) {
    return histogram(
        dataset.train,
        select(dataset, {.train = count(images), .test = {}, .validation = {}}, 1).train);
  };
  // Quotas n/6, n/3, n/2.
  EXPECT_THAT(classes_of(1), ElementsAre(0, 0, 1));
  EXPECT_THAT(classes_of(2), ElementsAre(0, 1, 1));
  EXPECT_THAT(classes_of(7), ElementsAre(1, 2, 4));          // 1.17 2.33 3.5
  EXPECT_THAT(classes_of(10), ElementsAre(2, 3, 5));         // 1.67 3.33 5
  EXPECT_THAT(classes_of(599), ElementsAre(100, 200, 299));  // 99.83 199.67 299.5
}

TEST(Select, NeverOverlapsAndIsSorted) {
  const Parts parts =
      select(uneven(), {.train = count(300), .test = count(7), .validation = count(77)}, 5);
  EXPECT_THAT(parts.train, SizeIs(223));
  EXPECT_THAT(parts.validation, SizeIs(77));
  EXPECT_THAT(parts.test, SizeIs(7));
  for (const Indices* part : {&parts.train, &parts.validation, &parts.test}) {
    EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
    EXPECT_EQ(std::adjacent_find(part->begin(), part->end()), part->end());
  }
  for (const std::uint32_t pick : parts.validation) {
    EXPECT_FALSE(std::binary_search(parts.train.begin(), parts.train.end(), pick));
  }
}

TEST(Select, CutsValidationFromTheTrainPart) {
  const Parts without = select(uneven(), {.train = count(100), .test = {}, .validation = {}}, 5);
  const Parts with =
      select(uneven(), {.train = count(100), .test = {}, .validation = count(20)}, 5);
  Indices together = with.train;
  together.insert(together.end(), with.validation.begin(), with.validation.end());
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, without.train);
}

TEST(Select, IsAFunctionOfTheSeed) {
  const Selection selection = {.train = count(50), .test = count(20), .validation = count(10)};
  const Parts once = select(uneven(), selection, 7), again = select(uneven(), selection, 7);
  const Parts other = select(uneven(), selection, 8);
  EXPECT_EQ(once.train, again.train);
  EXPECT_EQ(once.validation, again.validation);
  EXPECT_EQ(once.test, again.test);
  EXPECT_NE(once.train, other.train);
  EXPECT_NE(once.validation, other.validation);
  EXPECT_NE(once.test, other.test);
}

TEST(Select, DrawsTheTestPartWhateverElseIsAsked) {
  const Parts a = select(uneven(), {.train = {}, .test = count(20), .validation = {}}, 7);
  const Parts b =
      select(uneven(), {.train = count(9), .test = count(20), .validation = share(0.3)}, 7);
  EXPECT_EQ(a.test, b.test);
}

TEST(Select, MakesSmallerPartsOfLargerOnes) {
  const Dataset dataset = uneven();
  const auto draw = [&](std::int64_t images) {
    return select(dataset, {.train = count(images), .test = {}, .validation = {}}, 3).train;
  };
  const Indices small = draw(60), large = draw(120);
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

TEST(Select, PicksEveryImageEquallyOften) {
  Dataset dataset;
  dataset.classes = 2;
  dataset.train = images_of({10, 10});
  dataset.test = images_of({1, 1});
  std::vector<int> picked(20);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const auto parts = select(dataset, {.train = count(4), .test = {}, .validation = {}}, seed);
    for (const std::uint32_t pick : parts.train) ++picked[pick];
  }
  // 2,000 draws with probability 0.2: five deviations of sqrt(2000 * 0.2 * 0.8).
  for (const int times : picked) EXPECT_NEAR(times, 400, 5 * 17.9);
}

TEST(Select, AClassMayBeAbsent) {
  Dataset dataset = uneven();
  dataset.train = images_of({0, 0, 5});
  EXPECT_THAT(select(dataset, {}, 1).train, SizeIs(5));
}

TEST(Select, RefusesWhatIsNotThere) {
  const auto refusal = [](const Selection& selection) {
    return complaint_of([&] { select(uneven(), selection, 1); });
  };
  EXPECT_EQ(refusal({.train = count(601), .test = {}, .validation = {}}),
            "data.train: expected 1 to 600 images, found 601");
  EXPECT_EQ(refusal({.train = {}, .test = count(61), .validation = {}}),
            "data.test: expected 1 to 60 images, found 61");
  EXPECT_EQ(refusal({.train = count(0), .test = {}, .validation = {}}),
            "data.train: expected 1 to 600 images, found 0");
  EXPECT_EQ(refusal({.train = count(-3), .test = {}, .validation = {}}),
            "data.train: expected 1 to 600 images, found -3");
  EXPECT_EQ(refusal({.train = count(10), .test = {}, .validation = count(11)}),
            "data.validation: expected 1 to 10 images, found 11");
  EXPECT_EQ(refusal({.train = count(10), .test = {}, .validation = count(10)}),
            "data.validation: expected to leave images to train on, found 10 of the 10 of the "
            "train part");
}

TEST(Select, RefusesSharesThatAreNone) {
  for (const double of_all : {0.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN(),
                              std::numeric_limits<double>::infinity()}) {
    EXPECT_THAT(complaint_of([&] {
                  select(uneven(), {.train = share(of_all), .test = {}, .validation = {}}, 1);
                }),
                ::testing::StartsWith("data.train: expected a share above 0 and up to 1, found "));
  }
  EXPECT_EQ(complaint_of(
                [&] { select(uneven(), {.train = share(1e-6), .test = {}, .validation = {}}, 1); }),
            "data.train: expected at least one image, found 1e-06 of 600");
}

}  // namespace
}  // namespace whichfirst::data
