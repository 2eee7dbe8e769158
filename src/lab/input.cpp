#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "data/dataset.h"
#include "data/known_sets.h"
#include "data/npy.h"
#include "data/picture.h"
#include "lab/inspection.h"

namespace whichfirst::lab {
namespace {

using reference::Tensor;

constexpr std::string_view kSpaces = " \t\n\r,";

/// The pieces of `text` between characters of `separators`; empty ones are left out.
std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
    if (end > begin) pieces.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return pieces;
}

/// The whole of `text` as a number.
template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number number{};
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// An image count and a shape from 1 to 4 lengths, of which the last is the width. Throws Error
/// beginning with `where`.
Tensor shape_tensor(const std::string& where, const std::vector<std::uint64_t>& lengths) {
  if (lengths.empty() || lengths.size() > 4) {
    throw Error("{}: expected 1 to 4 axes (W, HxW, CxHxW, NxCxHxW), found {}", where,
                lengths.size());
  }
  std::uint64_t total = 1;
  for (const std::uint64_t length : lengths) {
    if (length == 0 || length > static_cast<std::uint64_t>(kMostInputNumbers) / total) {
      throw Error("{}: expected 1 to {} numbers, found {}", where, kMostInputNumbers,
                  fmt::join(lengths, "x"));
    }
    total *= length;
  }
  const auto at = [&](std::size_t from_end) {
    return from_end > lengths.size() ? 1 : static_cast<int>(lengths[lengths.size() - from_end]);
  };
  return {
      .count = at(4), .shape = {.channels = at(3), .height = at(2), .width = at(1)}, .values = {}};
}

Input read_picture(const std::string& path) {
  const Shape shape = data::read_picture_header(path).shape;
  if (shape.size() > kMostInputNumbers) {
    throw Error(
        "{}: expected a picture of at most {} numbers, found {}x{} with {} "
        "channels; make it smaller",
        path, kMostInputNumbers, shape.height, shape.width, shape.channels);
  }
  const data::Picture picture = data::read_picture(path);
  Input input{.name = path, .values = reference::zeros(1, picture.shape)};
  const auto channels = static_cast<std::size_t>(picture.shape.channels);
  const auto pixels = static_cast<std::size_t>(picture.shape.pixels());
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    input.values.values[i % channels * pixels + i / channels] =
        static_cast<double>(picture.pixels[i]) / picture.most;
  }
  return input;
}

Input read_array(const std::string& path) {
  data::NpyArray array = data::read_npy(path, kMostInputNumbers);
  Input input{.name = path, .values = shape_tensor(path, array.shape)};
  input.values.values = std::move(array.values);
  return input;
}

/// Picture `number` of the training set that `set` names, a known one or a path.
Input read_of_set(const std::string& set, std::uint64_t number,
                  const std::vector<std::filesystem::path>& search) {
  std::error_code ignored;
  const bool is_path = data::find_known(set) == nullptr && std::filesystem::exists(set, ignored);
  const data::Dataset dataset = is_path ? data::load_path(set) : data::load_named(set, search);
  const data::Images& images = dataset.train;
  if (number >= static_cast<std::uint64_t>(images.count())) {
    throw Error("{}:{}: expected a picture from 0 to {}", set, number, images.count() - 1);
  }
  Input input{.name = fmt::format("{}:{}", set, number),
              .values = reference::zeros(1, images.shape)};
  const auto size = static_cast<std::size_t>(images.shape.size());
  const std::size_t first = number * size;
  if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&images.pixels)) {
    for (std::size_t i = 0; i < size; ++i) input.values.values[i] = (*bytes)[first + i] / 255.0;
  } else {
    const auto& floats = std::get<std::vector<float>>(images.pixels);
    for (std::size_t i = 0; i < size; ++i) input.values.values[i] = floats[first + i];
  }
  return input;
}

}  // namespace

Input built_in_picture() {
  return {.name = "the built-in 5x5 picture",
          .values = {.count = 1,
                     .shape = {.channels = 1, .height = 5, .width = 5},
                     .values = {1, -2, 3, 0, 2, 4,  -1, 2, 5, -3, 1, 6, -4,
                                1, 3,  0, 2, 1, -2, 7,  3, 1, 2,  1, 1}}};
}

std::vector<double> parse_numbers(std::string_view where, std::string_view text) {
  std::vector<double> numbers;
  for (const std::string_view word : split(text, kSpaces)) {
    const auto number = to_number<double>(word);
    if (!number) throw Error("{}: expected a number, found '{}'", where, word);
    numbers.push_back(*number);
  }
  if (numbers.empty()) throw Error("{}: expected a number, found none", where);
  return numbers;
}

Input parse_values(std::string_view text) {
  std::vector<double> values;
  std::size_t width = 0;
  std::size_t height = 0;
  while (text.find_last_of(';') != std::string_view::npos &&
         text.find_first_not_of(kSpaces, text.find_last_of(';') + 1) == std::string_view::npos) {
    text = text.substr(0, text.find_last_of(';'));  // a ; at the end begins no row
  }
  for (std::size_t begin = 0; begin <= text.size(); ++height) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    const auto words = split(text.substr(begin, end - begin), kSpaces);
    if (height == 0) width = words.size();
    if (words.empty() || words.size() != width) {
      throw Error(
          "--values: expected {} numbers in row {}, as in the first, found {}; "
          "rows are separated by ';', such as \"1 2 3; 4 5 6\"",
          width == 0 ? "some" : fmt::format("{}", width), height + 1, words.size());
    }
    const auto numbers =
        parse_numbers(fmt::format("--values, row {}", height + 1), text.substr(begin, end - begin));
    values.insert(values.end(), numbers.begin(), numbers.end());
    begin = end + 1;
  }
  Input input{.name = "values", .values = shape_tensor("--values", {height, width})};
  input.values.values = std::move(values);
  return input;
}

Input plan_normal(std::string_view shape, const Gaussian& gaussian, std::uint64_t seed) {
  const std::string where = fmt::format("--normal {}", shape);
  if (!std::isfinite(gaussian.mean) || !std::isfinite(gaussian.sd) || gaussian.sd <= 0) {
    throw Error("{}: expected a finite mean and a deviation above 0, found {} and {}", where,
                gaussian.mean, gaussian.sd);
  }
  const auto lengths = parse_lengths(shape);
  if (!lengths) throw Error("{}: expected NxCxHxW, such as 32x64x14x14", where);
  return {.name = fmt::format("normal values, mean {:g}, deviation {:g}, seed {}", gaussian.mean,
                              gaussian.sd, seed),
          .values = shape_tensor(where, *lengths),
          .gaussian = gaussian};
}

Input draw_normal(std::string_view shape, const Gaussian& gaussian, std::uint64_t seed) {
  Input input = plan_normal(shape, gaussian, seed);
  const RandomKey key{.seed = seed, .stream = Stream::resampling};
  input.values.values.resize(
      static_cast<std::size_t>(input.values.count * input.values.shape.size()));
  for (std::size_t i = 0; i < input.values.values.size(); ++i) {
    input.values.values[i] = gaussian.mean + gaussian.sd * normal(key, i);
  }
  return input;
}

Input read_input(const std::string& word, const std::vector<std::filesystem::path>& search) {
  std::error_code ignored;
  if (!std::filesystem::exists(word, ignored)) {
    const std::size_t colon = word.rfind(':');
    if (colon != std::string::npos && colon > 0) {
      const auto number = to_number<std::uint64_t>(std::string_view(word).substr(colon + 1));
      if (number) return read_of_set(word.substr(0, colon), *number, search);
    }
    throw Error(
        "{}: there is no such file; expected a picture file, a .npy file, or a "
        "picture of a set such as fashion-mnist:17",
        word);
  }
  if (std::filesystem::path(word).extension() == ".npy") return read_array(word);
  return read_picture(word);
}

}  // namespace whichfirst::lab
