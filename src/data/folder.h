// What is in a folder, sorted. Links are followed. Hidden entries (a dot in front) and what systems
// leave behind (Thumbs.db, desktop.ini, __MACOSX) are passed over.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace whichfirst::data {

inline constexpr std::size_t kMostFolderEntries = 4'000'000;

/// Names sorted bytewise, whatever order the system lists them in.
struct FolderContent {
  std::vector<std::string> folders;
  std::vector<std::string> others;  ///< files, links that lead nowhere, and whatever else there is
};

/// Throws Error with the system's reason where `folder` cannot be listed, and where it has more
/// than kMostFolderEntries.
FolderContent list_folder(const std::filesystem::path& folder);

/// Whether there is something at `path`; what cannot be looked at is not there.
bool is_there(const std::filesystem::path& path);

/// "a, b, c and 4 more".
std::string few_of(const std::vector<std::string>& names);

}  // namespace whichfirst::data
