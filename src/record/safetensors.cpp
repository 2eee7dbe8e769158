#include "record/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "record/atomic_file.h"
#include "record/json_reader.h"
#include "record/json_writer.h"
#include "record/printable.h"

namespace whichfirst::record {
namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kAlignment = 8;
constexpr int kMaxDepth = 3;
constexpr std::string_view kMetadata = "__metadata__";
constexpr std::string_view kCounterSuffix = "num_batches_tracked";

template <class Number>
Number load(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

/// IEEE 754 binary16.
float from_half(std::uint16_t bits) {
  const bool is_negative = (bits & 0x8000U) != 0;
  const int exponent = bits >> 10 & 0x1f;
  const int fraction = bits & 0x3ff;
  float magnitude = 0;
  if (exponent == 0x1f) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  }
  return is_negative ? -magnitude : magnitude;
}

float load_f32(const char* bytes) { return load<float>(bytes); }
float load_f16(const char* bytes) { return from_half(load<std::uint16_t>(bytes)); }
float load_bf16(const char* bytes) {
  return std::bit_cast<float>(std::uint32_t{load<std::uint16_t>(bytes)} << 16);
}
/// Not called for a double beyond float, whose conversion is not defined.
float load_f64(const char* bytes) { return static_cast<float>(load<double>(bytes)); }

struct Dtype {
  std::string_view name;
  std::size_t bytes;
  float (*load)(const char* bytes);  ///< nullptr: read by nobody
};

constexpr std::array kDtypes = {Dtype{"F32", 4, load_f32}, Dtype{"F16", 2, load_f16},
                                Dtype{"BF16", 2, load_bf16}, Dtype{"F64", 8, load_f64},
                                Dtype{"I64", 8, nullptr}};

/// What the header says about one tensor.
struct Entry {
  std::string name;
  const Dtype* dtype = nullptr;
  std::vector<std::int64_t> shape;
  std::uint64_t count = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

const Dtype& dtype_of(const JsonValue& json, std::string_view tensor) {
  const std::string name = json.text();
  for (const Dtype& dtype : kDtypes) {
    if (dtype.name != name) continue;
    if (dtype.load != nullptr || tensor.ends_with(kCounterSuffix)) return dtype;
  }
  json.fail_expected("F32, F16, BF16 or F64");
}

Entry read_entry(const std::string& name, const JsonValue& json, std::uint64_t data_bytes) {
  json.expect_only({"dtype", "shape", "data_offsets"});
  Entry entry;
  entry.name = name;
  entry.dtype = &dtype_of(json.at("dtype"), name);
  const JsonValue shape = json.at("shape");
  entry.count = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::uint64_t extent = shape.at(axis).whole(kMaxWeightsBytes);
    if (extent != 0 && entry.count > kMaxWeightsBytes / extent) {
      shape.fail("expected a shape that fits the file, found a larger one");
    }
    entry.count *= extent;
    entry.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const JsonValue offsets = json.at("data_offsets");
  if (offsets.size() != 2) offsets.fail_expected("two offsets");
  entry.begin = offsets.at(0).whole(data_bytes);
  entry.end = offsets.at(1).whole(data_bytes);
  if (entry.begin > entry.end || entry.end - entry.begin != entry.count * entry.dtype->bytes) {
    offsets.fail(fmt::format("expected {} bytes for shape [{}] of {}, found {} to {}",
                             entry.count * entry.dtype->bytes, fmt::join(entry.shape, ", "),
                             entry.dtype->name, entry.begin, entry.end));
  }
  return entry;
}

std::vector<float> read_values(const Entry& entry, std::string_view values,
                               const std::string& label) {
  std::vector<float> floats(entry.count);
  for (std::size_t i = 0; i < floats.size(); ++i) {
    const char* place = values.data() + entry.begin + i * entry.dtype->bytes;
    if (entry.dtype->name == "F64") {
      const double number = load<double>(place);
      if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) {
        throw Error(fmt::format("{}: {}[{}]: expected a number that fits a float, found {}", label,
                                printable(entry.name), i, number));
      }
    }
    floats[i] = entry.dtype->load(place);
  }
  return floats;
}

/// The header's text; what is left of `bytes` are the values.
std::string_view take_header(std::string_view& bytes, const std::string& label) {
  if (bytes.size() < kLengthBytes) {
    throw Error(fmt::format("{}: expected a safetensors file of at least {} bytes, found {}", label,
                            kLengthBytes, bytes.size()));
  }
  const auto length = load<std::uint64_t>(bytes.data());
  bytes.remove_prefix(kLengthBytes);
  const std::size_t most = std::min(bytes.size(), kMaxWeightsHeaderBytes);
  if (length > most) {
    throw Error(
        fmt::format("{}: expected a safetensors header of at most {} bytes, found {}; the "
                    "file is cut short or of another kind",
                    label, most, length));
  }
  const std::string_view header = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return header;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const Weights& weights) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!weights.metadata.empty()) header[std::string(kMetadata)] = weights.metadata;
  std::string values;
  for (const Tensor& tensor : weights.tensors) {
    std::int64_t count = 1;
    for (const std::int64_t extent : tensor.shape) count *= extent;
    check(count == static_cast<std::int64_t>(tensor.values.size()), "a tensor's shape is its size");
    check(tensor.name != kMetadata && !header.contains(tensor.name), "tensors have names apart");
    const std::size_t begin = values.size();
    values.append(reinterpret_cast<const char*>(tensor.values.data()),
                  tensor.values.size() * sizeof(float));
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, values.size()}}};
  }
  std::string text = header.dump();
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  write_file_atomically(path, bytes + text + values);
}

Weights read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path, kMaxWeightsBytes), path.string());
}

Weights parse_safetensors(std::string_view bytes, const std::string& label) {
  const std::string_view header = take_header(bytes, label);
  const nlohmann::json document = parse_json(header, label, kMaxDepth);
  const JsonValue json(document, label);
  if (!document.is_object()) json.fail_expected("an object");

  Weights weights;
  std::vector<Entry> entries;
  for (const auto& item : document.items()) {
    const JsonValue value = json.at(item.key());
    if (item.key() != kMetadata) {
      entries.push_back(read_entry(item.key(), value, bytes.size()));
      continue;
    }
    if (!item.value().is_object()) value.fail_expected("an object");
    for (const auto& pair : item.value().items()) {
      weights.metadata.emplace(pair.key(), value.at(pair.key()).text());
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });

  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      throw Error(
          fmt::format("{}: {}: expected values from byte {}, where the tensor before ends, "
                      "found {}",
                      label, printable(entry.name), end, entry.begin));
    }
    end = entry.end;
    if (entry.dtype->load == nullptr) continue;
    weights.tensors.push_back({entry.name, entry.shape, read_values(entry, bytes, label)});
  }
  if (end != bytes.size()) {
    throw Error(fmt::format("{}: expected the file to end after {} bytes of values, found {}",
                            label, end, bytes.size()));
  }
  return weights;
}

}  // namespace whichfirst::record
