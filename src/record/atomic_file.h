// Whole files: written so that nobody ever sees half of one, read with a bound on their size.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace whichfirst::record {

/// An open file of the operating system, closed on leaving the scope. Negative: not open.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  int get() const { return number_; }

 private:
  int number_;
};

/// Writes every byte. Throws Error naming `path`, the file's name.
void write_all(const Descriptor& descriptor, std::string_view bytes,
               const std::filesystem::path& path);

/// Throws Error "path: what: the reason in errno".
[[noreturn]] void fail_with_errno(const std::filesystem::path& path, std::string_view what);

/// "host-pid" of this process, fit for a file name.
std::string writer_name();
bool is_of_this_host(std::string_view writer);
/// Whether it was a process of this host and is no more; of another host nobody knows.
bool is_dead(std::string_view writer);

/// A new file in the folder of `path`, of a name that nothing reads: `.whichfirst-tmp-HOST-PID-N`.
/// It is removed at the end of the scope unless it was renamed.
class Temporary {
 public:
  /// Throws Error naming `path` where the folder takes no file.
  explicit Temporary(const std::filesystem::path& path);
  ~Temporary() { ::unlink(path.c_str()); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  /// Gives the file its name, and whether it did: not where something has that name already.
  /// Throws Error.
  bool claim_name(const std::filesystem::path& name) const;

  std::filesystem::path path;
  Descriptor descriptor;
};

/// Puts `bytes` at `path`, replacing what was there: a temporary file in the same folder, fsync,
/// rename, fsync of the folder. A link at `path` is replaced too, not followed. May be called from
/// several threads and machines at once; the last rename wins.
///
/// A crash leaves either the old file or the new one, and perhaps a Temporary. Throws Error with
/// the system's reason, after removing the temporary.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The same where nothing is at `path`; else false, and what is there stays. Of several writers at
/// once one succeeds.
bool create_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// What a user asked for at `path`. A regular file is replaced as by write_file_atomically and
/// keeps its mode; links are followed; a device or a FIFO is written in place. Throws Error.
void write_output(const std::filesystem::path& path, std::string_view bytes);

/// Throws Error where write_output to `path` would fail, so far as that can be told; `option` is
/// what the user wrote before it. Outputs are tried before the long part.
void require_output(std::string_view option, const std::filesystem::path& path);

/// Makes the folder and those above it that are missing, each synced into its own. Throws Error.
void make_folder(const std::filesystem::path& folder);

/// Removes every Temporary of a dead writer, where the folder allows it.
void remove_leftovers(const std::filesystem::path& folder);

/// Something is there that no program can have written as a file of a run: a folder, a FIFO, a
/// link in a circle, more bytes than such a file has.
class UnfitFile : public Error {
 public:
  using Error::Error;
};

/// The content of the file. Throws Error with the system's reason, and where there are more than
/// `max_bytes`; takes no more memory than the content needs.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes);

/// The same of a regular file alone, without ever waiting for a writer; nullopt where there is
/// none. Throws UnfitFile, and Error where the system refuses.
std::optional<std::string> read_regular_file(const std::filesystem::path& path,
                                             std::size_t max_bytes);

}  // namespace whichfirst::record
