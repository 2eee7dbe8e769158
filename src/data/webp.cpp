#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "data/decoders.h"

namespace whichfirst::data {
namespace {

/// No bound: a lossless picture of one colour takes no bit a pixel.
constexpr std::uint64_t kPixelsPerByte = kMostPicturePixels;
constexpr std::size_t kRgba = 4;

}  // namespace

Picture read_webp_header(std::string_view where, Bytes bytes) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) {
    refuse_picture(where, "WebP", "its header does not read");
  }
  const auto height = static_cast<std::uint64_t>(features.height);
  const auto width = static_cast<std::uint64_t>(features.width);
  require_picture_size(where, height, width, bytes.size(), kPixelsPerByte);
  return {.shape = {.channels = features.has_alpha != 0 ? 4 : 3,
                    .height = features.height,
                    .width = features.width},
          .has_more_frames = features.has_animation != 0};
}

Picture decode_webp(std::string_view where, Bytes bytes) {
  Picture picture = read_webp_header(where, bytes);
  const auto channels = static_cast<std::size_t>(picture.shape.channels);
  const auto pixels = static_cast<std::size_t>(picture.shape.pixels());
  if (!picture.has_more_frames) {
    std::vector<std::uint8_t> levels(pixels * channels);
    const int stride = picture.shape.width * picture.shape.channels;
    const auto decode = channels == kRgba ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
    if (decode(bytes.data(), bytes.size(), levels.data(), levels.size(), stride) == nullptr) {
      refuse_picture(where, "WebP", "its coded data end early or do not read");
    }
    picture.pixels.assign(levels.begin(), levels.end());
    return picture;
  }
  // The first frame of an animation, on its canvas.
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) refuse_picture(where, "WebP", "another libwebp");
  options.color_mode = MODE_RGBA;
  const WebPData file = {.bytes = bytes.data(), .size = bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, void (*)(WebPAnimDecoder*)> decoder(
      WebPAnimDecoderNew(&file, &options), WebPAnimDecoderDelete);
  std::uint8_t* levels = nullptr;
  int milliseconds = 0;
  if (decoder == nullptr || WebPAnimDecoderGetNext(decoder.get(), &levels, &milliseconds) == 0) {
    refuse_picture(where, "WebP", "its first frame ends early or does not read");
  }
  picture.shape.channels = kRgba;
  picture.pixels.assign(levels, levels + pixels * kRgba);
  return picture;
}

}  // namespace whichfirst::data
