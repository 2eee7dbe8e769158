#include "study/expectation.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/suggest.h"

namespace whichfirst::study {
namespace {

using Kind = stats::Gate::Kind;

struct GateWord {
  std::string_view word;
  Kind kind;
};
constexpr std::array<GateWord, 6> kGateWords = {{{"better", Kind::better},
                                                 {"worse", Kind::worse},
                                                 {"equivalent", Kind::equivalent},
                                                 {"not-worse", Kind::not_worse},
                                                 {"better-by", Kind::better_by},
                                                 {"not-worse-by", Kind::not_worse_by}}};

stats::Gate parse_gate(std::string_view text, std::string_view whole) {
  const std::size_t equals = text.find('=');
  const std::string_view word = text.substr(0, equals);
  std::vector<std::string_view> known;
  for (const GateWord& each : kGateWords) {
    known.push_back(each.word);
    if (each.word != word) continue;
    stats::Gate gate{.kind = each.kind};
    const bool has_number = equals != std::string_view::npos;
    if (has_number != stats::has_bound(gate)) {
      throw Error("--expect {}: {} {}", whole, word,
                  has_number ? "takes no number; better-by and not-worse-by do"
                             : "needs a number in the metric's unit, such as " + std::string(word) +
                                   "=0.3");
    }
    if (!has_number) return gate;
    const std::string_view number = text.substr(equals + 1);
    const auto [end, fault] =
        std::from_chars(number.data(), number.data() + number.size(), gate.by);
    if (fault != std::errc{} || end != number.data() + number.size() || !std::isfinite(gate.by) ||
        gate.by < 0) {
      throw Error("--expect {}: expected a number of 0 or more after {}=, found '{}'", whole, word,
                  number);
    }
    return gate;
  }
  const auto near = nearest_word(word, known);
  throw Error(
      "--expect {}: expected better, worse, equivalent, not-worse, better-by=NUMBER or "
      "not-worse-by=NUMBER, alone or after all: or two orders as in A:B:better; found '{}'{}",
      whole, text, near ? fmt::format(", did you mean '{}'?", *near) : "");
}

enum class Asks { nothing, about_a, about_b };

Asks asks_of(const Expectation& expectation, std::size_t index, const ComparedNames& names) {
  const std::string& pair = expectation.pair;
  if (pair == names.a + ":" + names.b) return Asks::about_a;
  if (pair == names.b + ":" + names.a) return Asks::about_b;
  return pair == "all" || (pair.empty() && index == 0) ? Asks::about_a : Asks::nothing;
}

}  // namespace

Expectation parse_expectation(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool is_named = colon != std::string_view::npos;
  const std::string_view gate = is_named ? text.substr(colon + 1) : text;
  return {.text = std::string(text),
          .pair = std::string(is_named ? text.substr(0, colon) : ""),
          .gate = parse_gate(gate, text)};
}

std::vector<stats::Gate> gates_of(const std::vector<Expectation>& expectations, std::size_t index,
                                  const ComparedNames& names) {
  std::vector<stats::Gate> gates;
  for (const Expectation& expectation : expectations) {
    const Asks asks = asks_of(expectation, index, names);
    if (asks == Asks::nothing) continue;
    gates.push_back(expectation.gate);
    gates.back().is_of_b = asks == Asks::about_b;
  }
  return gates;
}

void require_compared(const std::vector<Expectation>& expectations,
                      const std::vector<ComparedNames>& comparisons) {
  for (const Expectation& expectation : expectations) {
    std::vector<std::string> pairs;
    bool is_there = false;
    for (const ComparedNames& names : comparisons) {
      is_there = is_there || asks_of(expectation, pairs.size(), names) != Asks::nothing;
      pairs.push_back(names.a + ":" + names.b);
    }
    if (is_there) continue;
    const auto near =
        nearest_word(expectation.pair, std::vector<std::string_view>(pairs.begin(), pairs.end()));
    throw Error("--expect {}: expected two orders that are compared, found '{}'{}; there {} {}",
                expectation.text, expectation.pair,
                near ? fmt::format(", did you mean '{}'?", *near) : "",
                pairs.size() == 1 ? "is" : "are", fmt::join(pairs, ", "));
  }
}

std::vector<ComparedNames> possible_comparisons(const Experiment& experiment) {
  std::vector<ComparedNames> comparisons;
  std::vector<std::string> names;
  for (const record::NamedOrder& order : experiment.study.orders) names.push_back(order.name);
  if (record::is_tuned(experiment.study)) {
    for (const Arm& arm : experiment.arms) names.push_back(arm.name);
  }
  for (std::size_t a = 0; a < names.size(); ++a) {
    for (std::size_t b = a + 1; b < names.size(); ++b) comparisons.push_back({names[a], names[b]});
  }
  return comparisons;
}

void add_gates(const std::vector<Expectation>& expectations, const Experiment& experiment,
               const std::vector<record::TunedOrder>& tuned,
               std::vector<PlannedComparison>& comparisons) {
  std::vector<ComparedNames> all;
  for (PlannedComparison& planned : comparisons) {
    const ComparedNames names{name_of_arm(experiment.arms[planned.a], tuned),
                              name_of_arm(experiment.arms[planned.b], tuned)};
    planned.gates = gates_of(expectations, all.size(), names);
    all.push_back(names);
  }
  require_compared(expectations, all);
}

void add_bounds(const std::vector<Expectation>& expectations, record::VerdictRecord& verdict) {
  if (verdict.plan.seeds) return;
  for (const Expectation& expectation : expectations) {
    if (stats::has_bound(expectation.gate)) verdict.gates.push_back(expectation.text);
  }
  if (verdict.stop != record::Stop::gate) return;
  verdict.notices.push_back(
      {.kind = "ended-by-gate",
       .text = fmt::format("no pairs were added after the answer to --expect {}; without it the "
                           "comparison would go on to a verdict",
                           fmt::join(verdict.gates, " and "))});
}

}  // namespace whichfirst::study
