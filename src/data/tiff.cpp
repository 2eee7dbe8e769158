#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "data/decoders.h"

namespace whichfirst::data {
namespace {

/// A fax code of a bit can stand for a row of white, each pixel of which is a bit.
constexpr std::uint64_t kPixelsPerByte = 8 * kLongestPictureSide;
constexpr tmsize_t kMostBlockBytes = tmsize_t{1} << 30;
constexpr int kMostSamples = 5;

/// A TIFF in memory whose first directory is read and within the limits. It stays where it is:
/// libtiff knows its address.
class TiffReader {
 public:
  TiffReader(std::string_view where, Bytes bytes) : where_(where), bytes_(bytes) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(
        TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), hear_error, this);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), hear_warning, this);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostBlockBytes);
    tiff_.reset(TIFFClientOpenExt("", "rm", this, read, write, seek, close, size, nullptr, nullptr,
                                  options.get()));
    if (tiff_ == nullptr || reason_[0] != '\0') refuse();
    const auto height = field<std::uint32_t>(TIFFTAG_IMAGELENGTH).value_or(0);
    const auto width = field<std::uint32_t>(TIFFTAG_IMAGEWIDTH).value_or(0);
    require_picture_size(where_, height, width, bytes.size(), kPixelsPerByte);
    height_ = height;
    width_ = width;
    bits_ = field<std::uint16_t>(TIFFTAG_BITSPERSAMPLE).value_or(1);
    samples_ = field<std::uint16_t>(TIFFTAG_SAMPLESPERPIXEL).value_or(1);
    is_planar_ = field<std::uint16_t>(TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
    read_colours();
  }

  TiffReader(const TiffReader&) = delete;
  TiffReader& operator=(const TiffReader&) = delete;

  Picture header() const {
    return {.shape = {.channels = static_cast<int>(channels()),
                      .height = static_cast<int>(height_),
                      .width = static_cast<int>(width_)},
            .most = bits_ == 16 ? kMostOf16Bits : kMostOf8Bits};
  }

  Picture decode() {
    Picture picture = header();
    picture.pixels.resize(static_cast<std::size_t>(picture.shape.size()));
    const bool is_tiled = TIFFIsTiled(tiff_.get()) != 0;
    const auto block_height = is_tiled
                                  ? field<std::uint32_t>(TIFFTAG_TILELENGTH).value_or(0)
                                  : field<std::uint32_t>(TIFFTAG_ROWSPERSTRIP).value_or(height_);
    const auto block_width =
        is_tiled ? field<std::uint32_t>(TIFFTAG_TILEWIDTH).value_or(0) : width_;
    const tmsize_t bytes = is_tiled ? TIFFTileSize(tiff_.get()) : TIFFStripSize(tiff_.get());
    if (bytes <= 0 || bytes > kMostBlockBytes || block_height == 0 || block_width == 0) refuse();
    const std::size_t in_block = is_planar_ ? 1 : samples_;
    const std::size_t row_bytes = (std::size_t{block_width} * in_block * bits_ + 7) / 8;
    std::vector<std::uint8_t> block(static_cast<std::size_t>(bytes));
    for (std::uint32_t plane = 0; plane < (is_planar_ ? samples_ : 1); ++plane) {
      for (std::uint32_t y = 0; y < height_; y += std::min(block_height, height_ - y)) {
        for (std::uint32_t x = 0; x < width_; x += std::min(block_width, width_ - x)) {
          const std::uint32_t rows = std::min(block_height, height_ - y);
          const std::size_t wanted = (is_tiled ? block_height : rows) * row_bytes;
          if (wanted > block.size()) refuse();
          const tmsize_t got =
              is_tiled ? TIFFReadTile(tiff_.get(), block.data(), x, y, 0,
                                      static_cast<std::uint16_t>(plane))
                       : TIFFReadEncodedStrip(
                             tiff_.get(),
                             TIFFComputeStrip(tiff_.get(), y, static_cast<std::uint16_t>(plane)),
                             block.data(), static_cast<tmsize_t>(wanted));
          if (got < 0 || static_cast<std::size_t>(got) < wanted) refuse();
          for (std::uint32_t row = 0; row < rows; ++row) {
            const Bytes line = Bytes(block).subspan(row * row_bytes, row_bytes);
            const std::uint32_t columns = std::min(block_width, width_ - x);
            for (std::uint32_t column = 0; column < columns; ++column) {
              for (std::size_t s = 0; s < in_block; ++s) {
                put(picture, y + row, x + column, plane + s, sample(line, column * in_block + s));
              }
            }
          }
        }
      }
    }
    if (reason_[0] != '\0') refuse();
    unmultiply(picture);
    picture.has_more_frames = TIFFReadDirectory(tiff_.get()) != 0;
    return picture;
  }

 private:
  struct Close {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  };

  template <class Number>
  std::optional<Number> field(std::uint32_t tag) const {
    Number number = 0;
    if (TIFFGetFieldDefaulted(tiff_.get(), tag, &number) == 0) return std::nullopt;
    return number;
  }

  /// What the samples mean, and whether all of it is known here.
  void read_colours() {
    const auto compression = field<std::uint16_t>(TIFFTAG_COMPRESSION);
    auto kind = field<std::uint16_t>(TIFFTAG_PHOTOMETRIC);
    if (kind == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
      TIFFSetField(tiff_.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      kind = PHOTOMETRIC_RGB;
    }
    is_inverted_ = kind == PHOTOMETRIC_MINISWHITE;
    if (!is_inverted_ && kind != PHOTOMETRIC_MINISBLACK && kind != PHOTOMETRIC_RGB &&
        kind != PHOTOMETRIC_PALETTE) {
      refuse_variant(where_, "TIFF",
                     kind ? fmt::format("colours of kind {}", *kind) : "no kind of colours");
    }
    colours_ = kind == PHOTOMETRIC_RGB ? 3 : 1;
    constexpr std::array<unsigned, 5> kBits = {1, 2, 4, 8, 16};
    const auto format = field<std::uint16_t>(TIFFTAG_SAMPLEFORMAT).value_or(SAMPLEFORMAT_UINT);
    if (std::find(kBits.begin(), kBits.end(), bits_) == kBits.end() ||
        (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)) {
      throw_numbers(format);
    }
    if (samples_ < colours_ || samples_ > kMostSamples) {
      refuse_variant(where_, "TIFF", fmt::format("{} channels", samples_));
    }
    std::uint16_t extras = 0;
    const std::uint16_t* kinds = nullptr;
    TIFFGetFieldDefaulted(tiff_.get(), TIFFTAG_EXTRASAMPLES, &extras, &kinds);
    const auto extra = extras > 0 && samples_ > colours_ ? kinds[0] : EXTRASAMPLE_UNSPECIFIED;
    has_opacity_ = extra == EXTRASAMPLE_UNASSALPHA || extra == EXTRASAMPLE_ASSOCALPHA;
    is_multiplied_ = extra == EXTRASAMPLE_ASSOCALPHA;
    if (kind == PHOTOMETRIC_PALETTE) read_palette();
  }

  [[noreturn]] void throw_numbers(unsigned format) const {
    constexpr std::array kFormats = {"unsigned", "signed", "floating-point"};
    const bool is_known = format >= SAMPLEFORMAT_UINT && format <= SAMPLEFORMAT_IEEEFP;
    refuse_variant(where_, "TIFF",
                   fmt::format("{} numbers of {} bits (or, with their values, as float32 in a .npz "
                               "file)",
                               is_known ? kFormats[format - SAMPLEFORMAT_UINT] : "unknown", bits_));
  }

  void read_palette() {
    std::array<const std::uint16_t*, 3> parts{};
    if (bits_ > 8 || samples_ != 1 ||
        TIFFGetField(tiff_.get(), TIFFTAG_COLORMAP, &parts[0], &parts[1], &parts[2]) == 0) {
      refuse_variant(where_, "TIFF", "an unusual palette");
    }
    const std::size_t size = std::size_t{1} << bits_;
    const bool is_deep = std::any_of(parts.begin(), parts.end(), [&](const std::uint16_t* part) {
      return std::any_of(part, part + size, [](std::uint16_t level) { return level > 255; });
    });
    for (std::size_t i = 0; i < size; ++i) {
      for (const std::uint16_t* part : parts) {
        palette_.push_back(static_cast<std::uint16_t>(is_deep ? part[i] >> 8 : part[i]));
      }
    }
  }

  std::size_t channels() const {
    if (!palette_.empty()) return 3;
    return has_opacity_ ? colours_ + 1 : colours_;
  }

  /// Sample `index` of a row, as the file has it.
  unsigned sample(Bytes line, std::size_t index) const {
    if (bits_ == 8) return line[index];
    if (bits_ == 16) {  // in the order of this machine
      std::uint16_t number = 0;
      std::memcpy(&number, line.data() + 2 * index, sizeof number);
      return number;
    }
    const std::size_t bit = index * bits_;
    return line[bit / 8] >> (8 - bits_ - bit % 8) & ((1U << bits_) - 1);
  }

  void put(Picture& picture, std::uint32_t y, std::uint32_t x, std::size_t s,
           unsigned level) const {
    const std::size_t channels_here = channels();
    const std::size_t at = (std::size_t{y} * width_ + x) * channels_here;
    if (!palette_.empty()) {
      std::copy_n(palette_.begin() + 3 * static_cast<std::ptrdiff_t>(level), 3,
                  picture.pixels.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    if (s >= channels_here) return;
    if (bits_ < 8) level = level * kMostOf8Bits / ((1U << bits_) - 1);
    if (is_inverted_ && s < colours_) level = picture.most - level;
    picture.pixels[at + s] = static_cast<std::uint16_t>(level);
  }

  /// Colours that were stored times their opacity.
  void unmultiply(Picture& picture) const {
    if (!is_multiplied_) return;
    const std::size_t step = channels();
    for (std::size_t at = 0; at < picture.pixels.size(); at += step) {
      const unsigned opacity = picture.pixels[at + step - 1];
      for (std::size_t c = 0; c + 1 < step && opacity > 0; ++c) {
        auto& level = picture.pixels[at + c];
        level = static_cast<std::uint16_t>(
            std::min<std::uint64_t>(std::uint64_t{level} * picture.most / opacity, picture.most));
      }
    }
  }

  [[noreturn]] void refuse() const {
    refuse_picture(where_, "TIFF", reason_[0] != '\0' ? reason_.data() : "its pixels end early");
  }

  static TiffReader* self(thandle_t handle) { return static_cast<TiffReader*>(handle); }
  static tmsize_t read(thandle_t handle, void* to, tmsize_t length) {
    const Bytes rest = self(handle)->bytes_.subspan(
        std::min(self(handle)->at_, std::uint64_t{self(handle)->bytes_.size()}));
    const std::size_t bytes = std::min(rest.size(), static_cast<std::size_t>(length));
    std::copy_n(rest.begin(), bytes, static_cast<std::uint8_t*>(to));
    self(handle)->at_ += bytes;
    return static_cast<tmsize_t>(bytes);
  }
  static tmsize_t write(thandle_t, void*, tmsize_t) { return -1; }
  static toff_t seek(thandle_t handle, toff_t to, int from) {
    const std::uint64_t start = from == SEEK_SET   ? 0
                                : from == SEEK_CUR ? self(handle)->at_
                                                   : self(handle)->bytes_.size();
    return self(handle)->at_ = start + to;
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return self(handle)->bytes_.size(); }
  /// The first error is the cause of those that follow.
  static int hear_error(TIFF*, void* reader, const char*, const char* format, va_list arguments) {
    auto& reason = static_cast<TiffReader*>(reader)->reason_;
    if (reason[0] == '\0') std::vsnprintf(reason.data(), reason.size(), format, arguments);
    return 1;
  }
  /// Of warnings, those are errors here that cost pixels or what they mean: a tag beyond the end of
  /// the file, and whatever libjpeg finds. Unknown tags are fine.
  static int hear_warning(TIFF* tiff, void* reader, const char* module, const char* format,
                          va_list arguments) {
    const bool costs = std::string_view(format).starts_with("IO error") ||
                       (module != nullptr && std::string_view(module).starts_with("JPEG"));
    return costs ? hear_error(tiff, reader, module, format, arguments) : 1;
  }

  std::string_view where_;
  Bytes bytes_;
  std::uint64_t at_ = 0;
  std::array<char, 200> reason_{};
  std::unique_ptr<TIFF, Close> tiff_;
  std::uint32_t height_ = 0;
  std::uint32_t width_ = 0;
  std::size_t bits_ = 1;
  std::uint32_t samples_ = 1;
  std::size_t colours_ = 1;
  bool is_planar_ = false;
  bool is_inverted_ = false;
  bool has_opacity_ = false;
  bool is_multiplied_ = false;
  std::vector<std::uint16_t> palette_;  ///< red, green, blue of each
};

}  // namespace

Picture read_tiff_header(std::string_view where, Bytes bytes) {
  return TiffReader(where, bytes).header();
}

Picture decode_tiff(std::string_view where, Bytes bytes) {
  return TiffReader(where, bytes).decode();
}

}  // namespace whichfirst::data
