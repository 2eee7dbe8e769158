// The bytes of a file, decompressed where they are gzip, whatever the file's name says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace whichfirst::data {

/// The size of the regular file at `path`, bytes. Throws Error with the system's reason where there
/// is none or it is something else.
std::uint64_t regular_file_size(const std::filesystem::path& path);

/// Reads one file from beginning to end. Gzip is recognised by its first two bytes.
class InputFile {
 public:
  /// Throws Error with the system's reason where the file cannot be opened.
  explicit InputFile(const std::filesystem::path& path);

  /// Throws Error unless the content can be `bytes` long: exactly the size of a plain file, at most
  /// what gzip of this size can hold. Call it before taking memory.
  void require_room_for(std::uint64_t bytes) const;

  /// Reads up to into.size() bytes and returns how many there were: fewer only at the end of the
  /// content. Throws Error where the file cannot be read, or its gzip data are damaged or cut short
  /// (gzip's checksum is verified by the read that meets the end).
  std::size_t read(std::span<std::uint8_t> into);

  /// Bytes of content between here and the end, which are read. 0 is the proof that a file ends
  /// where it should and that its checksum holds.
  std::uint64_t count_rest();

  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(void* file) const;
  };
  std::string path_;
  std::uint64_t file_bytes_ = 0;
  std::unique_ptr<void, Close> file_;  // a gzFile
};

}  // namespace whichfirst::data
