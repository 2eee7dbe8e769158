// What the lab looks at: values that are written down, a picture, an array, a picture of a data set
// or normal random numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reference/tensor.h"

namespace whichfirst::lab {

/// Numbers of an input, at most: images, channels and pixels together.
inline constexpr std::int64_t kMostInputNumbers = std::int64_t{1} << 24;

/// A normal distribution.
struct Gaussian {
  double mean = 0;
  double sd = 1;
};

struct Input {
  std::string name;                       ///< what it is, in words or as the user named it
  reference::Tensor values;               ///< any numbers, NaN and infinities too
  std::optional<Gaussian> gaussian = {};  ///< what all values were drawn from, independently
};

/// 5x5 with negative and positive numbers, some of them between 0 and their mean.
Input built_in_picture();

/// Numbers separated by spaces or commas, one or more. Throws Error beginning with `where`.
std::vector<double> parse_numbers(std::string_view where, std::string_view text);

/// Rows separated by `;`, numbers by spaces or commas: "1 2 3; 4 -5 nan". One channel. Throws Error
/// naming the row and the number: no number, rows of different lengths, too many.
Input parse_values(std::string_view text);

/// draw_normal()'s input before the numbers are drawn: `values` has count and shape only. Throws
/// Error as it does.
Input plan_normal(std::string_view shape, const Gaussian& gaussian, std::uint64_t seed);

/// `shape` is NxCxHxW, CxHxW or HxW; number i (row-major) is a function of (seed, i). Throws Error:
/// another form, too many numbers, an sd that is not above 0, a mean or sd that is not finite.
Input draw_normal(std::string_view shape, const Gaussian& gaussian, std::uint64_t seed);

/// A PNG or JPEG picture (values 0 to 1: byte / 255), a .npy array of 1 to 4 axes (W, HxW, CxHxW,
/// NxCxHxW), or SET:NUMBER, a training picture of a known set or of a path that holds one, from 0
/// (bytes / 255, floats as they are). `search` is where known sets are looked for. Throws Error
/// naming the word.
Input read_input(const std::string& word, const std::vector<std::filesystem::path>& search);

}  // namespace whichfirst::lab
