#include "data/folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/words.h"

namespace whichfirst::data {
namespace {

/// What Windows, macOS and Synology's servers put beside people's files, in lower case.
constexpr std::array<std::string_view, 7> kLeftBehind = {
    "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "$recycle.bin"};

bool is_left_behind(const std::string& name) {
  return name.starts_with('.') ||
         std::find(kLeftBehind.begin(), kLeftBehind.end(), lower_case(name)) != kLeftBehind.end();
}

}  // namespace

FolderContent list_folder(const std::filesystem::path& folder) {
  FolderContent content;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_left_behind(name)) continue;
    std::error_code ignored;  // a link that leads nowhere is no folder
    (std::filesystem::is_directory(entry->path(), ignored) ? content.folders : content.others)
        .push_back(name);
    if (content.folders.size() + content.others.size() > kMostFolderEntries) {
      throw Error("{}: expected at most {} entries", folder.string(), kMostFolderEntries);
    }
  }
  if (error) throw Error("{}: {}", folder.string(), error.message());
  std::sort(content.folders.begin(), content.folders.end());
  std::sort(content.others.begin(), content.others.end());
  return content;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::string few_of(const std::vector<std::string>& names) {
  constexpr std::size_t kFew = 3;
  const auto few = std::span(names).first(std::min(names.size(), kFew));
  const std::string more =
      names.size() > kFew ? fmt::format(" and {} more", names.size() - kFew) : "";
  return fmt::format("{}{}", fmt::join(few, ", "), more);
}

}  // namespace whichfirst::data
