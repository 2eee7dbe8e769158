#include "algebra/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "algebra/stack.h"
#include "base/error.h"
#include "cli/verbs.h"
#include "json/printable.h"
#include "lab/relation_check.h"
#include "notation/parse.h"
#include "record/explain_record.h"
#include "report/explain_text.h"
#include "report/wording.h"
#include "study/ledger.h"

namespace whichfirst::cli {
namespace {

constexpr int kBatch = 32;  // of the step whose kernels and memory are shown

struct ExplainOptions {
  std::string a;
  std::string b;
  std::string input = "3x32x32";
  bool json = false;
};

[[noreturn]] void refuse_input(std::string_view text) {
  throw Error(fmt::format(
      "--input {}: expected channels x height x width of a picture, such as 3x32x32, or the length "
      "of a vector, such as 64; each 1 to {} and {} numbers together at most",
      json::printable(text), notation::kMaxWidth, algebra::kMaxStackInput));
}

/// "3x32x32", or "64" for vectors.
Shape parse_input(const std::string& text) {
  const auto lengths = parse_lengths(text);
  if (!lengths || (lengths->size() != 1 && lengths->size() != 3)) refuse_input(text);
  const auto length = [&](std::size_t axis) {
    if ((*lengths)[axis] < 1 || (*lengths)[axis] > notation::kMaxWidth) refuse_input(text);
    return static_cast<int>((*lengths)[axis]);
  };
  if (lengths->size() == 1) return {.channels = length(0), .is_vector = true};
  const Shape shape{.channels = length(0), .height = length(1), .width = length(2)};
  if (shape.size() > algebra::kMaxStackInput) refuse_input(text);
  return shape;
}

notation::Sequence parse_order(const std::string& text) {
  try {
    return notation::parse(text, notation::Context::order);
  } catch (const notation::SyntaxError& error) {
    throw Error(fmt::format("order '{}': {}", json::printable(text), error.what()));
  }
}

std::vector<int> dimensions(const Shape& shape) {
  if (shape.is_vector) return {shape.channels};
  return {shape.channels, shape.height, shape.width};
}

std::vector<record::ExplainReason> reasons_of(const algebra::Relation& relation) {
  std::vector<record::ExplainReason> reasons;
  for (const algebra::Reason& reason : relation.reasons) {
    reasons.push_back({.number = reason.number,
                       .rule = reason.rule,
                       .upholds = std::string(answer_words(reason.upholds)),
                       .says = reason.says,
                       .source = reason.source});
  }
  return reasons;
}

std::optional<record::ExplainCase> case_of(const std::optional<lab::DifferingCase>& found) {
  if (!found) return std::nullopt;
  return record::ExplainCase{.number = found->number,
                             .input = dimensions(found->input),
                             .images = found->images,
                             .what = found->what,
                             .a = found->a,
                             .b = found->b};
}

record::ExplainAnswer check_answer(const algebra::Relation& relation,
                                   const lab::CheckedOrders& orders, algebra::Scales scales) {
  const lab::RelationCheck check = lab::check_relation(
      orders, relation.answer, algebra::make_rules(scales), {.scales = scales, .most_flops = 5e8});
  return {.answer = std::string(answer_words(relation.answer)),
          .reasons = reasons_of(relation),
          .becomes_a = algebra::print_terms(relation.a),
          .becomes_b = algebra::print_terms(relation.b),
          .check = {.cases = check.cases,
                    .largest_difference = check.largest_difference,
                    .counterexample = case_of(check.contradiction),
                    .witness = case_of(check.witness)}};
}

record::ExplainStack check_stack(const algebra::StackRelation& stack, lab::CheckedOrders orders) {
  orders.units = stack.units;
  record::ExplainStack result{.units = stack.units,
                              .network = stack.network,
                              .any = check_answer(stack.relation, orders, algebra::Scales::any),
                              .with_positive_scales = {}};
  if (stack.with_positive_scales) {
    result.with_positive_scales =
        check_answer(*stack.with_positive_scales, orders, algebra::Scales::positive);
  }
  return result;
}

int run(const ExplainOptions& options) {
  const lab::CheckedOrders orders{.a = parse_order(options.a),
                                  .b = parse_order(options.b),
                                  .input = parse_input(options.input)};
  const algebra::Explanation explanation = algebra::explain(orders.a, orders.b, orders.input);
  record::ExplainRecord record{.orders = {explanation.order_a, explanation.order_b},
                               .input = dimensions(orders.input),
                               .unit = check_stack(explanation.unit, orders),
                               .stack = {},
                               .cycles = {explanation.cycle_a, explanation.cycle_b},
                               .is_same_cycle = explanation.is_same_cycle,
                               .notes = {},
                               .ledger = {}};
  if (explanation.stack) record.stack = check_stack(*explanation.stack, orders);
  for (const algebra::Note& note : explanation.notes) {
    record.notes.push_back({.number = note.number,
                            .rule = {},
                            .upholds = {},
                            .says = note.says,
                            .source = note.source});
  }
  for (const algebra::LedgerRow& row : explanation.ledger) {
    record.ledger.push_back({.what = row.what, .values = row.values});
  }
  const int units = explanation.stack ? 2 : 1;
  const auto rows = study::engine_rows({algebra::build_stack(orders.a, orders.input, units),
                                        algebra::build_stack(orders.b, orders.input, units)},
                                       {.batch = kBatch});
  record.ledger.insert(record.ledger.end(), rows.begin(), rows.end());
  fmt::print("{}", options.json ? to_json(record) : report::print_explanation(record));
  if (!is_contradicted(record)) return kDone;
  fmt::print(stderr, "whichfirst: {}", report::print_contradictions(record));
  return kWrongInput;
}

}  // namespace

Verb explain_verb() {
  auto options = std::make_shared<ExplainOptions>();
  return {
      .name = "explain",
      .help = "Say what can be proved of two orders without training them, and check it",
      .options =
          {{"a", &options->a, "An order, such as 'conv bn relu'", kRequired},
           {"b", &options->b, "The other order", kRequired},
           {"--input", &options->input,
            "Channels x height x width of what they read, or the length of a vector; default "
            "3x32x32",
            typed("CxHxW")},
           json_option(options->json)},
      .footer =
          "Examples:\n"
          "  whichfirst explain 'conv bn relu' 'conv relu bn'\n"
          "  whichfirst explain 'conv relu maxpool' 'conv maxpool relu' --input 16x8x8\n"
          "  whichfirst explain 'conv bn tanh' 'conv tanh bn' --input 64 --json\n"
          "\n"
          "The answers, from the strongest: same training, same function, same at inference, same\n"
          "function class, different (docs/orders.md). Each is checked on random networks. Exit "
          "codes:\n"
          "0 done, 2 wrong input, or numbers that contradict the answer.",
      .run = [options] { return run(*options); }};
}

}  // namespace whichfirst::cli
