// Gradients that PyTorch made, as tests/fixtures/pytorch keeps them: scaled to unit RMS.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "network/network.h"
#include "record/safetensors.h"

namespace whichfirst::engine {

inline std::string pytorch_fixture(const std::string& name) {
  return std::string(WHICHFIRST_FIXTURES) + "/pytorch/" + name;
}

inline nlohmann::json read_pytorch_json(const std::string& name) {
  nlohmann::json json;
  std::ifstream(pytorch_fixture(name)) >> json;
  return json;
}

using ByName = std::map<std::string, std::vector<float>>;

inline ByName read_pytorch_tensors(const std::string& name) {
  ByName tensors;
  for (auto& tensor : record::read_safetensors(pytorch_fixture(name)).tensors) {
    tensors[tensor.name] = std::move(tensor.values);
  }
  return tensors;
}

inline double length(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

/// |ours - factor theirs| in L2, relative to |factor theirs| or to `floor` where that is more.
inline double relative_distance(const std::vector<float>& ours, const std::vector<float>& theirs,
                                double factor = 1, double floor = 0) {
  double sum = 0;
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    const double difference = ours.at(i) - factor * theirs[i];
    sum += difference * difference;
  }
  return std::sqrt(sum) / std::max(factor * length(theirs), floor);
}

/// Expects every trained parameter's gradient within `tolerance`; returns the largest distance.
/// `scaled` holds a tensor for each, named `prefix` + the parameter's name, `rms` its true RMS.
inline double expect_gradients(const network::Network& network, const network::Values& gradients,
                               const ByName& scaled, const nlohmann::json& rms,
                               const std::string& prefix, double tolerance) {
  // A true gradient of 0 (a bias that only batch norms read) is noise in both.
  double floor = 0;
  for (const auto& gradient : gradients) floor = std::max(floor, 1e-5 * length(gradient));
  double farthest = 0;
  std::size_t trained = 0;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const network::Parameter& parameter = network.parameters[i];
    if (!parameter.is_trained()) continue;
    ++trained;
    const std::vector<float>& theirs = scaled.at(prefix + parameter.name);
    EXPECT_EQ(theirs.size(), gradients[i].size()) << parameter.name;
    const double distance = relative_distance(gradients[i], theirs, rms.at(parameter.name), floor);
    EXPECT_LE(distance, tolerance) << parameter.name;
    farthest = std::max(farthest, distance);
  }
  EXPECT_EQ(trained, rms.size()) << "every parameter of theirs is one of ours";
  return farthest;
}

}  // namespace whichfirst::engine
