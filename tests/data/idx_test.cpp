#include <gmock/gmock.h>

#include <initializer_list>

#include "data/input_file.h"
#include "data/readers.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Bytes = std::vector<std::uint8_t>;

std::string words(std::initializer_list<std::uint32_t> numbers) {
  std::string bytes;
  for (const std::uint32_t number : numbers) {
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 255);
  }
  return bytes;
}

// Two pictures of 2 rows and 3 columns:   1  2  3    7  8  9
//                                         4  5  6   10 11 255
const std::string kPixels = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\xff";
const std::string kImages = words({0x803, 2, 2, 3}) + kPixels;
const std::string kLabels = words({0x801, 2}) + std::string("\x03\x00", 2);

class Idx : public InFolder {
 protected:
  std::string refusal(const std::string& images, const std::string& labels = kLabels) {
    const auto images_file = write("images", images);
    const auto labels_file = write("labels", labels);
    return complaint_of([&] { read_idx(images_file, labels_file); });
  }
  std::string in_images(const std::string& text) { return (folder() / "images").string() + text; }
  std::string in_labels(const std::string& text) { return (folder() / "labels").string() + text; }
};

TEST_F(Idx, ReadsPicturesAndLabels) {
  const Images images = read_idx(write("images", kImages), write("labels", kLabels));
  EXPECT_EQ(images.count(), 2);
  EXPECT_EQ(images.shape, (Shape{.channels = 1, .height = 2, .width = 3}));
  EXPECT_THAT(std::get<Bytes>(images.pixels), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255));
  EXPECT_THAT(images.labels, ElementsAre(3, 0));
}

TEST_F(Idx, ReadsGzipWhateverTheNamesSay) {
  const Images images = read_idx(write("images", gzipped(kImages)), write("labels.gz", kLabels));
  EXPECT_THAT(std::get<Bytes>(images.pixels), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255));
  EXPECT_THAT(images.labels, ElementsAre(3, 0));
}

TEST_F(Idx, ReadsPicturesWithChannels) {
  const std::string images = words({0x804, 2, 3, 1, 2}) + kPixels;
  EXPECT_EQ(read_idx(write("images", images), write("labels", kLabels)).shape,
            (Shape{.channels = 3, .height = 1, .width = 2}));
}

TEST_F(Idx, RefusesAFileCutShort) {
  EXPECT_EQ(refusal(kImages.substr(0, 20)),
            in_images(": expected 28 bytes as its header says, found 20; fetch it again"));
  EXPECT_EQ(refusal(kImages, kLabels.substr(0, 9)),
            in_labels(": expected 10 bytes as its header says, found 9; fetch it again"));
}

TEST_F(Idx, RefusesAFileThatIsTooLong) {
  EXPECT_EQ(refusal(kImages + "x"),
            in_images(": expected 28 bytes as its header says, found 29; fetch it again"));
}

TEST_F(Idx, RefusesGzipOfAnotherLengthThanItsHeaderSays) {
  EXPECT_EQ(refusal(gzipped(kImages.substr(0, 20))),
            in_images(": expected 28 bytes as its header says, found 20; fetch it again"));
  EXPECT_EQ(refusal(gzipped(kImages + std::string(100'000, 'x'))),
            in_images(": expected 28 bytes as its header says, found 100028; fetch it again"));
}

TEST_F(Idx, RefusesGzipCutAnywhere) {
  const std::string whole = gzipped(kImages);
  // From two bytes on it is recognised as gzip.
  for (std::size_t bytes = 2; bytes < whole.size(); ++bytes) {
    EXPECT_THAT(refusal(whole.substr(0, bytes)), StartsWith(in_images(": "))) << bytes;
  }
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)),
            in_images(": its gzip data are cut short; fetch it again"));
}

TEST_F(Idx, RefusesGzipWithAWrongChecksum) {
  std::string damaged = gzipped(kImages);
  damaged[damaged.size() - 8] ^= 1;
  EXPECT_EQ(refusal(damaged),
            in_images(": its gzip data are damaged (incorrect data check); fetch it again"));
}

TEST_F(Idx, RefusesPlainFilesCutAnywhere) {
  for (std::size_t bytes = 0; bytes < kImages.size(); ++bytes) {
    EXPECT_THAT(refusal(kImages.substr(0, bytes)), StartsWith(in_images(": expected"))) << bytes;
  }
  EXPECT_EQ(refusal(""), in_images(": expected an IDX header, found 0 bytes only; fetch it again"));
  EXPECT_EQ(refusal(kImages.substr(0, 7)),
            in_images(": expected an IDX header, found 7 bytes only; fetch it again"));
}

TEST_F(Idx, TakesNoMemoryForAHeaderThatLies) {
  const std::string header = words({0x803, 4'000'000, 64, 64});
  EXPECT_EQ(refusal(header),
            in_images(": expected 16384000016 bytes as its header says, found 16; fetch it again"));
  EXPECT_THAT(refusal(gzipped(header + std::string(1000, 'x'))),
              EndsWith("bytes of gzip, which cannot hold as many; fetch it again"));
}

TEST_F(Idx, RefusesSizesBeyondTheLimits) {
  EXPECT_EQ(refusal(words({0x803, 0, 28, 28})),
            in_images(": expected 1 to 2147483647 images, found 0"));
  EXPECT_EQ(refusal(words({0x803, 1, 0, 28})), in_images(": expected 1 to 4096 rows, found 0"));
  EXPECT_EQ(refusal(words({0x803, 1, 28, 4097})),
            in_images(": expected 1 to 4096 columns, found 4097"));
  EXPECT_EQ(refusal(words({0x804, 1, 17, 28, 28})),
            in_images(": expected 1 to 16 channels, found 17"));
  EXPECT_EQ(refusal(words({0x803, 0xffffffff, 0xffffffff, 0xffffffff})),
            in_images(": expected 1 to 2147483647 images, found 4294967295"));
  EXPECT_EQ(refusal(words({0x804, 0x7fffffff, 16, 4096, 4096})),
            in_images(": expected at most 17179869184 bytes of pixels, found 576460752034988032; "
                      "use fewer images"));
}

TEST_F(Idx, SaysWhatAFileOfAnotherKindLooksLike) {
  EXPECT_EQ(refusal(kLabels),
            in_images(": expected IDX images (0x00000803 or 0x00000804), found 0x00000801, which "
                      "is a labels file"));
  EXPECT_EQ(refusal(kImages, kImages),
            in_labels(": expected IDX labels (0x00000801 or 0x00000c02), found 0x00000803, which "
                      "is an images file"));
  EXPECT_THAT(refusal("PK\x03\x04"), EndsWith("which is a zip archive"));
  EXPECT_THAT(refusal("\x89PNG"), EndsWith("which is a PNG picture"));
  EXPECT_THAT(refusal(words({0x00000d03})), EndsWith("which is IDX of another type or rank"));
  EXPECT_THAT(refusal(gzipped(gzipped(kImages))), EndsWith("which is gzip inside gzip"));
  EXPECT_THAT(refusal("<html>"), EndsWith("which is no IDX file"));
}

TEST_F(Idx, RefusesAnotherCountOfLabelsThanOfImages) {
  EXPECT_EQ(refusal(kImages, words({0x801, 3}) + "abc"),
            in_labels(": expected 2 labels, one for each image of " + in_images("") + ", found 3"));
}

TEST_F(Idx, GivesTheSystemsReasonForAFileItCannotRead) {
  const auto labels = write("labels", kLabels);
  EXPECT_EQ(complaint_of([&] { read_idx(folder() / "none", labels); }),
            (folder() / "none").string() + ": No such file or directory");
  EXPECT_EQ(complaint_of([&] { read_idx(folder(), labels); }),
            folder().string() + ": expected a file, found a folder");
  EXPECT_THAT(complaint_of([&] { read_idx("/dev/null", labels); }),
              HasSubstr("/dev/null: expected a regular file"));
}

class IdxFolder : public InFolder {
 protected:
  void write_four(const std::string& place, const std::string& test) {
    write(place + "train-images-idx3-ubyte.gz", gzipped(kImages));
    write(place + "train-labels-idx1-ubyte", kLabels);
    write(place + test + "-images-idx3-ubyte", kImages);
    write(place + test + "-labels.idx1-ubyte.gz", gzipped(kLabels));
  }
};

TEST_F(IdxFolder, IsReadUnderTheUsualNames) {
  write_four("", "t10k");
  const Dataset dataset = load_idx(folder());
  EXPECT_EQ(dataset.classes, 2);
  EXPECT_EQ(dataset.train.count(), 2);
  EXPECT_EQ(dataset.test.count(), 2);
  EXPECT_THAT(dataset.class_names, ElementsAre("0", "3"));
}

TEST_F(IdxFolder, IsReadWhereTorchvisionPutsIt) {
  write_four("raw/", "test");
  EXPECT_EQ(load_idx(folder()).test.count(), 2);
}

TEST_F(IdxFolder, OfEmnistIsPutUprightAndChosenByItsTrainingPictures) {
  for (const std::string set : {"emnist-digits-", "emnist-letters-"}) {
    for (const std::string part : {"train", "test"}) {
      write("gzip/" + set + part + "-images-idx3-ubyte", kImages);
      write("gzip/" + set + part + "-labels-idx1-ubyte.gz", gzipped(kLabels));
    }
  }
  const auto letters = folder() / "gzip/emnist-letters-train-images-idx3-ubyte";
  ASSERT_TRUE(is_idx(folder()) && is_idx(letters));
  EXPECT_EQ(complaint_of([&] { load_idx(folder()); }),
            folder().string() +
                ": expected the files of one set, found those of emnist-digits-, "
                "emnist-letters-; name the training pictures of one: " +
                (folder() / "gzip/emnist-digits-train-images-idx3-ubyte").string());
  const Dataset set = load_idx(letters);
  EXPECT_EQ(set.train.shape, (Shape{.channels = 1, .height = 3, .width = 2}));
  EXPECT_THAT(std::get<Bytes>(set.train.pixels),
              ElementsAre(1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 255));
  EXPECT_THAT(set.notes,
              ::testing::Contains("EMNIST's files exchange rows and columns: the pictures "
                                  "were put upright"));
}

TEST_F(IdxFolder, OfQmnistHasItsLabelsInAColumn) {
  write("qmnist-train-images-idx3-ubyte", kImages);
  write("qmnist-test-images-idx3-ubyte", kImages);
  write("qmnist-train-labels-idx2-int", words({0xc02, 2, 3, 1, 77, 78, 0, 79, 80}));
  write("qmnist-test-labels-idx2-int.gz", gzipped(words({0xc02, 2, 1, 0, 1})));
  const Dataset set = load_idx(folder());
  EXPECT_THAT(set.train.labels, ElementsAre(1, 0));
  EXPECT_THAT(set.test.labels, ElementsAre(0, 1));
  EXPECT_THAT(std::get<Bytes>(set.train.pixels),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255));
  const auto refusal_of = [&](const std::string& labels) {
    write("qmnist-train-labels-idx2-int", labels);
    return complaint_of([&] { load_idx(folder()); });
  };
  EXPECT_THAT(refusal_of(words({0xc02, 2, 1, 0, 0xffffffff})),
              EndsWith(": expected a label from 0 on for picture 1, found -1"));
  EXPECT_THAT(refusal_of(words({0xc02, 2, 65})),
              EndsWith("expected labels of 1 to 64 columns, found 65"));
  EXPECT_THAT(refusal_of(words({0xc02, 2, 2, 0, 0, 0})),
              EndsWith("expected 28 bytes as its header says, found 24; fetch it again"));
}

TEST_F(IdxFolder, SaysWhatIsMissing) {
  EXPECT_EQ(complaint_of([&] { load_idx(folder()); }),
            folder().string() +
                ": expected four IDX files (.gz too), did not find train-images-idx3-ubyte, "
                "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte");
  write_four("raw/", "t10k");
  std::filesystem::remove(folder() / "raw/t10k-images-idx3-ubyte");
  EXPECT_EQ(complaint_of([&] { load_idx(folder()); }),
            folder().string() +
                ": expected four IDX files (.gz too), did not find t10k-images-idx3-ubyte");
}

TEST_F(IdxFolder, RefusesTestPicturesOfAnotherShape) {
  write_four("", "t10k");
  write("t10k-images-idx3-ubyte", words({0x803, 2, 3, 2}) + kPixels);
  EXPECT_EQ(complaint_of([&] { load_idx(folder()); }),
            folder().string() +
                ": expected test images like the training images (1x2x3 uint8), "
                "found 1x3x2 uint8");
}

TEST_F(IdxFolder, RefusesASingleClass) {
  write_four("", "t10k");
  const std::string zeros = words({0x801, 2}) + std::string(2, '\0');
  write("train-labels-idx1-ubyte", zeros);
  write("t10k-labels.idx1-ubyte.gz", zeros);
  EXPECT_EQ(complaint_of([&] { load_idx(folder()); }),
            folder().string() + ": expected labels of 2 to 1000 classes, found label 0 only");
}

}  // namespace
}  // namespace whichfirst::data
