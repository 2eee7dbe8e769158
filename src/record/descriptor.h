// An open file of the operating system. Internal to record.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string_view>

namespace whichfirst::record {

/// Closes on leaving the scope. Negative: not open.
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

}  // namespace whichfirst::record
