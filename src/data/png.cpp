#include <spng.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "data/decoders.h"
#include "data/limits.h"

namespace whichfirst::data {
namespace {

constexpr std::size_t kMostChunkBytes = std::size_t{1} << 26;  // texts, profiles
constexpr std::size_t kRgba = 4;

/// A PNG in memory whose header is read and within the limits. It stays where it is: libspng knows
/// its address.
class PngReader {
 public:
  PngReader(std::string_view where, Bytes bytes)
      : where_(where), rest_(bytes), context_(spng_ctx_new(0), spng_ctx_free) {
    require(context_ != nullptr ? SPNG_OK : SPNG_EMEM);
    require(spng_set_crc_action(context_.get(), SPNG_CRC_ERROR, SPNG_CRC_ERROR));
    require(spng_set_chunk_limits(context_.get(), kMostChunkBytes, kMostChunkBytes));
    require(spng_set_png_stream(context_.get(), read, this));
    require(spng_get_ihdr(context_.get(), &header_));
    // A bit a pixel is the least that a PNG codes before it is deflated.
    require_picture_size(where, header_.height, header_.width, bytes.size(), 8 * kDeflateRatio);
  }

  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Picture header() const {
    const bool is_gray = header_.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                         header_.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    return {.shape = {.channels = is_gray ? 2 : 4,
                      .height = static_cast<int>(header_.height),
                      .width = static_cast<int>(header_.width)},
            .most = is_deep() ? kMostOf16Bits : kMostOf8Bits};
  }

  Picture decode() {
    Picture picture = header();
    if (is_deep()) {
      read_into<std::uint16_t>(SPNG_FMT_RGBA16, picture);
    } else {
      read_into<std::uint8_t>(SPNG_FMT_RGBA8, picture);
    }
    require(spng_decode_chunks(context_.get()));  // a cut can come after the last pixel
    if (is_cut_) require(SPNG_EOF);               // libspng does without IEND's checksum
    return picture;
  }

 private:
  bool is_deep() const { return header_.bit_depth == 16; }

  /// Four levels a pixel: red, green, blue, opacity. Of a gray picture the last two stay.
  template <class Level>
  void read_into(int format, Picture& picture) {
    std::vector<Level> rgba(std::size_t{header_.height} * header_.width * kRgba);
    require(spng_decode_image(context_.get(), rgba.data(), rgba.size() * sizeof(Level), format,
                              SPNG_DECODE_TRNS));
    const auto channels = static_cast<std::size_t>(picture.shape.channels);
    picture.pixels.reserve(rgba.size() / kRgba * channels);
    for (std::size_t at = 0; at < rgba.size(); at += kRgba) {
      const auto pixel = rgba.begin() + static_cast<std::ptrdiff_t>(at + kRgba - channels);
      picture.pixels.insert(picture.pixels.end(), pixel,
                            pixel + static_cast<std::ptrdiff_t>(channels));
    }
  }

  static int read(spng_ctx*, void* reader, void* to, std::size_t length) {
    auto* const self = static_cast<PngReader*>(reader);
    if (length > self->rest_.size()) {
      self->is_cut_ = true;
      return SPNG_IO_EOF;
    }
    std::copy_n(self->rest_.begin(), length, static_cast<std::uint8_t*>(to));
    self->rest_ = self->rest_.subspan(length);
    return 0;
  }

  void require(int status) const {
    if (status != SPNG_OK) refuse_picture(where_, "PNG", spng_strerror(status));
  }

  std::string_view where_;
  Bytes rest_;
  bool is_cut_ = false;
  std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context_;
  spng_ihdr header_{};
};

}  // namespace

Picture read_png_header(std::string_view where, Bytes bytes) {
  return PngReader(where, bytes).header();
}

Picture decode_png(std::string_view where, Bytes bytes) { return PngReader(where, bytes).decode(); }

}  // namespace whichfirst::data
