// Whole files: written so that nobody ever sees half of one, read with a bound on their size.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace whichfirst::record {

/// An open file of the operating system, closed on leaving the scope. Negative: not open.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

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

/// Puts `bytes` at `path`, replacing what was there: a temporary file in the same folder, fsync,
/// rename, fsync of the folder. May be called from several threads and machines at once; the last
/// rename wins.
///
/// A crash leaves either the old file or the new one, and perhaps a temporary
/// `.whichfirst-tmp-HOST-PID-N`, which nothing reads. Throws Error with the system's reason, after
/// removing the temporary.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The content of the file. Throws Error with the system's reason, and where there are more than
/// `max_bytes`; takes no more memory than the content needs.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace whichfirst::record
