#include "data/folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <system_error>

#include "base/error.h"

namespace whichfirst::data {

FolderContent list_folder(const std::filesystem::path& folder) {
  FolderContent content;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.')) continue;
    const auto status = entry->symlink_status(error);
    if (error) break;
    (std::filesystem::is_directory(status) ? content.folders : content.others).push_back(name);
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
