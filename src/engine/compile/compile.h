// Network -> program: which primitives run, in which layouts, on which buffers.
#pragma once

#include "engine/compile/program.h"
#include "engine/plan.h"
#include "network/network.h"

namespace whichfirst::engine {

/// training: forward and backward of a step; decides on the layouts of the parameters.
/// probe: the same with every stage on its own, nothing fused, because its values are looked at.
/// evaluation: forward with running statistics, over parameters as training keeps them.
/// inference: an evaluation that decides on layouts itself and fuses more; the bias of a
/// convolution with a bias map is packed (border_bias.h). No bf16.
enum class Purpose { training, probe, evaluation, inference };

/// `kept_layouts` are those of the parameters, of an evaluation: what training in the same
/// precision decided on. `tap` is shown what each stage of a probe made.
Program compile(const network::Network& network, int batch, const dnnl::engine& engine,
                Purpose purpose, Precision precision,
                const std::vector<Layout>* kept_layouts = nullptr, Tap tap = {});

/// The layout of a parameter as network.parameters describes it: plain, row-major.
Layout plain_layout(const network::Parameter& parameter);

}  // namespace whichfirst::engine
