#include "record/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "base/error.h"

namespace whichfirst::record {
namespace {

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Some file systems cannot sync a folder; they say so with EINVAL.
  if (descriptor.get() < 0 || (::fsync(descriptor.get()) != 0 && errno != EINVAL)) {
    fail_with_errno(folder, "the folder cannot be synced to disk");
  }
}

std::filesystem::path temporary_path(const std::filesystem::path& folder) {
  static std::atomic<unsigned> counter{0};
  return folder / fmt::format(".whichfirst-tmp-{}-{}", writer_name(), counter++);
}

int create_file(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
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

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path temporary = temporary_path(path.parent_path());
  int opened = create_file(temporary);
  while (opened < 0 && errno == EEXIST) {  // left by a dead process of the same number
    temporary = temporary_path(path.parent_path());
    opened = create_file(temporary);
  }
  const Descriptor descriptor(opened);
  if (opened < 0) fail_with_errno(path, "cannot be written");
  try {
    write_all(descriptor, bytes, path);
    if (::fsync(descriptor.get()) != 0) fail_with_errno(path, "cannot be synced to disk");
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      fail_with_errno(path, "cannot be replaced by its new content");
    }
  } catch (const Error&) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) fail_with_errno(path, "cannot be opened");
  std::string content;
  std::array<char, 65'536> piece;
  while (true) {
    const ssize_t got = ::read(descriptor.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_with_errno(path, "cannot be read");
    if (got == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(got));
    if (content.size() > max_bytes) {
      throw Error(
          fmt::format("{}: expected at most {} bytes, found more", path.string(), max_bytes));
    }
  }
}

}  // namespace whichfirst::record
