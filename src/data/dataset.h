// Pictures and labels in memory, and how to get them: by name, or from a file or folder.
//
// Readers take hostile files: every size is checked before memory is taken, a damaged or partial
// file is an Error that begins with its path, and nothing is ever loaded in part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/shape.h"

namespace whichfirst::data {

/// N pictures of one shape with their labels.
struct Images {
  Shape shape;  ///< of one picture
  /// NCHW, row-major, count() * shape.size() values: bytes 0..255, or finite floats of any scale.
  std::variant<std::vector<std::uint8_t>, std::vector<float>> pixels;
  std::vector<std::int32_t> labels;  ///< one a picture, each in 0 .. Dataset::classes - 1

  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};

/// A training set and a test set of the same shape and the same kind of pixel.
struct Dataset {
  std::string name;
  std::vector<std::string> class_names;  ///< one a class, or empty where nobody named them
  int classes = 0;                       ///< at least 2; every label of both sets is below
  Images train;
  Images test;
  std::string format = {};  ///< idx, npz, cifar binary, image folder, drawn
  /// What a user must know about how the set was read, a sentence each: pictures that were resized
  /// or skipped, a test set that was drawn. Empty for most sets.
  std::vector<std::string> notes = {};
};

/// Pixels.
struct PictureSize {
  int height = 0;
  int width = 0;
  bool operator==(const PictureSize&) const = default;
};

/// How a set is to be read.
struct ReadOptions {
  /// What every picture is brought to (see resize.h), 1 to kLongestSide a side. Without a value:
  /// 32x32 where pictures differ in size, else their own size, each side up to 64.
  std::optional<PictureSize> size = std::nullopt;
  bool skip_broken = false;  ///< pass over unreadable pictures of a folder, and note it
  std::uint64_t seed = 0;    ///< the study's; draws the test set of a folder that has none
};

/// The names of known_sets(), in their order; see known_sets.h.
std::vector<std::string_view> known_names();

/// Where known sets are looked for: $WHICHFIRST_DATA, then $XDG_DATA_HOME/whichfirst or
/// ~/.local/share/whichfirst. Variables that are unset or empty are passed over. Reads the
/// environment.
std::vector<std::filesystem::path> search_folders();

/// The first of FOLDER/name and FOLDER/name.npz that exists, over the folders of `search` in
/// order; nothing where none does.
std::optional<std::filesystem::path> find_named(std::string_view name,
                                                const std::vector<std::filesystem::path>& search);

/// The known set `name`, from where find_named finds it; shapes10 is drawn and needs no file.
/// Throws Error for an unknown name (with a suggestion), for a set that is nowhere (what was looked
/// for, where to get it and where to put it), for one with another number of classes, and for
/// whatever load_path refuses.
Dataset load_named(std::string_view name, const std::vector<std::filesystem::path>& search,
                   const ReadOptions& options = {});

/// The set in `path`: a .npz file (see npz.h), or a folder that holds IDX files (see idx.h),
/// CIFAR's binary files (see cifar.h) or class folders of pictures (see image_folder.h), tried in
/// this order. The set is named after the file or folder. Throws Error, of which one says what was
/// found where nothing was recognised.
Dataset load_path(const std::filesystem::path& path, const ReadOptions& options = {});

}  // namespace whichfirst::data
