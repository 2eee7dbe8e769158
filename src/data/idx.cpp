#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "data/folder.h"
#include "data/input_file.h"
#include "data/limits.h"
#include "data/readers.h"

namespace whichfirst::data {
namespace {

constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr std::uint32_t kGrayMagic = 0x00000803;
constexpr std::uint32_t kChannelsMagic = 0x00000804;
constexpr std::size_t kWordBytes = 4;

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

std::string_view looks_like(std::uint32_t magic) {
  if (magic == kLabelsMagic) return "a labels file";
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
  if (magic != kLabelsMagic) refuse_magic(file, "IDX labels (0x00000801)", magic);
  const Header header = read_header(file, magic);
  if (header.sizes[0] != images) {
    throw Error("{}: expected {} labels, one for each image of {}, found {}", file.path(), images,
                images_file, header.sizes[0]);
  }
  const auto bytes = read_body(file, header, images);
  return {bytes.begin(), bytes.end()};
}

struct Names {
  std::vector<std::string> fronts;
  std::vector<std::string> backs;  // without the dash or dot before them
};

/// Training images and labels, test images and labels.
std::array<Names, 4> wanted_files() {
  const std::vector<std::string> images = {"idx3-ubyte", "idx4-ubyte"};
  const std::vector<std::string> labels = {"idx1-ubyte"};
  return {Names{{"train-images"}, images}, Names{{"train-labels"}, labels},
          Names{{"t10k-images", "test-images"}, images},
          Names{{"t10k-labels", "test-labels"}, labels}};
}

std::array<std::filesystem::path, 2> places(const std::filesystem::path& folder) {
  return {folder, folder / "raw"};
}

/// The first of the allowed spellings that exists in `folder`.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               const Names& names) {
  for (const std::string& front : names.fronts) {
    for (const std::string& back : names.backs) {
      for (const char* joint : {"-", "."}) {
        for (const char* ending : {"", ".gz"}) {
          auto path = folder / (front + joint + back + ending);
          if (is_there(path)) return path;
        }
      }
    }
  }
  return std::nullopt;
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

bool holds_idx(const std::filesystem::path& folder) {
  for (const auto& place : places(folder)) {
    for (const Names& names : wanted_files()) {
      if (find_file(place, names)) return true;
    }
  }
  return false;
}

Dataset load_idx_folder(const std::filesystem::path& folder) {
  std::vector<std::string> missing;
  for (const auto& place : places(folder)) {
    std::vector<std::filesystem::path> found;
    std::vector<std::string> missing_here;
    for (const Names& names : wanted_files()) {
      if (const auto path = find_file(place, names)) {
        found.push_back(*path);
      } else {
        missing_here.push_back(names.fronts.front() + "-" + names.backs.front());
      }
    }
    if (missing_here.empty()) {
      return join(folder.string(), read_idx(found[0], found[1]), read_idx(found[2], found[3]));
    }
    // Of the two places, speak of the one where more was found.
    if (missing.empty() || missing_here.size() < missing.size()) missing = missing_here;
  }
  throw Error("{}: expected four IDX files (.gz too), did not find {}", folder.string(),
              fmt::join(missing, ", "));
}

}  // namespace whichfirst::data
