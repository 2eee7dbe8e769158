#include <algorithm>

#include "algebra/explain.h"
#include "network/lookup.h"
#include "network/network.h"
#include "notation/print.h"

namespace whichfirst::algebra {
namespace {

using network::is;
using notation::Activation;
using notation::BatchNorm;
using notation::Item;
using notation::Sequence;
using notation::Stage;

Sequence cut_before_weights(const Sequence& order) {
  return network::begin_with_weights(network::complete_order(order));
}

/// Calls `visit` on each two neighbours, inside of residuals and repetitions too.
template <class Visit>
void for_each_pair(const Sequence& sequence, const Visit& visit) {
  for (std::size_t i = 0; i < sequence.items.size(); ++i) {
    const Stage& stage = sequence.items[i].stage;
    if (const auto* repeat = std::get_if<notation::Repeat>(&stage)) {
      for_each_pair(repeat->body, visit);
    } else if (const auto* residual = std::get_if<notation::Residual>(&stage)) {
      for_each_pair(residual->body, visit);
    }
    if (i + 1 < sequence.items.size()) visit(stage, sequence.items[i + 1].stage);
  }
}

/// Whether a stage of the one kind stands right before one of the other.
template <class Left, class Right>
bool has_pair(const Sequence& order, const Left& left, const Right& right) {
  bool found = false;
  for_each_pair(network::complete_order(order),
                [&](const Stage& x, const Stage& y) { found |= left(x) && right(y); });
  return found;
}

bool is_relu(const Stage& stage) {
  return network::is_activation(stage, notation::ActivationKind::relu);
}

void add_swap_notes(bool is_of_relu, std::vector<Note>& notes) {
  if (is_of_relu) {
    notes.push_back(
        {"D1",
         "bn relu cuts each channel at its own threshold, relu bn cuts at 0 and then scales: one "
         "is an increasing affine function of the other exactly if the bn's "
         "scale is positive and offset / scale = mean / deviation of its input"});
  } else {
    notes.push_back(
        {"D1",
         "the activation bends at different places: in general neither is an affine function of "
         "the other, because the bn before it decides which part of it is used"});
  }
  notes.push_back(
      {"D3",
       "if bn comes last, the mean of each channel that the next weights read is the bn's offset, "
       "0 at the start; without padding their output then has batch mean 0 too"});
  if (is_of_relu) {
    notes.push_back({"D6",
                     "at the start half of the output of bn relu is 0 and its mean is 0.40 "
                     "deviations; the output of relu bn has mean 0 and no zeros"});
    notes.push_back({"D15",
                     "the variance of a batch is about 2.2 times noisier if bn reads the relu of a "
                     "centred Gaussian than if it reads the Gaussian itself"});
    notes.push_back({"D12",
                     "at the start both multiply the squared gradient by pi / (pi - 1) = 1.47 per "
                     "unit backward (wide layers, large batches): neither order explodes sooner",
                     "for bn in general: Yang et al. 2019, arXiv:1902.08129"});
    notes.push_back({"D14",
                     "with bn first a channel is active on a share of every batch set by its "
                     "offset and scale; relu bn can lose a channel whose inputs are all negative"});
  }
  notes.push_back({"D8",
                   "a bias before bn is redundant, before the activation it is the threshold: "
                   "without biases, the order that ends with bn has no thresholds",
                   "Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.2"});
}

}  // namespace

std::string cycle_of(const Sequence& order) { return notation::print(cut_before_weights(order)); }

bool is_same_cycle(const Sequence& a, const Sequence& b) {
  Sequence turned = cut_before_weights(a);
  const Sequence wanted = cut_before_weights(b);
  if (turned.items.size() != wanted.items.size()) return false;
  for (std::size_t i = 0; i < turned.items.size(); ++i) {
    if (turned == wanted) return true;
    std::rotate(turned.items.begin(), turned.items.begin() + 1, turned.items.end());
  }
  return false;
}

std::vector<Note> find_notes(const Sequence& a, const Sequence& b) {
  std::vector<Note> notes;
  const auto in_one = [&](const auto& left, const auto& right) {
    return has_pair(a, left, right) != has_pair(b, left, right);
  };
  constexpr auto is_any_pool = is<notation::MaxPool, notation::PoolPlace>;
  const auto is_swapped = [](const Sequence& one, const Sequence& other) {
    return has_pair(one, is<BatchNorm>, is<Activation>) &&
           has_pair(other, is<Activation>, is<BatchNorm>) &&
           !has_pair(other, is<BatchNorm>, is<Activation>);
  };
  if (is_swapped(a, b) || is_swapped(b, a)) {
    add_swap_notes(has_pair(a, is_relu, is<BatchNorm>) || has_pair(b, is_relu, is<BatchNorm>),
                   notes);
  }
  if (in_one(is<notation::Dropout>, is<BatchNorm>)) {
    notes.push_back({"D13",
                     "dropout before bn: in training bn sees a variance that is larger by the "
                     "factor 1 + rate / (1 - rate) * mean square / variance than at inference, at "
                     "least 1 / (1 - rate)",
                     "Li et al. 2019, arXiv:1801.05134"});
  }
  if (in_one(is_any_pool, is<BatchNorm>) || in_one(is<BatchNorm>, is_any_pool)) {
    notes.push_back(
        {"D7",
         "before and after a max-pool bn takes its statistics over different numbers: the outputs "
         "are affine functions of each other (if scales are positive), so a relu after them cuts "
         "at another threshold; of independent Gaussian pixels pooled "
         "2x2 it leaves 6 % zeros in conv bn relu maxpool and 52 % in conv maxpool bn relu"});
  }
  if (in_one(is<notation::Residual>, is<BatchNorm>)) {
    notes.push_back({"D21",
                     "bn after the addition scales the shortcut down in every unit, by about 1 / "
                     "sqrt(2) at the start: to 0.044 over 9 units, to almost nothing over 54",
                     "He et al. 2016, arXiv:1603.05027, table 2"});
  }
  return notes;
}

}  // namespace whichfirst::algebra
