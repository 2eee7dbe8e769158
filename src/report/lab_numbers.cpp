#include "report/lab_numbers.h"

#include <fmt/format.h>

#include <cmath>

namespace whichfirst::report {

std::string lab_number(const std::optional<double>& value) {
  if (value && std::abs(*value) < 1e-12) return "0";
  return value ? fmt::format("{:.4g}", *value) : "-";
}

std::string lab_percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.4g} %", 100 * *share) : "-";
}

}  // namespace whichfirst::report
