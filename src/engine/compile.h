// Network -> program: which primitives run, in which layouts, on which buffers.
#pragma once

#include "engine/program.h"
#include "network/network.h"

namespace whichfirst::engine {

/// Forward and backward of one training step. Decides on the layouts of the parameters.
Program compile_training(const network::Network& network, int batch, const dnnl::engine& engine);

/// Forward with running statistics, over parameters kept in `parameter_layouts`.
Program compile_evaluation(const network::Network& network, int batch, const dnnl::engine& engine,
                           const std::vector<dnnl::memory::desc>& parameter_layouts);

/// The layout of a parameter as network.parameters describes it: plain, row-major.
dnnl::memory::desc plain_layout(const network::Parameter& parameter);

}  // namespace whichfirst::engine
