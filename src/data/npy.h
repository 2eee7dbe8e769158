// The header of a NumPy array file: what kind of number, in which order, how many along each axis.
//
// Source: NumPy Enhancement Proposal 1 and numpy.lib.format, versions 1.0, 2.0 and 3.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace whichfirst::data {

/// Numbers of one kind: 'u' unsigned, 'i' signed, 'f' IEEE; of 1, 2, 4 or 8 bytes each.
struct NpyType {
  char kind = 'u';
  int bytes = 1;
  bool big_endian = false;
};

struct NpyHeader {
  std::string descr;  ///< the type as the file writes it, such as "<f4"; see parse_npy_type
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

/// "\x93NUMPY", two version bytes, the length of the text in 2 bytes (version 1) or 4.
inline constexpr std::size_t kNpyPreambleBytes = 12;
inline constexpr std::size_t kMostNpyTextBytes = 64 * 1024;
inline constexpr std::size_t kMostNpyAxes = 32;  // as many as NumPy allows

/// How many bytes of preamble and of text stand before the numbers.
struct NpyLengths {
  std::size_t preamble = 0;
  std::size_t text = 0;
};

/// From a file's first kNpyPreambleBytes bytes. Throws Error beginning with `where` for anything
/// but a .npy file of version 1 to 3 with a text within its limit.
NpyLengths parse_npy_preamble(std::string_view where, std::span<const std::uint8_t> preamble);

/// From the text of the header, a Python dict with exactly the keys descr (a simple type),
/// fortran_order and shape. Throws Error beginning with `where` for anything else.
NpyHeader parse_npy_text(std::string_view where, std::string_view text);

/// A type such as "|u1", "<i8", ">f4"; nothing for any other (objects, strings, half floats).
std::optional<NpyType> parse_npy_type(std::string_view descr);

/// The number of `type` at `bytes`. Integers beyond 2^53 are rounded.
double npy_number(const NpyType& type, const std::uint8_t* bytes);

struct NpyArray {
  std::vector<std::uint64_t> shape;
  std::vector<double> values;  ///< row-major; NaN and infinities as they stand
};

/// The one array of the file, of a type that parse_npy_type knows or of truth values (0 and 1), in
/// C order. Throws Error beginning with its path: another kind of file, none or more than `most`
/// numbers, a file that is longer or shorter.
NpyArray read_npy(const std::filesystem::path& path, std::uint64_t most);

/// A .npy file, version 1.0, of one axis of doubles.
std::string write_npy(std::span<const double> values);

}  // namespace whichfirst::data
