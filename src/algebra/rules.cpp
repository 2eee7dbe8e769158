#include "algebra/rules.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace whichfirst::algebra {
namespace {

using network::Activation;
using network::ActivationKind;
using network::as;
using network::AveragePool;
using network::BatchNorm;
using network::centres_channels;
using network::Dropout;
using network::Flatten;
using network::GlobalAveragePool;
using network::GroupNorm;
using network::is;
using network::is_activation;
using network::MaxPool;

constexpr const char* kPage = "Page, How to Train Your ResNet 8: Bag of Tricks (myrtle.ai)";
constexpr const char* kIoffe = "Ioffe and Szegedy 2015, arXiv:1502.03167, section 3.2";

bool is_relu(const Term& term) { return is_activation(term, ActivationKind::relu); }

bool is_leaky(const Term& term, double slope) {
  return is_activation(term, ActivationKind::leaky) && as<Activation>(term)->alpha == slope;
}

void rename(Term& term, const network::Operation& operation) {
  network::Stage stage;
  stage.operation = term.operation = operation;
  term.text = describe_operation(stage);
}

void erase(Terms& terms, std::size_t place) {
  terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(place));
}

/// A rule that moves a term for which `left` holds behind its neighbour for which `right` holds.
template <class Left, class Right>
auto move_behind(Left left, Right right) {
  return [left, right](Terms& terms, std::size_t i) {
    if (i + 1 >= terms.size() || !left(terms[i]) || !right(terms[i + 1])) return false;
    std::swap(terms[i], terms[i + 1]);
    return true;
  };
}

/// Dropout draws by its number among all: one of rate 0 may go only where no other would be
/// renumbered.
bool is_lone_drop_of_nothing(const Terms& terms, std::size_t i) {
  return is<Dropout>(terms[i]) && std::all_of(terms.begin(), terms.end(), [](const Term& term) {
           return !is<Dropout>(term) || as<Dropout>(term)->rate == 0;
         });
}

bool has_no_effect(const Terms& terms, std::size_t i) {
  const auto is_of_one = [](const auto* pool) {
    return pool != nullptr && pool->kernel == 1 && pool->stride == 1 && pool->padding == 0;
  };
  return is_of_one(as<MaxPool>(terms[i])) || is_of_one(as<AveragePool>(terms[i])) ||
         is_leaky(terms[i], 1) || is_lone_drop_of_nothing(terms, i);
}

constexpr auto is_pool = is<MaxPool, AveragePool>;
constexpr auto is_average = is<AveragePool, GlobalAveragePool>;

/// The first place behind `place` whose term is not skipped.
template <class Skipped>
std::optional<std::size_t> next_beyond(const Terms& terms, std::size_t place, Skipped skipped) {
  for (std::size_t i = place + 1; i < terms.size(); ++i) {
    if (!skipped(terms[i])) return i;
  }
  return std::nullopt;
}

/// D8. A constant on a channel shifts its mean, largest and average values alike; one that dropout
/// masks in training is none.
bool swallow_bias(Terms& terms, std::size_t i) {
  if (!terms[i].is_weights() || !terms[i].has_bias || terms[i].is_masked) return false;
  const auto next = next_beyond(terms, i, is_pool);
  if (!next || !centres_channels(terms[*next])) return false;
  terms[i].has_bias = false;
  return true;
}

/// D13. Dropout is gone at inference; the weights before it remember that it was there.
bool remove_dropout(Terms& terms, std::size_t i) {
  if (!is<Dropout>(terms[i])) return false;
  std::size_t before = i;
  while (before > 0 && is_pool(terms[before - 1])) --before;
  if (before > 0 && terms[before - 1].is_weights()) terms[before - 1].is_masked = true;
  erase(terms, i);
  return true;
}

/// gn by the name of what it is.
bool rename_groups(Terms& terms, std::size_t i) {
  const auto* norm = as<GroupNorm>(terms[i]);
  if (norm == nullptr) return false;
  GroupNorm named = *norm;
  if (norm->groups == 1) named.kind = notation::GroupKind::layer;
  if (norm->groups == terms[i].channels) named.kind = notation::GroupKind::instance;
  if (named.kind == norm->kind) return false;
  rename(terms[i], named);
  return true;
}

bool forget_momentum(Terms& terms, std::size_t i) {
  const auto* bn = as<BatchNorm>(terms[i]);
  if (bn == nullptr || bn->momentum == BatchNorm{}.momentum) return false;
  BatchNorm usual = *bn;
  usual.momentum = BatchNorm{}.momentum;
  rename(terms[i], usual);
  return true;
}

/// What a bn with fixed statistics may be moved over: means of a channel's numbers, and maxima
/// where no scale is negative.
auto passes_affine(Scales scales) {
  return [scales](const Term& term) {
    return is_average(term) || (scales == Scales::positive && is<MaxPool>(term));
  };
}

/// Scales without affine are 1 / sqrt(variance + eps).
bool has_positive_scales(const Term& term, Scales scales) {
  const auto* bn = as<BatchNorm>(term);
  return bn != nullptr && (!bn->affine || scales == Scales::positive);
}

/// Whether a bn's scale and offset can be any numbers: without affine its output has mean 0 and
/// deviation 1 on the training pictures, whatever the weights are.
bool is_free(const Term& term) { return is<BatchNorm>(term) && as<BatchNorm>(term)->affine; }

/// D2, D9. W x, then a y + b: the weights diag(a) W with the bias b.
auto fold_back(Scales scales) {
  return [scales](Terms& terms, std::size_t i) {
    if (!terms[i].is_weights()) return false;
    const auto next = next_beyond(terms, i, passes_affine(scales));
    if (!next || !is_free(terms[*next])) return false;
    terms[i].after.push_back(terms[*next].stage);
    terms[i].has_bias = true;
    erase(terms, *next);
    return true;
  };
}

/// Weights whose bias can take over what a constant in front of them adds.
bool takes_over(const Term& term) { return term.is_weights() && !term.pads() && term.has_bias; }

/// D2, D9. a x + b, then W y + c: the weights W diag(a) with the bias c + W b.
bool fold_forward(Terms& terms, std::size_t i) {
  if (!is<BatchNorm>(terms[i])) return false;
  const auto next = next_beyond(terms, i, is<AveragePool, GlobalAveragePool, Flatten>);
  if (!next || !takes_over(terms[*next])) return false;
  terms[*next].before.insert(terms[*next].before.begin(), terms[i].stage);
  erase(terms, i);
  return true;
}

/// A bias that only pools and weights without padding read: W (x + b) + c = W x + (c + W b).
bool move_bias(Terms& terms, std::size_t i) {
  if (!terms[i].is_weights() || !terms[i].has_bias) return false;
  const auto next = next_beyond(terms, i, is<MaxPool, AveragePool, GlobalAveragePool, Flatten>);
  if (!next || !takes_over(terms[*next])) return false;
  terms[i].has_bias = false;
  return true;
}

}  // namespace

bool is_monotone(const Activation& activation) {
  constexpr ActivationKind kMonotone[] = {ActivationKind::relu,     ActivationKind::leaky,
                                          ActivationKind::elu,      ActivationKind::tanh,
                                          ActivationKind::sigmoid,  ActivationKind::softsign,
                                          ActivationKind::softplus, ActivationKind::sign};
  return std::find(std::begin(kMonotone), std::end(kMonotone), activation.kind) !=
         std::end(kMonotone);
}

bool is_homogeneous(const Activation& activation) {
  return activation.kind == ActivationKind::relu || activation.kind == ActivationKind::leaky ||
         activation.kind == ActivationKind::prelu;
}

std::vector<Rule> make_rules(Scales scales) {
  const auto is_sign = [](const Term& term) { return is_activation(term, ActivationKind::sign); };
  // prelu in front of flatten has a slope per channel, behind it one per number.
  const auto is_function_term = [](const Term& term) {
    return is<Activation>(term) && !is_activation(term, ActivationKind::prelu);
  };
  const auto is_monotone_term = [is_sign](const Term& term) {
    return is<Activation>(term) && is_monotone(*as<Activation>(term)) && !is_sign(term);
  };
  const auto is_homogeneous_term = [](const Term& term) {
    return is<Activation>(term) && is_homogeneous(*as<Activation>(term));
  };
  const auto has_positive = [scales](const Term& term) {
    return has_positive_scales(term, scales);
  };
  return {
      {.name = "relu and maxpool",
       .number = "D7",
       .upholds = Answer::same_training,
       .says = "the largest of several numbers, cut off at 0, is the largest of the numbers cut "
               "off at 0; in both the gradient goes to the same pixel, or to none",
       .source = kPage,
       .rewrite = move_behind(is_relu, is<MaxPool>)},
      {.name = "relu and drop",
       .number = "D11",
       .upholds = Answer::same_training,
       .says = "relu(k x) = k relu(x) for k >= 0, and dropout multiplies by 0 or by 1 / (1 - rate)",
       .rewrite = move_behind(is_relu, is<Dropout>)},
      {.name = "activation and flatten",
       .upholds = Answer::same_training,
       .says = "an activation sees each number separately, flatten only renames the numbers",
       .rewrite = move_behind(is_function_term, is<Flatten>)},
      {.name = "relu twice",
       .upholds = Answer::same_training,
       .says = "relu changes nothing in its own output",
       .rewrite =
           [](Terms& terms, std::size_t i) {
             if (i + 1 >= terms.size() || !is_relu(terms[i]) || !is_relu(terms[i + 1]))
               return false;
             erase(terms, i);
             return true;
           }},
      {.name = "stage without effect",
       .upholds = Answer::same_training,
       .says =
           "a pool over one pixel with stride 1 changes nothing, nor does leaky(1), nor drop(0) "
           "where no other dropout is",
       .rewrite =
           [](Terms& terms, std::size_t i) {
             if (!has_no_effect(terms, i)) return false;
             erase(terms, i);
             return true;
           }},
      {.name = "leaky of slope 0",
       .upholds = Answer::same_training,
       .says = "leaky(0) is relu",
       .rewrite =
           [](Terms& terms, std::size_t i) {
             if (!is_leaky(terms[i], 0)) return false;
             rename(terms[i], Activation{.kind = ActivationKind::relu});
             return true;
           }},
      {.name = "gn of one group or of single channels",
       .upholds = Answer::same_training,
       .says = "gn(1) is ln, and gn with as many groups as channels is in",
       .rewrite = rename_groups},
      {.name = "monotone activation and maxpool",
       .number = "D7",
       .upholds = Answer::same_function,
       .says = "an activation that never decreases keeps the largest number the largest; gradients "
               "differ only where it makes different numbers equal, and by rounding",
       .rewrite = move_behind(is_monotone_term, is<MaxPool>)},
      {.name = "sign and maxpool",
       .number = "D7",
       .upholds = Answer::same_function,
       .says =
           "sign never decreases, so the values are equal; but it makes nearly all numbers equal, "
           "so the gradient goes to other pixels nearly everywhere: they train differently",
       .rewrite = move_behind(is_sign, is<MaxPool>)},
      {.name = "homogeneous activation and drop",
       .number = "D11",
       .upholds = Answer::same_function,
       .says = "f(k x) = k f(x) for k >= 0, up to rounding",
       .rewrite = move_behind(is_homogeneous_term, is<Dropout>)},
      {.name = "bias and normaliser",
       .number = "D8",
       .upholds = Answer::same_function,
       .says = "a bias is part of the mean that the normaliser subtracts, even with pools in "
               "between but not with dropout: it changes nothing and its gradient is 0; at "
               "inference the running mean includes it",
       .source = kIoffe,
       .rewrite = swallow_bias},
      {.name = "momentum of bn",
       .upholds = Answer::same_function,
       .says = "the momentum of bn moves its running statistics alone: losses and weights in "
               "training are the same to the last bit, and only tests differ, until the statistics "
               "have settled",
       .rewrite = forget_momentum},
      {.name = "drop at inference",
       .number = "D13",
       .upholds = Answer::same_at_inference,
       .says = "at inference dropout does nothing; in training a bn after it learns a different "
               "variance from that at inference",
       .source = "Li et al. 2019, arXiv:1801.05134",
       .rewrite = remove_dropout},
      {.name = "bn and mean",
       .number = "D7",
       .upholds = Answer::same_at_inference,
       .says =
           "with fixed statistics bn is a x + b on each channel, and the mean of a x + b is a "
           "times the mean, plus b; in training the statistics are taken over different numbers",
       .rewrite = move_behind(is<BatchNorm>, is_average)},
      {.name = "bn and maxpool",
       .number = "D7",
       .upholds = Answer::same_at_inference,
       .says =
           scales == Scales::positive
               ? "with fixed statistics bn is a x + b on each channel, which keeps the largest "
                 "number the largest if a > 0; with a < 0 max-pooling becomes min-pooling"
               : "with fixed statistics bn without affine is x / sd - mean / sd on each channel, "
                 "which keeps the largest number the largest; in training the statistics are taken "
                 "over different numbers",
       .source = kPage,
       .rewrite = move_behind(has_positive, is<MaxPool>)},
      {.name = "bn into the weights before it",
       .number = "D9",
       .upholds = Answer::same_function_class,
       .says = "with fixed statistics bn is a y + b on each channel, so weights W and bn are the "
               "weights a W with the bias b: exact for any padding and any sign of a",
       .rewrite = fold_back(scales)},
      {.name = "bn into the weights after it",
       .number = "D2",
       .upholds = Answer::same_function_class,
       .says = "weights W, c that read a x + b are the weights W a with the bias c + W b: exact if "
               "they do not pad, are the only reader and have a bias",
       .rewrite = fold_forward},
      {.name = "bias into the weights after it",
       .number = "D2",
       .upholds = Answer::same_function_class,
       .says = "a bias that only pools and weights without padding read is part of their own bias",
       .rewrite = move_bias},
  };
}

}  // namespace whichfirst::algebra
