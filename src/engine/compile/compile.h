// Network -> program: which primitives run, in which layouts, on which buffers.
#pragma once

#include "engine/compile/program.h"
#include "engine/plan.h"
#include "network/network.h"

namespace whichfirst::engine {

/// Forward and backward of one training step. Decides on the layouts of the parameters.
Program compile_training(const network::Network& network, int batch, const dnnl::engine& engine,
                         Precision precision);

/// The same with every stage on its own: `tap` is shown what each one made.
Program compile_probe(const network::Network& network, int batch, const dnnl::engine& engine,
                      Tap tap, Precision precision = Precision::fp32);

/// Forward with running statistics, over parameters kept in `parameter_layouts` by training in the
/// same precision.
Program compile_evaluation(const network::Network& network, int batch, const dnnl::engine& engine,
                           const std::vector<dnnl::memory::desc>& parameter_layouts,
                           Precision precision);

/// Forward with running statistics, in the layouts that it likes best, relu fused into weights. The
/// bias of a convolution with a bias map is packed (border_bias.h). No bf16.
Program compile_inference(const network::Network& network, int batch, const dnnl::engine& engine,
                          Precision precision);

/// The layout of a parameter as network.parameters describes it: plain, row-major.
dnnl::memory::desc plain_layout(const network::Parameter& parameter);

}  // namespace whichfirst::engine
