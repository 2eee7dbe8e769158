// Which convolutions run by kernels of our own, and how their arrays lie.
#pragma once

#include <optional>

#include "engine/compile/onednn.h"
#include "engine/kernels/convolution.h"
#include "engine/options.h"
#include "network/network.h"

namespace whichfirst::engine {

struct OwnConvolution {
  const ConvolutionKernels* kernels = nullptr;
  ConvolutionShape shape;
  Layout source;
  Layout weights;
  Layout result;
};

/// Of a stage that is a convolution, on `batch` images: Winograd's algorithm where the precision
/// allows it, else the direct sum, each where it was measured to be the faster way; nullopt where
/// oneDNN's kernels are to run.
std::optional<OwnConvolution> own_convolution(const network::Stage& stage, int batch,
                                              Precision precision);

}  // namespace whichfirst::engine
