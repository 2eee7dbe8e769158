// libjpeg's header wants FILE and size_t to be there, and its list of messages comes last.
// clang-format off
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <string_view>
#include <vector>

#include "data/decoders.h"

namespace whichfirst::data {
namespace {

constexpr int kMostScans = 500;
constexpr std::size_t kCmyk = 4;
/// Each block of 8 x 8 takes a bit or more in Huffman's code; arithmetic code can do with less.
constexpr std::uint64_t kHuffmanPixelsPerByte = 8 * 64;
constexpr std::uint64_t kArithmeticPixelsPerByte = 64 * kHuffmanPixelsPerByte;

/// libjpeg's state, and where it jumps to when it gives up. The functions between setjmp and
/// longjmp have nothing to destroy: trivial locals only.
struct Decoder {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf escape{};
  char reason[JMSG_LENGTH_MAX] = "";

  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { jpeg_destroy_decompress(&jpeg); }  // fine before its creation too
};

Decoder* decoder_of(j_common_ptr jpeg) { return static_cast<Decoder*>(jpeg->client_data); }

[[noreturn]] void give_up(j_common_ptr jpeg) {
  Decoder* const decoder = decoder_of(jpeg);
  jpeg->err->format_message(jpeg, decoder->reason);
  std::longjmp(decoder->escape, 1);
}

/// Warnings (negative levels) that cost no pixel. In a progressive file the scans beyond the
/// blocks' means only add detail, and such a file may end with any of them.
bool is_harmless(const jpeg_decompress_struct& jpeg) {
  switch (jpeg.err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
      return true;
    case JWRN_HIT_MARKER:
    case JWRN_BOGUS_PROGRESSION:
      return jpeg.progressive_mode && jpeg.Ss > 0;
    default:
      return false;
  }
}

void hear_message(j_common_ptr jpeg, int level) {
  if (level < 0 && !is_harmless(decoder_of(jpeg)->jpeg)) give_up(jpeg);
}

void limit_scans(j_common_ptr jpeg) {
  Decoder* const decoder = decoder_of(jpeg);
  if (decoder->jpeg.input_scan_number <= kMostScans) return;
  std::snprintf(decoder->reason, sizeof decoder->reason, "more than %d scans", kMostScans);
  std::longjmp(decoder->escape, 1);
}

/// False, with a reason, where it gave up.
bool read_header(Decoder& decoder, Bytes bytes) {
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  jpeg.err = jpeg_std_error(&decoder.errors);
  jpeg.client_data = &decoder;
  decoder.errors.error_exit = give_up;
  decoder.errors.emit_message = hear_message;
  decoder.progress.progress_monitor = limit_scans;
  if (setjmp(decoder.escape) != 0) return false;
  jpeg_create_decompress(&jpeg);
  jpeg.progress = &decoder.progress;
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  return true;
}

/// False, with a reason, where it gave up.
bool read_rows(Decoder& decoder, std::uint8_t* rows, std::size_t row_bytes) {
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  if (setjmp(decoder.escape) != 0) return false;
  jpeg_start_decompress(&jpeg);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = rows + jpeg.output_scanline * row_bytes;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

/// Opens `bytes` and returns their shape, within the limits.
Shape open(Decoder& decoder, std::string_view where, Bytes bytes) {
  if (!read_header(decoder, bytes)) refuse_picture(where, "JPEG", decoder.reason);
  const jpeg_decompress_struct& jpeg = decoder.jpeg;
  require_picture_size(where, jpeg.image_height, jpeg.image_width, bytes.size(),
                       jpeg.arith_code ? kArithmeticPixelsPerByte : kHuffmanPixelsPerByte);
  if (jpeg.jpeg_color_space == JCS_UNKNOWN) {
    refuse_picture(where, "JPEG", "neither gray nor three colours nor CMYK");
  }
  return Shape{.channels = jpeg.jpeg_color_space == JCS_GRAYSCALE ? 1 : 3,
               .height = static_cast<int>(jpeg.image_height),
               .width = static_cast<int>(jpeg.image_width)};
}

/// Four inks a pixel to three lights, in place. Adobe's files hold 255 - ink.
void paint_inks(std::vector<std::uint8_t>& pixels, bool is_inverted) {
  const auto light = [&](std::uint8_t stored) -> unsigned {
    return is_inverted ? stored : 255U - stored;
  };
  std::size_t to = 0;
  for (std::size_t from = 0; from < pixels.size(); from += kCmyk) {
    const unsigned black = light(pixels[from + 3]);
    for (std::size_t c = 0; c < 3; ++c) {
      const unsigned product = light(pixels[from + c]) * black;
      pixels[to++] = static_cast<std::uint8_t>((2 * product + 255) / (2 * 255));
    }
  }
  pixels.resize(to);
}

}  // namespace

Picture read_jpeg_header(std::string_view where, Bytes bytes) {
  Decoder decoder;
  return {.shape = open(decoder, where, bytes)};
}

Picture decode_jpeg(std::string_view where, Bytes bytes) {
  Decoder decoder;
  Picture picture{.shape = open(decoder, where, bytes)};
  const J_COLOR_SPACE stored = decoder.jpeg.jpeg_color_space;
  const bool has_inks = stored == JCS_CMYK || stored == JCS_YCCK;
  decoder.jpeg.out_color_space =
      has_inks ? JCS_CMYK : (stored == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB);
  const auto row_bytes = static_cast<std::size_t>(picture.shape.width) *
                         (has_inks ? kCmyk : static_cast<std::size_t>(picture.shape.channels));
  std::vector<std::uint8_t> levels(static_cast<std::size_t>(picture.shape.height) * row_bytes);
  if (!read_rows(decoder, levels.data(), row_bytes)) {
    refuse_picture(where, "JPEG", decoder.reason);
  }
  if (has_inks) paint_inks(levels, decoder.jpeg.saw_Adobe_marker != FALSE);
  picture.pixels.assign(levels.begin(), levels.end());
  return picture;
}

}  // namespace whichfirst::data
