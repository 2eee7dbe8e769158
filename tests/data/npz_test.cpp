#include <gmock/gmock.h>

#include "data/readers.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

// The fixtures are written by tests/fixtures/data/make_fixtures.py: pixels count up from 0 in the
// training set and from 100 in the test set, in the order in which the file holds them.

/// What load_npz says about a fixture, without the path that every message begins with.
std::string refusal(const std::string& name) {
  const std::string text = complaint_of([&] { load_npz(fixture(name)); });
  const std::string front = fixture(name).string() + ": ";
  EXPECT_THAT(text, StartsWith(front));
  return text.size() > front.size() ? text.substr(front.size()) : text;
}

TEST(Npz, ReadsGrayPicturesStoredOrCompressed) {
  for (const char* name : {"gray.npz", "gray_compressed.npz", "version2.npz"}) {
    const Dataset dataset = load_npz(fixture(name));
    EXPECT_EQ(dataset.classes, 4);
    EXPECT_EQ(dataset.train.shape, (Shape{.channels = 1, .height = 5, .width = 3}));
    EXPECT_THAT(dataset.train.labels, ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(dataset.test.labels, ElementsAre(3, 1));
    const auto& pixels = std::get<Bytes>(dataset.train.pixels);
    ASSERT_EQ(pixels.size(), 60U);
    for (std::size_t i = 0; i < pixels.size(); ++i) EXPECT_EQ(pixels[i], i);
    EXPECT_EQ(std::get<Bytes>(dataset.test.pixels)[29], 129);
  }
}

TEST(Npz, PutsChannelsFirst) {
  const Images train = load_npz(fixture("colour_last.npz")).train;
  EXPECT_EQ(train.shape, (Shape{.channels = 3, .height = 2, .width = 5}));
  const auto& pixels = std::get<Bytes>(train.pixels);
  for (std::size_t n = 0; n < 4; ++n) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t p = 0; p < 10; ++p) {
        EXPECT_EQ(pixels[(n * 3 + c) * 10 + p], (n * 10 + p) * 3 + c);
      }
    }
  }
}

TEST(Npz, KeepsChannelsThatAreFirst) {
  const Images train = load_npz(fixture("colour_first.npz")).train;
  EXPECT_EQ(train.shape, (Shape{.channels = 3, .height = 2, .width = 5}));
  const auto& pixels = std::get<Floats>(train.pixels);
  for (std::size_t i = 0; i < pixels.size(); ++i) EXPECT_EQ(pixels[i], static_cast<float>(i));
}

TEST(Npz, ReadsDoublesAndLabelsOfEitherByteOrder) {
  const Dataset dataset = load_npz(fixture("doubles_big_endian.npz"));
  EXPECT_EQ(std::get<Floats>(dataset.train.pixels)[59], 59.0F);
  EXPECT_THAT(dataset.train.labels, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(dataset.test.labels, ElementsAre(3, 1));
}

TEST(Npz, RefusesPixelsOfOtherTypesWithTheRemedy) {
  EXPECT_EQ(refusal("half.npz"),
            "x_train: expected pixels of type uint8, float32 or float64, found '<f2'; "
            ".astype('float32') keeps their values");
  EXPECT_THAT(refusal("signed_pixels.npz"), HasSubstr("found '<i4'"));
  EXPECT_EQ(refusal("fortran.npz"),
            "x_train: stored in Fortran order; save it with numpy.ascontiguousarray(...) around "
            "it");
  EXPECT_EQ(refusal("other_pixels.npz"),
            "expected test images like the training images (1x5x3 uint8), found 1x5x3 float");
}

TEST(Npz, RefusesShapesThatAreNotPictures) {
  EXPECT_EQ(refusal("flat.npz"),
            "x_train: expected pixels of shape (N, H, W), (N, H, W, C) or (N, C, H, W) with 1, 3 "
            "or 4 channels, found (4, 15); .reshape(-1, HEIGHT, WIDTH) gives gray pictures back");
  EXPECT_THAT(refusal("seven_channels.npz"), HasSubstr("found (4, 7, 5, 9)"));
  EXPECT_EQ(refusal("ambiguous.npz"),
            "x_train: shape (4, 3, 5, 3) could be (N, H, W, C) or (N, C, H, W); save gray pictures "
            "as (N, H, W)");
  EXPECT_EQ(refusal("other_shape.npz"),
            "expected test images like the training images (1x5x3 uint8), found 1x5x4 uint8");
  EXPECT_EQ(refusal("no_images.npz"), "x_test: expected 1 to 2147483647 images, found 0");
}

TEST(Npz, NamesTheNumberThatIsNotFinite) {
  // Number 17 of a test set of shape (2, 2, 2, 3).
  EXPECT_EQ(refusal("nan.npz"), "x_test[1, 0, 1, 2]: expected a finite float, found nan");
  EXPECT_EQ(refusal("beyond_float.npz"), "x_train[0, 0, 0]: expected a finite float, found 1e+300");
}

TEST(Npz, RefusesLabelsThatAreNot) {
  const std::string expected =
      ": expected a whole number from 0 on as the label of a class, found ";
  EXPECT_EQ(refusal("label_beyond_int.npz"), "y_train[2]" + expected + "2147483648");
  EXPECT_EQ(refusal("label_negative.npz"), "y_test[1]" + expected + "-1");
  EXPECT_EQ(refusal("label_real.npz"), "y_test[1]" + expected + "0.5");
  for (const auto& [name, type] : {std::pair("objects.npz", "|O"), {"labels_text.npz", "<U3"}}) {
    EXPECT_EQ(refusal(name),
              "y_train: expected labels that are numbers, found '" + std::string(type) +
                  "'; numpy.unique(labels, return_inverse=True)[1] of training and test labels "
                  "together numbers them");
  }
  EXPECT_EQ(refusal("labels_short.npz"),
            "y_train: expected one label per picture, shape (4,) or (4, 1), found (3,)");
  EXPECT_EQ(refusal("labels_one_hot.npz"),
            "y_train: expected one label per picture, shape (4,) or (4, 1), found (4, 4), one-hot; "
            "y_train.argmax(1) gives the labels");
  EXPECT_EQ(refusal("labels_several.npz"),
            "y_train: expected one label per picture, shape (4,) or (4, 1), found (4, 4), several "
            "labels per picture or shares of them; choose one label per picture");
  EXPECT_EQ(refusal("one_class.npz"), "expected labels of 2 to 1000 classes, found label 0 only");
  EXPECT_EQ(refusal("label_untrained.npz"),
            "expected the test pictures to be of classes that have training pictures, found the "
            "label 9 in the test set only; leave its pictures out, or add training pictures of it");
}

TEST(Npz, NumbersLabelsThatLeaveGaps) {
  const Dataset set = load_npz(fixture("labels_sparse.npz"));
  EXPECT_EQ(set.classes, 4);
  EXPECT_THAT(set.train.labels, ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(set.test.labels, ElementsAre(2, 3));
  EXPECT_THAT(set.class_names, ElementsAre("0", "100", "300", "5000"));
  EXPECT_THAT(
      set.notes,
      ElementsAre("the labels do not count up from 0 without a gap (0, 100, 300 and 1 more): "
                  "they were numbered 0 to 3, and what they were is the name of the class"));
}

TEST(Npz, TakesOtherNamesOfTheArrays) {
  const Dataset usual = load_npz(fixture("gray.npz"));
  for (const auto& [name, note] :
       {std::pair("medmnist.npz",
                  "val_images is not read: where validation pictures are needed, training pictures "
                  "are set aside"),
        {"val_only.npz", "there is no x_test: x_val is the test set"}}) {
    const Dataset set = load_npz(fixture(name));
    EXPECT_EQ(set.train.pixels, usual.train.pixels) << name;
    EXPECT_EQ(set.test.pixels, usual.test.pixels);
    EXPECT_EQ(set.train.labels, usual.train.labels);
    EXPECT_EQ(set.test.labels, usual.test.labels);
    EXPECT_THAT(set.notes, ElementsAre(note));
  }
}

TEST(Npz, NamesTheArraysThatItFound) {
  EXPECT_EQ(refusal("no_test.npz"),
            "expected the arrays x_train, y_train, x_test, y_test (or train_images, train_labels, "
            "test_images, test_labels), found x_train, y_train; numpy.savez(FILE, x_train=..., "
            "y_train=..., x_test=..., y_test=...) writes them");
}

TEST(Npz, TakesNoMemoryForSizesThatLie) {
  EXPECT_EQ(refusal("lying_header.npz"),
            "x_train: expected 67108864 bytes of numbers for the shape (4, 4096, 4096), found 60");
  EXPECT_EQ(refusal("overflowing_header.npz"),
            "x_train: expected 1 to 2147483647 images, found 4611686018427387904");
  EXPECT_THAT(refusal("lying_size.npz"),
              AllOf(HasSubstr("expected 3000000000 bytes as the archive says"),
                    HasSubstr("which cannot hold as many")));
}

TEST(Npz, RefusesMembersThatAreNoArrays) {
  EXPECT_EQ(refusal("code_in_header.npz"),
            "x_train: not a header that numpy writes: expected a quoted word at byte 10");
  EXPECT_EQ(refusal("not_an_array.npz"),
            "x_train: expected an array as numpy.save writes it, found other bytes");
  EXPECT_EQ(refusal("empty_member.npz"), "x_train: expected an array, found 0 bytes");
}

TEST(Npz, RefusesDamagedArchives) {
  EXPECT_EQ(refusal("damaged.npz"), "x_train: damaged (CRC error); fetch or save it again");
  EXPECT_EQ(refusal("cut.npz"), "expected a .npz archive, cannot open it: Not a zip archive");
}

class NpzFile : public InFolder {};

TEST_F(NpzFile, IsRefusedWhereverItIsCut) {
  std::ifstream file(fixture("gray_compressed.npz"), std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(file), {});
  ASSERT_GT(whole.size(), 500U);
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 7) {
    const auto path = write("cut.npz", whole.substr(0, bytes));
    EXPECT_THAT(complaint_of([&] { load_npz(path); }), StartsWith(path.string() + ": ")) << bytes;
  }
}

TEST_F(NpzFile, NeverReadsOtherPixelsWhereverItIsDamaged) {
  std::ifstream file(fixture("gray_compressed.npz"), std::ios::binary);
  const std::string whole(std::istreambuf_iterator<char>(file), {});
  const auto pixels = load_npz(fixture("gray_compressed.npz")).train.pixels;
  int refused = 0;
  for (std::size_t place = 0; place < whole.size(); ++place) {
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x55);
    const auto path = write("damaged.npz", damaged);
    const std::string text = complaint_of([&] { EXPECT_EQ(load_npz(path).train.pixels, pixels); });
    refused += text != "no error";
  }
  // Time stamps and other bytes that mean nothing here may change.
  EXPECT_GT(refused, static_cast<int>(whole.size()) / 2);
}

TEST_F(NpzFile, GivesTheSystemsReasonWhereItCannotBeRead) {
  const auto none = folder() / "none.npz";
  EXPECT_EQ(complaint_of([&] { load_npz(none); }), none.string() + ": No such file or directory");
  EXPECT_EQ(complaint_of([&] { load_npz(folder()); }),
            folder().string() + ": expected a file, found a folder");
}

}  // namespace
}  // namespace whichfirst::data
