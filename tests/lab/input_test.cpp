#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "data/npy.h"
#include "lab/inspection.h"
#include "measure/summary.h"
#include "record/temporary_folder.h"

namespace whichfirst::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

auto says(const std::string& text) {
  return Throws<Error>(Property(&Error::what, HasSubstr(text)));
}

TEST(Values, AreReadRowByRow) {
  const Input input = parse_values(" 1 -2.5 3; 4,5,+6e1 ; ");
  EXPECT_EQ(input.values.shape, (Shape{.channels = 1, .height = 2, .width = 3}));
  EXPECT_THAT(input.values.values, ElementsAre(1, -2.5, 3, 4, 5, 60));
  EXPECT_THAT(parse_values("7").values.values, ElementsAre(7));
  EXPECT_TRUE(std::isnan(parse_values("nan 1").values.values[0]));
  EXPECT_TRUE(std::isinf(parse_values("-inf").values.values[0]));
}

TEST(Values, ThatAreNoTableAreRefusedWithTheirRow) {
  EXPECT_THAT([] { parse_values("1 2; 3"); },
              says("--values: expected 2 numbers in row 2, as in the first, found 1; rows are "
                   "separated by ';', such as \"1 2 3; 4 5 6\""));
  EXPECT_THAT([] { parse_values("1 2; 3 x4"); },
              says("--values, row 2: expected a number, found 'x4'"));
  EXPECT_THAT([] { parse_values(""); }, says("in row 1"));
  EXPECT_THAT([] { parse_values(";;"); }, says("in row 1"));
  EXPECT_THAT([] { parse_values("1; ;2"); }, says("in row 2"));
  EXPECT_THAT([] { parse_values("1e999"); }, says("found '1e999'"));
}

TEST(NormalInput, HasItsMomentsAndDependsOnTheSeedAlone) {
  const Input input = draw_normal("10x2x50x50", {.mean = 3, .sd = 2}, 5);
  EXPECT_EQ(input.values.count, 10);
  EXPECT_EQ(input.values.shape, (Shape{.channels = 2, .height = 50, .width = 50}));
  const measure::Summary summary{std::span<const double>(input.values.values)};
  EXPECT_NEAR(*summary.mean(), 3, 5 * 2 / std::sqrt(50'000.0));
  EXPECT_NEAR(*summary.sd(), 2, 5 * 2 / std::sqrt(100'000.0));
  EXPECT_EQ(draw_normal("10x2x50x50", {.mean = 3, .sd = 2}, 5).values, input.values);
  EXPECT_NE(draw_normal("10x2x50x50", {.mean = 3, .sd = 2}, 6).values, input.values);
}

TEST(NormalInput, OfAnAbsurdShapeOrSpreadIsRefusedBeforeMemoryIsTaken) {
  EXPECT_THAT([] { draw_normal("99999x99999x99999x99999", {}, 0); },
              says("expected 1 to 16777216 numbers"));
  EXPECT_THAT([] { draw_normal("0x1x1x1", {}, 0); }, says("expected 1 to"));
  EXPECT_THAT([] { draw_normal("1x1x1x1x1", {}, 0); }, says("found 5"));
  EXPECT_THAT([] { draw_normal("3y4", {}, 0); }, says("expected NxCxHxW"));
  EXPECT_THAT([] { draw_normal("3x", {}, 0); }, says("expected NxCxHxW"));
  EXPECT_THAT([] { draw_normal("-3x2", {}, 0); }, says("expected NxCxHxW"));
  EXPECT_THAT([] { draw_normal("3x3", {.sd = 0}, 0); }, says("a deviation above 0"));
  EXPECT_THAT([] { draw_normal("3x3", {.mean = NAN}, 0); }, says("a finite mean"));
}

TEST(ReadInput, TakesAPictureOfASet) {
  const Input input = read_input("shapes10:3", {});
  EXPECT_EQ(input.values.shape, (Shape{.channels = 1, .height = 28, .width = 28}));
  const measure::Summary summary{std::span<const double>(input.values.values)};
  EXPECT_GE(*summary.least(), 0);
  EXPECT_LE(*summary.largest(), 1);
  EXPECT_THAT([] { read_input("shapes10:10000", {}); }, says("a picture from 0 to 9999"));
  EXPECT_THAT([] { read_input("shapes11:0", {}); }, says("did you mean 'shapes10'?"));
}

TEST(ReadInput, OfWhatIsNotThereOrNoPictureIsRefused) {
  EXPECT_THAT([] { read_input("nowhere.png", {}); }, says("nowhere.png: there is no such file"));
  const record::TemporaryFolder folder;
  const std::string path = (folder / "text.png").string();
  std::ofstream(path) << "no picture";
  EXPECT_THAT([&] { read_input(path, {}); }, says(path));
}

TEST(ReadInput, PutsThePixelsOfAPictureChannelByChannel) {
  const std::filesystem::path picture =
      std::filesystem::path(WHICHFIRST_SHARED_DATA) / "images/photos/coffee.png";
  if (!std::filesystem::exists(picture)) GTEST_SKIP() << "NOT TESTED: no " << picture;
  const Input input = read_input(picture.string(), {});
  EXPECT_EQ(input.values.shape.channels, 3);
  EXPECT_EQ(static_cast<std::int64_t>(input.values.values.size()), input.values.shape.size());
  // Coffee is brown: red above green above blue.
  const auto mean_of = [&](int c) {
    const auto pixels = static_cast<std::size_t>(input.values.shape.pixels());
    const std::span<const double> all(input.values.values);
    return *measure::Summary(all.subspan(static_cast<std::size_t>(c) * pixels, pixels)).mean();
  };
  EXPECT_GT(mean_of(0), mean_of(1));
  EXPECT_GT(mean_of(1), mean_of(2));
}

TEST(ReadInput, RefusesAnArrayThatIsCutShortOrHasTooManyAxes) {
  const record::TemporaryFolder folder;
  const std::string path = (folder / "array.npy").string();
  const std::string whole = data::write_npy(std::vector<double>{1, NAN, 3});
  std::ofstream(path) << whole;
  const Input input = read_input(path, {});
  EXPECT_EQ(input.values.shape, (Shape{.channels = 1, .height = 1, .width = 3}));
  EXPECT_TRUE(std::isnan(input.values.values[1]));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{5}, std::size_t{11}, std::size_t{60}, whole.size() - 1}) {
    std::ofstream(path, std::ios::trunc) << whole.substr(0, size);
    EXPECT_THAT([&] { read_input(path, {}); }, says(path)) << size;
  }
  std::ofstream(path, std::ios::trunc) << whole + "x";
  EXPECT_THAT([&] { read_input(path, {}); },
              says("expected 152 bytes as its header says, found 153"));
  EXPECT_THAT([&] { data::read_npy(path, 2); },
              says("found 3 numbers; 1 to 2 are read: save a part of it, such as array[:100]"));
  std::string deep = whole;
  deep.replace(deep.find("(3,)"), 4, "(1,1,1,1,3)").erase(deep.find(", }") + 3, 7);
  std::ofstream(path, std::ios::trunc) << deep;
  EXPECT_THAT([&] { read_input(path, {}); }, says("expected 1 to 4 axes"));
}

TEST(ReadInput, TakesTruthValuesAndSaysHowToSaveOtherTypes) {
  const record::TemporaryFolder folder;
  const std::string path = (folder / "array.npy").string();
  std::string array = data::write_npy(std::vector<double>{0});
  array.replace(array.size() - 8, 8, std::string("\1\0\1", 3));
  array.replace(array.find("(1,)"), 4, "(3,)");
  const auto read_as = [&](const char* type) {
    std::string typed = array;
    std::ofstream(path, std::ios::trunc) << typed.replace(array.find("<f8"), 3, type);
    return read_input(path, {});
  };
  EXPECT_THAT(read_as("|b1").values.values, ElementsAre(1, 0, 1));
  for (const char* type : {"<f2", "<c8", "|S1"}) {
    EXPECT_THAT([&] { read_as(type); },
                says("found the type '" + std::string(type) +
                     "'; numpy.save(file, array.astype('float64')) writes a type that is read"));
  }
}

}  // namespace
}  // namespace whichfirst::lab
