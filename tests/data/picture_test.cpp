#include "data/picture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <ostream>

#include "data/picture_files.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A line of a sums file; see make_picture_fixtures.py.
struct Sum {
  std::string file;
  Shape shape;
  std::uint64_t crc = 0;
  bool operator==(const Sum&) const = default;
};

void PrintTo(const Sum& sum, std::ostream* out) {
  *out << sum.file << " " << sum.shape.channels << "x" << sum.shape.height << "x" << sum.shape.width
       << " " << std::hex << sum.crc;
}

std::vector<Sum> read_sums(const std::string& name) {
  std::ifstream lines(fixture(name));
  std::vector<Sum> sums;
  Sum sum;
  while (lines >> sum.file >> sum.shape.height >> sum.shape.width >> sum.shape.channels >>
         std::hex >> sum.crc >> std::dec) {
    sums.push_back(sum);
  }
  return sums;
}

Sum sum_of(const std::string& file, const Picture& picture) {
  return {.file = file,
          .shape = picture.shape,
          .crc = crc32(0, picture.pixels.data(), static_cast<uInt>(picture.pixels.size()))};
}

TEST(Picture, IsWhatPillowDecodesFromTheSmallJpegs) {
  const auto sums = read_sums("pictures/sums.txt");
  ASSERT_EQ(sums.size(), 4U);
  for (const Sum& sum : sums) {
    EXPECT_EQ(sum_of(sum.file, read_picture(fixture("pictures/" + sum.file))), sum);
    EXPECT_EQ(read_picture_shape(fixture("pictures/" + sum.file)), sum.shape);
  }
}

TEST(PublishedPictures, AreWhatAnIndependentDecoderGives) {
  SKIP_WITHOUT("images");
  const auto sums = read_sums("picture_sums.txt");
  ASSERT_GT(sums.size(), 160U);
  for (const Sum& sum : sums) {
    const auto path = published_sets() / "images" / sum.file;
    SCOPED_TRACE(path);
    EXPECT_EQ(sum_of(sum.file, read_picture(path)), sum);
    EXPECT_EQ(read_picture_shape(path), sum.shape);
  }
}

TEST(PublishedPictures, ThatAreBrokenAreRefusedInOneLine) {
  SKIP_WITHOUT("images");
  int broken = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(published_sets() / "images/pngsuite")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("x") || entry.path().extension() != ".png") continue;
    ++broken;
    EXPECT_THAT(complaint_of([&] { read_picture(entry.path()); }),
                AllOf(StartsWith(entry.path().string() + ": expected a "), HasSubstr("found"),
                      Not(HasSubstr("\n"))));
  }
  EXPECT_GE(broken, 8);
}

TEST(PublishedPictures, OfJpegAreWithinAFewLevelsOfTheirReference) {
  SKIP_WITHOUT("images");
  // Another decoder's rounding and chroma interpolation.
  constexpr int kMostLevels = 3;
  constexpr double kMostMeanLevels = 0.5;
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(published_sets() / "images/jpeg")) {
    if (entry.path().extension() != ".jpg") continue;
    SCOPED_TRACE(entry.path());
    const Picture picture = read_picture(entry.path());
    const Picture reference =
        read_picture(std::filesystem::path(entry.path()).replace_extension(".png"));
    ASSERT_EQ(picture.shape.height, reference.shape.height);
    ASSERT_EQ(picture.shape.width, reference.shape.width);
    // A reference can be stored as three equal channels.
    const auto channels = static_cast<std::size_t>(picture.shape.channels);
    const auto reference_channels = static_cast<std::size_t>(reference.shape.channels);
    ASSERT_LE(channels, reference_channels);
    int most = 0;
    double sum = 0;
    for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
      const std::size_t place = i / channels * reference_channels + i % channels;
      const int distance = std::abs(picture.pixels[i] - reference.pixels[place]);
      most = std::max(most, distance);
      sum += distance;
    }
    EXPECT_LE(most, kMostLevels);
    EXPECT_LE(sum / static_cast<double>(picture.pixels.size()), kMostMeanLevels);
    ++compared;
  }
  EXPECT_GE(compared, 15);
}

TEST(PublishedPictures, CutShortAreRefused) {
  SKIP_WITHOUT("images");
  const auto path = published_sets() / "images/jpeg/broken/truncated.jpg";
  EXPECT_EQ(
      complaint_of([&] { read_picture(path); }),
      path.string() + ": expected a whole JPEG picture, found damage (Premature end of JPEG file)");
}

class PictureFile : public InFolder {};

Picture decode(const std::string& bytes) {
  return decode_picture(
      "P", std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

/// What stands after "P: " in the error.
std::string refusal(const std::string& bytes) {
  const std::string text = complaint_of([&] { decode(bytes); });
  return text.starts_with("P: ") ? text.substr(3) : text;
}

TEST_F(PictureFile, IsToldByItsFirstBytes) {
  const auto path = write("a.jpg", png_file(1, 2, 1, {7, 200}));
  EXPECT_THAT(read_picture(path).pixels, ElementsAre(7, 200));
  EXPECT_EQ(refusal(""), "expected a PNG or JPEG picture, found an empty file");
  EXPECT_EQ(refusal("GIF89a"), "expected a PNG or JPEG picture, found a GIF picture");
  EXPECT_EQ(refusal("\x89PNG\n"),
            "expected a PNG or JPEG picture, found a PNG picture with a damaged front");
  EXPECT_EQ(refusal("hello"), "expected a PNG or JPEG picture, found something else");
}

TEST(Picture, KeepsTheColourTypeOfGrayPixels) {
  const Picture picture = decode(png_file(2, 1, 3, {9, 9, 9, 8, 8, 8}));
  EXPECT_EQ(picture.shape, (Shape{.channels = 3, .height = 2, .width = 1}));
  EXPECT_THAT(picture.pixels, ElementsAre(9, 9, 9, 8, 8, 8));
}

TEST(Picture, OfPngCutAnywhereIsRefused) {
  const std::string whole = png_file(5, 4, 3, {100});
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_THAT(refusal(whole.substr(0, bytes)), StartsWith("expected a ")) << bytes;
  }
  EXPECT_THAT(decode(whole + "junk").pixels, Each(100));
}

TEST(Picture, OfPngWithAnyByteChangedIsRefused) {
  const std::string whole = png_file(5, 4, 3, {100});
  for (std::size_t place = 0; place < whole.size(); ++place) {
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    EXPECT_THAT(refusal(damaged), StartsWith("expected a ")) << place;
  }
}

TEST(Picture, OfJpegCutAnywhereIsRefused) {
  for (const char* name : {"colour.jpg", "gray.jpg", "progressive.jpg", "cmyk.jpg"}) {
    const std::string whole = file_bytes(fixture(std::string("pictures/") + name));
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
      EXPECT_THAT(refusal(whole.substr(0, bytes)), StartsWith("expected a ")) << name << bytes;
    }
    EXPECT_NO_THROW(decode(whole + "junk"));
  }
}

TEST(Picture, OfJpegWithAnyByteChangedIsReadOrRefusedButNeverCrashes) {
  for (const char* name : {"colour.jpg", "progressive.jpg", "cmyk.jpg"}) {
    const std::string whole = file_bytes(fixture(std::string("pictures/") + name));
    for (std::size_t place = 0; place < whole.size(); ++place) {
      std::string damaged = whole;
      damaged[place] = static_cast<char>(damaged[place] ^ 0x11);
      EXPECT_THAT(refusal(damaged), testing::AnyOf("no error", StartsWith("expected a ")));
    }
  }
}

TEST(Picture, TakesNoMemoryForAHeaderThatLies) {
  EXPECT_EQ(refusal(png_front(11'000, 12'000, 3)),
            "expected 11000x12000 pixels as its header says, found 33 bytes, which cannot hold as "
            "many");
  EXPECT_EQ(refusal(png_front(11'000, 13'000, 1)),
            "expected a picture of 1 to 134217728 pixels, found 11000x13000");
  EXPECT_EQ(refusal(png_front(16'385, 1, 1)),
            "expected a picture of 1 to 16384 pixels a side, found 16385x1");
  EXPECT_EQ(refusal(png_front(0, 1, 1)),
            "expected a whole PNG picture, found damage (invalid image height)");
  std::string jpeg = file_bytes(fixture("pictures/gray.jpg"));
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\x20\x10\x20\x10");
  EXPECT_EQ(refusal(jpeg),
            "expected 8208x8208 pixels as its header says, found 402 bytes, which cannot hold as "
            "many");
  jpeg.replace(frame + 5, 4, "\xff\xf0\xff\xf0");
  EXPECT_THAT(refusal(jpeg), AllOf(StartsWith("expected a "), HasSubstr("found")));
}

TEST(Picture, OfJpegHasALimitedNumberOfScans) {
  // An 8x8 picture in a scan a component: each block is "no change, end" in the standard codes
  // (00 1010 for light, 00 00 for colour), filled up with ones.
  const std::string whole = file_bytes(fixture("pictures/one_block.jpg"));
  const std::string front = whole.substr(0, whole.find("\xff\xda"));
  const auto scan = [](char component, char tables, char block) {
    return std::string("\xff\xda\0\x08\x01", 5) + component + tables + std::string("\0\x3f\0", 3) +
           block;
  };
  const std::string light = scan(1, 0, '\x2b');
  const std::string colours = scan(2, 0x11, '\x0f') + scan(3, 0x11, '\x0f');
  EXPECT_THAT(decode(front + light + colours + "\xff\xd9").pixels, Each(128));
  std::string many = front;
  for (int i = 0; i < 498; ++i) many += light;
  EXPECT_EQ(refusal(many + colours + "\xff\xd9"), "no error");
  EXPECT_EQ(refusal(many + light + colours + "\xff\xd9"),
            "expected a whole JPEG picture, found damage (more than 500 scans)");
}

/// `jpeg` without the coded bytes of the scan whose header is at `scan`.
std::string without_data(const std::string& jpeg, std::size_t scan) {
  const std::size_t header = 2 + static_cast<std::uint8_t>(jpeg[scan + 3]);
  std::size_t end = scan + header;
  while (jpeg[end] != '\xff' || jpeg[end + 1] == '\0') ++end;
  return jpeg.substr(0, scan + header) + jpeg.substr(end);
}

TEST(Picture, OfProgressiveJpegCanLackDetailButNoMeans) {
  const std::string whole = file_bytes(fixture("pictures/progressive.jpg"));
  EXPECT_EQ(refusal(without_data(whole, whole.find("\xff\xda"))),
            "expected a whole JPEG picture, found damage (Corrupt JPEG data: premature end of data "
            "segment)");
  EXPECT_EQ(refusal(without_data(whole, whole.rfind("\xff\xda"))), "no error");
  const std::string baseline = file_bytes(fixture("pictures/colour.jpg"));
  EXPECT_THAT(refusal(without_data(baseline, baseline.find("\xff\xda"))),
              HasSubstr("premature end of data segment"));
}

TEST_F(PictureFile, ThatIsNoFileGivesTheSystemsReason) {
  EXPECT_EQ(complaint_of([&] { read_picture(folder() / "none"); }),
            (folder() / "none").string() + ": No such file or directory");
  EXPECT_EQ(complaint_of([&] { read_picture(folder()); }),
            folder().string() + ": expected a file, found a folder");
}

}  // namespace
}  // namespace whichfirst::data
