// Which images are trained on, tuned on and tested on: a stratified draw from the study's seed.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "data/dataset.h"

namespace whichfirst::data {

/// So many images (1 or more), or a share of those there are, in (0, 1], rounded to whole images.
using Amount = std::variant<std::int64_t, double>;

/// What a study asks for. Without a value, train and test are all there are and validation is no
/// part at all.
struct Selection {
  std::optional<Amount> train;
  std::optional<Amount> test;
  std::optional<Amount> validation;  ///< cut from the train part; a share is a share of that part
};

/// Indices in rising order: train and validation into Dataset::train, without an overlap, and test
/// into Dataset::test.
struct Parts {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> validation;
  std::vector<std::uint32_t> test;
};

/// The parts that `selection` asks for. Every part keeps the shares of the classes (largest
/// remainder; of equal remainders the lower class wins), so a small part can miss a rare class.
/// Within a class, images are drawn by a permutation keyed by (seed, Stream::split): the test part
/// does not depend on the other amounts, and a smaller part takes the front of the same
/// permutation. Throws Error where an amount is out of range, rounds to no image, is more than
/// there is, or where validation leaves nothing to train on.
Parts select(const Dataset& dataset, const Selection& selection, std::uint64_t seed);

}  // namespace whichfirst::data
