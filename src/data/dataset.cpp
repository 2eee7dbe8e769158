#include "data/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstdlib>
#include <system_error>

#include "base/error.h"
#include "base/suggest.h"
#include "data/idx.h"
#include "data/input_file.h"
#include "data/limits.h"
#include "data/npz.h"
#include "data/shapes10.h"

namespace whichfirst::data {
namespace {

/// A published set: what its classes are called and how a user gets it.
struct Known {
  std::string_view name;
  std::array<const char*, 10> class_names;
  std::string_view files;
  std::string_view source;
};

constexpr std::string_view kIdxFiles =
    "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
    "t10k-labels-idx1-ubyte (.gz too)";

const std::array<Known, 3> kKnown = {
    Known{"mnist",
          {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
          kIdxFiles,
          "https://ossci-datasets.s3.amazonaws.com/mnist"},
    Known{"fashion-mnist",
          {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
           "Bag", "Ankle boot"},
          kIdxFiles,
          "https://github.com/zalandoresearch/fashion-mnist"},
    Known{
        "cifar-10-small",
        {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
        "x_train, y_train (data_batch_1) and x_test, y_test (the first 2,000 of test_batch)",
        "https://www.cs.toronto.edu/~kriz/cifar.html"}};

const Known* find_known(std::string_view name) {
  for (const Known& known : kKnown) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;  // what cannot be looked at is not there
  return std::filesystem::exists(path, ignored);
}

/// FOLDER/name and FOLDER/name.npz.
std::array<std::filesystem::path, 2> places(const std::filesystem::path& folder,
                                            std::string_view name) {
  return {folder / name, folder / (std::string(name) + ".npz")};
}

[[noreturn]] void refuse_unknown(std::string_view name) {
  const auto names = known_names();
  const auto nearest = nearest_word(name, names);
  throw Error(fmt::format(
      "unknown data set '{}'{}; known are {}; a file or folder of your own is "
      "given by its path",
      name, nearest ? fmt::format(", did you mean '{}'?", *nearest) : "", fmt::join(names, ", ")));
}

[[noreturn]] void refuse_absent(const Known& known,
                                const std::vector<std::filesystem::path>& search) {
  std::vector<std::string> looked;
  for (const auto& folder : search) {
    for (const auto& place : places(folder, known.name)) looked.push_back(place.string());
  }
  const bool is_npz = known.files != kIdxFiles;
  throw Error(fmt::format(
      "data set '{0}' not found: {1}; expected {2}; get them from {3} and put them into "
      "$WHICHFIRST_DATA/{0}{4} or ~/.local/share/whichfirst/{0}{4}",
      known.name,
      looked.empty() ? "there is no folder to look in"
                     : fmt::format("looked for {}", fmt::join(looked, ", ")),
      known.files, known.source, is_npz ? ".npz" : ""));
}

std::optional<std::filesystem::path> folder_from(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace

std::vector<std::string_view> known_names() {
  std::vector<std::string_view> names;
  for (const Known& known : kKnown) names.push_back(known.name);
  names.push_back(kShapes10Name);
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

Dataset load_named(std::string_view name, const std::vector<std::filesystem::path>& search) {
  if (name == kShapes10Name) return draw_shapes10();
  const Known* known = find_known(name);
  if (known == nullptr) refuse_unknown(name);
  const auto path = find_named(name, search);
  if (!path) refuse_absent(*known, search);
  Dataset dataset = load_path(*path);
  dataset.name = known->name;
  dataset.class_names.assign(known->class_names.begin(), known->class_names.end());
  if (dataset.classes != static_cast<int>(dataset.class_names.size())) {
    throw Error(fmt::format("{}: expected the {} classes of {}, found {}", path->string(),
                            dataset.class_names.size(), name, dataset.classes));
  }
  return dataset;
}

Dataset load_path(const std::filesystem::path& path) {
  std::error_code ignored;  // regular_file_size gives the reason
  const bool is_folder = std::filesystem::is_directory(path, ignored);
  if (!is_folder) {
    regular_file_size(path);
    if (path.extension() != ".npz") {
      throw Error(fmt::format("{}: expected a .npz file, or a folder that holds four IDX files",
                              path.string()));
    }
  }
  Dataset dataset = is_folder ? load_idx_folder(path) : load_npz(path);
  // "mnist/" ends with an empty name; its parent's is meant.
  const auto named = path.has_filename() ? path : path.parent_path();
  dataset.name = is_folder ? named.filename().string() : named.stem().string();
  return dataset;
}

}  // namespace whichfirst::data
