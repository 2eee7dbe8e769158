#include "stats/images.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "stats/student.h"

namespace whichfirst::stats {
namespace {

constexpr std::int64_t kMostFlags = std::int64_t{1} << 30;  // the square of it fits 64 bits
constexpr double kPoints = 100;

/// Integer sums over e_si = right_a - right_b: exact, so squares may be subtracted without loss.
struct Sums {
  std::int64_t seeds = 0;          // n
  std::int64_t images = 0;         // T
  std::int64_t all = 0;            // sum of e
  std::int64_t squares = 0;        // sum of e^2
  std::int64_t seed_squares = 0;   // sum over seeds of (sum over images of e)^2
  std::int64_t image_squares = 0;  // sum over images of (sum over seeds of e)^2
};

Sums sums_of(std::span<const PairBits> pairs) {
  Sums sums;
  if (pairs.empty()) return sums;
  sums.seeds = static_cast<std::int64_t>(pairs.size());
  sums.images = static_cast<std::int64_t>(pairs.front().a.size());
  check(sums.images <= kMostFlags / sums.seeds, "there are at most 2^30 right-answer flags");
  std::vector<std::int64_t> by_image(pairs.front().a.size(), 0);
  for (const PairBits& pair : pairs) {
    check(pair.a.size() == by_image.size() && pair.b.size() == by_image.size(),
          "every trial answers the same images");
    std::int64_t by_seed = 0;
    for (std::size_t i = 0; i < by_image.size(); ++i) {
      check((pair.a[i] | pair.b[i]) <= 1, "a right-answer flag is 0 or 1");
      const int e = pair.a[i] - pair.b[i];
      by_image[i] += e;
      by_seed += e;
      sums.squares += e * e;
    }
    sums.all += by_seed;
    sums.seed_squares += by_seed * by_seed;
  }
  for (const std::int64_t sum : by_image) sums.image_squares += sum * sum;
  return sums;
}

/// Squares of the two-way layout, each n T times as large so that it stays whole.
std::int64_t image_variation(const Sums& s) { return s.images * s.image_squares - s.all * s.all; }
std::int64_t seed_variation(const Sums& s) { return s.seeds * s.seed_squares - s.all * s.all; }
std::int64_t rest_variation(const Sums& s) {
  return s.seeds * s.images * s.squares - s.all * s.all - seed_variation(s) - image_variation(s);
}

/// Mean squares over n T: variances of the mean, rest no larger than either of the others.
struct MeanSquares {
  double seeds = 0;
  double images = 0;
  double rest = 0;
};

MeanSquares mean_squares(const Sums& sums) {
  const double cells = static_cast<double>(sums.seeds * sums.images);
  const double seed_degrees = static_cast<double>(sums.seeds - 1);
  const double image_degrees = static_cast<double>(sums.images - 1);
  const auto square = [cells](std::int64_t variation, double degrees) {
    return static_cast<double>(variation) / degrees / cells / cells;
  };
  MeanSquares squares{.seeds = square(seed_variation(sums), seed_degrees),
                      .images = square(image_variation(sums), image_degrees)};
  squares.rest = std::min(
      {square(rest_variation(sums), seed_degrees * image_degrees), squares.seeds, squares.images});
  return squares;
}

}  // namespace

std::optional<Interval> images_interval(std::span<const PairBits> pairs, const Rule& rule,
                                        std::optional<double> critical) {
  check_rule(rule);
  const Sums sums = sums_of(pairs);
  if (sums.seeds < minimum_pairs(rule.confidence) || sums.images < 2) return std::nullopt;

  const double cells = static_cast<double>(sums.seeds * sums.images);
  const double seed_degrees = static_cast<double>(sums.seeds - 1);
  const double image_degrees = static_cast<double>(sums.images - 1);
  const double rest_degrees = seed_degrees * image_degrees;
  const auto [seeds, images, rest] = mean_squares(sums);
  const double variance = seeds + images - rest;
  if (variance <= 0) return std::nullopt;

  const double mean = kPoints * static_cast<double>(sums.all) / cells;
  const auto around = [mean](double half) {
    return Interval{.lower = mean - kPoints * half, .upper = mean + kPoints * half};
  };
  if (critical) {
    const double other = student_critical(error_share(rule), image_degrees);
    return around(std::hypot(*critical * std::sqrt(seeds), other * std::sqrt(images - rest)));
  }
  const double satterthwaite =
      variance * variance /
      (seeds * seeds / seed_degrees + images * images / image_degrees + rest * rest / rest_degrees);
  const double degrees = std::max(satterthwaite, std::min(seed_degrees, image_degrees));
  return around(student_critical(error_share(rule), degrees) * std::sqrt(variance));
}

std::optional<double> images_standard_error(std::span<const PairBits> pairs) {
  const Sums sums = sums_of(pairs);
  if (sums.seeds < 1 || sums.images < 2) return std::nullopt;
  const double cells = static_cast<double>(sums.seeds * sums.images);
  const double variation = static_cast<double>(image_variation(sums));
  return kPoints * std::sqrt(variation / static_cast<double>(sums.images - 1)) / cells;
}

std::optional<double> images_floor(std::span<const PairBits> pairs, const Rule& rule) {
  check_rule(rule);
  const Sums sums = sums_of(pairs);
  if (sums.seeds < 2 || sums.images < 2) return std::nullopt;
  constexpr double kAlmostNormal = 1e6;  // degrees of freedom
  const MeanSquares squares = mean_squares(sums);
  return kPoints * student_critical(error_share(rule), kAlmostNormal) *
         std::sqrt(squares.images - squares.rest);
}

}  // namespace whichfirst::stats
