#include "record/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "base/error.h"

namespace whichfirst::record {
namespace {

constexpr std::string_view kTemporaryPrefix = ".whichfirst-tmp-";

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot sync a folder; they say so with EINVAL.
  if (descriptor.get() < 0 || (::fsync(descriptor.get()) != 0 && errno != EINVAL)) {
    fail_with_errno(folder, "the folder cannot be synced to disk");
  }
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

/// A file of a new name beside `path`.
std::filesystem::path temporary_path(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  return path.parent_path() / fmt::format("{}{}-{}", kTemporaryPrefix, writer_name(), counter++);
}

/// Writes all and waits until it is on disk. Messages call the file `path`.
void fill(const Temporary& temporary, std::string_view bytes, const std::filesystem::path& path) {
  write_all(temporary.descriptor, bytes, path);
  if (::fsync(temporary.descriptor.get()) != 0) fail_with_errno(path, "cannot be synced to disk");
}

void replace(const Temporary& temporary, const std::filesystem::path& path) {
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) {
    fail_with_errno(path, "cannot be replaced by its new content");
  }
  sync_folder(folder_of(path));
}

/// Where the links at `path` lead, whether something is there or not. Those of /proc lead to what
/// has no name: they are left.
std::filesystem::path end_of_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;
  std::error_code ignored;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, ignored); ++i) {
    if (path.string().starts_with("/proc/")) return path;
    path = path.parent_path() / std::filesystem::read_symlink(path, ignored);
  }
  return path;
}

/// Whether `path` is written as it lies, because it is no file that could be replaced.
bool is_in_place(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return false;
  return !S_ISREG(found.st_mode) || path.string().starts_with("/proc/");
}

std::string read_all(const Descriptor& descriptor, const std::filesystem::path& path,
                     std::size_t max_bytes) {
  std::string content;
  std::array<char, 65'536> piece;
  while (true) {
    const ssize_t got = ::read(descriptor.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_errno(path, "cannot be read");
    if (got == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      throw UnfitFile(
          fmt::format("{}: expected at most {} bytes, found more", path.string(), max_bytes));
    }
  }
}

}  // namespace

void write_all(const Descriptor& descriptor, std::string_view bytes,
               const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno(path, "cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void fail_with_errno(const std::filesystem::path& path, std::string_view what) {
  const std::string reason = std::generic_category().message(errno);
  throw Error("{}: {}: {}", path.string(), what, reason);
}

std::string writer_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::string name = host[0] == '\0' ? "unknown" : host.data();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '-');
  return fmt::format("{}-{}", name.substr(0, 64), ::getpid());
}

Temporary::Temporary(const std::filesystem::path& beside) : descriptor(-1) {
  int opened = -1;
  do {  // EEXIST: left by a dead process of the same number
    path = temporary_path(beside);
    opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (opened < 0 && errno == EEXIST);
  if (opened < 0) fail_with_errno(beside, "cannot be written");
  descriptor = Descriptor(opened);
}

bool Temporary::claim_name(const std::filesystem::path& name) const {
  if (::link(path.c_str(), name.c_str()) == 0) return true;
  // Some file systems have no links, others no such rename.
  if (errno != EEXIST &&
      ::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno != EEXIST) fail_with_errno(name, "cannot be created");
  return false;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  const Temporary temporary(path);
  fill(temporary, bytes, path);
  replace(temporary, path);
}

bool create_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  const Temporary temporary(path);
  fill(temporary, bytes, path);
  if (!temporary.claim_name(path)) return false;
  sync_folder(folder_of(path));
  return true;
}

void write_output(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path end = end_of_links(path);
  if (is_in_place(end)) {
    const Descriptor descriptor(::open(end.c_str(), O_WRONLY | O_CLOEXEC));
    if (descriptor.get() < 0) fail_with_errno(path, "cannot be opened");
    write_all(descriptor, bytes, path);
    return;
  }
  const Temporary temporary(end);
  fill(temporary, bytes, path);
  struct stat old {};
  if (::stat(end.c_str(), &old) == 0) ::fchmod(temporary.descriptor.get(), old.st_mode & 07777);
  replace(temporary, end);
}

void require_output(std::string_view option, const std::filesystem::path& path) {
  const std::filesystem::path end = end_of_links(path);
  std::error_code ignored;
  if (std::filesystem::is_directory(end, ignored)) {
    throw Error("{} {}: expected a file, found a folder", option, path.string());
  }
  const std::filesystem::path written = is_in_place(end) ? end : folder_of(end);
  if (::access(written.c_str(), W_OK) != 0) {
    fail_with_errno(fmt::format("{} {}", option, path.string()),
                    fmt::format("{} cannot be written", written.string()));
  }
}

void make_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return;
  make_folder(folder.parent_path());
  if (::mkdir(folder.c_str(), 0777) == 0) return sync_folder(folder_of(folder));
  if (errno != EEXIST) fail_with_errno(folder, "the folder cannot be created");
  if (!std::filesystem::is_directory(folder, ignored)) {  // else another process was faster
    throw Error("{}: the folder cannot be created: something else has its name", folder.string());
  }
}

bool is_of_this_host(std::string_view writer) {
  const std::string own = writer_name();
  return writer.starts_with(std::string_view(own).substr(0, own.rfind('-') + 1));
}

bool is_dead(std::string_view writer) {
  if (!is_of_this_host(writer)) return false;
  pid_t process = 0;
  const std::string_view digits = writer.substr(writer_name().rfind('-') + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), process);
  const bool is_whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  return is_whole && process > 0 && ::kill(process, 0) != 0 && errno == ESRCH;
}

void remove_leftovers(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kTemporaryPrefix)) continue;
    std::string_view writer = std::string_view(name).substr(kTemporaryPrefix.size());
    writer = writer.substr(0, writer.rfind('-'));
    if (is_dead(writer)) std::filesystem::remove(entry.path(), ignored);
  }
}

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) fail_with_errno(path, "cannot be opened");
  return read_all(descriptor, path, max_bytes);
}

std::optional<std::string> read_regular_file(const std::filesystem::path& path,
                                             std::size_t max_bytes) {
  // Without O_NONBLOCK a FIFO would wait for its writer.
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.get() < 0 && errno == ENOENT) {
    std::error_code ignored;
    if (!std::filesystem::is_symlink(path, ignored)) return std::nullopt;
    throw UnfitFile(path.string() + ": expected a file, found a link to nothing");
  }
  if (descriptor.get() < 0 && (errno == ELOOP || errno == ENXIO)) {
    throw UnfitFile(path.string() + ": expected a file, found a link in a circle or a socket");
  }
  struct stat found {};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &found) != 0) {
    fail_with_errno(path, "cannot be opened");
  }
  if (!S_ISREG(found.st_mode)) {
    throw UnfitFile(path.string() + ": expected a file, found something else of that name");
  }
  return read_all(descriptor, path, max_bytes);
}

}  // namespace whichfirst::record
