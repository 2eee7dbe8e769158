// The arrays of a .npz file, each read once from its beginning to its end.
//
// Knows that the file is a zip. What the arrays mean is npz.cpp's business.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/npy.h"

struct zip;
struct zip_file;

namespace whichfirst::data {

/// A .npz file open for reading.
class NpzArchive {
 public:
  /// Throws Error where the file cannot be read, is no zip, or lacks one of the arrays `names`.
  NpzArchive(const std::filesystem::path& path, const std::vector<std::string>& names);

  const std::string& path() const { return path_; }

 private:
  friend class NpzArray;
  struct Discard {
    void operator()(zip* file) const;
  };
  std::string path_;
  std::uint64_t file_bytes_;
  std::unique_ptr<zip, Discard> zip_;
};

/// One array: its header, then its numbers in the order of the file. The archive outlives it.
class NpzArray {
 public:
  /// Opens an array that is in the archive and reads its header. Throws Error, as everything below,
  /// with where() in front: for a header that is not numpy's, Fortran order, or a length that the
  /// compressed bytes cannot have.
  NpzArray(const NpzArchive& archive, const std::string& name);

  /// "FILE: NAME".
  const std::string& where() const { return where_; }
  const NpyHeader& header() const { return header_; }
  /// "(60000, 28, 28)".
  std::string shape_text() const;

  /// Throws Error unless just so many bytes of numbers follow the header. Call it before taking
  /// memory.
  void require_values(std::uint64_t values, int bytes_per_value) const;
  /// Throws Error where the file is damaged or ends before.
  void read_exactly(std::span<std::uint8_t> into);
  /// Throws Error unless all numbers have been read and the checksum holds.
  void expect_end();

 private:
  struct Close {
    void operator()(zip_file* file) const;
  };

  void read_header();
  std::size_t read(std::span<std::uint8_t> into);

  std::string where_;
  std::uint64_t bytes_ = 0;
  std::uint64_t header_bytes_ = 0;
  std::unique_ptr<zip_file, Close> file_;
  NpyHeader header_;
};

}  // namespace whichfirst::data
