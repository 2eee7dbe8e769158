#include "stats/watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"

namespace whichfirst::stats {

bool is_measured(const std::optional<double>& value) {
  constexpr double kLargestValue = 1e150;
  return value && std::abs(*value) <= kLargestValue;  // false for NaN
}

Watch::Watch(Referee& referee, std::vector<Gate> gates)
    : referee_(&referee), gates_(std::move(gates)) {
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
  is_decided_ = is_enough(look_);
  if (!first_verdict_ && has_verdict(look_)) first_verdict_ = replicates_;
}

bool Watch::has_verdict(const Look& look) const {
  return look.verdict != Verdict::undecided && !losses_forbid(look.verdict, lost_a_, lost_b_);
}

bool Watch::is_enough(const Look& look) const {
  if (gates_.empty()) return has_verdict(look);
  const Rule& rule = referee_->rule();
  Standing standing{.verdict = has_verdict(look) ? look.verdict : Verdict::undecided,
                    .interval = {},
                    .lost_a = lost_a_,
                    .lost_b = lost_b_};
  if (look.intervals) standing.interval = deciding(*look.intervals, rule);
  return std::none_of(gates_.begin(), gates_.end(), [&](const Gate& gate) {
    return ask(gate, standing, rule.direction) == Answer::undecided;
  });
}

std::optional<int> Watch::more_pairs() const {
  const int most = referee_->rule().max_pairs;
  if (gates_.empty()) return referee_->more_pairs(differences_, most);
  return referee_->more_pairs_until(differences_, most,
                                    [&](const Look& look) { return is_enough(look); });
}

}  // namespace whichfirst::stats
