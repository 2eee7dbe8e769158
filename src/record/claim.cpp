#include "record/claim.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace whichfirst::record {
namespace {

struct stat status_of(const Descriptor& descriptor) {
  struct stat status {};
  ::fstat(descriptor.get(), &status);
  return status;
}

/// Whether the open file still has its name.
bool has_name(const Descriptor& descriptor, const std::filesystem::path& path) {
  struct stat named {};
  if (::lstat(path.c_str(), &named) != 0) return false;
  const struct stat open = status_of(descriptor);
  return named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

std::string read_writer(const Descriptor& descriptor) {
  std::array<char, 200> text{};
  const ssize_t got = ::pread(descriptor.get(), text.data(), text.size(), 0);
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

void write_writer(const Descriptor& descriptor, const std::filesystem::path& path) {
  if (::ftruncate(descriptor.get(), 0) != 0) fail_with_errno(path, "cannot be written");
  write_all(descriptor, writer_name(), path);
}

enum class Lock { taken, held, unknown };  // unknown: the file system has no locks

Lock try_lock(const Descriptor& descriptor, int kind) {
  if (::flock(descriptor.get(), kind | LOCK_NB) == 0) return Lock::taken;
  return errno == EWOULDBLOCK ? Lock::held : Lock::unknown;
}

/// Whether the writer of a claim that we could lock, or that nobody can lock, is still at work.
bool is_at_work(const Descriptor& descriptor, Lock lock, std::time_t now) {
  const std::string writer = read_writer(descriptor);
  if (is_dead(writer) || (lock == Lock::taken && is_of_this_host(writer))) return false;
  return now - status_of(descriptor).st_mtim.tv_sec < kStaleSeconds;
}

}  // namespace

std::optional<Claim> Claim::take(const std::filesystem::path& path) {
  constexpr int kMostTurns = 100;
  for (int turn = 0; turn < kMostTurns; ++turn) {
    Descriptor there(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (there.get() < 0 && errno == ENOENT) {
      // Locked and signed before it has its name: nobody ever sees it otherwise.
      Temporary made(path);
      try_lock(made.descriptor, LOCK_EX);
      write_writer(made.descriptor, path);
      if (made.claim_name(path)) return Claim(path, std::move(made.descriptor));
      continue;
    }
    const bool is_planted =
        there.get() < 0 ? errno == ELOOP || errno == ENXIO : !S_ISREG(status_of(there).st_mode);
    if (there.get() < 0 && !is_planted) fail_with_errno(path, "cannot be opened");
    if (is_planted) {
      ::unlink(path.c_str());
      continue;
    }
    const Lock lock = try_lock(there, LOCK_EX);
    if (lock == Lock::held) return std::nullopt;
    if (!has_name(there, path)) continue;  // its trial has just ended
    const std::time_t now = status_of(Temporary(path).descriptor).st_mtim.tv_sec;
    if (is_at_work(there, lock, now)) return std::nullopt;
    if (lock == Lock::taken) {
      write_writer(there, path);
      return Claim(path, std::move(there));
    }
    ::unlink(path.c_str());
  }
  return std::nullopt;
}

Claim::~Claim() {
  // Removed while it is locked: who waits for the lock finds the name gone and starts over.
  if (descriptor_.get() >= 0 && has_name(descriptor_, path_) &&
      read_writer(descriptor_) == writer_name()) {
    ::unlink(path_.c_str());
  }
}

void Claim::renew() const { ::futimens(descriptor_.get(), nullptr); }

void show_life(const Descriptor& descriptor) { try_lock(descriptor, LOCK_EX); }

bool shows_life(const std::filesystem::path& path) {
  const Descriptor there(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  return there.get() >= 0 && try_lock(there, LOCK_SH) == Lock::held;
}

std::optional<std::string> holder_of(const std::filesystem::path& claim) {
  const Descriptor there(::open(claim.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (there.get() < 0) return std::nullopt;
  const Lock lock = try_lock(there, LOCK_SH);
  if (lock != Lock::held && !is_at_work(there, lock, std::time(nullptr))) return std::nullopt;
  return read_writer(there);
}

}  // namespace whichfirst::record
