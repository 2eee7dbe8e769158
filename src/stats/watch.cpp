#include "stats/watch.h"

#include <cmath>

#include "base/error.h"

namespace whichfirst::stats {

bool is_measured(const std::optional<double>& value) {
  constexpr double kLargestValue = 1e150;
  return value && std::abs(*value) <= kLargestValue;  // false for NaN
}

Watch::Watch(Referee& referee) : referee_(&referee) {
  check(referee.rule().stopping == Stopping::automatic,
        "a fixed number of pairs is looked at once");
}

void Watch::add(const std::optional<double>& a, const std::optional<double>& b) {
  check(goes_on(), "a comparison that is over asks for no more pairs");
  ++replicates_;
  lost_a_ += is_measured(a) ? 0 : 1;
  lost_b_ += is_measured(b) ? 0 : 1;
  if (is_measured(a) && is_measured(b)) {
    differences_.push_back(*a - *b);
    look_ = referee_->look(differences_);
    const int n = static_cast<int>(differences_.size());
    looks_ += n >= minimum_pairs(referee_->rule().confidence) ? 1 : 0;
  }
  is_decided_ =
      look_.verdict != Verdict::undecided && !losses_forbid(look_.verdict, lost_a_, lost_b_);
}

}  // namespace whichfirst::stats
