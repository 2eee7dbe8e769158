// In which sense two orders of layers are the same: the five answers of `whichfirst explain`.
#pragma once

#include <cstddef>
#include <string_view>

namespace whichfirst::algebra {

/// From the strongest to the weakest; each implies those below it.
///
///   same_training        values and gradients are equal bit for bit, so that training is too
///   same_function        equal maps for the same parameters, in training and at inference;
///   gradients
///                        may be rounded otherwise, or routed otherwise between equal values
///   same_at_inference    equal maps for the same parameters and the same statistics of bn
///   same_function_class  at inference each map of one is a map of the other, for other parameters
///   different            none of this could be proved
enum class Answer {
  same_training,
  same_function,
  same_at_inference,
  same_function_class,
  different,
};

/// "same training", ..., "different".
constexpr std::string_view answer_words(Answer answer) {
  constexpr std::string_view kWords[] = {"same training", "same function", "same at inference",
                                         "same function class", "different"};
  return kWords[static_cast<std::size_t>(answer)];
}

}  // namespace whichfirst::algebra
