#include "study/run_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "json/printable.h"
#include "record/metrics.h"
#include "study/tuning.h"

namespace whichfirst::study {

std::optional<std::string> contradiction_in(const record::TrialRecord& trial,
                                            const Experiment& experiment, const Arm& arm) {
  if (trial.order != arm.order) {
    return fmt::format("expected order '{}', found '{}'", arm.order, json::printable(trial.order));
  }
  if (trial.lr != arm.lr) return fmt::format("expected lr {}, found {}", arm.lr, trial.lr);
  for (const record::MetricName& metric : record::kMetricNames) {
    const std::optional<double> value = trial.metrics.*metric.member;
    if (!value) continue;
    if (trial.status != record::Status::done) {
      return fmt::format("expected no {} of a trial that is {}, found {}", metric.name,
                         record::name(trial.status), *value);
    }
    const double most = record::is_accuracy(metric.name) ? 100 : HUGE_VAL;
    if (!(*value >= 0 && *value <= most)) {
      return fmt::format("expected a {} of 0 or more{}, found {}", metric.name,
                         most == 100 ? ", up to 100" : "", *value);
    }
  }
  if (trial.status != record::Status::done) return std::nullopt;
  const std::string_view metric = record::is_tuning(trial.replicate)
                                      ? tuning_metric(experiment.study)
                                      : std::string_view(experiment.study.plan.metric);
  if (!record::metric_value(trial.metrics, metric)) {
    return fmt::format("expected the {} of a trial that is done, found none", metric);
  }
  const std::vector<std::uint8_t>& right = trial.right_answers;
  if (right.empty()) return std::nullopt;
  const std::size_t images = experiment.material.parts.test.size();
  const auto count = static_cast<double>(std::count(right.begin(), right.end(), 1));
  const double share = 100 * count / static_cast<double>(right.size());
  if (right.size() != images) {
    return fmt::format("expected {} right or wrong answers, found {}", images, right.size());
  }
  if (trial.metrics.test_accuracy && std::abs(*trial.metrics.test_accuracy - share) > 1e-6) {
    return fmt::format("expected the test_accuracy of its answers, {}, found {}", share,
                       *trial.metrics.test_accuracy);
  }
  return std::nullopt;
}

}  // namespace whichfirst::study
