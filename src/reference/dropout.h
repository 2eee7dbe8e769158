// Dropout as a plain loop, forward and backward: the definition of the stage `drop`.
#pragma once

#include "base/random.h"
#include "network/network.h"
#include "reference/normalisation.h"
#include "reference/tensor.h"

namespace whichfirst::reference {

/// Forward and, of ddst, backward: each number is only scaled, by 0, 1 / (1 - rate) or 1.
/// In training 0 where the coin of a number shows heads - also where the number is NaN - and else
/// src / (1 - rate); in evaluation src. The coin of values[i] is number i of `key` at the stage's
/// rate (toss_coins; network::dropout_key gives the key).
Tensor dropout(const network::Dropout& drop, const Tensor& src, const RandomKey& key, Mode mode);

}  // namespace whichfirst::reference
