#include "algebra/explain.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "json/printable.h"
#include "lab/relation_check.h"
#include "notation/parse.h"
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
  throw Error(
      "--input {}: expected channels x height x width of a picture, such as 3x32x32, or the length "
      "of a vector, such as 64; each 1 to {} and {} numbers together at most",
      json::printable(text), notation::kMaxWidth, algebra::kMaxStackInput);
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
    throw Error("order '{}': {}", json::printable(text), error.what());
  }
}

int run(const ExplainOptions& options) {
  const notation::Sequence a = parse_order(options.a);
  const notation::Sequence b = parse_order(options.b);
  algebra::Explanation explanation = algebra::explain(a, b, parse_input(options.input));
  lab::check_explanation(a, b, explanation);
  const int units = explanation.stack ? 2 : 1;
  const auto rows = study::engine_rows({algebra::build_stack(a, explanation.input, units),
                                        algebra::build_stack(b, explanation.input, units)},
                                       {.batch = kBatch});
  explanation.ledger.insert(explanation.ledger.end(), rows.begin(), rows.end());
  fmt::print("{}", options.json
                       ? to_json(explanation)
                       : report::print_explanation(
                             explanation, columns_of(STDOUT_FILENO, report::kWidestProse)));
  if (!is_contradicted(explanation)) return kDone;
  fmt::print(stderr, "whichfirst: {}", report::print_contradictions(explanation));
  return kWrongInput;
}

}  // namespace

Verb explain_verb() {
  auto options = std::make_shared<ExplainOptions>();
  return {
      .name = "explain",
      .help = "Say what can be proved about two orders without training them, and check it",
      .options = {{"a", &options->a, "An order, such as 'conv bn relu'", kRequired},
                  {"b", &options->b, "The other order", kRequired},
                  {"--input", &options->input,
                   "Input shape, channels x height x width, or the length of a vector; default "
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
