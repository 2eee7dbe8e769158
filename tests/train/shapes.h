// A small part of shapes10 and trials on it, for tests that train.
#pragma once

#include <string>

#include "data/shapes10.h"
#include "notation/parse.h"
#include "train/trial.h"

namespace whichfirst::train {

inline const Material& shapes() {
  static const Material material =
      prepare_material(data::draw_shapes10(),
                       {.train = std::int64_t{200}, .test = std::int64_t{90}, .validation = {}}, 0);
  return material;
}

inline network::Network network_of(const std::string& order, const std::string& body) {
  return network::build({.body = notation::parse(body, notation::Context::body),
                         .order = notation::parse(order, notation::Context::order),
                         .input = shapes().dataset.train.shape,
                         .classes = 10});
}

/// A trial of seed 0 at the recipe's first rate.
inline Result run_from(
    const network::Network& network, const network::Values& initial, const record::Recipe& recipe,
    std::uint64_t replicate = 1, const std::stop_token& stop = {},
    const Observer& observe = [](const Progress&) {}, const Material& material = shapes()) {
  return run_trial({.network = network,
                    .initial = initial,
                    .material = material,
                    .recipe = recipe,
                    .lr = recipe.lr.front(),
                    .seed = 0,
                    .replicate = replicate},
                   stop, observe);
}

}  // namespace whichfirst::train
