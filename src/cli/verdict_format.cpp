#include "cli/verdict_format.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

#include "base/error.h"
#include "cli/terminal.h"
#include "report/verdict_text.h"
#include "table/results.h"

namespace whichfirst::cli {

Options VerdictFormat::options() {
  return {
      {"--json", &json, "Print the verdict as one JSON document"},
      {"--format",
       &word,
       "How to print the verdict; md and latex have tables, sentences and a paragraph on the "
       "methods, csv the values",
       {.shows_default = true,
        .choices = {"text", "json", "md", "latex", "csv"},
        .excludes = "--json"}},
      {"--details", &details, "Print every pair, what else differs, costs and all numbers too"}};
}

std::string VerdictFormat::print(const record::VerdictRecord& verdict) const {
  if (is_json()) return record::to_json(verdict);
  if (word == "md") return report::print_markdown(verdict);
  if (word == "latex") return report::print_latex(verdict);
  if (word == "csv") return table::print_results(verdict);
  return report::print_verdict(verdict, screen_of(STDOUT_FILENO),
                               details ? report::Detail::all : report::Detail::brief);
}

Options WantedOptions::options() {
  return {{"--difference", &difference,
           "A difference you want to detect, in the metric's unit: --details says how many pairs "
           "that takes; default: the margin"},
          {"--power", &power, "The wanted chance of detecting it", kShowsDefault}};
}

study::Wanted WantedOptions::wanted() const {
  if (difference && !(std::isfinite(*difference) && *difference > 0)) {
    throw Error("--difference: expected a number above 0, found {}", *difference);
  }
  if (!(power >= 0.05 && power <= 0.999)) {
    throw Error("--power: expected a number from 0.05 to 0.999, found {}", power);
  }
  return {.difference = difference, .power = power};
}

}  // namespace whichfirst::cli
