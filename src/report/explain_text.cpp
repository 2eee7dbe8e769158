#include "report/explain_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "report/document.h"

namespace whichfirst::report {
namespace {

using algebra::Answer;
using algebra::Explanation;
using algebra::Relation;
using algebra::StackRelation;

std::string_view meaning_of(Answer answer) {
  switch (answer) {
    case Answer::same_training:
      return "values and gradients are equal bit for bit";
    case Answer::same_function:
      return "equal maps for the same parameters, in training and at inference; gradients may be "
             "rounded differently, or go to another one of several equal values";
    case Answer::same_at_inference:
      return "equal maps for the same parameters and the same statistics of bn; they train "
             "differently";
    case Answer::same_function_class:
      return "at inference each map of one is a map of the other, with other parameters; they "
             "train "
             "differently";
    case Answer::different:
      break;
  }
  return "no rule makes them equal";
}

std::string case_words(const algebra::DifferingCase& found) {
  if (found.images == 0) return found.what;
  return fmt::format("{}: {:.6g} and {:.6g}, case {}, {} images of {}", found.what, found.a,
                     found.b, found.number, found.images, fmt::join(found.input.extents(), "x"));
}

bool has_reasons_of(const Relation& relation, const Relation* shown) {
  return shown != nullptr && relation.answer == shown->answer &&
         std::equal(relation.reasons.begin(), relation.reasons.end(), shown->reasons.begin(),
                    shown->reasons.end(), [](const algebra::Reason& x, const algebra::Reason& y) {
                      return x.says == y.says;
                    });
}

/// One unit's answer; the answer for units in a row too where it is another.
std::string headline(const Explanation& explanation) {
  const Answer unit = explanation.unit.relation.answer;
  if (!explanation.stack || explanation.stack->relation.answer == unit) {
    return std::string(answer_words(unit));
  }
  return fmt::format("one unit: {}; units in a row: {}", answer_words(unit),
                     answer_words(explanation.stack->relation.answer));
}

/// Lines that fit `columns` where words allow.
class Lines {
 public:
  explicit Lines(std::size_t columns) : columns_(columns) {}

  /// A paragraph; later lines are indented by as much as `first`.
  std::string wrap(std::string_view first, std::string_view text) const {
    return report::wrap(first, text, columns_, first.size()) + "\n";
  }

  /// Of a reason or a note.
  std::string reason_line(std::string_view number, std::string words,
                          std::string_view source) const {
    if (!source.empty()) words += fmt::format(" ({})", source);
    return wrap(fmt::format("  {:<4}", number), words);
  }

  std::string reason_lines(const std::vector<algebra::Reason>& reasons) const {
    std::string text;
    for (const algebra::Reason& reason : reasons) {
      text += reason_line(reason.number,
                          reason.rule.empty() ? reason.says : reason.rule + ": " + reason.says,
                          reason.source);
    }
    return text;
  }

  std::string check_lines(const Relation& relation) const {
    const algebra::RelationCheck& check = relation.check;
    if (check.cases == 0) return "  not checked: networks of this size take too long\n";
    std::string text;
    if (check.contradiction) {
      text += wrap(
          "  ", fmt::format("CONTRADICTED by the numbers: {}", case_words(*check.contradiction)));
    } else if (relation.answer != Answer::different) {
      text += wrap("  ", fmt::format("checked on {} random networks: largest difference {:.1g}",
                                     check.cases, check.largest_difference));
    }
    if (check.witness) {
      text += wrap("  ", fmt::format("with the same parameters they differ: {}",
                                     case_words(*check.witness)));
    }
    return text;
  }

  /// Reasons that were `shown` already are not said twice.
  std::string answer_lines(const Relation& relation, const Relation* shown) const {
    std::string text = wrap("  ", meaning_of(relation.answer));
    const std::string a = algebra::print_terms(relation.a);
    const std::string b = algebra::print_terms(relation.b);
    if (a == b) {
      text += wrap("  both become  ", a);
    } else {
      text += wrap("  one becomes   ", a);
      text += wrap("  other becomes ", b);
    }
    if (!has_reasons_of(relation, shown)) text += reason_lines(relation.reasons);
    return text + check_lines(relation);
  }

  /// `shown`: the stack whose reasons a reader has seen, or nullptr.
  std::string stack_lines(const StackRelation& stack, const StackRelation* shown) const {
    std::string text = fmt::format("{}: {}\n", stack.network, answer_words(stack.relation.answer));
    text += answer_lines(stack.relation, shown ? &shown->relation : nullptr);
    if (stack.with_positive_scales) {
      const bool is_shown = shown != nullptr && shown->with_positive_scales.has_value();
      text += fmt::format("  if no bn has a negative scale: {}\n",
                          answer_words(stack.with_positive_scales->answer));
      text += answer_lines(*stack.with_positive_scales,
                           is_shown ? &*shown->with_positive_scales : nullptr);
    }
    return text;
  }

  std::string cycle_lines(const Explanation& explanation) const {
    if (!explanation.is_same_cycle) {
      return fmt::format("Cycles: {} | {}\n", explanation.cycle_a, explanation.cycle_b);
    }
    if (explanation.order_a == explanation.order_b) return {};
    return wrap(
        "", fmt::format("Cycle: both are {} repeated, cut at different places: in a plain stack "
                        "they differ only at its ends (match = [\"ends\"] makes them one)",
                        explanation.cycle_a));
  }

  std::string ledger_lines(const Explanation& explanation) const {
    if (explanation.ledger.empty()) return "  nothing that is listed\n";
    Table table{{"", explanation.order_a, explanation.order_b}, "lll"};
    for (const algebra::LedgerRow& row : explanation.ledger) {
      table.rows.push_back({row.what, row.values[0], row.values[1]});
    }
    return render_text(table, 2, columns_);
  }

 private:
  std::size_t columns_;
};

}  // namespace

std::string print_explanation(const Explanation& explanation, std::size_t columns) {
  const Lines lines(columns);
  std::string text =
      fmt::format("{}  |  {}  on {}\n\n", explanation.order_a, explanation.order_b,
                  explanation.input.is_vector
                      ? fmt::format("vectors of {}", explanation.input.channels)
                      : fmt::format("pictures of {}", fmt::join(explanation.input.extents(), "x")));
  text += fmt::format("Answer: {}\n\n", headline(explanation));
  text += lines.stack_lines(explanation.unit, nullptr);
  if (explanation.stack) text += "\n" + lines.stack_lines(*explanation.stack, &explanation.unit);
  text += "\n" + lines.cycle_lines(explanation);
  if (!explanation.notes.empty()) text += "\nWhat is known\n";
  for (const algebra::Note& note : explanation.notes) {
    text += lines.reason_line(note.number, note.says, note.source);
  }
  return text + "\nWhat else differs\n" + lines.ledger_lines(explanation);
}

std::string print_contradictions(const Explanation& explanation) {
  std::string text;
  const auto add = [&](const StackRelation& stack, const Relation& relation) {
    if (!relation.check.contradiction) return;
    text +=
        fmt::format("{}: the answer '{}' is contradicted: {}; please report this\n", stack.network,
                    answer_words(relation.answer), case_words(*relation.check.contradiction));
  };
  const auto add_stack = [&](const StackRelation& stack) {
    add(stack, stack.relation);
    if (stack.with_positive_scales) add(stack, *stack.with_positive_scales);
  };
  add_stack(explanation.unit);
  if (explanation.stack) add_stack(*explanation.stack);
  return text;
}

}  // namespace whichfirst::report
