// How to get pictures and labels: by name, or from a file or folder.
//
// Readers take hostile files: every size is checked before memory is taken, a damaged or partial
// file is an Error that begins with its path, and nothing is ever loaded in part.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "data/images.h"

namespace whichfirst::data {

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

/// The set in `path`: a .npz file, IDX files, CIFAR's binary files or class folders of pictures;
/// see readers.h. The set is named after the file or folder. A note counts the test pictures whose
/// pixels are those of a training picture. Throws Error, of which one says what was found where
/// nothing was recognised.
Dataset load_path(const std::filesystem::path& path, const ReadOptions& options = {});

}  // namespace whichfirst::data
