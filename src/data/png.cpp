#include <spng.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "data/decoders.h"
#include "data/limits.h"

namespace whichfirst::data {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::size_t kMostChunkBytes = std::size_t{1} << 26;  // texts, profiles
constexpr std::size_t kRgba = 4;

/// A PNG in memory whose header is read and within the limits. It stays where it is: libspng knows
/// its address.
class PngReader {
 public:
  PngReader(std::string_view where, std::span<const std::uint8_t> bytes)
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

  Shape shape() const {
    const bool is_gray = header_.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                         header_.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    return Shape{.channels = is_gray ? 1 : 3,
                 .height = static_cast<int>(header_.height),
                 .width = static_cast<int>(header_.width)};
  }

  /// Four bytes a pixel: red, green, blue, opacity.
  std::vector<std::uint8_t> decode() {
    std::vector<std::uint8_t> rgba(std::size_t{header_.height} * header_.width * kRgba);
    require(spng_decode_image(context_.get(), rgba.data(), rgba.size(), SPNG_FMT_RGBA8,
                              SPNG_DECODE_TRNS));
    require(spng_decode_chunks(context_.get()));  // a cut can come after the last pixel
    if (is_cut_) require(SPNG_EOF);               // libspng does without IEND's checksum
    return rgba;
  }

 private:
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
  std::span<const std::uint8_t> rest_;
  bool is_cut_ = false;
  std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context_;
  spng_ihdr header_{};
};

std::uint8_t over_white(unsigned level, unsigned opacity) {
  const unsigned sum = level * opacity + 255 * (255 - opacity);
  return static_cast<std::uint8_t>((2 * sum + 255) / (2 * 255));
}

}  // namespace

bool is_png(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= kSignature.size() &&
         std::equal(kSignature.begin(), kSignature.end(), bytes.begin());
}

Shape read_png_shape(std::string_view where, std::span<const std::uint8_t> bytes) {
  return PngReader(where, bytes).shape();
}

Picture decode_png(std::string_view where, std::span<const std::uint8_t> bytes) {
  PngReader reader(where, bytes);
  Picture picture{.shape = reader.shape(), .pixels = reader.decode()};
  // In place: a pixel never moves back.
  const auto channels = static_cast<std::size_t>(picture.shape.channels);
  auto& pixels = picture.pixels;
  std::size_t to = 0;
  for (std::size_t from = 0; from < pixels.size(); from += kRgba) {
    const std::uint8_t opacity = pixels[from + 3];
    for (std::size_t c = 0; c < channels; ++c) pixels[to++] = over_white(pixels[from + c], opacity);
  }
  pixels.resize(to);
  return picture;
}

}  // namespace whichfirst::data
