#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/input_file.h"
#include "data/limits.h"
#include "data/npy.h"
#include "data/readers.h"

namespace whichfirst::data {
namespace {

std::string file_of(const std::string& name) { return name + ".npy"; }

/// A .npz file open for reading.
class NpzArchive {
 public:
  /// Throws Error where the file cannot be read or is no zip.
  explicit NpzArchive(const std::filesystem::path& path);

  bool has(const std::string& name) const {
    return zip_name_locate(zip_.get(), file_of(name).c_str(), ZIP_FL_NOCASE) >= 0;
  }
  /// Of all arrays.
  std::vector<std::string> names() const;

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
  const std::string& name() const { return name_; }
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

  std::string name_;
  std::string where_;
  std::uint64_t bytes_ = 0;
  std::uint64_t header_bytes_ = 0;
  std::unique_ptr<zip_file, Close> file_;
  NpyHeader header_;
};

void NpzArchive::Discard::operator()(zip* file) const { zip_discard(file); }

NpzArchive::NpzArchive(const std::filesystem::path& path)
    : path_(path.string()), file_bytes_(regular_file_size(path)) {
  int code = 0;
  zip_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (zip_ == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error("{}: expected a .npz archive, cannot open it: {}", path_, reason);
  }
}

std::vector<std::string> NpzArchive::names() const {
  std::vector<std::string> names;
  const auto entries = zip_get_num_entries(zip_.get(), 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    const char* name = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), 0);
    if (name != nullptr) names.emplace_back(name);
    if (names.size() > 0 && names.back().ends_with(".npy")) {
      names.back().resize(names.back().size() - file_of("").size());
    }
  }
  return names;
}

void NpzArray::Close::operator()(zip_file* file) const { zip_fclose(file); }

NpzArray::NpzArray(const NpzArchive& archive, const std::string& name)
    : name_(name), where_(archive.path() + ": " + name) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  check(zip_stat(archive.zip_.get(), file_of(name).c_str(), ZIP_FL_NOCASE, &stat) == 0 &&
            (stat.valid & kNeeded) == kNeeded,
        "the array is in the archive and libzip knows its sizes");
  if (stat.encryption_method != ZIP_EM_NONE ||
      (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)) {
    throw Error(where_ + ": packed in a way that numpy does not use; save it with numpy.savez");
  }
  const std::uint64_t ratio = stat.comp_method == ZIP_CM_STORE ? 1 : kDeflateRatio;
  if (stat.comp_size > archive.file_bytes_ || stat.size / ratio > stat.comp_size) {
    throw Error(
        "{}: expected {} bytes as the archive says, found {} in a file of {}, "
        "which cannot hold as many; fetch or save it again",
        where_, stat.size, stat.comp_size, archive.file_bytes_);
  }
  bytes_ = stat.size;
  file_.reset(zip_fopen_index(archive.zip_.get(), stat.index, 0));
  if (file_ == nullptr) {
    throw Error("{}: damaged ({}); fetch or save it again", where_,
                zip_strerror(archive.zip_.get()));
  }
  read_header();
}

void NpzArray::read_header() {
  std::array<std::uint8_t, kNpyPreambleBytes> preamble{};
  if (bytes_ < preamble.size()) {
    throw Error("{}: expected an array, found {} bytes", where_, bytes_);
  }
  read_exactly(preamble);
  const NpyLengths lengths = parse_npy_preamble(where_, preamble);
  header_bytes_ = lengths.preamble + lengths.text;
  if (header_bytes_ > bytes_ || header_bytes_ < preamble.size()) {
    throw Error(
        "{}: expected a header of {} bytes as it says, found {} bytes in all; "
        "save it again",
        where_, header_bytes_, bytes_);
  }
  // Version 1 has a preamble of 10 bytes: the last two that were read belong to the text.
  std::string text(preamble.begin() + lengths.preamble, preamble.end());
  const std::size_t known = text.size();
  text.resize(lengths.text);
  read_exactly({reinterpret_cast<std::uint8_t*>(text.data()) + known, text.size() - known});
  header_ = parse_npy_text(where_, text);
  if (header_.fortran_order) {
    throw Error(where_ +
                ": stored in Fortran order; save it with numpy.ascontiguousarray(...) around it");
  }
}

std::string NpzArray::shape_text() const {
  return fmt::format("({}{})", fmt::join(header_.shape, ", "),
                     header_.shape.size() == 1 ? "," : "");
}

void NpzArray::require_values(std::uint64_t values, int bytes_per_value) const {
  const std::uint64_t expected = values * static_cast<std::uint64_t>(bytes_per_value);
  if (bytes_ - header_bytes_ != expected) {
    throw Error("{}: expected {} bytes of numbers for the shape {}, found {}", where_, expected,
                shape_text(), bytes_ - header_bytes_);
  }
}

std::size_t NpzArray::read(std::span<std::uint8_t> into) {
  const zip_int64_t bytes = zip_fread(file_.get(), into.data(), into.size());
  if (bytes < 0) {
    throw Error("{}: damaged ({}); fetch or save it again", where_, zip_file_strerror(file_.get()));
  }
  return static_cast<std::size_t>(bytes);
}

void NpzArray::read_exactly(std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const std::size_t got = read(into);
    if (got == 0) throw Error(where_ + ": shorter than the archive says; fetch or save it again");
    into = into.subspan(got);
  }
}

void NpzArray::expect_end() {
  std::uint8_t beyond = 0;
  if (read({&beyond, 1}) > 0) {
    throw Error(where_ + ": longer than the archive says; fetch or save it again");
  }
}

struct Layout {
  Extent extent;
  bool channels_last = false;
};

Layout layout_of(const NpzArray& array) {
  const auto& shape = array.header().shape;
  if (shape.size() == 3) return Layout{.extent = {shape[0], 1, shape[1], shape[2]}};
  if (shape.size() == 4) {
    const auto is_channels = [](std::uint64_t n) { return n == 1 || n == 3 || n == 4; };
    const bool last = is_channels(shape[3]);
    const bool second = is_channels(shape[1]);
    if (last && !second) {
      return Layout{.extent = {shape[0], shape[3], shape[1], shape[2]}, .channels_last = true};
    }
    if (second && !last) return Layout{.extent = {shape[0], shape[1], shape[2], shape[3]}};
    if (second && last) {
      throw Error(
          "{}: shape {} could be (N, H, W, C) or (N, C, H, W); save gray pictures as (N, H, W)",
          array.where(), array.shape_text());
    }
  }
  throw Error(
      "{}: expected pixels of shape (N, H, W), (N, H, W, C) or (N, C, H, W) "
      "with 1, 3 or 4 channels, found {}{}",
      array.where(), array.shape_text(),
      shape.size() == 2 ? "; .reshape(-1, HEIGHT, WIDTH) gives gray pictures back" : "");
}

/// All pictures, channel by channel. `convert(bytes, n, place)` makes a pixel of the number at
/// `bytes`, which stands at `place` of picture n in the order of the file.
template <typename Pixel, typename Convert>
std::vector<Pixel> read_pictures(NpzArray& array, const Layout& layout, int bytes_per_value,
                                 Convert&& convert) {
  const auto channels = static_cast<std::size_t>(layout.extent.channels);
  const auto plane = static_cast<std::size_t>(layout.extent.height * layout.extent.width);
  const auto step = static_cast<std::size_t>(bytes_per_value);
  std::vector<Pixel> pixels(layout.extent.values());
  std::vector<std::uint8_t> picture(channels * plane * step);
  Pixel* out = pixels.data();
  for (std::uint64_t n = 0; n < layout.extent.count; ++n) {
    array.read_exactly(picture);
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t p = 0; p < plane; ++p) {
        const std::size_t place = layout.channels_last ? p * channels + c : c * plane + p;
        *out++ = convert(picture.data() + place * step, n, place);
      }
    }
  }
  array.expect_end();
  return pixels;
}

/// "[7, 0, 31]": the index of the number at `place` of picture n, as numpy counts.
std::string index_text(const NpzArray& array, std::uint64_t n, std::uint64_t place) {
  std::vector<std::uint64_t> index(array.header().shape.size());
  for (std::size_t axis = index.size(); axis-- > 1;) {
    index[axis] = place % array.header().shape[axis];
    place /= array.header().shape[axis];
  }
  index[0] = n;
  return fmt::format("[{}]", fmt::join(index, ", "));
}

void read_pixels(NpzArray& array, Images& images) {
  const auto type = parse_npy_type(array.header().descr);
  const bool is_bytes = type && type->kind == 'u' && type->bytes == 1;
  if (!is_bytes && !(type && type->kind == 'f')) {
    const bool is_number = array.header().descr.find_first_of("OSUVMm") == std::string::npos;
    throw Error("{}: expected pixels of type uint8, float32 or float64, found '{}'; {}",
                array.where(), array.header().descr,
                is_number ? ".astype('float32') keeps their values"
                          : "numpy.stack makes one array of pictures of one size");
  }
  const Layout layout = layout_of(array);
  images.shape =
      checked_shape(array.where(), layout.extent, static_cast<std::uint64_t>(type->bytes));
  array.require_values(layout.extent.values(), type->bytes);
  if (is_bytes) {
    images.pixels = read_pictures<std::uint8_t>(
        array, layout, 1,
        [](const std::uint8_t* byte, std::uint64_t, std::size_t) { return *byte; });
    return;
  }
  images.pixels =
      read_pictures<float>(array, layout, type->bytes,
                           [&](const std::uint8_t* bytes, std::uint64_t n, std::size_t place) {
                             const double number = npy_number(*type, bytes);
                             // Comparison before conversion: a double beyond float has no defined
                             // conversion.
                             if (!(std::abs(number) <= std::numeric_limits<float>::max())) {
                               throw Error("{}{}: expected a finite float, found {}", array.where(),
                                           index_text(array, n, place), number);
                             }
                             return static_cast<float>(number);
                           });
}

/// Whether each of the rows has a single 1 among zeros. Reads the array to its end.
bool is_one_hot(NpzArray& array, const NpyType& type) {
  const auto& shape = array.header().shape;
  const auto step = static_cast<std::size_t>(type.bytes);
  array.require_values(shape[0] * shape[1], type.bytes);
  std::vector<std::uint8_t> row(shape[1] * step);
  bool holds = true;
  for (std::uint64_t n = 0; n < shape[0]; ++n) {
    array.read_exactly(row);
    std::uint64_t ones = 0, zeros = 0;
    for (std::size_t at = 0; at < row.size(); at += step) {
      const double number = npy_number(type, row.data() + at);
      ones += number == 1;
      zeros += number == 0;
    }
    holds = holds && ones == 1 && zeros == shape[1] - 1;
  }
  return holds;
}

[[noreturn]] void refuse_shape_of_labels(NpzArray& array, const NpyType& type,
                                         std::uint64_t images) {
  const auto& shape = array.header().shape;
  std::string found = array.shape_text(), remedy;
  if (shape.size() == 2 && shape[0] == images && shape[1] > 1 && shape[1] <= kLongestSide) {
    const bool one_hot = is_one_hot(array, type);
    found += one_hot ? ", one-hot" : ", several labels per picture or shares of them";
    remedy = one_hot ? fmt::format("; {}.argmax(1) gives the labels", array.name())
                     : "; choose one label per picture";
  }
  throw Error("{}: expected one label per picture, shape ({},) or ({}, 1), found {}{}",
              array.where(), images, images, found, remedy);
}

std::vector<std::int32_t> read_labels(NpzArray& array, std::uint64_t images) {
  const std::string& descr = array.header().descr;
  const auto type = parse_npy_type(descr == "|b1" ? "|u1" : descr);  // truth values are 0 and 1
  if (!type) {
    throw Error(
        "{}: expected labels that are numbers, found '{}'; numpy.unique(labels, "
        "return_inverse=True)[1] of training and test labels together numbers them",
        array.where(), descr);
  }
  const auto& shape = array.header().shape;
  if (shape.empty() || shape.size() > 2 || shape[0] != images ||
      (shape.size() == 2 && shape[1] != 1)) {
    refuse_shape_of_labels(array, *type, images);
  }
  array.require_values(images, type->bytes);
  const auto step = static_cast<std::size_t>(type->bytes);
  std::vector<std::uint8_t> bytes(images * step);
  array.read_exactly(bytes);
  array.expect_end();
  std::vector<std::int32_t> labels(images);
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const double label = npy_number(*type, bytes.data() + n * step);
    if (!(label >= 0 && label <= std::numeric_limits<std::int32_t>::max()) ||
        label != std::trunc(label)) {
      throw Error("{}[{}]: expected a whole number from 0 on as the label of a class, found {}",
                  array.where(), n, label);
    }
    labels[n] = static_cast<std::int32_t>(label);
  }
  return labels;
}

Images read_set(const NpzArchive& archive, const std::string& x, const std::string& y) {
  NpzArray pixels(archive, x);
  NpzArray labels(archive, y);
  Images images;
  read_pixels(pixels, images);
  images.labels = read_labels(labels, pixels.header().shape[0]);
  return images;
}

}  // namespace

Dataset load_npz(const std::filesystem::path& path) {
  const NpzArchive archive(path);
  // The names of pixels and labels, with the part in place of the star.
  constexpr std::array<std::array<std::string_view, 2>, 2> kSpellings = {
      {{"x_*", "y_*"}, {"*_images", "*_labels"}}};
  for (const auto& spelling : kSpellings) {
    const auto name = [&](std::size_t kind, std::string_view part) {
      std::string text(spelling[kind]);
      return text.replace(text.find('*'), 1, part);
    };
    const auto has = [&](std::string_view part) {
      return archive.has(name(0, part)) && archive.has(name(1, part));
    };
    const auto read = [&](std::string_view part) {
      return read_set(archive, name(0, part), name(1, part));
    };
    const std::string_view test = has("test") ? "test" : "val";
    if (!has("train") || !has(test)) continue;
    Images train = read("train");
    Dataset set = join(path.string(), std::move(train), read(test));
    if (test == "val") {
      set.notes.push_back(
          fmt::format("there is no {}: {} is the test set", name(0, "test"), name(0, test)));
    } else if (has("val")) {
      set.notes.push_back(fmt::format(
          "{} is not read: where validation pictures are needed, training pictures are set aside",
          name(0, "val")));
    }
    return set;
  }
  throw Error(
      "{}: expected the arrays x_train, y_train, x_test, y_test (or train_images, train_labels, "
      "test_images, test_labels), found {}; numpy.savez(FILE, x_train=..., y_train=..., "
      "x_test=..., y_test=...) writes them",
      path.string(),
      archive.names().empty() ? "none" : fmt::format("{}", fmt::join(archive.names(), ", ")));
}

}  // namespace whichfirst::data
