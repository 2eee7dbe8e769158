// Experiments on 300 small pictures, each of them prepared once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "study/experiment.h"

namespace whichfirst::study {

using Settings = std::vector<std::string>;

inline record::Study small_study(const Settings& overrides = {}) {
  Settings all = {"network=unit(8, pool=2) unit(8, pool=2) gap fc(classes)", "data.train=300",
                  "data.test=100", "recipe.epochs=1", "plan.seeds=6"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return record::resolve_study(std::nullopt, all);
}

/// What `prepare` makes of the small study. Kept, as it draws 12,000 pictures for every one.
inline const Experiment& prepared(const Settings& overrides = {}) {
  static std::map<Settings, Experiment> kept;
  const auto found = kept.find(overrides);
  if (found != kept.end()) return found->second;
  return kept.emplace(overrides, prepare(small_study(overrides), {})).first->second;
}

}  // namespace whichfirst::study
