#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "data/folder.h"
#include "data/limits.h"
#include "data/picture.h"
#include "data/readers.h"
#include "data/resize.h"

namespace whichfirst::data {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

constexpr std::size_t kMostClasses = std::size_t{kLargestLabel} + 1;
constexpr std::size_t kMostPictures = kMostFolderEntries;
constexpr PictureSize kSizeOfDiffering = {.height = 32, .width = 32};
/// RandomKey::role of the drawn test set in Stream::split, beside selection.cpp's 0 and 1. Part of
/// every stored result: never renumber.
constexpr std::uint64_t kTestRole = 2;

struct PictureFile {
  std::string name;
  Shape shape;
};

/// The training or the test set before its pixels are read.
struct Part {
  fs::path folder;                              ///< holds the class folders
  std::vector<std::vector<PictureFile>> files;  ///< of each label, sorted by name

  std::size_t count() const {
    std::size_t sum = 0;
    for (const auto& of_class : files) sum += of_class.size();
    return sum;
  }
};

/// What the headers of all pictures together say.
struct Survey {
  std::size_t pictures = 0;
  std::size_t gray = 0;
  std::optional<PictureSize> size;  ///< of the first picture
  bool sizes_differ = false;
  Names skipped;
};

void add(Survey& survey, const Shape& shape) {
  ++survey.pictures;
  if (shape.channels == 1) ++survey.gray;
  if (!survey.size) survey.size = size_of(shape);
  survey.sizes_differ = survey.sizes_differ || size_of(shape) != *survey.size;
}

void note_passed_over(const fs::path& folder, const Names& names, Names& notes) {
  if (names.empty()) return;
  notes.push_back(fmt::format("{}: passed over {}", folder.string(), few_of(names)));
}

/// The class folders of `folder`.
Names list_classes(const fs::path& folder, Names& notes) {
  FolderContent content = list_folder(folder);
  note_passed_over(folder, content.others, notes);
  return std::move(content.folders);
}

void require_classes(const fs::path& folder, const Names& classes) {
  if (classes.size() >= 2 && classes.size() <= kMostClasses) return;
  const std::string found =
      classes.size() == 1 ? fmt::format("'{}' only", classes[0]) : std::to_string(classes.size());
  throw Error("{}: expected 2 to {} class folders of pictures, found {}", folder.string(),
              kMostClasses, found);
}

void require_known(const fs::path& folder, const Names& test_classes, const Names& classes) {
  for (const std::string& name : test_classes) {
    if (std::binary_search(classes.begin(), classes.end(), name)) continue;
    throw Error("{}: expected one of the classes of train/ ({}), found '{}'", folder.string(),
                few_of(classes), name);
  }
}

/// The pictures of the class folders of `folder`, those that are there. `root` shortens the names
/// of the skipped.
Part survey_part(const fs::path& folder, const Names& classes, const fs::path& root,
                 bool skip_broken, Survey& survey) {
  Part part{.folder = folder, .files = {}};
  for (const std::string& class_name : classes) {
    auto& files = part.files.emplace_back();
    std::error_code ignored;  // what cannot be looked at is not there
    if (!fs::is_directory(fs::symlink_status(folder / class_name, ignored))) continue;
    const FolderContent content = list_folder(folder / class_name);
    Names names;
    std::merge(content.folders.begin(), content.folders.end(), content.others.begin(),
               content.others.end(), std::back_inserter(names));
    if (survey.pictures + names.size() > kMostPictures) {
      throw Error("{}: expected at most {} files", root.string(), kMostPictures);
    }
    for (const std::string& name : names) {
      const fs::path path = folder / class_name / name;
      try {
        const Shape shape = skip_broken ? read_picture(path).shape : read_picture_shape(path);
        files.push_back({.name = name, .shape = shape});
        add(survey, shape);
      } catch (const Error&) {
        if (!skip_broken) throw;
        survey.skipped.push_back(path.lexically_relative(root).string());
      }
    }
  }
  return part;
}

/// Takes a fifth of each class, rounded half up and at least one, out of `train`.
Part draw_test(Part& train, const Names& classes, std::uint64_t seed) {
  Part test{.folder = train.folder, .files = {}};
  for (std::size_t label = 0; label < train.files.size(); ++label) {
    auto& files = train.files[label];
    if (files.size() < 2) {
      throw Error(
          "{}: expected two pictures or more, a fifth of which are drawn as the test set, found {}",
          (train.folder / classes[label]).string(), files.size());
    }
    const RandomKey key{.seed = seed, .stream = Stream::split, .role = kTestRole, .epoch = label};
    const auto order = permutation(key, static_cast<std::uint32_t>(files.size()));
    std::vector<bool> is_test(files.size());
    const std::size_t drawn = std::max<std::size_t>((2 * files.size() + 5) / 10, 1);
    for (std::size_t i = 0; i < drawn; ++i) is_test[order[i]] = true;
    std::vector<PictureFile> kept;
    auto& taken = test.files.emplace_back();
    for (std::size_t i = 0; i < files.size(); ++i) {
      (is_test[i] ? taken : kept).push_back(std::move(files[i]));
    }
    files = std::move(kept);
  }
  return test;
}

void require_pictures(const Part& train, const Part& test, const Names& classes) {
  for (std::size_t label = 0; label < classes.size(); ++label) {
    if (!train.files[label].empty()) continue;
    throw Error("{}: expected pictures of the class, found none",
                (train.folder / classes[label]).string());
  }
  if (test.count() == 0) {
    throw Error("{}: expected pictures, found none", test.folder.string());
  }
}

/// Decodes the pictures one after the other, each straight into its place.
Images read_part(const Part& part, const Names& classes, const Shape& shape) {
  const auto plane = static_cast<std::size_t>(shape.pixels());
  std::vector<std::uint8_t> pixels(part.count() * static_cast<std::size_t>(shape.size()));
  Images images{.shape = shape, .pixels = {}, .labels = {}};
  std::span<std::uint8_t> rest = pixels;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    for (const PictureFile& file : part.files[label]) {
      const fs::path path = part.folder / classes[label] / file.name;
      const Picture picture = read_picture(path);
      if (picture.shape != file.shape) {
        throw Error("{}: changed while the folder was read", path.string());
      }
      const Resizer resizer(size_of(picture.shape), size_of(shape));
      const auto channels = static_cast<std::size_t>(picture.shape.channels);
      for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c) {
        // A gray picture of a colour set has its one channel three times.
        const auto from = std::span(picture.pixels).subspan(std::min(c, channels - 1));
        resizer.run(from, channels, rest.first(plane));
        rest = rest.subspan(plane);
      }
      images.labels.push_back(static_cast<std::int32_t>(label));
    }
  }
  images.pixels = std::move(pixels);
  return images;
}

/// The shape of the whole set, with notes on what becomes of the pictures.
Shape decide_shape(const fs::path& folder, const Survey& survey, const ReadOptions& options,
                   Names& notes) {
  const PictureSize size = options.size          ? *options.size
                           : survey.sizes_differ ? kSizeOfDiffering
                                                 : automatic_size(*survey.size);
  if (survey.sizes_differ || size != *survey.size) {
    const std::string from = survey.sizes_differ ? "differing sizes" : print_size(*survey.size);
    notes.push_back(resize_note(static_cast<std::int64_t>(survey.pictures), from, size));
  }
  const bool is_gray = survey.gray == survey.pictures;
  if (survey.gray > 0 && !is_gray) {
    notes.push_back(fmt::format("{} of {} pictures are gray; they got three equal channels",
                                survey.gray, survey.pictures));
  }
  return resized_shape(folder.string(), {.count = survey.pictures, .channels = is_gray ? 1U : 3U},
                       size, 1);
}

}  // namespace

bool holds_class_folders(const fs::path& folder) { return !list_folder(folder).folders.empty(); }

Dataset load_image_folder(const fs::path& folder, const ReadOptions& options) {
  const FolderContent content = list_folder(folder);
  const auto has = [&](const char* name) {
    return std::binary_search(content.folders.begin(), content.folders.end(), name);
  };
  const bool is_divided = has("train") && has("test");
  if (has("train") != has("test")) {
    throw Error("{}: expected train/ and test/ or neither of them, found {}/ only", folder.string(),
                has("train") ? "train" : "test");
  }
  Names notes;
  Names beside = content.others;
  if (is_divided) {
    std::copy_if(content.folders.begin(), content.folders.end(), std::back_inserter(beside),
                 [](const std::string& name) { return name != "train" && name != "test"; });
  }
  note_passed_over(folder, beside, notes);

  const fs::path train_folder = is_divided ? folder / "train" : folder;
  const Names classes = is_divided ? list_classes(train_folder, notes) : content.folders;
  require_classes(train_folder, classes);
  Survey survey;
  Part train = survey_part(train_folder, classes, folder, options.skip_broken, survey);
  Part test;
  if (is_divided) {
    require_known(folder / "test", list_classes(folder / "test", notes), classes);
    test = survey_part(folder / "test", classes, folder, options.skip_broken, survey);
  } else {
    test = draw_test(train, classes, options.seed);
    notes.push_back(fmt::format(
        "there is no test/: a fifth of each class, {} of {} pictures drawn by seed {}, is the test "
        "set",
        test.count(), survey.pictures, options.seed));
  }
  require_pictures(train, test, classes);
  if (!survey.skipped.empty()) {
    notes.push_back(fmt::format("{} files that are no readable pictures were skipped: {}",
                                survey.skipped.size(), few_of(survey.skipped)));
  }
  const Shape shape = decide_shape(folder, survey, options, notes);
  Dataset dataset =
      join(folder.string(), read_part(train, classes, shape), read_part(test, classes, shape));
  dataset.class_names = classes;
  dataset.notes = std::move(notes);
  return dataset;
}

}  // namespace whichfirst::data
