// The numbers a trial is judged by, and their names.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace whichfirst::record {

/// Final values of a trial. Accuracies in percentage points, losses in nats; missing where the
/// trial did not come so far or nothing was measured.
struct Metrics {
  std::optional<double> test_accuracy;
  std::optional<double> test_loss;
  std::optional<double> train_accuracy;
  std::optional<double> train_loss;
  std::optional<double> val_accuracy;
  std::optional<double> val_loss;

  bool operator==(const Metrics&) const = default;
};

/// A metric's name, as in `plan.metric` and in records, and its place in Metrics.
struct MetricName {
  std::string_view name;
  std::optional<double> Metrics::*member;
};

inline constexpr std::array kMetricNames = {
    MetricName{"test_accuracy", &Metrics::test_accuracy},
    MetricName{"test_loss", &Metrics::test_loss},
    MetricName{"train_accuracy", &Metrics::train_accuracy},
    MetricName{"train_loss", &Metrics::train_loss},
    MetricName{"val_accuracy", &Metrics::val_accuracy},
    MetricName{"val_loss", &Metrics::val_loss},
};

/// In percentage points, higher is better; every other metric is a loss, lower is better.
constexpr bool is_accuracy(std::string_view metric) { return metric.ends_with("_accuracy"); }

/// Measured on the validation part, which is cut from the training set only for such a metric.
constexpr bool needs_validation(std::string_view metric) { return metric.starts_with("val_"); }

/// The value called `metric`, one of kMetricNames.
std::optional<double> metric_value(const Metrics& metrics, std::string_view metric);

}  // namespace whichfirst::record
