// A small part of shapes10, for tests that train.
#pragma once

#include "data/shapes10.h"
#include "train/trial.h"

namespace whichfirst::train {

inline const Material& shapes() {
  static const Material material =
      prepare_material(data::draw_shapes10(),
                       {.train = std::int64_t{200}, .test = std::int64_t{90}, .validation = {}}, 0);
  return material;
}

}  // namespace whichfirst::train
