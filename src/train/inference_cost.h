// What a trained network costs in use, as trained and folded: answers, memory, time.
#pragma once

#include "network/network.h"
#include "record/inference_record.h"
#include "train/material.h"

namespace whichfirst::train {

/// Pictures of a batch, where speed in batches is asked.
inline constexpr int kInferenceBatch = 100;

struct InferenceCosts {
  record::InferenceRecord record;
  record::InferenceTimings timings;  // medians of interleaved runs
};

/// Folds a network of these values, shows it and the network as trained the first test pictures, at
/// most kInferenceBatch, and times both on the calling thread, in fp32, for at most about 0.15 s
/// but 3 runs each at least. Throws Error as engine::Inference does.
InferenceCosts measure_inference(const network::Network& network, const network::Values& values,
                                 const Material& material);

}  // namespace whichfirst::train
