#include "data/shapes10.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace whichfirst::data {
namespace {

// Whatever is drawn from these is part of every result on shapes10: a change makes another set.
constexpr std::uint64_t kSeed = 10;
constexpr std::uint32_t kTrainImages = 10'000;
constexpr std::uint32_t kTestImages = 2'000;
constexpr int kSide = 28;  // height and width, pixels

struct Point {
  float x = 0;
  float y = 0;
};

float length(Point p) { return std::sqrt(p.x * p.x + p.y * p.y); }

float uniform(RandomSequence& random, double low, double high) {
  return static_cast<float>(random.uniform(low, high));
}

/// A direction without sine and cosine, whose last bits differ between libraries: a point of the
/// disc, by rejection, projected to the circle.
Point direction(RandomSequence& random) {
  while (true) {
    const Point p = {uniform(random, -1, 1), uniform(random, -1, 1)};
    const float r = length(p);
    if (r > 0.1F && r < 1) return {p.x / r, p.y / r};
  }
}

/// Gray levels, row by row.
struct Canvas {
  std::array<float, kSide * kSide> levels{};

  /// Blends `level` in wherever `distance` (pixels, negative inside) is below half a pixel, over
  /// the square of half-width `reach` around `centre`.
  template <typename Distance>
  void paint(Point centre, float reach, float level, Distance&& distance) {
    const auto clip = [](float at) { return std::clamp(static_cast<int>(at), 0, kSide); };
    const int left = clip(centre.x - reach), right = clip(centre.x + reach + 2);
    const int top = clip(centre.y - reach), bottom = clip(centre.y + reach + 2);
    for (int y = top; y < bottom; ++y) {
      for (int x = left; x < right; ++x) {
        const Point p = {static_cast<float>(x) - centre.x, static_cast<float>(y) - centre.y};
        const float cover = std::clamp(0.5F - distance(p), 0.0F, 1.0F);
        float& pixel = levels[static_cast<std::size_t>(y * kSide + x)];
        pixel += cover * (level - pixel);
      }
    }
  }
};

// The shapes as signed distances, about 1 in radius, y upwards. `w` in [0, 1] is how thick thin
// parts are.

float disc(Point p, float) { return length(p) - 0.9F; }

float ring(Point p, float w) { return std::abs(length(p) - 0.75F) - (0.14F + 0.12F * w); }

float box(Point p, float half_width, float half_height) {
  return std::max(std::abs(p.x) - half_width, std::abs(p.y) - half_height);
}

float square(Point p, float) { return box(p, 0.8F, 0.8F); }

float frame(Point p, float w) { return std::abs(box(p, 0.67F, 0.67F)) - (0.13F + 0.11F * w); }

float triangle(Point p, float) {
  constexpr float kHalfSqrt3 = 0.8660254F;
  return std::max(-p.y, kHalfSqrt3 * std::abs(p.x) + 0.5F * p.y) - 0.58F;
}

/// Five mirrors fold the plane into the tenth between a tip and a valley, where one edge is left.
float star(Point p, float) {
  constexpr float kSin36 = 0.58778525F, kCos36 = 0.80901699F;
  for (int fold = 0; fold < 2; ++fold) {
    p.x = std::abs(p.x);
    const float beyond = std::max(0.0F, kCos36 * p.x - kSin36 * p.y);
    p = {p.x - 2 * beyond * kCos36, p.y + 2 * beyond * kSin36};
  }
  p.x = std::abs(p.x);
  // The edge from the tip (0, 1.15) to the valley at radius 0.5, (0.2939, 0.4045).
  constexpr float kNormalX = 0.9303F, kNormalY = 0.3668F;
  return kNormalX * p.x + kNormalY * (p.y - 1.15F);
}

float cross(Point p, float w) {
  const float half_width = 0.2F + 0.12F * w;
  return std::min(box(p, 0.95F, half_width), box(p, half_width, 0.95F));
}

float bars(Point p, float w) { return box({std::abs(p.x) - 0.5F, p.y}, 0.17F + 0.12F * w, 0.9F); }

float crescent(Point p, float w) {
  return std::max(length(p) - 0.95F, 0.75F - length({p.x - 0.6F + 0.2F * w, p.y}));
}

float arrow(Point p, float w) {
  // The head's right edge runs from the tip (0, 1) to (0.75, 0.1).
  constexpr float kNormalX = 0.76822F, kNormalY = 0.64018F;
  const float head = std::max(0.1F - p.y, kNormalX * std::abs(p.x) + kNormalY * (p.y - 1));
  const float shaft = box({p.x, p.y + 0.4F}, 0.17F + 0.1F * w, 0.55F);
  return std::min(head, shaft);
}

void draw_shape(Canvas& canvas, int kind, float level, RandomSequence& random) {
  const float radius = uniform(random, 7.5, 10);
  const float stretch = uniform(random, 1 / 1.15, 1.15);
  const float w = uniform(random, 0, 1);
  const float slant = uniform(random, -0.35, 0.35);  // the tangent of at most 19 degrees
  const Point turn = {1 / length({1, slant}), slant / length({1, slant})};
  const double room = 0.8 * (kSide / 2.0 - radius);
  const Point centre = {uniform(random, kSide / 2.0 - room, kSide / 2.0 + room) - 0.5F,
                        uniform(random, kSide / 2.0 - room, kSide / 2.0 + room) - 0.5F};
  // In the order of kShapes10ClassNames.
  constexpr float (*kShapes[])(Point, float) = {disc, ring,  square, frame,    triangle,
                                                star, cross, bars,   crescent, arrow};
  const auto shape = kShapes[kind];
  canvas.paint(centre, 1.5F * radius, level, [&](Point p) {
    const Point local = {(turn.x * p.x + turn.y * p.y) / (radius * stretch),
                         (turn.y * p.x - turn.x * p.y) * stretch / radius};
    return radius * shape(local, w);
  });
}

/// A line or a blob somewhere, lighter or darker than the background.
void draw_clutter(Canvas& canvas, float background, RandomSequence& random) {
  const Point centre = {uniform(random, 0, kSide), uniform(random, 0, kSide)};
  const float level = background + uniform(random, -70, 70);
  if (random.below(2) == 0) {
    const float radius = uniform(random, 0.8, 2.5);
    canvas.paint(centre, radius, level, [=](Point p) { return length(p) - radius; });
    return;
  }
  const Point along = direction(random);
  const float half_length = uniform(random, 2, 8);
  const float half_width = uniform(random, 0.4, 1);
  canvas.paint(centre, half_length + 1, level, [=](Point p) {
    return box({along.x * p.x + along.y * p.y, along.x * p.y - along.y * p.x}, half_length,
               half_width);
  });
}

/// Nearly normal noise of the given deviation: a sum of four bytes a pixel, two pixels a draw.
void add_noise(Canvas& canvas, float deviation, RandomSequence& random) {
  constexpr float kMean = 4 * 127.5F;
  constexpr float kDeviation = 147.8005F;  // sqrt(4 * (256^2 - 1) / 12)
  const float scale = deviation / kDeviation;
  static_assert(kSide * kSide % 2 == 0);
  const auto sum_of_bytes = [](std::uint64_t four) {
    return (four & 255) + (four >> 8 & 255) + (four >> 16 & 255) + (four >> 24 & 255);
  };
  for (std::size_t i = 0; i < canvas.levels.size(); i += 2) {
    const std::uint64_t bits = random.next();
    canvas.levels[i] += scale * (static_cast<float>(sum_of_bytes(bits)) - kMean);
    canvas.levels[i + 1] += scale * (static_cast<float>(sum_of_bytes(bits >> 32)) - kMean);
  }
}

void draw_picture(std::uint32_t number, int kind, std::span<std::uint8_t> pixels) {
  RandomSequence random(RandomKey{.seed = kSeed, .stream = Stream::drawing, .role = number});
  Canvas canvas;
  const float background = uniform(random, 60, 195);
  const Point slope = direction(random);
  const float steepness = uniform(random, 0, 2);  // gray levels a pixel
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const float uphill = slope.x * (static_cast<float>(x) - kSide / 2.0F) +
                           slope.y * (static_cast<float>(y) - kSide / 2.0F);
      canvas.levels[static_cast<std::size_t>(y * kSide + x)] = background + steepness * uphill;
    }
  }
  const float contrast = uniform(random, 30, 110);
  const bool lighter = random.below(2) == 0;
  const auto behind = random.below(3), before = random.below(2);
  for (std::uint64_t i = 0; i < behind; ++i) draw_clutter(canvas, background, random);
  draw_shape(canvas, kind, background + (lighter ? contrast : -contrast), random);
  for (std::uint64_t i = 0; i < before; ++i) draw_clutter(canvas, background, random);
  add_noise(canvas, uniform(random, 2, 28), random);
  std::transform(canvas.levels.begin(), canvas.levels.end(), pixels.begin(), [](float level) {
    return static_cast<std::uint8_t>(std::clamp(level + 0.5F, 0.0F, 255.0F));
  });
}

/// The pictures first .. first + count - 1 of all that could be drawn.
Images draw_images(std::uint32_t first, std::uint32_t count) {
  Images images;
  images.shape = Shape{.channels = 1, .height = kSide, .width = kSide};
  const auto picture_size = static_cast<std::size_t>(images.shape.size());
  std::vector<std::uint8_t> pixels(count * picture_size);
  // Epoch 0 of the stream draws pictures, epoch 1 deals classes.
  const auto deal =
      permutation({.seed = kSeed, .stream = Stream::drawing, .role = first, .epoch = 1}, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    images.labels.push_back(static_cast<std::int32_t>(deal[i] % kShapes10ClassNames.size()));
    draw_picture(first + i, images.labels.back(),
                 std::span(pixels).subspan(i * picture_size, picture_size));
  }
  images.pixels = std::move(pixels);
  return images;
}

}  // namespace

Dataset draw_shapes10() {
  return Dataset{.name = std::string(kShapes10Name),
                 .class_names = {kShapes10ClassNames.begin(), kShapes10ClassNames.end()},
                 .classes = static_cast<int>(kShapes10ClassNames.size()),
                 .train = draw_images(0, kTrainImages),
                 .test = draw_images(kTrainImages, kTestImages)};
}

}  // namespace whichfirst::data
