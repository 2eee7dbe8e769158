// Whether anything was learnt at all: an order's values against those that need no learning.
#pragma once

#include <span>

#include "stats/verdict.h"

namespace whichfirst::stats {

/// What always giving the same answer is worth, in the metric's unit.
struct Guessing {
  double value = 0;
  Direction direction = Direction::higher_is_better;
  double image_error = 0;  ///< standard error of `value` over other test images; 0: not known
  double step = 0;         ///< of the metric; 0: continuous
};

/// Of always answering the largest class, which has this share (0 to 1) of `images` pictures: an
/// accuracy in points, with its binomial error.
Guessing guessing_of_accuracy(double largest_share, double images);

/// Whether the mean of `values`, one per replicate, is clearly better than guessing: by more than
/// two standard errors, of seeds and images together, and by more than one step. False without
/// values.
bool beats_guessing(std::span<const double> values, const Guessing& guessing);

}  // namespace whichfirst::stats
