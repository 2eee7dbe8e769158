#include "data/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <system_error>
#include <unordered_set>

#include "base/error.h"
#include "base/hash.h"
#include "base/suggest.h"
#include "data/folder.h"
#include "data/input_file.h"
#include "data/known_sets.h"
#include "data/limits.h"
#include "data/readers.h"
#include "data/resize.h"
#include "data/shapes10.h"

namespace whichfirst::data {
namespace {

/// FOLDER/name and FOLDER/name.npz.
std::array<std::filesystem::path, 2> places(const std::filesystem::path& folder,
                                            std::string_view name) {
  return {folder / name, folder / (std::string(name) + ".npz")};
}

[[noreturn]] void refuse_unknown(std::string_view name) {
  const auto names = known_names();
  const auto nearest = nearest_word(name, names);
  throw Error(
      "unknown data set '{}'{}; known are {}; a file or folder of your own is "
      "given by its path",
      name, nearest ? fmt::format(", did you mean '{}'?", *nearest) : "", fmt::join(names, ", "));
}

[[noreturn]] void refuse_absent(const KnownSet& known,
                                const std::vector<std::filesystem::path>& search) {
  std::vector<std::string> looked;
  for (const auto& folder : search) {
    for (const auto& place : places(folder, known.name)) looked.push_back(place.string());
  }
  throw Error(
      "data set '{0}' not found: {1}; expected {2}; get them from {3} and put them into "
      "$WHICHFIRST_DATA/{0}{4} or ~/.local/share/whichfirst/{0}{4}",
      known.name,
      looked.empty() ? "there is no folder to look in"
                     : fmt::format("looked for {}", fmt::join(looked, ", ")),
      known.files, known.source, known.ending);
}

[[noreturn]] void refuse_folder(const std::filesystem::path& folder) {
  const FolderContent content = list_folder(folder);
  throw Error(
      "{}: expected four IDX files, CIFAR's binary files (data_batch_1.bin and on, or train.bin) "
      "or class folders of pictures (train/CLASS and test/CLASS, or CLASS), found {}",
      folder.string(), content.others.empty() ? "nothing" : few_of(content.others));
}

/// The set in `folder`, read as what it looks like.
Dataset load_folder(const std::filesystem::path& folder, const ReadOptions& options) {
  Dataset dataset;
  if (const auto conversion = conversion_of_pickles(folder)) {
    throw Error(
        "{}: expected CIFAR's binary files, found its pickles for Python, which can run any code "
        "when "
        "they are read; fetch the binary version, or make a .npz file of them: {}",
        folder.string(), *conversion);
  }
  if (holds_cifar(folder)) {
    dataset = load_cifar_folder(folder);
    dataset.format = "cifar binary";
  } else if (holds_class_folders(folder)) {
    dataset = load_image_folder(folder, options);
    dataset.format = "image folder";
  } else {
    refuse_folder(folder);
  }
  return dataset;
}

/// Brings all pictures to the size that `options` ask for; `where` begins errors.
void fit(const std::string& where, const ReadOptions& options, Dataset& dataset) {
  const PictureSize own = size_of(dataset.train.shape);
  const PictureSize size = options.size.value_or(automatic_size(own));
  if (size == own) return;
  const std::int64_t pictures = dataset.train.count() + dataset.test.count();
  const bool is_bytes = dataset.train.pixels.index() == 0;
  resized_shape(where,
                {.count = static_cast<std::uint64_t>(pictures),
                 .channels = static_cast<std::uint64_t>(dataset.train.shape.channels)},
                size, is_bytes ? 1 : sizeof(float));
  dataset.train = resize(dataset.train, size);
  dataset.test = resize(dataset.test, size);
  dataset.notes.push_back(resize_note(pictures, print_size(own), size));
}

/// Notes the test pictures whose pixels are those of a training picture.
void note_copies(Dataset& set) {
  const auto hashes = [](const Images& images) {
    std::vector<std::string> result;
    const auto size = static_cast<std::size_t>(images.shape.size());
    std::visit(
        [&](const auto& pixels) {
          for (std::size_t at = 0; at < pixels.size(); at += size) {
            result.push_back(hash_hex(std::as_bytes(std::span(pixels).subspan(at, size))));
          }
        },
        images.pixels);
    return result;
  };
  const auto train = hashes(set.train);
  const std::unordered_set<std::string> known(train.begin(), train.end());
  const auto test = hashes(set.test);
  const auto copies = std::count_if(test.begin(), test.end(),
                                    [&](const std::string& hash) { return known.contains(hash); });
  if (copies == 0) return;
  set.notes.push_back(
      fmt::format("test pictures that are copies of training pictures, pixel by pixel: {} of {}; "
                  "results on them show what was memorised",
                  copies, test.size()));
}

std::optional<std::filesystem::path> folder_from(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names;
  for (const KnownSet& known : known_sets()) names.push_back(known.name);
  return names;
}

std::vector<std::filesystem::path> search_folders() {
  std::vector<std::filesystem::path> folders;
  if (const auto folder = folder_from("WHICHFIRST_DATA")) folders.push_back(*folder);
  if (const auto folder = folder_from("XDG_DATA_HOME")) {
    folders.push_back(*folder / "whichfirst");
  } else if (const auto home = folder_from("HOME")) {
    folders.push_back(*home / ".local/share/whichfirst");
  }
  return folders;
}

std::optional<std::filesystem::path> find_named(std::string_view name,
                                                const std::vector<std::filesystem::path>& search) {
  for (const auto& folder : search) {
    for (const auto& place : places(folder, name)) {
      if (is_there(place)) return place;
    }
  }
  return std::nullopt;
}

Dataset load_named(std::string_view name, const std::vector<std::filesystem::path>& search,
                   const ReadOptions& options) {
  if (name == kShapes10Name) {
    Dataset drawn = draw_shapes10();
    drawn.format = "drawn";
    fit(drawn.name, options, drawn);
    return drawn;
  }
  const KnownSet* known = find_known(name);
  if (known == nullptr) refuse_unknown(name);
  const auto path = find_named(name, search);
  if (!path) refuse_absent(*known, search);
  Dataset dataset = load_path(*path, options);
  if (dataset.classes != known->classes) {
    throw Error("{}: expected the {} classes of {}, found {}", path->string(), known->classes, name,
                dataset.classes);
  }
  dataset.name = known->name;
  if (dataset.class_names.empty()) {
    dataset.class_names.assign(known->class_names.begin(), known->class_names.end());
  }
  return dataset;
}

Dataset load_path(const std::filesystem::path& path, const ReadOptions& options) {
  std::error_code ignored;  // regular_file_size gives the reason
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  Dataset dataset;
  if (is_idx(path)) {
    dataset = load_idx(path);
    dataset.format = "idx";
  } else if (is_folder) {
    dataset = load_folder(path, options);
  } else {
    regular_file_size(path);
    if (path.extension() != ".npz") {
      throw Error(
          "{}: expected a .npz file, or a folder of IDX files, CIFAR's binary files or pictures",
          path.string());
    }
    dataset = load_npz(path);
    dataset.format = "npz";
  }
  note_copies(dataset);
  fit(path.string(), options, dataset);
  // "mnist/" ends with an empty name; its parent's is meant.
  const auto named = path.has_filename() ? path : path.parent_path();
  dataset.name = is_folder ? named.filename().string() : named.stem().string();
  return dataset;
}

}  // namespace whichfirst::data
