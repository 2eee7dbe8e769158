#include <cmath>
#include <utility>

#include "algebra/relation.h"
#include "base/error.h"

namespace whichfirst::algebra {
namespace {

using network::Affine;
using network::BatchNorm;
using network::Network;
using network::ParameterKind;

/// The array of this kind of the stage at `place`, or nullptr.
template <class Values>
auto* find(const Network& network, Values& values, int place, ParameterKind kind) {
  return find_array(network, values, stage_at(network, place), kind);
}

double eps_of(const Network& network, int stage) {
  return network::as<BatchNorm>(stage_at(network, stage))->eps;
}

/// Makes a bn with scale and offset do `wanted`, whatever its statistics are.
void set_affine(const Network& network, Arrays& values, int stage, const Affine& wanted) {
  const auto& mean = *find(network, values, stage, ParameterKind::running_mean);
  const auto& variance = *find(network, values, stage, ParameterKind::running_variance);
  auto& scale = *find(network, values, stage, ParameterKind::scale);
  auto& offset = *find(network, values, stage, ParameterKind::offset);
  for (std::size_t c = 0; c < mean.size(); ++c) {
    scale[c] = wanted.factor[c] * std::sqrt(variance[c] + eps_of(network, stage));
    offset[c] = wanted.shift[c] + wanted.factor[c] * mean[c];
  }
}

Affine identity(std::size_t channels) {
  return {std::vector<double>(channels, 1), std::vector<double>(channels, 0)};
}

bool is_free(const Network& network, int stage) {
  return network::as<BatchNorm>(stage_at(network, stage))->affine;
}

/// The normalisers that weights took over, as one.
Affine chain(const Network& network, const Arrays& values, const std::vector<int>& stages,
             Affine affine) {
  for (const int stage : stages) {
    const Affine next = affine_of(network, values, stage_at(network, stage));
    for (std::size_t c = 0; c < affine.factor.size(); ++c) {
      affine.factor[c] *= next.factor[c];
      affine.shift[c] = next.factor[c] * affine.shift[c] + next.shift[c];
    }
  }
  return affine;
}

/// Weights and bias with everything folded in.
struct Folded {
  std::vector<double> weights;
  std::vector<double> bias;  // K
};

/// What stands before weights: a bias that they take over, and normalisers.
Affine before_of(const Network& network, const Arrays& values, const Term& term,
                 const std::vector<double>& carried) {
  std::size_t channels = carried.size();
  if (!term.before.empty()) {
    channels = static_cast<std::size_t>(stage_at(network, term.before.front()).output.channels);
  }
  if (channels == 0) {
    channels = static_cast<std::size_t>(stage_at(network, term.stage).input.channels);
  }
  Affine affine = identity(channels);
  if (!carried.empty()) affine.shift = carried;
  return chain(network, values, term.before, std::move(affine));
}

Folded fold(const Network& network, const Arrays& values, const Term& term,
            const std::vector<double>& carried) {
  Folded folded{.weights = *find(network, values, term.stage, ParameterKind::weight), .bias = {}};
  const auto rows = static_cast<std::size_t>(stage_at(network, term.stage).output.channels);
  const std::size_t columns = folded.weights.size() / rows;
  folded.bias.assign(rows, 0);
  if (const auto* bias = find(network, values, term.stage, ParameterKind::bias)) {
    folded.bias = *bias;
  }
  const Affine before = before_of(network, values, term, carried);
  const Affine after = chain(network, values, term.after, identity(rows));
  const std::size_t pixels = columns / before.factor.size();  // of a channel read
  for (std::size_t k = 0; k < rows; ++k) {
    for (std::size_t j = 0; j < columns; ++j) {
      double& weight = folded.weights[k * columns + j];
      folded.bias[k] += weight * before.shift[j / pixels];
      weight *= before.factor[j / pixels] * after.factor[k];
    }
    folded.bias[k] = after.factor[k] * folded.bias[k] + after.shift[k];
  }
  return folded;
}

/// The numbers of `term` in `to` with which it does what `wanted` does; returns the bias that what
/// reads it takes over.
std::vector<double> unfold(const Network& to, Arrays& values, const Term& term,
                           const Folded& wanted, const std::vector<double>& carried) {
  for (const std::vector<int>* stages : {&term.before, &term.after}) {
    for (const int stage : *stages) {
      const auto channels = find(to, values, stage, ParameterKind::running_mean)->size();
      if (is_free(to, stage)) set_affine(to, values, stage, identity(channels));
    }
  }
  auto& weights = *find(to, values, term.stage, ParameterKind::weight);
  auto* bias = find(to, values, term.stage, ParameterKind::bias);
  weights = wanted.weights;
  const auto rows = static_cast<std::size_t>(stage_at(to, term.stage).output.channels);
  const std::size_t columns = weights.size() / rows;
  const Affine before = before_of(to, values, term, carried);
  const std::size_t pixels = columns / before.factor.size();  // of a channel read
  std::vector<double> rest = wanted.bias;
  for (std::size_t k = 0; k < rows; ++k) {
    for (std::size_t j = 0; j < columns; ++j) {
      double& weight = weights[k * columns + j];
      weight /= before.factor[j / pixels];
      rest[k] -= weight * before.shift[j / pixels];
    }
  }
  if (!term.has_bias) {
    for (std::size_t k = 0; k < rows; ++k) rest[k] = (bias ? (*bias)[k] : 0) - rest[k];
    return rest;
  }
  if (term.after.empty()) {
    check(bias != nullptr, "a term with a bias has somewhere to keep it");
    *bias = rest;
    return {};
  }
  if (bias != nullptr) bias->assign(rows, 0);
  Affine last = identity(rows);
  last.shift = rest;
  set_affine(to, values, term.after.back(), last);
  return {};
}

/// A normaliser or prelu that stands in both: the same numbers.
void copy_parameters(const Ways& ways, const Term& source, const Term& target, const Arrays& values,
                     Arrays& result) {
  for (const ParameterKind kind :
       {ParameterKind::scale, ParameterKind::offset, ParameterKind::slope,
        ParameterKind::running_mean, ParameterKind::running_variance}) {
    if (const auto* array = find(ways.from, values, source.stage, kind)) {
      *find(ways.to, result, target.stage, kind) = *array;
    }
  }
}

void add_to_mean(const Network& network, Arrays& values, int stage,
                 const std::vector<double>& shift, double sign) {
  auto* mean = find(network, values, stage, ParameterKind::running_mean);
  if (mean == nullptr) return;  // in, ln, gn keep none
  for (std::size_t c = 0; c < shift.size(); ++c) (*mean)[c] += sign * shift[c];
}

}  // namespace

Arrays transfer(const Ways& ways, const Arrays& values, Arrays start) {
  check(ways.from_terms == ways.to_terms, "the terms are alike");
  Arrays result = std::move(start);
  std::vector<double> carried_from;  // a bias on its way to what takes it over
  std::vector<double> carried_to;
  for (std::size_t i = 0; i < ways.from_terms.size(); ++i) {
    const Term& source = ways.from_terms[i];
    const Term& target = ways.to_terms[i];
    if (source.is_weights()) {
      Folded folded = fold(ways.from, values, source, carried_from);
      carried_from.clear();
      if (!source.has_bias) {
        carried_from = std::exchange(folded.bias, std::vector<double>(folded.bias.size()));
      }
      carried_to = unfold(ways.to, result, target, folded, carried_to);
    } else if (source.mark == Mark::stage) {
      copy_parameters(ways, source, target, values, result);
      if (!is_normaliser(stage_at(ways.from, source.stage))) continue;
      // Its mean, without the bias that `from` has before it and with the bias that `to` has.
      add_to_mean(ways.to, result, target.stage, carried_from, -1);
      add_to_mean(ways.to, result, target.stage, carried_to, +1);
      carried_from.clear();
      carried_to.clear();
    }
  }
  return result;
}

}  // namespace whichfirst::algebra
