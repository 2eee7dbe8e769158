#include <gmock/gmock.h>

#include <algorithm>

#include "data/dataset.h"
#include "data/readers.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kPixels = 3 * 32 * 32;

std::string letters(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

/// A record of CIFAR-10 whose pixels all are `level`.
std::string record(int label, int level) {
  return letters({label}) + std::string(kPixels, static_cast<char>(level));
}

std::string record_100(int coarse, int fine, int level) {
  return letters({coarse, fine}) + std::string(kPixels, static_cast<char>(level));
}

class Cifar : public InFolder {
 protected:
  std::string refusal() const {
    return complaint_of([&] { load_cifar_folder(folder()); });
  }
  std::string in_folder(const std::string& text) const { return folder().string() + text; }
};

TEST_F(Cifar, ReadsTheBatchesThatAreThere) {
  write("data_batch_1.bin", record(3, 10) + record(0, 20));
  write("data_batch_2.bin.gz", gzipped(record(9, 30)));
  write("test_batch.bin", record(9, 40));
  ASSERT_TRUE(holds_cifar(folder()));
  const Dataset cifar = load_cifar_folder(folder());
  EXPECT_EQ(cifar.classes, 10);
  EXPECT_EQ(cifar.train.shape, (Shape{.channels = 3, .height = 32, .width = 32}));
  EXPECT_THAT(cifar.train.labels, ElementsAre(3, 0, 9));
  EXPECT_THAT(cifar.test.labels, ElementsAre(9));
  const auto& pixels = std::get<Bytes>(cifar.train.pixels);
  ASSERT_THAT(pixels, SizeIs(3 * kPixels));
  EXPECT_EQ(pixels[0], 10);
  EXPECT_EQ(pixels[kPixels], 20);
  EXPECT_EQ(pixels[3 * kPixels - 1], 30);
  EXPECT_THAT(cifar.class_names, IsEmpty());
  EXPECT_THAT(cifar.notes,
              ElementsAre("no training picture is of class 1, 2, 4 and 4 more",
                          "3 training and 1 test pictures were found; CIFAR-10 as published has "
                          "50000 and 10000"));
}

TEST_F(Cifar, ReadsTheFineLabelsOf100) {
  write("cifar-100-binary/train.bin", record_100(19, 99, 1) + record_100(0, 5, 2));
  write("cifar-100-binary/test.bin.gz", gzipped(record_100(4, 5, 3)));
  std::string names;
  for (int i = 0; i < 100; ++i) names += "class" + std::to_string(i) + "\n";
  write("cifar-100-binary/fine_label_names.txt", names + "\n");
  ASSERT_TRUE(holds_cifar(folder()));
  const Dataset cifar = load_cifar_folder(folder());
  EXPECT_EQ(cifar.classes, 100);
  EXPECT_THAT(cifar.train.labels, ElementsAre(99, 5));
  EXPECT_THAT(cifar.test.labels, ElementsAre(5));
  EXPECT_THAT(std::get<Bytes>(cifar.test.pixels), Each(3));
  ASSERT_THAT(cifar.class_names, SizeIs(100));
  EXPECT_EQ(cifar.class_names[99], "class99");
}

TEST_F(Cifar, TakesTheNamesOfItsClasses) {
  write("data_batch_1.bin", record(3, 10) + record(1, 20));
  write("test_batch.bin", record(3, 40));
  write("batches.meta.txt", "a\r\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  EXPECT_THAT(load_cifar_folder(folder()).class_names,
              ElementsAre("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));
  write("batches.meta.txt", "a\nb\n");
  EXPECT_EQ(refusal(),
            in_folder("/batches.meta.txt: expected 10 class names, one per line, found 2"));
}

TEST_F(Cifar, RefusesFilesCutShort) {
  const std::string whole = record(3, 10) + record(0, 20);
  write("test_batch.bin", record(1, 40));
  for (const std::size_t bytes : {std::size_t{1}, kPixels, kPixels + 2, whole.size() - 1}) {
    write("data_batch_1.bin", whole.substr(0, bytes));
    EXPECT_THAT(refusal(), HasSubstr("expected whole records of 3073 bytes")) << bytes;
  }
  EXPECT_EQ(refusal(), in_folder("/data_batch_1.bin: expected whole records of 3073 bytes, such as "
                                 "3073 or 6146, found 6145 bytes; fetch it again"));
  write("data_batch_1.bin", "");
  EXPECT_EQ(refusal(),
            in_folder("/data_batch_1.bin: expected records of 3073 bytes, found an empty file"));
  std::filesystem::remove(folder() / "data_batch_1.bin");
  const std::string packed = gzipped(whole);
  write("data_batch_1.bin.gz", packed.substr(0, packed.size() - 3));
  EXPECT_THAT(refusal(), EndsWith("its gzip data are cut short; fetch it again"));
}

TEST_F(Cifar, RefusesImpossibleLabels) {
  write("data_batch_1.bin", record(3, 10) + record(10, 20));
  write("test_batch.bin", record(1, 40));
  EXPECT_EQ(refusal(), in_folder("/data_batch_1.bin: record 1: expected a label from 0 to 9 in "
                                 "byte 0, found 10"));
  std::filesystem::remove(folder() / "data_batch_1.bin");
  std::filesystem::remove(folder() / "test_batch.bin");
  write("train.bin", record_100(20, 0, 1));
  write("test.bin", record_100(0, 1, 1));
  EXPECT_EQ(refusal(),
            in_folder("/train.bin: record 0: expected a label from 0 to 19 in byte 0, found 20"));
  write("train.bin", record_100(19, 100, 1));
  EXPECT_EQ(refusal(),
            in_folder("/train.bin: record 0: expected a label from 0 to 99 in byte 1, found 100"));
}

TEST_F(Cifar, SaysWhatIsMissing) {
  EXPECT_FALSE(holds_cifar(folder()));
  write("test_batch.bin", record(1, 40));
  EXPECT_EQ(refusal(), in_folder(": expected data_batch_1.bin (.gz too), which is missing"));
  write("data_batch_1.bin", record(1, 40));
  write("data_batch_3.bin", record(1, 40));
  EXPECT_EQ(refusal(), in_folder(": expected data_batch_2.bin (.gz too) next to data_batch_3.bin, "
                                 "which is there"));
  std::filesystem::remove(folder() / "data_batch_3.bin");
  std::filesystem::remove(folder() / "test_batch.bin");
  EXPECT_EQ(refusal(), in_folder(": expected test_batch.bin (.gz too), which is missing"));
}

TEST_F(Cifar, NamesPicklesAsWhatTheyAre) {
  write("cifar-10-batches-py/data_batch_1", "\x80\x02}");
  EXPECT_THAT(complaint_of([&] { load_path(folder()); }),
              ::testing::AllOf(HasSubstr("found its pickles for Python, which can run any code"),
                               HasSubstr("r(f)[b'labels']"),
                               EndsWith("\" '" + in_folder("/cifar-10-batches-py'"))));
  std::filesystem::remove_all(folder() / "cifar-10-batches-py");
  write("train", "\x80\x02}");
  EXPECT_THAT(complaint_of([&] { load_path(folder()); }), HasSubstr("r(f)[b'fine_labels']"));
  write("train", "no pickle");
  EXPECT_THAT(complaint_of([&] { load_path(folder()); }), HasSubstr("expected four IDX files"));
}

TEST_F(Cifar, RefusesASingleClass) {
  write("data_batch_1.bin", record(0, 10));
  write("test_batch.bin", record(0, 40));
  EXPECT_EQ(refusal(), in_folder(": expected labels of 2 to 1000 classes, found label 0 only"));
}

TEST_F(Cifar, GivesTheBatchThatNumpyWroteDown) {
  SKIP_WITHOUT("cifar-10-small.npz");
  // cifar-10-small holds the whole of data_batch_1: laid out as in the published file it must read
  // back to the same pictures.
  const Dataset small = load_named("cifar-10-small", {published_sets()});
  const auto& pixels = std::get<Bytes>(small.train.pixels);
  std::string batch;
  for (std::size_t n = 0; n < small.train.labels.size(); ++n) {
    batch += static_cast<char>(small.train.labels[n]);
    batch.append(pixels.begin() + static_cast<std::ptrdiff_t>(n * kPixels),
                 pixels.begin() + static_cast<std::ptrdiff_t>((n + 1) * kPixels));
  }
  ASSERT_THAT(batch, SizeIs(30'730'000));
  write("cifar-10/cifar-10-batches-bin/data_batch_1.bin", batch);
  write("cifar-10/cifar-10-batches-bin/test_batch.bin", batch);
  const Dataset cifar = load_named("cifar-10", {folder()});
  EXPECT_EQ(cifar.format, "cifar binary");
  EXPECT_EQ(cifar.class_names[9], "truck");
  EXPECT_TRUE(cifar.train.pixels == small.train.pixels);
  EXPECT_TRUE(cifar.train.labels == small.train.labels);
}

}  // namespace
}  // namespace whichfirst::data
