#include "data/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace whichfirst::data {
namespace {

constexpr int kLongestAutomaticSide = 64;

/// a * b / c, rounded half up.
int scale(int a, int b, int c) {
  return static_cast<int>((2 * std::int64_t{a} * b + c) / (2 * std::int64_t{c}));
}

}  // namespace

PictureSize size_of(const Shape& shape) { return {.height = shape.height, .width = shape.width}; }

PictureSize automatic_size(PictureSize own) {
  return {.height = std::min(own.height, kLongestAutomaticSide),
          .width = std::min(own.width, kLongestAutomaticSide)};
}

Resizer::Resizer(PictureSize from, PictureSize to)
    : from_width_(static_cast<std::size_t>(from.width)),
      total_(static_cast<std::uint64_t>(from.height) * static_cast<std::uint64_t>(from.width)) {
  check(from.height >= 1 && from.width >= 1 && to.height >= 1 && to.width >= 1,
        "a picture has a pixel");
  // Which side limits: the other one is covered with something left over to cut off.
  const bool by_height =
      std::int64_t{to.height} * from.width >= std::int64_t{to.width} * from.height;
  const PictureSize scaled = by_height
                                 ? PictureSize{to.height, scale(from.width, to.height, from.height)}
                                 : PictureSize{scale(from.height, to.width, from.width), to.width};
  rows_ = covers(from.height, scaled.height, to.height);
  columns_ = covers(from.width, scaled.width, to.width);
}

/// In units of 1 / scaled of an old pixel: old pixel i is [i * scaled, (i + 1) * scaled), new pixel
/// j is [j * from, (j + 1) * from).
std::vector<Resizer::Cover> Resizer::covers(int from, int scaled, int to) {
  std::vector<Cover> covers;
  const std::int64_t cut = (scaled - to) / 2;
  for (std::int64_t j = cut; j < cut + to; ++j) {
    const std::int64_t begin = j * from, end = begin + from;
    Cover cover{.first = static_cast<std::size_t>(begin / scaled), .weights = {}};
    for (std::int64_t i = begin / scaled; i * scaled < end; ++i) {
      const std::int64_t overlap = std::min(end, (i + 1) * scaled) - std::max(begin, i * scaled);
      cover.weights.push_back(static_cast<std::uint32_t>(overlap));
    }
    covers.push_back(std::move(cover));
  }
  return covers;
}

template <typename Sum, typename Pixel, typename Convert>
void Resizer::sum_up(std::span<const Pixel> from, std::size_t step, std::span<Pixel> to,
                     Convert&& convert) const {
  check(to.size() == rows_.size() * columns_.size(), "there is room for the new picture");
  std::vector<Sum> sums(columns_.size());
  Pixel* out = to.data();
  for (const Cover& row : rows_) {
    std::fill(sums.begin(), sums.end(), Sum{});
    for (std::size_t y = 0; y < row.weights.size(); ++y) {
      const Pixel* const line = from.data() + (row.first + y) * from_width_ * step;
      for (std::size_t x = 0; x < columns_.size(); ++x) {
        const Pixel* pixel = line + columns_[x].first * step;
        Sum sum{};
        for (const std::uint32_t weight : columns_[x].weights) {
          sum += static_cast<Sum>(weight) * static_cast<Sum>(*pixel);
          pixel += step;
        }
        sums[x] += static_cast<Sum>(row.weights[y]) * sum;
      }
    }
    for (const Sum sum : sums) *out++ = convert(sum);
  }
}

void Resizer::run(std::span<const std::uint8_t> from, std::size_t step,
                  std::span<std::uint8_t> to) const {
  // At most 255 * 2^14 * 2^14.
  sum_up<std::uint64_t>(from, step, to, [this](std::uint64_t sum) {
    return static_cast<std::uint8_t>((2 * sum + total_) / (2 * total_));
  });
}

void Resizer::run(std::span<const float> from, std::size_t step, std::span<float> to) const {
  sum_up<double>(from, step, to, [this](double sum) {
    return static_cast<float>(sum / static_cast<double>(total_));
  });
}

Images resize(const Images& images, PictureSize size) {
  const Resizer resizer(size_of(images.shape), size);
  Images resized{.shape = images.shape, .pixels = {}, .labels = images.labels};
  resized.shape.height = size.height;
  resized.shape.width = size.width;
  const auto planes = static_cast<std::size_t>(images.count() * images.shape.channels);
  const auto from_size = static_cast<std::size_t>(images.shape.pixels());
  const auto to_size = static_cast<std::size_t>(resized.shape.pixels());
  std::visit(
      [&](const auto& from) {
        std::remove_cvref_t<decltype(from)> to(planes * to_size);
        for (std::size_t plane = 0; plane < planes; ++plane) {
          resizer.run(std::span(from).subspan(plane * from_size, from_size), 1,
                      std::span(to).subspan(plane * to_size, to_size));
        }
        resized.pixels = std::move(to);
      },
      images.pixels);
  return resized;
}

Shape resized_shape(std::string_view where, const Extent& pictures, PictureSize size,
                    std::uint64_t bytes_per_value) {
  const auto is_side = [](int side) {
    return side >= 1 && static_cast<std::uint64_t>(side) <= kLongestSide;
  };
  if (!is_side(size.height) || !is_side(size.width)) {
    throw Error("data.size: expected 1 to {} pixels a side, found {}", kLongestSide,
                print_size(size));
  }
  Extent extent = pictures;
  extent.height = static_cast<std::uint64_t>(size.height);
  extent.width = static_cast<std::uint64_t>(size.width);
  return checked_shape(where, extent, bytes_per_value);
}

std::string resize_note(std::int64_t pictures, const std::string& from, PictureSize to) {
  return fmt::format("{} pictures of {} were resized to {}: short side by area, centre crop",
                     pictures, from, print_size(to));
}

}  // namespace whichfirst::data
