// What a trial is trained on and by: the data that all trials of a study share, and one trial's
// task.
#pragma once

#include <cstdint>
#include <string>

#include "data/batches.h"
#include "data/dataset.h"
#include "data/selection.h"
#include "engine/options.h"
#include "network/network.h"
#include "record/study_file.h"

namespace whichfirst::train {

/// Images evaluated at a time. Folded article-15 made 3,660 pictures/s in fp32-fast at 25 and 50,
/// 3,500 at 100 and 2,900 at 400 (one core, AVX2); in fp32 these differ by no more than noise.
inline constexpr int kEvaluationBatch = 50;

/// What all trials of a study read and none changes.
struct Material {
  data::Dataset dataset;
  data::Parts parts;
  data::Normalisation normalisation;
  std::string hash;  // of the selected pictures and labels, in order
};

/// Loads, selects and measures. Validation is cut only where `wants_validation`.
Material prepare_material(data::Dataset dataset, const data::Selection& selection,
                          std::uint64_t seed);

struct Task {
  const network::Network& network;
  const network::Values& initial;  // one array for each of network.parameters
  const Material& material;
  const record::Recipe& recipe;
  double lr = 0;                // one of the recipe's
  std::uint64_t seed = 0;       // the study's
  std::uint64_t replicate = 1;  // 1, 2, ...; one for tuning never looks at the test images
};

/// What the recipe says of the engine, and what the trial's dropout draws from.
engine::Options engine_options(const record::Recipe& recipe, std::uint64_t seed = 0,
                               std::uint64_t replicate = 0);

data::Augmentation augmentation_of(const record::Recipe& recipe);

/// Throws Error where the training part is smaller than a batch, the augmentation larger than a
/// picture, or the precision more than the processor has.
void require_trainable(const Material& material, const record::Recipe& recipe);

}  // namespace whichfirst::train
