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

/// When the direct sum is to run: where it was measured to be faster than oneDNN's kernels, or
/// wherever it can.
enum class DirectSum { where_faster, wherever_possible };

/// Of a stage that is a convolution, on `batch` images: Winograd's algorithm where the precision
/// allows it and it was measured to be faster, else the direct sum; nullopt where oneDNN's kernels
/// are to run.
std::optional<OwnConvolution> own_convolution(const network::Stage& stage, int batch,
                                              Precision precision,
                                              DirectSum direct = DirectSum::where_faster);

}  // namespace whichfirst::engine
