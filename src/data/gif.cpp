#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <memory>

#include "data/decoders.h"

namespace whichfirst::data {
namespace {

/// A code of 12 bits stands for a string of up to 4096 pixels, shorter codes for shorter ones.
constexpr std::uint64_t kPixelsPerByte = 4096;

/// A GIF in memory, read up to the pixels of its first frame. It stays where it is: giflib knows
/// its address.
class GifReader {
 public:
  GifReader(std::string_view where, Bytes bytes) : where_(where), rest_(bytes) {
    int error = 0;
    gif_.reset(DGifOpen(this, read, &error));
    if (gif_ == nullptr) refuse(error);
    control_.TransparentColor = NO_TRANSPARENT_COLOR;
    if (!find_frame()) refuse_picture(where_, "GIF", "no frame");
    require(DGifGetImageDesc(gif_.get()));
    const GifImageDesc& frame = gif_->Image;
    // As other readers do, the screen grows where the frame does not fit on it.
    height_ = std::max(gif_->SHeight, frame.Top + frame.Height);
    width_ = std::max(gif_->SWidth, frame.Left + frame.Width);
    require_picture_size(where_, static_cast<std::uint64_t>(height_),
                         static_cast<std::uint64_t>(width_), bytes.size(), kPixelsPerByte);
    colours_ = frame.ColorMap != nullptr ? frame.ColorMap : gif_->SColorMap;
    if (colours_ == nullptr) refuse_picture(where_, "GIF", "no palette");
    is_gray_ = std::all_of(colours_->Colors, colours_->Colors + colours_->ColorCount,
                           [](const GifColorType& colour) {
                             return colour.Red == colour.Green && colour.Green == colour.Blue;
                           });
  }

  GifReader(const GifReader&) = delete;
  GifReader& operator=(const GifReader&) = delete;

  Picture header() const {
    return {.shape = {.channels = is_gray_ ? 2 : 4, .height = height_, .width = width_}};
  }

  Picture decode() {
    Picture picture = header();
    const auto channels = static_cast<std::size_t>(picture.shape.channels);
    picture.pixels.resize(static_cast<std::size_t>(picture.shape.size()));
    const GifImageDesc frame = gif_->Image;
    std::vector<GifByteType> line(static_cast<std::size_t>(frame.Width));
    for (const int row : rows_in_file(frame)) {
      require(DGifGetLine(gif_.get(), line.data(), frame.Width));
      auto to = picture.pixels.begin() +
                (std::ptrdiff_t{frame.Top + row} * width_ + frame.Left) * picture.shape.channels;
      for (const GifByteType index : line) {
        if (index >= colours_->ColorCount)
          refuse_picture(where_, "GIF", "a colour beyond the palette");
        const GifColorType& colour = colours_->Colors[index];
        const std::array<std::uint16_t, 3> levels = {colour.Red, colour.Green, colour.Blue};
        to = std::copy_n(levels.begin(), channels - 1, to);
        *to++ = index == control_.TransparentColor ? 0 : kMostOf8Bits;
      }
    }
    picture.has_more_frames = find_frame();
    return picture;
  }

 private:
  struct Close {
    void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
  };

  static int read(GifFileType* gif, GifByteType* to, int length) {
    auto& rest = static_cast<GifReader*>(gif->UserData)->rest_;
    const std::size_t bytes = std::min(rest.size(), static_cast<std::size_t>(length));
    std::copy_n(rest.begin(), bytes, to);
    rest = rest.subspan(bytes);
    return static_cast<int>(bytes);
  }

  /// Goes on to the next frame and keeps the last control block before it; false at the end.
  bool find_frame() {
    for (;;) {
      GifRecordType record = UNDEFINED_RECORD_TYPE;
      if (DGifGetRecordType(gif_.get(), &record) == GIF_ERROR) return false;
      if (record == IMAGE_DESC_RECORD_TYPE) return true;
      if (record != EXTENSION_RECORD_TYPE) return false;
      int code = 0;
      GifByteType* block = nullptr;  // a length, then as many bytes
      if (DGifGetExtension(gif_.get(), &code, &block) == GIF_ERROR) return false;
      while (block != nullptr) {
        if (code == GRAPHICS_EXT_FUNC_CODE) DGifExtensionToGCB(block[0], block + 1, &control_);
        if (DGifGetExtensionNext(gif_.get(), &block) == GIF_ERROR) return false;
      }
    }
  }

  /// The rows of the frame in the order of the file.
  static std::vector<int> rows_in_file(const GifImageDesc& frame) {
    struct Pass {
      int first, step;
    };
    constexpr std::array<Pass, 4> kInterlaced = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    constexpr std::array<Pass, 1> kPlain = {{{0, 1}}};
    std::vector<int> rows;
    for (const Pass& pass : frame.Interlace ? std::span<const Pass>(kInterlaced) : kPlain) {
      for (int row = pass.first; row < frame.Height; row += pass.step) rows.push_back(row);
    }
    return rows;
  }

  [[noreturn]] void refuse(int error) const {
    const char* const reason = GifErrorString(error);
    refuse_picture(where_, "GIF", reason != nullptr ? reason : "it does not read");
  }
  void require(int status) const {
    if (status == GIF_ERROR) refuse(gif_->Error);
  }

  std::string_view where_;
  Bytes rest_;
  std::unique_ptr<GifFileType, Close> gif_;
  GraphicsControlBlock control_{};
  const ColorMapObject* colours_ = nullptr;
  bool is_gray_ = false;
  int height_ = 0;
  int width_ = 0;
};

}  // namespace

Picture read_gif_header(std::string_view where, Bytes bytes) {
  return GifReader(where, bytes).header();
}

Picture decode_gif(std::string_view where, Bytes bytes) { return GifReader(where, bytes).decode(); }

}  // namespace whichfirst::data
