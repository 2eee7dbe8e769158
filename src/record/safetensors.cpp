#include "record/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <utility>

#include "base/error.h"
#include "json/fields.h"
#include "json/printable.h"
#include "record/atomic_file.h"

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

/// An entry of the header as it is written.
struct EntryForm {
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> data_offsets;
};
const json::Fields<EntryForm> kEntry = {
    json::field<&EntryForm::dtype>("dtype", "F32, F16, BF16 or F64"),
    json::field<&EntryForm::shape>("shape", "extents"),
    json::field<&EntryForm::data_offsets>("data_offsets", "of the first byte and of the end"),
};

const Dtype& dtype_of(const json::Value& value, std::string_view tensor) {
  const std::string name = value.text();
  for (const Dtype& dtype : kDtypes) {
    if (dtype.name != name) continue;
    if (dtype.load != nullptr || tensor.ends_with(kCounterSuffix)) return dtype;
  }
  value.fail_expected("F32, F16, BF16 or F64");
}

Entry read_entry(const std::string& name, const json::Value& value, std::uint64_t data_bytes) {
  EntryForm form;
  json::read_object(kEntry.list, &form, value);
  Entry entry;
  entry.name = name;
  entry.dtype = &dtype_of(value.at("dtype"), name);
  const json::Value shape = value.at("shape");
  entry.count = 1;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const std::uint64_t extent = shape.at(axis).whole(kMaxWeightsBytes);
    if (extent != 0 && entry.count > kMaxWeightsBytes / extent) {
      shape.fail("expected a shape that fits the file, found a larger one");
    }
    entry.count *= extent;
    entry.shape.push_back(static_cast<std::int64_t>(extent));
  }
  const json::Value offsets = value.at("data_offsets");
  if (offsets.size() != 2) offsets.fail_expected("two offsets");
  entry.begin = offsets.at(std::size_t{0}).whole(data_bytes);
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
        throw Error("{}: {}[{}]: expected a number that fits a float, found {}", label,
                    json::printable(entry.name), i, number);
      }
    }
    floats[i] = entry.dtype->load(place);
  }
  return floats;
}

/// The header's text; what is left of `bytes` are the values.
std::string_view take_header(std::string_view& bytes, const std::string& label) {
  if (bytes.size() < kLengthBytes) {
    throw Error("{}: expected a safetensors file of at least {} bytes, found {}", label,
                kLengthBytes, bytes.size());
  }
  const auto length = load<std::uint64_t>(bytes.data());
  bytes.remove_prefix(kLengthBytes);
  const std::size_t most = std::min(bytes.size(), kMaxWeightsHeaderBytes);
  if (length > most) {
    throw Error(
        "{}: expected a safetensors header of at most {} bytes, found {}; the "
        "file is cut short or of another kind",
        label, most, length);
  }
  const std::string_view header = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return header;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const Weights& weights) {
  json::Writer header(-1);
  header.begin_object();
  if (!weights.metadata.empty()) {
    header.key(kMetadata);
    header.begin_object();
    for (const auto& [name, text] : weights.metadata) {
      header.key(name);
      header.text(text);
    }
    header.end_object();
  }
  std::string values;
  std::set<std::string_view> names = {kMetadata};
  for (const Tensor& tensor : weights.tensors) {
    std::int64_t count = 1;
    for (const std::int64_t extent : tensor.shape) count *= extent;
    check(count == static_cast<std::int64_t>(tensor.values.size()), "a tensor's shape is its size");
    check(names.insert(tensor.name).second, "tensors have names apart");
    EntryForm form{.dtype = "F32",
                   .shape = {tensor.shape.begin(), tensor.shape.end()},
                   .data_offsets = {values.size()}};
    values.append(reinterpret_cast<const char*>(tensor.values.data()),
                  tensor.values.size() * sizeof(float));
    form.data_offsets.push_back(values.size());
    header.key(tensor.name);
    json::write_object(kEntry.list, &form, header);
  }
  header.end_object();
  std::string text = header.take();
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  write_output(path, bytes + text + values);
}

Weights read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(read_file(path, kMaxWeightsBytes), path.string());
}

Weights parse_safetensors(std::string_view bytes, const std::string& label) {
  const std::string_view header = take_header(bytes, label);
  const json::Document document(header, label, {.most_levels = kMaxDepth});
  const json::Value root = document.root();

  Weights weights;
  std::vector<Entry> entries;
  for (const std::string& key : root.keys()) {
    const json::Value value = root.at(key);
    if (key != kMetadata) {
      entries.push_back(read_entry(key, value, bytes.size()));
      continue;
    }
    for (const std::string& name : value.keys()) {
      weights.metadata.emplace(name, value.at(name).text());
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });

  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != end) {
      throw Error(
          "{}: {}: expected values from byte {}, where the tensor before ends, "
          "found {}",
          label, json::printable(entry.name), end, entry.begin);
    }
    end = entry.end;
    if (entry.dtype->load == nullptr) continue;
    weights.tensors.push_back({entry.name, entry.shape, read_values(entry, bytes, label)});
  }
  if (end != bytes.size()) {
    throw Error("{}: expected the file to end after {} bytes of values, found {}", label, end,
                bytes.size());
  }
  return weights;
}

}  // namespace whichfirst::record
