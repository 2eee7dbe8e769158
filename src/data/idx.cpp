#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/folder.h"
#include "data/input_file.h"
#include "data/limits.h"
#include "data/readers.h"

namespace whichfirst::data {
namespace {

constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr std::uint32_t kTableMagic = 0x00000c02;  // QMNIST's labels
constexpr std::uint32_t kGrayMagic = 0x00000803;
constexpr std::uint32_t kChannelsMagic = 0x00000804;
constexpr std::size_t kWordBytes = 4;

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

std::string_view looks_like(std::uint32_t magic) {
  if (magic == kLabelsMagic || magic == kTableMagic) return "a labels file";
  if (magic == kGrayMagic || magic == kChannelsMagic) return "an images file";
  if (magic >> 16 == 0x1f8b) return "gzip inside gzip";
  if (magic == 0x504b0304) return "a zip archive";
  if (magic == 0x89504e47) return "a PNG picture";
  const std::uint32_t type = magic >> 8;
  if (type == 0x08 || type == 0x09 || (type >= 0x0b && type <= 0x0e)) {
    return "IDX of another type or rank";
  }
  return "no IDX file";
}

/// An IDX file whose first `words` numbers after the magic are read.
struct Header {
  std::uint32_t magic = 0;
  std::vector<std::uint64_t> sizes;
  std::uint64_t bytes() const { return kWordBytes * (1 + sizes.size()); }
};

std::uint32_t read_word(InputFile& file, std::size_t words_before) {
  std::array<std::uint8_t, kWordBytes> word{};
  const std::size_t got = file.read(word);
  if (got != word.size()) {
    throw Error("{}: expected an IDX header, found {} bytes only; fetch it again", file.path(),
                kWordBytes * words_before + got);
  }
  return big_endian(word.data());
}

[[noreturn]] void refuse_magic(const InputFile& file, std::string_view expected,
                               std::uint32_t found) {
  throw Error("{}: expected {}, found 0x{:08x}, which is {}", file.path(), expected, found,
              looks_like(found));
}

Header read_header(InputFile& file, std::uint32_t magic) {
  Header header{.magic = magic, .sizes = {}};
  const std::size_t rank = magic & 0xff;
  while (header.sizes.size() < rank) {
    header.sizes.push_back(read_word(file, 1 + header.sizes.size()));
  }
  return header;
}

/// The `bytes` that follow the header and end the file.
std::vector<std::uint8_t> read_body(InputFile& file, const Header& header, std::uint64_t bytes) {
  const std::uint64_t expected = header.bytes() + bytes;
  file.require_room_for(expected);
  std::vector<std::uint8_t> body(bytes);
  const std::uint64_t found = file.read(body) + file.count_rest();
  if (found != bytes) {
    throw Error("{}: expected {} bytes as its header says, found {}; fetch it again", file.path(),
                expected, header.bytes() + found);
  }
  return body;
}

std::vector<std::int32_t> read_labels(const std::filesystem::path& path, std::uint64_t images,
                                      std::string_view images_file) {
  InputFile file(path);
  const std::uint32_t magic = read_word(file, 0);
  if (magic != kLabelsMagic && magic != kTableMagic) {
    refuse_magic(file, "IDX labels (0x00000801 or 0x00000c02)", magic);
  }
  const Header header = read_header(file, magic);
  if (header.sizes[0] != images) {
    throw Error("{}: expected {} labels, one for each image of {}, found {}", file.path(), images,
                images_file, header.sizes[0]);
  }
  if (magic == kLabelsMagic) {
    const auto bytes = read_body(file, header, images);
    return {bytes.begin(), bytes.end()};
  }
  constexpr std::uint64_t kMostColumns = 64;
  if (header.sizes[1] < 1 || header.sizes[1] > kMostColumns) {
    throw Error("{}: expected labels of 1 to {} columns, found {}", file.path(), kMostColumns,
                header.sizes[1]);
  }
  const std::size_t row_bytes = header.sizes[1] * kWordBytes;
  const auto bytes = read_body(file, header, images * row_bytes);
  std::vector<std::int32_t> labels;
  for (std::size_t at = 0; at < bytes.size(); at += row_bytes) {
    labels.push_back(static_cast<std::int32_t>(big_endian(bytes.data() + at)));
    if (labels.back() >= 0) continue;
    throw Error("{}: expected a label from 0 on for picture {}, found {}", file.path(),
                labels.size() - 1, labels.back());
  }
  return labels;
}

struct Names {
  std::vector<std::string> fronts;
  std::vector<std::string> backs;  // without the dash or dot before them
};

/// Training images and labels, test images and labels.
std::array<Names, 4> wanted_files() {
  const std::vector<std::string> images = {"idx3-ubyte", "idx4-ubyte"};
  const std::vector<std::string> labels = {"idx1-ubyte", "idx2-int"};
  return {Names{{"train-images"}, images}, Names{{"train-labels"}, labels},
          Names{{"t10k-images", "test-images"}, images},
          Names{{"t10k-labels", "test-labels"}, labels}};
}

/// torchvision's and EMNIST's sub-folders too.
std::array<std::filesystem::path, 3> places(const std::filesystem::path& folder) {
  return {folder, folder / "raw", folder / "gzip"};
}

std::vector<std::string> spellings(const Names& names) {
  std::vector<std::string> result;
  for (const std::string& front : names.fronts) {
    for (const std::string& back : names.backs) {
      for (const char* joint : {"-", "."}) {
        for (const char* ending : {"", ".gz"}) result.push_back(front + joint + back + ending);
      }
    }
  }
  return result;
}

/// The first of the allowed spellings that exists in `folder`.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               const std::string& prefix, const Names& names) {
  for (const std::string& name : spellings(names)) {
    if (is_there(folder / (prefix + name))) return folder / (prefix + name);
  }
  return std::nullopt;
}

/// What stands before the usual name: "" for MNIST, "qmnist-", "emnist-letters-"; nothing where it
/// is no such name.
std::optional<std::string> prefix_of(const std::string& file, const Names& names) {
  for (const std::string& name : spellings(names)) {
    if (!file.ends_with(name)) continue;
    const std::string prefix = file.substr(0, file.size() - name.size());
    if (prefix.empty() || prefix.ends_with('-')) return prefix;
  }
  return std::nullopt;
}

/// Those of the sets in a folder.
std::set<std::string> prefixes_in(const std::filesystem::path& folder) {
  std::set<std::string> prefixes;
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return prefixes;
  const auto wanted = wanted_files();
  for (const std::string& file : list_folder(folder).others) {
    for (const Names& names : wanted) {
      if (const auto prefix = prefix_of(file, names)) prefixes.insert(*prefix);
    }
  }
  return prefixes;
}

/// Exchanges the rows and the columns of every picture.
void transpose(Images& images) {
  const Shape from = images.shape;
  auto& pixels = std::get<std::vector<std::uint8_t>>(images.pixels);
  std::vector<std::uint8_t> turned;
  turned.reserve(pixels.size());
  const auto height = static_cast<std::size_t>(from.height);
  const auto width = static_cast<std::size_t>(from.width);
  for (std::size_t plane = 0; plane < pixels.size(); plane += height * width) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t y = 0; y < height; ++y) turned.push_back(pixels[plane + y * width + x]);
    }
  }
  pixels = std::move(turned);
  std::swap(images.shape.height, images.shape.width);
}

/// The set whose four files in `folder` begin with `prefix`. `path` begins errors.
Dataset load_prefixed(const std::filesystem::path& path, const std::filesystem::path& folder,
                      const std::string& prefix) {
  std::vector<std::filesystem::path> found;
  std::vector<std::string> missing;
  for (const Names& names : wanted_files()) {
    if (const auto file = find_file(folder, prefix, names)) {
      found.push_back(*file);
    } else {
      missing.push_back(prefix + names.fronts.front() + "-" + names.backs.front());
    }
  }
  if (!missing.empty()) {
    throw Error("{}: expected four IDX files (.gz too), did not find {}", path.string(),
                fmt::join(missing, ", "));
  }
  Images train = read_idx(found[0], found[1]);
  Images test = read_idx(found[2], found[3]);
  const bool is_lying = prefix.starts_with("emnist-");
  if (is_lying) {
    transpose(train);
    transpose(test);
  }
  Dataset set = join(path.string(), std::move(train), std::move(test));
  if (is_lying) {
    set.notes.push_back("EMNIST's files exchange rows and columns: the pictures were put upright");
  }
  return set;
}

}  // namespace

Images read_idx(const std::filesystem::path& images_file,
                const std::filesystem::path& labels_file) {
  InputFile file(images_file);
  const std::uint32_t magic = read_word(file, 0);
  if (magic != kGrayMagic && magic != kChannelsMagic) {
    refuse_magic(file, "IDX images (0x00000803 or 0x00000804)", magic);
  }
  const Header header = read_header(file, magic);
  const auto& sizes = header.sizes;
  const Extent extent =
      magic == kGrayMagic
          ? Extent{.count = sizes[0], .channels = 1, .height = sizes[1], .width = sizes[2]}
          : Extent{.count = sizes[0], .channels = sizes[1], .height = sizes[2], .width = sizes[3]};
  Images images;
  images.shape = checked_shape(file.path(), extent, 1);
  images.pixels = read_body(file, header, extent.values());
  images.labels = read_labels(labels_file, extent.count, file.path());
  return images;
}

bool is_idx(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    return prefix_of(path.filename().string(), wanted_files()[0]).has_value();
  }
  for (const auto& place : places(path)) {
    if (!prefixes_in(place).empty()) return true;
  }
  return false;
}

Dataset load_idx(const std::filesystem::path& path) {
  if (const auto prefix = prefix_of(path.filename().string(), wanted_files()[0])) {
    return load_prefixed(path, path.parent_path(), *prefix);
  }
  for (const auto& place : places(path)) {
    const auto prefixes = prefixes_in(place);
    if (prefixes.size() == 1) return load_prefixed(path, place, *prefixes.begin());
    if (prefixes.size() > 1) {
      throw Error(
          "{}: expected the files of one set, found those of {}; name the training pictures of "
          "one: "
          "{}",
          path.string(), fmt::join(prefixes, ", "),
          find_file(place, *prefixes.begin(), wanted_files()[0]).value_or(place).string());
    }
  }
  return load_prefixed(path, path, "");
}

}  // namespace whichfirst::data
