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
  std::vector<std::uint8_t> bytes;  // the high ones of 16 bits
  for (const std::uint16_t level : picture.pixels) {
    bytes.push_back(static_cast<std::uint8_t>(picture.most == kMostOf16Bits ? level >> 8 : level));
  }
  return {.file = file,
          .shape = picture.shape,
          .crc = crc32(0, bytes.data(), static_cast<uInt>(bytes.size()))};
}

TEST(Picture, IsWhatPillowDecodesFromTheSmallFiles) {
  const auto sums = read_sums("pictures/sums.txt");
  ASSERT_EQ(sums.size(), 43U);
  for (const Sum& sum : sums) {
    const auto path = fixture("pictures/" + sum.file);
    SCOPED_TRACE(path);
    const Picture picture = read_picture(path);
    EXPECT_EQ(sum_of(sum.file, picture), sum);
    EXPECT_EQ(read_picture_header(path).shape, sum.shape);
    EXPECT_EQ(picture.is_turned, sum.file.starts_with("turned") && sum.file != "turned_1.png");
    EXPECT_EQ(picture.is_transparent,
              sum.file.starts_with("alpha") || sum.file.starts_with("transparent"));
    EXPECT_EQ(picture.has_more_frames, sum.file.starts_with("animated"));
  }
}

TEST(Picture, KeepsAllOf16Bits) {
  for (const char* name : {"deep.png", "deep.tif"}) {
    EXPECT_EQ(read_picture_header(fixture(std::string("pictures/") + name)).most, kMostOf16Bits);
    const Picture picture = read_picture(fixture(std::string("pictures/") + name));
    ASSERT_EQ(picture.pixels.size(), 35U);
    for (std::size_t i = 0; i < 35; ++i) EXPECT_EQ(picture.pixels[i], i * 1871 + 13) << name;
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
    EXPECT_EQ(read_picture_header(path).shape, sum.shape);
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
      const int shift = reference.most == kMostOf16Bits ? 8 : 0;
      const int distance = std::abs(picture.pixels[i] - (reference.pixels[place] >> shift));
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
  const std::string expected = "expected a PNG, JPEG, WebP, GIF, BMP or TIFF picture, found ";
  EXPECT_EQ(refusal(""), expected + "an empty file");
  EXPECT_EQ(refusal("\x89PNG\n"), expected + "a PNG picture with a damaged front");
  EXPECT_EQ(refusal(std::string("\0\0\0\x18", 4) + "ftypheic"), expected + "a HEIC picture");
  EXPECT_EQ(refusal("<!DOCTYPE html>"), expected + "an HTML page");
  EXPECT_EQ(refusal("hello"), expected + "something else");
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

TEST(Picture, OfOtherKindsCutAnywhereIsRefusedOrWhole) {
  for (const Sum& sum : read_sums("pictures/sums.txt")) {
    const std::string& name = sum.file;
    if (name.ends_with(".jpg") || name.ends_with(".png")) continue;
    const std::string whole = file_bytes(fixture("pictures/" + name));
    const Picture picture = decode(whole);
    // In a GIF, a TIFF or an animation, something can follow the pixels that are read.
    const bool can_be_cut =
        name.ends_with(".tif") || name.ends_with(".gif") || name == "animated.webp";
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
      const std::string text = refusal(whole.substr(0, bytes));
      if (text == "no error" && can_be_cut) {
        EXPECT_EQ(decode(whole.substr(0, bytes)).pixels, picture.pixels) << name << bytes;
      } else {
        EXPECT_THAT(text, StartsWith("expected a ")) << name << bytes;
      }
    }
    EXPECT_EQ(refusal(whole + "junk"), "no error") << name;
  }
}

TEST(Picture, OfOtherKindsWithAnyByteChangedIsReadOrRefusedButNeverCrashes) {
  for (const Sum& sum : read_sums("pictures/sums.txt")) {
    if (sum.file.ends_with(".jpg")) continue;
    const std::string whole = file_bytes(fixture("pictures/" + sum.file));
    for (std::size_t place = 0; place < whole.size(); ++place) {
      std::string damaged = whole;
      damaged[place] = static_cast<char>(damaged[place] ^ 0x81);
      EXPECT_THAT(refusal(damaged), testing::AnyOf("no error", StartsWith("expected ")))
          << sum.file << place;
    }
  }
}

TEST(Picture, OfBmpThatLiesIsRefused) {
  const std::string whole = file_bytes(fixture("pictures/palette.bmp"));
  const auto with = [&](std::size_t at, const std::string& bytes) {
    return refusal(std::string(whole).replace(at, bytes.size(), bytes));
  };
  const std::string damage = "expected a whole BMP picture, found damage ";
  EXPECT_EQ(with(14, "\x0b"), damage + "(an unknown header)");
  EXPECT_EQ(with(21, "\x80"), damage + "(a negative width)");
  EXPECT_EQ(with(46, "\xff\xff"), damage + "(the palette ends early or is too long)");
  EXPECT_EQ(with(46, std::string("\x01\x00", 2)), damage + "(a colour beyond the palette)");
  EXPECT_EQ(with(18, "\xff"), damage + "(its pixels end early)");
  const std::string unusual = "expected a BMP picture of a usual kind, found ";
  EXPECT_EQ(with(30, "\x01"), unusual + "packed pixels (compression 1); save it as PNG");
  EXPECT_EQ(with(28, "\x02"), unusual + "2 bits a pixel; save it as PNG");
}

TEST(Picture, OfTiffWithColoursThatAreNotReadSaysWhich) {
  std::string inks = file_bytes(fixture("pictures/inverted.tif"));
  const std::size_t entry = inks.find(std::string("\x06\x01\x03\x00", 4));  // their kind
  ASSERT_NE(entry, std::string::npos);
  inks[entry + 8] = 5;
  EXPECT_EQ(refusal(inks),
            "expected a TIFF picture of a usual kind, found colours of kind 5; save it as PNG");
}

TEST(Picture, OfWhiteOnTransparentIsLostOnWhite) {
  const auto of_gray = [](char level) {
    // Gray with opacity: the left pixel is opaque, the right one is not.
    const std::string raw = {'\0', level, '\xff', level, '\0'};
    uLongf bytes = compressBound(raw.size());
    std::string packed(bytes, '\0');
    compress(reinterpret_cast<Bytef*>(packed.data()), &bytes,
             reinterpret_cast<const Bytef*>(raw.data()), raw.size());
    return decode("\x89PNG\r\n\x1a\n" +
                  png_chunk("IHDR" + big_endian_word(2) + big_endian_word(1) + "\b\4" +
                            std::string(3, '\0')) +
                  png_chunk("IDAT" + packed.substr(0, bytes)) + png_chunk("IEND"));
  };
  const Picture white = of_gray('\xff'), black = of_gray('\0');
  EXPECT_TRUE(white.is_transparent && white.is_lost);
  EXPECT_TRUE(black.is_transparent && !black.is_lost);
  EXPECT_THAT(white.pixels, ElementsAre(255, 255));
  EXPECT_THAT(black.pixels, ElementsAre(0, 255));
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
