#include "data/dataset.h"

#include <gmock/gmock.h>

#include <array>
#include <numeric>
#include <optional>
#include <span>

#include "data/batches.h"
#include "data/known_sets.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Bytes = std::vector<std::uint8_t>;

std::vector<int> histogram(const Images& images) {
  std::vector<int> counts(10);
  for (const std::int32_t label : images.labels) ++counts.at(static_cast<std::size_t>(label));
  return counts;
}

Normalisation measure_all(const Images& images) {
  std::vector<std::uint32_t> all(images.labels.size());
  std::iota(all.begin(), all.end(), 0U);
  return measure_normalisation(images, all);
}

// What is known of the published sets comes from their own pages: counts, mean and deviation of the
// training pixels as everybody quotes them.

TEST(PublishedSets, MnistIsTheOneThatEverybodyKnows) {
  SKIP_WITHOUT("mnist");
  const Dataset mnist = load_named("mnist", {published_sets()});
  EXPECT_EQ(mnist.name, "mnist");
  EXPECT_EQ(mnist.classes, 10);
  EXPECT_EQ(mnist.train.shape, (Shape{.channels = 1, .height = 28, .width = 28}));
  EXPECT_EQ(mnist.train.count(), 60'000);
  EXPECT_EQ(mnist.test.count(), 10'000);
  EXPECT_THAT(histogram(mnist.train),
              ElementsAre(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949));
  EXPECT_THAT(histogram(mnist.test),
              ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  const Normalisation normalisation = measure_all(mnist.train);
  EXPECT_NEAR(normalisation.mean[0] / 255, 0.1307, 0.00005);
  EXPECT_NEAR(normalisation.deviation[0] / 255, 0.3081, 0.00005);
  // The first picture is the well-known 5, whose ink begins in row 5 with 3 18 18 18 126.
  EXPECT_EQ(mnist.train.labels[0], 5);
  const auto& pixels = std::get<Bytes>(mnist.train.pixels);
  EXPECT_EQ(std::accumulate(pixels.begin(), pixels.begin() + 5 * 28, 0), 0);
  EXPECT_THAT(std::span(pixels).subspan(5 * 28 + 12, 5), ElementsAre(3, 18, 18, 18, 126));
}

TEST(PublishedSets, FashionMnistIsTheOneThatEverybodyKnows) {
  SKIP_WITHOUT("fashion-mnist");
  const Dataset fashion = load_named("fashion-mnist", {published_sets()});
  EXPECT_THAT(histogram(fashion.train), ::testing::Each(6000));
  EXPECT_THAT(histogram(fashion.test), ::testing::Each(1000));
  EXPECT_EQ(fashion.class_names[9], "Ankle boot");
  EXPECT_EQ(fashion.train.labels[0], 9);
  const Normalisation normalisation = measure_all(fashion.train);
  EXPECT_NEAR(normalisation.mean[0] / 255, 0.2860, 0.00005);
  EXPECT_NEAR(normalisation.deviation[0] / 255, 0.3530, 0.00005);
}

TEST(PublishedSets, CifarHasTheSumsThatNumpyFinds) {
  SKIP_WITHOUT("cifar-10-small.npz");
  const Dataset cifar = load_named("cifar-10-small", {published_sets()});
  EXPECT_EQ(cifar.train.shape, (Shape{.channels = 3, .height = 32, .width = 32}));
  // Printed by tests/fixtures/data/make_fixtures.py.
  EXPECT_THAT(histogram(cifar.train),
              ElementsAre(1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981));
  EXPECT_THAT(histogram(cifar.test), ElementsAre(196, 198, 195, 199, 198, 185, 216, 193, 217, 203));
  const std::array<double, 3> sums = {1288517123, 1262189222, 1167674233};
  const std::array<double, 3> test_sums = {259751836, 255217407, 237869217};
  const std::array<double, 3> deviations = {63.14339776, 62.36920597, 66.96580514};
  const Normalisation train = measure_all(cifar.train), test = measure_all(cifar.test);
  const auto& pixels = std::get<Bytes>(cifar.train.pixels);
  const std::array<int, 3> picture_7_row_3_column_30 = {189, 224, 147};
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_DOUBLE_EQ(train.mean[c], sums[c] / (10'000 * 1024));
    EXPECT_DOUBLE_EQ(test.mean[c], test_sums[c] / (2'000 * 1024));
    EXPECT_NEAR(train.deviation[c], deviations[c], 1e-8);
    EXPECT_EQ(pixels[(7 * 3 + c) * 1024 + 3 * 32 + 30], picture_7_row_3_column_30[c]);
  }
}

TEST(LoadNamed, SuggestsTheNearestName) {
  EXPECT_EQ(complaint_of([] { load_named("minst", {}); }),
            "unknown data set 'minst', did you mean 'mnist'?; known are mnist, fashion-mnist, "
            "cifar-10, cifar-100, cifar-10-small, shapes10; a file or folder of your own is given "
            "by its path");
  EXPECT_THAT(complaint_of([] { load_named("imagenet-22k", {}); }),
              HasSubstr("unknown data set 'imagenet-22k'; known are"));
}

TEST(LoadNamed, SaysWhereItLookedAndWhereToGetASet) {
  EXPECT_EQ(complaint_of([] {
              load_named("mnist", {"/no/a", "/no/b"});
            }),
            "data set 'mnist' not found: looked for /no/a/mnist, /no/a/mnist.npz, /no/b/mnist, "
            "/no/b/mnist.npz; expected train-images-idx3-ubyte, train-labels-idx1-ubyte, "
            "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (.gz too); get them from "
            "https://ossci-datasets.s3.amazonaws.com/mnist and put them into "
            "$WHICHFIRST_DATA/mnist or ~/.local/share/whichfirst/mnist");
  EXPECT_THAT(complaint_of([] { load_named("cifar-10-small", {}); }),
              AllOf(HasSubstr("not found: there is no folder to look in; expected x_train"),
                    HasSubstr("put them into $WHICHFIRST_DATA/cifar-10-small.npz or")));
}

TEST(LoadNamed, DrawsShapes10WithoutAnyFile) {
  const Dataset shapes = load_named("shapes10", {});
  EXPECT_EQ(shapes.name, "shapes10");
  EXPECT_EQ(shapes.train.count(), 10'000);
  EXPECT_EQ(shapes.format, "drawn");
  EXPECT_THAT(shapes.notes, IsEmpty());
}

TEST(LoadNamed, ResizesWhatIsDrawnToo) {
  const Dataset shapes = load_named("shapes10", {}, {.size = PictureSize{14, 14}});
  EXPECT_EQ(shapes.test.shape, (Shape{.channels = 1, .height = 14, .width = 14}));
  EXPECT_THAT(shapes.notes, ElementsAre("12000 pictures of 28x28 were resized to 14x14: short side "
                                        "by area, centre crop"));
}

TEST(KnownSets, SayWhatTheyAreAndWhereToGetThem) {
  std::vector<std::string_view> names;
  for (const KnownSet& known : known_sets()) {
    names.push_back(known.name);
    EXPECT_EQ(find_known(known.name), &known);
    EXPECT_GE(known.classes, 10);
    EXPECT_FALSE(known.description.empty());
    EXPECT_TRUE(known.class_names.empty() ||
                known.class_names.size() == static_cast<std::size_t>(known.classes));
    EXPECT_EQ(known.files.empty(), known.name == "shapes10");
    EXPECT_EQ(known.source.empty(), known.name == "shapes10");
  }
  EXPECT_EQ(names, known_names());
  EXPECT_EQ(find_known("imagenet"), nullptr);
}

class DatasetFiles : public InFolder {};

TEST_F(DatasetFiles, AKnownNameMustHaveItsClasses) {
  std::filesystem::copy_file(fixture("gray.npz"), folder() / "mnist.npz");
  EXPECT_EQ(complaint_of([&] {
              load_named("mnist", {"/no", folder()});
            }),
            (folder() / "mnist.npz").string() + ": expected the 10 classes of mnist, found 4");
}

TEST_F(DatasetFiles, AFolderThatIsThereButIncompleteIsAnErrorAndNotPassedOver) {
  std::filesystem::create_directory(folder() / "mnist");
  EXPECT_THAT(complaint_of([&] {
                load_named("mnist", {folder(), published_sets()});
              }),
              HasSubstr((folder() / "mnist").string() + ": expected four IDX files"));
}

TEST_F(DatasetFiles, SaysWhatIsInAFolderThatItDoesNotRecognise) {
  const std::string expected =
      folder().string() +
      ": expected four IDX files, CIFAR's binary files (data_batch_1.bin and on, or train.bin) or "
      "class folders of pictures (train/CLASS and test/CLASS, or CLASS), found ";
  EXPECT_EQ(complaint_of([&] { load_path(folder()); }), expected + "nothing");
  for (const char* name : {"b.png", "a.png", "d.png", "c.png"}) write(name, "");
  EXPECT_EQ(complaint_of([&] { load_path(folder()); }),
            expected + "a.png, b.png, c.png and 1 more");
}

TEST_F(DatasetFiles, AreReadAtTheSizeThatIsAskedFor) {
  const ReadOptions options = {.size = PictureSize{2, 1}};
  const Dataset floats = load_path(fixture("colour_first.npz"), options);
  EXPECT_EQ(floats.format, "npz");
  EXPECT_EQ(floats.train.shape, (Shape{.channels = 3, .height = 2, .width = 1}));
  // The first channel of the first picture is 0 1 2 3 4 over 5 6 7 8 9; its middle column stays.
  EXPECT_THAT(std::span(std::get<std::vector<float>>(floats.train.pixels)).first(2),
              ElementsAre(2, 7));
  EXPECT_THAT(floats.notes, ElementsAre("6 pictures of 2x5 were resized to 2x1: short side by "
                                        "area, centre crop"));
  EXPECT_EQ(complaint_of([&] {
              load_path(fixture("gray.npz"), {.size = PictureSize{-1, 4}});
            }),
            "data.size: expected 1 to 4096 pixels a side, found -1x4");
}

TEST_F(DatasetFiles, CountTestPicturesThatAreTrainingPictures) {
  EXPECT_THAT(
      load_path(fixture("copies.npz")).notes,
      ElementsAre("test pictures that are copies of training pictures, pixel by pixel: 2 of "
                  "2; results on them show what was memorised"));
  EXPECT_THAT(load_path(fixture("colour_first.npz")).notes, IsEmpty());
}

TEST(FieldCases, SayWhatIsRight) {
  SKIP_WITHOUT("../cases/arrays");
  // What a user is told of each: an error, or one of the notes; nothing where it is simply read.
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"pictures/train-val", "there is no test/: val/ is the test set"},
      {"pictures/Training-Testing", ""},
      {"pictures/thumbs", "a fifth of each class, 2 of 12 pictures"},
      {"pictures/macosx", "a fifth of each class, 2 of 12 pictures"},
      {"pictures/png16-12bit",
       "16 bits per channel: 12 of 12; their values from 0 to 3685 were scaled"},
      {"pictures/exif", "noted as turned: 6 of 12; they were turned upright"},
      {"pictures/alpha", "nearly nothing is left on white: 12 of 12"},
      {"pictures/leak", "copies of training pictures, pixel by pixel: 12 of 12"},
      {"pictures/mixed-one-webp", "a fifth of each class, 2 of 13 pictures"},
      {"pictures/test-extra-class",
       "expected one of the training classes (cat, dog), found 'bird'"},
      {"arrays/labels-1-based.npz", "(1, 2, 3 and 1 more): they were numbered 0 to 3"},
      {"arrays/labels-sparse.npz", "(0, 100, 200 and 1 more): they were numbered 0 to 3"},
      {"arrays/pix-uint16.npz", "found '<u2'; .astype('float32') keeps their values"},
      {"arrays/onehot.npz", "one-hot; y_train.argmax(1) gives the labels"},
      {"arrays/medmnist.npz", "val_images is not read"}};
  for (const auto& [name, expected] : cases) {
    std::string told;
    const std::string error = complaint_of([&] {
      for (const std::string& note : load_path(published_sets() / "../cases" / name).notes) {
        told += note + "\n";
      }
    });
    EXPECT_THAT(error == "no error" ? told : error, HasSubstr(expected)) << name;
    EXPECT_FALSE(*expected == '\0' && !(told.empty() && error == "no error")) << name << error;
  }
}

TEST_F(DatasetFiles, APathNamesTheSet) {
  EXPECT_EQ(load_path(fixture("gray.npz")).name, "gray");
  EXPECT_THAT(load_path(fixture("gray.npz")).class_names, IsEmpty());
}

TEST_F(DatasetFiles, AFolderNamesTheSetWithAndWithoutItsSlash) {
  SKIP_WITHOUT("mnist");
  EXPECT_EQ(load_path(published_sets() / "mnist").name, "mnist");
  EXPECT_EQ(load_path(published_sets() / "mnist/").name, "mnist");
}

TEST_F(DatasetFiles, AnotherKindOfFileIsRefused) {
  const auto text = write("notes.txt", "hello");
  EXPECT_EQ(complaint_of([&] { load_path(text); }),
            text.string() +
                ": expected a .npz file, or a folder of IDX files, CIFAR's binary "
                "files or pictures");
  EXPECT_EQ(complaint_of([&] { load_path(folder() / "none"); }),
            (folder() / "none").string() + ": No such file or directory");
}

/// Sets environment variables for one test and puts them back.
class SearchFolders : public ::testing::Test {
 protected:
  void set(const char* variable, const char* value) {
    const char* old = std::getenv(variable);
    before_.emplace_back(variable, old != nullptr ? std::optional<std::string>(old) : std::nullopt);
    value != nullptr ? setenv(variable, value, 1) : unsetenv(variable);
  }
  ~SearchFolders() override {
    for (auto it = before_.rbegin(); it != before_.rend(); ++it) {
      it->second ? setenv(it->first, it->second->c_str(), 1) : unsetenv(it->first);
    }
  }

 private:
  std::vector<std::pair<const char*, std::optional<std::string>>> before_;
};

TEST_F(SearchFolders, BeginWithTheUsersOwn) {
  set("WHICHFIRST_DATA", "/sets");
  set("XDG_DATA_HOME", nullptr);
  set("HOME", "/home/ada");
  EXPECT_THAT(search_folders(), ElementsAre("/sets", "/home/ada/.local/share/whichfirst"));
  set("XDG_DATA_HOME", "/xdg");
  EXPECT_THAT(search_folders(), ElementsAre("/sets", "/xdg/whichfirst"));
}

TEST_F(SearchFolders, PassOverWhatIsUnsetOrEmpty) {
  set("WHICHFIRST_DATA", "");
  set("XDG_DATA_HOME", "");
  set("HOME", nullptr);
  EXPECT_THAT(search_folders(), IsEmpty());
}

}  // namespace
}  // namespace whichfirst::data
