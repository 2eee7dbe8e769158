// Weights as files of the safetensors format, which PyTorch users can read and write.
//
//   8 bytes   length of the header, little-endian
//   header    JSON {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...,
//             "__metadata__": {"KEY": "TEXT", ...}}, padded with spaces to a multiple of 8
//   values    row-major, little-endian, one tensor behind the other without holes
//
// Source: the format's description at https://github.com/huggingface/safetensors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace whichfirst::record {

inline constexpr std::size_t kMaxWeightsHeaderBytes = 100'000'000;     // the format's own limit
inline constexpr std::size_t kMaxWeightsBytes = std::size_t{4} << 30;  // of a whole file

struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;  ///< no axes: one number
  std::vector<float> values;        ///< row-major, as many as the shape says
  bool operator==(const Tensor&) const = default;
};

struct Weights {
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
  bool operator==(const Weights&) const = default;
};

/// Writes all tensors as F32, in their order, by write_output. Names differ and none is
/// "__metadata__"; names and metadata are UTF-8. Throws Error where the file cannot be written.
void write_safetensors(const std::filesystem::path& path, const Weights& weights);

/// The tensors of a file in the order of their values. F32 is taken bit by bit; F16, BF16 and F64
/// become float, and a number that would become infinite is refused. PyTorch's counters
/// (I64, named *.num_batches_tracked) are left out.
/// Throws Error with file and tensor for whatever breaks the format: a file that is cut short or
/// too long, a hole, an overlap, a shape that does not match its bytes, a name given twice.
Weights read_safetensors(const std::filesystem::path& path);

/// The same for the bytes of a file that messages call `label`.
Weights parse_safetensors(std::string_view bytes, const std::string& label);

}  // namespace whichfirst::record
