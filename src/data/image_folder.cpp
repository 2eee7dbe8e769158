#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/words.h"
#include "data/folder.h"
#include "data/limits.h"
#include "data/picture.h"
#include "data/readers.h"
#include "data/resize.h"

namespace whichfirst::data {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

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
  std::size_t deep = 0;  ///< with 16 bits a channel
  /// The levels in use in those.
  unsigned darkest = kMostOf16Bits;
  unsigned brightest = 0;
  Names skipped;
};

/// Of pictures with 16 bits the pixels must be there.
void add(Survey& survey, const Picture& picture) {
  ++survey.pictures;
  if (picture.shape.channels == 1) ++survey.gray;
  if (!survey.size) survey.size = size_of(picture.shape);
  survey.sizes_differ = survey.sizes_differ || size_of(picture.shape) != *survey.size;
  if (picture.most == kMostOf8Bits) return;
  ++survey.deep;
  const auto [least, most] = std::minmax_element(picture.pixels.begin(), picture.pixels.end());
  survey.darkest = std::min<unsigned>(survey.darkest, *least);
  survey.brightest = std::max<unsigned>(survey.brightest, *most);
}

/// How many of the pictures are something that a user must know of.
struct Remarks {
  std::size_t turned = 0, transparent = 0, lost = 0, first_frames = 0;

  void add(const Picture& picture) {
    turned += picture.is_turned;
    transparent += picture.is_transparent;
    lost += picture.is_lost;
    first_frames += picture.has_more_frames;
  }
};

void note_passed_over(const fs::path& folder, const Names& names, Names& notes) {
  if (names.empty()) return;
  notes.push_back(fmt::format("{}: passed over {}", folder.string(), few_of(names)));
}

/// The folders that are read, by their places without links: none is read twice, and none that
/// holds the set itself.
class Places {
 public:
  explicit Places(const fs::path& root) : root_(fs::weakly_canonical(root)) {}

  void enter(const fs::path& folder) {
    const fs::path place = fs::weakly_canonical(folder);
    const auto [first, is_new] = entered_.emplace(place, folder);
    const bool is_above = *root_.lexically_relative(place).begin() != "..";
    if (is_new && !is_above) return;
    throw Error("{}: expected a folder of its own, found a link to {}{}", folder.string(),
                is_new ? place.string() : first->second.string(),
                is_new ? ", which holds it" : ", which is read already");
  }

 private:
  fs::path root_;
  std::map<fs::path, fs::path> entered_;
};

/// The class folders of `folder`.
Names list_classes(const fs::path& folder, Places& places, Names& notes) {
  FolderContent content = list_folder(folder);
  for (const std::string& name : content.others) {
    if (!is_there(folder / name)) {
      throw Error("{}: a link that leads nowhere; mend or remove it", (folder / name).string());
    }
  }
  note_passed_over(folder, content.others, notes);
  for (const std::string& name : content.folders) places.enter(folder / name);
  return std::move(content.folders);
}

enum class Role { train, test, validation };

/// What a folder of this name holds, if it is no class: "Train", "training_set", "valid", ...
std::optional<Role> role_of(std::string_view name) {
  std::string word;
  for (const char c : lower_case(name)) {
    if (c >= 'a' && c <= 'z') word += c;
    if (c >= '0' && c <= '9') return std::nullopt;
  }
  for (const std::string_view ending : {"set", "data", "images", "imgs"}) {
    if (word.ends_with(ending)) word.resize(word.size() - ending.size());
  }
  if (word == "train" || word == "training") return Role::train;
  if (word == "test" || word == "testing") return Role::test;
  if (word == "val" || word == "valid" || word == "validation") return Role::validation;
  return std::nullopt;
}

/// `folder`, or the one folder of folders in it, which archives often bring along.
fs::path innermost(fs::path folder, Names& notes) {
  constexpr int kDeepest = 8;
  const fs::path given = folder;
  for (int depth = 0; depth < kDeepest; ++depth) {
    const Names folders = list_folder(folder).folders;
    if (folders.size() != 1 || list_folder(folder / folders[0]).folders.empty()) break;
    folder /= folders[0];
  }
  if (folder != given) {
    notes.push_back(fmt::format("{}: read from {}, the only folder in it", given.string(),
                                folder.lexically_relative(given).string()));
  }
  return folder;
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
    throw Error("{}: expected one of the training classes ({}), found '{}'", folder.string(),
                few_of(classes), name);
  }
}

/// Throws what is wrong with a picture, with the remedy.
[[noreturn]] void advise(const Error& error) {
  throw Error("{}; data.skip-broken=true passes over what is no readable picture", error.what());
}

/// The pictures of the class folders of `folder`, those that are there. `root` shortens the names
/// of the skipped.
Part survey_part(const fs::path& folder, const Names& classes, const fs::path& root,
                 bool skip_broken, Survey& survey) {
  Part part{.folder = folder, .files = {}};
  for (const std::string& class_name : classes) {
    auto& files = part.files.emplace_back();
    std::error_code ignored;  // what cannot be looked at is not there
    if (!fs::is_directory(folder / class_name, ignored)) continue;
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
        Picture picture = skip_broken ? read_picture(path) : read_picture_header(path);
        if (picture.pixels.empty() && picture.most != kMostOf8Bits) picture = read_picture(path);
        files.push_back({.name = name, .shape = picture.shape});
        add(survey, picture);
      } catch (const Error& error) {
        if (!skip_broken) advise(error);
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

/// The pixels with 8 bits each; levels of 16 bits are spread over the range in use.
std::vector<std::uint8_t> to_8_bits(const Picture& picture, const Survey& survey) {
  if (picture.most == kMostOf8Bits) return {picture.pixels.begin(), picture.pixels.end()};
  const unsigned range = std::max(1U, survey.brightest - survey.darkest);
  std::vector<std::uint8_t> levels;
  levels.reserve(picture.pixels.size());
  for (const unsigned level : picture.pixels) {
    levels.push_back(static_cast<std::uint8_t>(
        (2 * kMostOf8Bits * (level - survey.darkest) + range) / (2 * range)));
  }
  return levels;
}

/// Decodes the pictures one after the other, each straight into its place.
Images read_part(const Part& part, const Names& classes, const Shape& shape, const Survey& survey,
                 Remarks& remarks) {
  const auto plane = static_cast<std::size_t>(shape.pixels());
  std::vector<std::uint8_t> pixels(part.count() * static_cast<std::size_t>(shape.size()));
  Images images{.shape = shape, .pixels = {}, .labels = {}};
  std::span<std::uint8_t> rest = pixels;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    for (const PictureFile& file : part.files[label]) {
      const fs::path path = part.folder / classes[label] / file.name;
      Picture picture;
      try {
        picture = read_picture(path);
      } catch (const Error& error) {
        advise(error);
      }
      if (picture.shape != file.shape) {
        throw Error("{}: changed while the folder was read", path.string());
      }
      remarks.add(picture);
      const auto levels = to_8_bits(picture, survey);
      const Resizer resizer(size_of(picture.shape), size_of(shape));
      const auto channels = static_cast<std::size_t>(picture.shape.channels);
      for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c) {
        // A gray picture of a colour set has its one channel three times.
        const auto from = std::span(levels).subspan(std::min(c, channels - 1));
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
  if (survey.deep > 0) {
    notes.push_back(fmt::format(
        "pictures with 16 bits per channel: {} of {}; their values from {} to {} were scaled to 0 "
        "to 255",
        survey.deep, survey.pictures, survey.darkest, survey.brightest));
  }
  return resized_shape(folder.string(), {.count = survey.pictures, .channels = is_gray ? 1U : 3U},
                       size, 1);
}

void note(const Remarks& remarks, std::size_t pictures, Names& notes) {
  const auto say = [&](std::string_view what, std::size_t count, std::string_view became) {
    if (count > 0) notes.push_back(fmt::format("{}: {} of {}; {}", what, count, pictures, became));
  };
  say("pictures that the camera noted as turned", remarks.turned, "they were turned upright");
  say("pictures with transparent parts", remarks.transparent, "white shows through");
  say("pictures of which nearly nothing is left on white", remarks.lost,
      "save them on a background that their shapes stand out from");
  say("files with several frames or pages", remarks.first_frames, "the first one was read");
}

}  // namespace

bool holds_class_folders(const fs::path& folder) { return !list_folder(folder).folders.empty(); }

Dataset load_image_folder(const fs::path& given, const ReadOptions& options) {
  Names notes;
  FolderContent content = list_folder(given);
  const bool is_part = content.folders.size() == 1 && role_of(content.folders[0]);
  const fs::path folder = is_part ? given : innermost(given, notes);
  if (folder != given) content = list_folder(folder);
  std::map<Role, std::string> names;
  Names beside = content.others;
  for (const std::string& name : content.folders) {
    const auto role = role_of(name);
    if (!role) {
      beside.push_back(name);
    } else if (const auto [first, is_new] = names.emplace(*role, name); !is_new) {
      throw Error("{}: expected one folder of a kind, found {}/ and {}/; move one of them away",
                  folder.string(), first->second, name);
    }
  }
  // Without training pictures, valid/ may be a class beside invalid/.
  const bool is_divided = names.contains(Role::train);
  const auto test_role = names.contains(Role::test) ? Role::test : Role::validation;
  if (is_divided ? !names.contains(test_role) : names.contains(Role::test)) {
    throw Error(
        "{}: expected train/ beside test/ (or val/), or class folders alone, found {}/ only",
        folder.string(), names.begin()->second);
  }
  if (is_divided && test_role == Role::validation) {
    notes.push_back(fmt::format("there is no test/: {}/ is the test set", names[test_role]));
  } else if (is_divided && names.contains(Role::validation)) {
    beside.push_back(names[Role::validation]);
  }
  Places places(folder);
  if (is_divided) note_passed_over(folder, beside, notes);

  const fs::path train_folder = is_divided ? innermost(folder / names[Role::train], notes) : folder;
  if (is_divided) places.enter(train_folder);
  const Names classes = list_classes(train_folder, places, notes);
  require_classes(train_folder, classes);
  Survey survey;
  Part train = survey_part(train_folder, classes, folder, options.skip_broken, survey);
  Part test;
  if (is_divided) {
    const fs::path test_folder = innermost(folder / names[test_role], notes);
    places.enter(test_folder);
    require_known(test_folder, list_classes(test_folder, places, notes), classes);
    test = survey_part(test_folder, classes, folder, options.skip_broken, survey);
  } else {
    test = draw_test(train, classes, options.seed);
    notes.push_back(fmt::format(
        "there is no test/: a fifth of each class, {} of {} pictures drawn by seed {}, is the test "
        "set",
        test.count(), survey.pictures, options.seed));
  }
  require_pictures(train, test, classes);
  if (!survey.skipped.empty()) {
    notes.push_back(fmt::format("{} skipped: {}",
                                counted(std::ssize(survey.skipped), "unreadable file"),
                                few_of(survey.skipped)));
  }
  const Shape shape = decide_shape(folder, survey, options, notes);
  Remarks remarks;
  Images train_images = read_part(train, classes, shape, survey, remarks);
  Dataset dataset = join(folder.string(), std::move(train_images),
                         read_part(test, classes, shape, survey, remarks));
  note(remarks, survey.pictures, notes);
  dataset.class_names = classes;
  dataset.notes = std::move(notes);
  return dataset;
}

}  // namespace whichfirst::data
