#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/dataset.h"
#include "data/picture_files.h"
#include "data/readers.h"
#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAreArray;

using Bytes = std::vector<std::uint8_t>;

const Bytes& bytes_of(const Images& images) { return std::get<Bytes>(images.pixels); }

class ImageFolder : public InFolder {
 protected:
  /// A gray 2x2 picture of one level.
  void write_gray(const std::string& name, std::uint8_t level) const {
    write(name, png_file(2, 2, 1, {level}));
  }
  /// Classes cat and dog, two training pictures and a test picture each.
  void write_divided() const {
    write_gray("train/dog/b.png", 4);
    write_gray("train/dog/a.png", 3);
    write_gray("train/cat/x.png", 1);
    write_gray("train/cat/y.png", 2);
    write_gray("test/cat/q.png", 5);
    write_gray("test/dog/p.png", 6);
  }
  /// `count` pictures of each of the classes, the levels counting up through all of them.
  void write_classes(const std::vector<std::string>& names, int count) const {
    std::uint8_t level = 0;
    for (const std::string& name : names) {
      for (int i = 0; i < count; ++i) {
        write_gray(name + "/" + std::to_string(100 + i) + ".png", level++);
      }
    }
  }
  Dataset load(const ReadOptions& options = {}) const {
    return load_image_folder(folder(), options);
  }
  std::string refusal(const ReadOptions& options = {}) const {
    return complaint_of([&] { load(options); });
  }
  std::string in_folder(const std::string& text) const { return folder().string() + text; }
};

TEST_F(ImageFolder, IsReadInTheOrderOfItsNames) {
  write_divided();
  const Dataset set = load();
  EXPECT_THAT(set.class_names, ElementsAre("cat", "dog"));
  EXPECT_EQ(set.classes, 2);
  EXPECT_EQ(set.train.shape, (Shape{.channels = 1, .height = 2, .width = 2}));
  EXPECT_THAT(set.train.labels, ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(bytes_of(set.train), ElementsAre(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4));
  EXPECT_THAT(set.test.labels, ElementsAre(0, 1));
  EXPECT_THAT(bytes_of(set.test), ElementsAre(5, 5, 5, 5, 6, 6, 6, 6));
  EXPECT_THAT(set.notes, IsEmpty());
}

TEST_F(ImageFolder, IsRecognisedByItsSubFolders) {
  write("notes.txt", "hello");
  write(".hidden/a.png", "");
  EXPECT_FALSE(holds_class_folders(folder()));
  write_divided();
  EXPECT_TRUE(holds_class_folders(folder()));
  const Dataset set = load_path(folder());
  EXPECT_EQ(set.format, "image folder");
  EXPECT_EQ(set.name, folder().filename());
}

/// The first pixel of every picture.
std::vector<int> levels(const Images& images) {
  std::vector<int> result;
  const auto step = static_cast<std::size_t>(images.shape.size());
  for (std::size_t i = 0; i < bytes_of(images).size(); i += step) {
    result.push_back(bytes_of(images)[i]);
  }
  return result;
}

TEST_F(ImageFolder, WithoutATestSetGivesAFifthOfEachClass) {
  write_classes({"a", "b", "c"}, 8);
  write_gray("d/1.png", 100);
  write_gray("d/2.png", 101);
  const Dataset set = load({.seed = 7});
  EXPECT_THAT(set.test.labels, ElementsAre(0, 0, 1, 1, 2, 2, 3)) << "8 * 0.2 is 1.6";
  EXPECT_THAT(set.train.labels, SizeIs(19));
  std::vector<int> all = levels(set.train);
  const std::vector<int> test = levels(set.test);
  all.insert(all.end(), test.begin(), test.end());
  std::vector<int> expected(24);
  for (int i = 0; i < 24; ++i) expected[static_cast<std::size_t>(i)] = i;
  expected.insert(expected.end(), {100, 101});
  EXPECT_THAT(all, UnorderedElementsAreArray(expected)) << "nobody is in both or in neither";
  EXPECT_THAT(set.notes,
              ElementsAre("there is no test/: a fifth of each class, 7 of 26 pictures drawn by "
                          "seed 7, is the test set"));
}

TEST_F(ImageFolder, DrawsItsTestSetBySeed) {
  write_classes({"a", "b"}, 30);
  EXPECT_EQ(levels(load({.seed = 1}).test), levels(load({.seed = 1}).test));
  std::set<std::vector<int>> drawn;
  std::set<int> members;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto test = levels(load({.seed = seed}).test);
    drawn.insert(test);
    members.insert(test.begin(), test.end());
  }
  EXPECT_THAT(drawn, SizeIs(60));
  EXPECT_THAT(members, SizeIs(60)) << "every picture is drawn by some seed";
}

TEST_F(ImageFolder, CannotDrawATestSetFromOnePicture) {
  write_classes({"a", "b"}, 3);
  write_gray("c/only.png", 1);
  EXPECT_EQ(refusal(), in_folder("/c: expected two pictures or more, a fifth of which are drawn as "
                                 "the test set, found 1"));
}

TEST_F(ImageFolder, IsOfColourWhereAnyPictureIs) {
  write_divided();
  write("train/dog/c.png", png_file(2, 2, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  const Dataset set = load();
  EXPECT_EQ(set.train.shape, (Shape{.channels = 3, .height = 2, .width = 2}));
  EXPECT_THAT(std::span(bytes_of(set.train)).first(12),
              ElementsAre(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
  EXPECT_THAT(std::span(bytes_of(set.train)).last(12),
              ElementsAre(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12));
  EXPECT_THAT(set.notes, ElementsAre("6 of 7 pictures are gray; they got three equal channels"));
}

TEST_F(ImageFolder, ScalesPicturesOf16BitsByTheRangeInUse) {
  write_divided();
  write("train/cat/deep.png", file_bytes(fixture("pictures/deep.png")));  // 13 to 63627
  write("test/dog/deep.tif", file_bytes(fixture("pictures/deep.tif")));
  const Dataset set = load({.size = PictureSize{7, 5}});
  EXPECT_THAT(
      set.notes,
      ElementsAre("8 pictures of differing sizes were resized to 7x5: short side by area, "
                  "centre crop",
                  "pictures with 16 bits per channel: 2 of 8; their values from 13 to 63627 "
                  "were scaled to 0 to 255"));
  const std::span first(bytes_of(set.train).data(), 35);
  EXPECT_THAT(first.first(3), ElementsAre(0, 8, 15)) << "0, 7.5 and 15 of 255";
  EXPECT_EQ(first[34], 255);
}

TEST_F(ImageFolder, SaysWhatBecameOfItsPictures) {
  for (const char* name : {"train/a/turned.webp", "train/a/alpha.tif", "train/b/animated.gif",
                           "test/b/turned_8.png"}) {
    write(name, file_bytes(fixture("pictures/" + std::filesystem::path(name).filename().string())));
  }
  EXPECT_THAT(
      load({.size = PictureSize{5, 5}}).notes,
      ElementsAre("4 pictures of differing sizes were resized to 5x5: short side by area, "
                  "centre crop",
                  "pictures that the camera noted as turned: 2 of 4; they were turned upright",
                  "pictures with transparent parts: 1 of 4; white shows through",
                  "files with several frames or pages: 1 of 4; the first one was read"));
}

TEST_F(ImageFolder, OfDifferingSizesBecomes32x32) {
  write_divided();
  write("train/dog/c.png", png_file(64, 128, 1, {9}));
  const Dataset set = load();
  EXPECT_EQ(set.train.shape, (Shape{.channels = 1, .height = 32, .width = 32}));
  EXPECT_EQ(levels(set.train), (std::vector<int>{1, 2, 3, 4, 9}));
  EXPECT_THAT(set.notes, ElementsAre("7 pictures of differing sizes were resized to 32x32: short "
                                     "side by area, centre crop"));
}

TEST_F(ImageFolder, OfOneLargeSizeBecomes64x64) {
  for (const char* name : {"train/a/1.png", "train/b/1.png", "test/b/2.png"}) {
    write(name, png_file(100, 200, 1, {8}));
  }
  const Dataset set = load();
  EXPECT_EQ(set.train.shape, (Shape{.channels = 1, .height = 64, .width = 64}));
  EXPECT_THAT(set.notes, ElementsAre("3 pictures of 100x200 were resized to 64x64: short side by "
                                     "area, centre crop"));
}

TEST_F(ImageFolder, TakesTheSizeThatIsAskedFor) {
  write_divided();
  const Dataset set = load({.size = PictureSize{1, 3}});
  EXPECT_EQ(set.train.shape, (Shape{.channels = 1, .height = 1, .width = 3}));
  EXPECT_THAT(bytes_of(set.test), ElementsAre(5, 5, 5, 6, 6, 6));
  EXPECT_EQ(refusal({.size = PictureSize{0, 3}}),
            "data.size: expected 1 to 4096 pixels a side, found 0x3");
  EXPECT_EQ(refusal({.size = PictureSize{32, 4097}}),
            "data.size: expected 1 to 4096 pixels a side, found 32x4097");
}

TEST_F(ImageFolder, NamesAPictureThatCannotBeRead) {
  write_divided();
  write("train/cat/broken.png", png_file(2, 2, 1, {1}).substr(0, 60));
  EXPECT_EQ(refusal(),
            in_folder("/train/cat/broken.png: expected a whole PNG picture, found damage (end of "
                      "stream); data.skip-broken=true passes over what is no readable picture"));
  write("train/cat/broken.png", "just text");
  EXPECT_THAT(refusal(),
              StartsWith(in_folder("/train/cat/broken.png: expected a PNG, JPEG, WebP, GIF, BMP or "
                                   "TIFF picture, found something else; data.skip-broken")));
  std::filesystem::remove(folder() / "train/cat/broken.png");
  write("train/cat/deeper/a.png", "");
  EXPECT_THAT(refusal(),
              StartsWith(in_folder("/train/cat/deeper: expected a file, found a folder; ")));
}

TEST_F(ImageFolder, SkipsBrokenPicturesOnRequestAsIfTheyWereNotThere) {
  write_classes({"a", "b"}, 10);
  const Dataset whole = load({.seed = 5});
  write("a/0.png", png_file(9, 9, 3, {1}).substr(0, 70));
  write("a/1035.png", "text");
  write("b/102x.png", "");
  write("b/deeper/a.png", "");
  EXPECT_THAT(refusal({.seed = 5}), StartsWith(in_folder("/a/1035.png: ")));
  const Dataset set = load({.skip_broken = true, .seed = 5});
  EXPECT_EQ(set.train.shape, whole.train.shape);
  EXPECT_EQ(levels(set.train), levels(whole.train));
  EXPECT_EQ(levels(set.test), levels(whole.test));
  ASSERT_THAT(set.notes, SizeIs(2));
  EXPECT_EQ(set.notes[1],
            "4 unreadable files skipped: a/0.png, a/1035.png, b/102x.png "
            "and 1 more");
}

TEST_F(ImageFolder, PassesOverHiddenFilesAndNotesOthers) {
  write_divided();
  write(".DS_Store", "x");
  write("train/.DS_Store", "x");
  write("train/cat/.x.png.part", "x");
  for (const char* name : {"Thumbs.db", "desktop.ini", "Icon\r", "__MACOSX/._x", "@eaDir/y"}) {
    for (const std::string place : {"", "train/", "train/cat/", "test/dog/"})
      write(place + name, "x");
  }
  EXPECT_THAT(load().notes, IsEmpty());
  write("README", "x");
  write("val/cat/a.png", "x");
  write("train/labels.csv", "x");
  EXPECT_THAT(load().notes, ElementsAre(in_folder(": passed over README, val"),
                                        in_folder("/train: passed over labels.csv")));
}

TEST_F(ImageFolder, FollowsLinks) {
  write_gray("pool/1.png", 1);
  write_gray("pool/2.png", 2);
  write_gray("elsewhere/dog/3.png", 3);
  write_gray("set/train/dog/4.png", 4);
  const auto link = [&](const char* to, const char* from) {
    std::filesystem::create_directories((folder() / from).parent_path());
    std::filesystem::create_symlink(folder() / to, folder() / from);
  };
  link("pool", "set/train/cat");
  link("elsewhere", "set/test");
  link("pool/1.png", "set/train/dog/link.png");
  const Dataset set = load_image_folder(folder() / "set", {});
  EXPECT_THAT(set.class_names, ElementsAre("cat", "dog"));
  EXPECT_EQ(levels(set.train), (std::vector<int>{1, 2, 4, 1}));
  EXPECT_EQ(levels(set.test), (std::vector<int>{3}));
}

TEST_F(ImageFolder, RefusesLinksThatLeadBackOrNowhere) {
  write_divided();
  const auto refusal_of_link = [&](const std::filesystem::path& to, const std::string& from) {
    std::filesystem::create_symlink(to, folder() / from);
    const std::string text = refusal();
    std::filesystem::remove(folder() / from);
    return text;
  };
  EXPECT_EQ(refusal_of_link(folder() / "train/cat", "train/rat"),
            in_folder("/train/rat: expected a folder of its own, found a link to ") +
                in_folder("/train/cat, which is read already"));
  for (const auto& above : {folder(), folder().parent_path()}) {
    EXPECT_EQ(refusal_of_link(above, "train/up"),
              in_folder("/train/up: expected a folder of its own, found a link to ") +
                  std::filesystem::canonical(above).string() + ", which holds it");
  }
  EXPECT_THAT(refusal_of_link(folder() / "train", "train/self"),
              HasSubstr("which is read already"));
  for (const char* nowhere : {"ant", "none"}) {  // a circle, and nothing at all
    EXPECT_EQ(refusal_of_link(nowhere, "train/ant"),
              in_folder("/train/ant: a link that leads nowhere; mend or remove it"));
  }
  EXPECT_THAT(refusal_of_link(folder(), "train/cat/up"),
              HasSubstr("expected a file, found a folder"));
  std::filesystem::remove_all(folder() / "test");
  EXPECT_THAT(refusal_of_link(folder() / "train", "test"), HasSubstr("which is read already"));
}

TEST_F(ImageFolder, KnowsThePartsByTheirUsualNames) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"Train", "Test"}, {"Training", "Testing"},   {"training_set", "test_set"},
      {"TRAIN", "val"},  {"train-images", "VALID"}, {"trainset", "Validation"}};
  for (const auto& [train, test] : names) {
    std::filesystem::remove_all(folder());
    write_gray(train + "/cat/1.png", 1);
    write_gray(train + "/dog/2.png", 2);
    write_gray(test + "/dog/3.png", 3);
    const Dataset set = load();
    EXPECT_THAT(set.class_names, ElementsAre("cat", "dog")) << train;
    EXPECT_EQ(levels(set.test), (std::vector<int>{3}));
    const bool is_said = test[0] == 'v' || test[0] == 'V';
    EXPECT_EQ(set.notes,
              is_said ? std::vector<std::string>{"there is no test/: " + test + "/ is the test set"}
                      : std::vector<std::string>{});
  }
  std::filesystem::create_directory(folder() / "Train_Set");
  EXPECT_EQ(refusal(), in_folder(": expected one folder of a kind, found Train_Set/ and trainset/; "
                                 "move one of them away"));
}

TEST_F(ImageFolder, OfValidAndInvalidHasTwoClasses) {
  write_classes({"invalid", "valid"}, 5);
  EXPECT_THAT(load().class_names, ElementsAre("invalid", "valid"));
}

TEST_F(ImageFolder, IsFoundInTheOneFolderThatAnArchiveBrings) {
  write_gray("archive/train/train/cat/1.png", 1);
  write_gray("archive/train/train/dog/2.png", 2);
  write_gray("archive/test/cat/3.png", 3);
  write("__MACOSX/archive/x", "");
  const Dataset set = load();
  EXPECT_THAT(set.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT(set.notes,
              ElementsAre(in_folder(": read from archive, the only folder in it"),
                          in_folder("/archive/train: read from train, the only folder in it")));
}

TEST_F(ImageFolder, RefusesAnUnknownTestClass) {
  write_divided();
  write_gray("test/zebra/a.png", 1);
  EXPECT_EQ(refusal(),
            in_folder("/test: expected one of the training classes (cat, dog), found 'zebra'"));
}

TEST_F(ImageFolder, CanLackTestPicturesOfAClassButNoTrainingPictures) {
  write_divided();
  std::filesystem::remove_all(folder() / "test/dog");
  EXPECT_THAT(load().test.labels, ElementsAre(0));
  std::filesystem::remove(folder() / "test/cat/q.png");
  EXPECT_EQ(refusal(), in_folder("/test: expected pictures, found none"));
  std::filesystem::remove_all(folder() / "train/cat");
  std::filesystem::create_directory(folder() / "train/cat");
  EXPECT_EQ(refusal(), in_folder("/train/cat: expected pictures of the class, found none"));
}

TEST_F(ImageFolder, RefusesASingleClassAndHalfADivision) {
  write_gray("cat/a.png", 1);
  write_gray("cat/b.png", 1);
  EXPECT_EQ(refusal(), in_folder(": expected 2 to 1000 class folders of pictures, found 'cat' "
                                 "only"));
  write_gray("train/cat/a.png", 1);
  EXPECT_EQ(refusal(),
            in_folder(": expected train/ beside test/ (or val/), or class folders alone, found "
                      "train/ only"));
  std::filesystem::create_directory(folder() / "test");
  EXPECT_EQ(refusal(), in_folder("/train: expected 2 to 1000 class folders of pictures, found "
                                 "'cat' only"));
}

TEST_F(ImageFolder, ReadsTheDigitsAsTheyWereWritten) {
  SKIP_WITHOUT("fashion-mnist");
  // A known set laid out as class folders is the same set.
  const Dataset fashion = load_named("fashion-mnist", {published_sets()});
  const auto& pixels = bytes_of(fashion.train);
  std::vector<int> counts(10);
  for (std::size_t n = 0; n < 200; ++n) {
    const auto label = static_cast<std::size_t>(fashion.train.labels[n]);
    const auto first = pixels.begin() + static_cast<std::ptrdiff_t>(n * 784);
    write((counts[label]++ < 5 ? "test/" : "train/") + std::to_string(label) + "/" +
              std::to_string(1000 + n) + ".png",
          png_file(28, 28, 1, {first, first + 784}));
  }
  const Dataset set = load();
  EXPECT_EQ(set.test.count(), 50);
  EXPECT_EQ(set.train.count(), 150);
  std::size_t first_9 = 0;
  while (fashion.train.labels[first_9] != 9) ++first_9;
  EXPECT_THAT(std::span(bytes_of(set.test)).subspan(45 * 784, 784),
              ElementsAreArray(std::span(pixels).subspan(first_9 * 784, 784)));
}

}  // namespace
}  // namespace whichfirst::data
