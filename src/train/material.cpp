#include "train/material.h"

#include <utility>
#include <variant>

#include "base/error.h"
#include "base/hash.h"
#include "engine/platform.h"

namespace whichfirst::train {
namespace {

void add_pictures(Hasher& hasher, const data::Images& images,
                  const std::vector<std::uint32_t>& picks) {
  const auto size = static_cast<std::size_t>(images.shape.size());
  std::visit(
      [&](const auto& pixels) {
        for (const std::uint32_t pick : picks) {
          hasher.add(std::as_bytes(std::span(pixels).subspan(pick * size, size)));
          hasher.add(std::as_bytes(std::span(&images.labels[pick], 1)));
        }
      },
      images.pixels);
}

}  // namespace

Material prepare_material(data::Dataset dataset, const data::Selection& selection,
                          std::uint64_t seed) {
  Material material{.dataset = std::move(dataset), .parts = {}, .normalisation = {}, .hash = {}};
  material.parts = data::select(material.dataset, selection, seed);
  material.normalisation =
      data::measure_normalisation(material.dataset.train, material.parts.train);
  Hasher hasher;
  add_pictures(hasher, material.dataset.train, material.parts.train);
  add_pictures(hasher, material.dataset.train, material.parts.validation);
  add_pictures(hasher, material.dataset.test, material.parts.test);
  material.hash = hasher.hex();
  return material;
}

void require_trainable(const Material& material, const record::Recipe& recipe) {
  const auto images = static_cast<std::int64_t>(material.parts.train.size());
  if (images < recipe.batch) {
    throw Error(
        "recipe.batch: a batch of {} is more than the {} training images; take a smaller batch or "
        "more of data.train",
        recipe.batch, images);
  }
  engine::require_precision(recipe.precision, engine::own_processor());
  data::require_fits(augmentation_of(recipe), material.dataset.train.shape);
}

data::Augmentation augmentation_of(const record::Recipe& recipe) {
  return {
      .crop = recipe.augment.crop, .flip = recipe.augment.flip, .cutout = recipe.augment.cutout};
}

engine::Options engine_options(const record::Recipe& recipe, std::uint64_t seed,
                               std::uint64_t replicate) {
  return {.batch = recipe.batch,
          .evaluation_batch = kEvaluationBatch,
          .optimizer = recipe.optimizer,
          .momentum = recipe.momentum,
          .nesterov = recipe.nesterov,
          .decay = recipe.decay,
          .decays_all = recipe.decay_all,
          .label_smoothing = recipe.label_smoothing,
          .precision = recipe.precision,
          .seed = seed,
          .replicate = replicate};
}

}  // namespace whichfirst::train
