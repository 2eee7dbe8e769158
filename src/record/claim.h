// Who trains what, where several processes share a run folder: a small file beside the trial's.
//
// The file holds its writer's name. The writer keeps it locked (flock) and renews its time; it
// removes it when the trial has ended. A process that is killed loses the lock with its life, so
// that its claim is free at once for everybody on its machine. From another machine a lock may not
// be seen (some network file systems keep locks to themselves, some have none): there a claim that
// has not been renewed for kStaleSeconds is taken over. Its age is measured by the file system's
// own clock, which needs no agreement between machines.
//
// In the worst case - a process that was suspended for minutes, two machines that take over one
// claim in the same moment on a file system without locks - a trial is trained twice. Both write
// the same record, whole, so that this costs time and nothing else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "record/atomic_file.h"

namespace whichfirst::record {

inline constexpr int kRenewSeconds = 10;
inline constexpr int kStaleSeconds = 90;

class Claim {
 public:
  /// nullopt where another process holds it. The folder exists. Throws Error where the file cannot
  /// be written.
  static std::optional<Claim> take(const std::filesystem::path& path);
  /// Gives it up.
  ~Claim();
  Claim(Claim&&) = default;
  Claim& operator=(Claim&&) = delete;

  /// To be called every kRenewSeconds.
  void renew() const;

 private:
  Claim(std::filesystem::path path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  std::filesystem::path path_;
  Descriptor descriptor_;
};

/// Locks a file for as long as it is open, so that others see that its writer lives; in vain where
/// another holds it or the file system has no locks.
void show_life(const Descriptor& descriptor);
/// Whether somebody shows life by that file.
bool shows_life(const std::filesystem::path& path);

/// The writer that holds the claim, for those who only look; nullopt where nobody does.
std::optional<std::string> holder_of(const std::filesystem::path& claim);

}  // namespace whichfirst::record
