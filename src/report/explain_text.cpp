#include "report/explain_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "report/document.h"

namespace whichfirst::report {
namespace {

using record::ExplainAnswer;
using record::ExplainCase;
using record::ExplainReason;
using record::ExplainRecord;
using record::ExplainStack;

/// A line of the answer, broken where it is long; later lines are indented by as much as `first`.
std::string wrap(std::string_view first, std::string_view text) {
  constexpr std::size_t kColumns = 98;
  return report::wrap(first, text, kColumns, first.size()) + "\n";
}

std::string_view meaning_of(std::string_view answer) {
  if (answer == "same training") return "values and gradients are equal bit for bit";
  if (answer == "same function") {
    return "equal maps for the same parameters, in training and at inference; gradients may be "
           "rounded otherwise, or routed otherwise between equal values";
  }
  if (answer == "same at inference") {
    return "equal maps for the same parameters and the same statistics of bn; they train "
           "differently";
  }
  if (answer == "same function class") {
    return "at inference each map of one is a map of the other, for other parameters; they train "
           "differently";
  }
  return "no rule makes them alike";
}

std::string reason_lines(const std::vector<ExplainReason>& reasons) {
  std::string text;
  for (const ExplainReason& reason : reasons) {
    std::string words = reason.rule.empty() ? reason.says : reason.rule + ": " + reason.says;
    if (!reason.source.empty()) words += fmt::format(" ({})", reason.source);
    text += wrap(fmt::format("  {:<4}", reason.number), words);
  }
  return text;
}

std::string case_words(const ExplainCase& found) {
  if (found.images == 0) return found.what;
  return fmt::format("{}: {:.6g} and {:.6g}, case {}, {} images of {}", found.what, found.a,
                     found.b, found.number, found.images, fmt::join(found.input, "x"));
}

std::string check_lines(const ExplainAnswer& answer) {
  const record::ExplainCheck& check = answer.check;
  if (check.cases == 0) return "  not checked: networks of this size take too long\n";
  std::string text;
  if (check.counterexample) {
    text += wrap("  ",
                 fmt::format("CONTRADICTED by the numbers: {}", case_words(*check.counterexample)));
  } else if (answer.answer != "different") {
    text += wrap("  ", fmt::format("checked on {} random networks: largest difference {:.1g}",
                                   check.cases, check.largest_difference));
  }
  if (check.witness) {
    text += wrap(
        "  ", fmt::format("with the same parameters they differ: {}", case_words(*check.witness)));
  }
  return text;
}

bool has_reasons_of(const ExplainAnswer& answer, const ExplainAnswer* shown) {
  return shown != nullptr && answer.answer == shown->answer &&
         std::equal(answer.reasons.begin(), answer.reasons.end(), shown->reasons.begin(),
                    shown->reasons.end(), [](const ExplainReason& x, const ExplainReason& y) {
                      return x.says == y.says;
                    });
}

/// Reasons that were `shown` already are not said twice.
std::string answer_lines(const ExplainAnswer& answer, const ExplainAnswer* shown) {
  std::string text = wrap("  ", meaning_of(answer.answer));
  if (answer.becomes_a == answer.becomes_b) {
    text += wrap("  both become  ", answer.becomes_a);
  } else {
    text += wrap("  one becomes   ", answer.becomes_a);
    text += wrap("  other becomes ", answer.becomes_b);
  }
  if (!has_reasons_of(answer, shown)) text += reason_lines(answer.reasons);
  return text + check_lines(answer);
}

/// `shown`: the stack whose reasons a reader has seen, or nullptr.
std::string stack_lines(const ExplainStack& stack, const ExplainStack* shown) {
  std::string text = fmt::format("{}: {}\n", stack.network, stack.any.answer);
  text += answer_lines(stack.any, shown ? &shown->any : nullptr);
  if (stack.with_positive_scales) {
    const bool is_shown = shown != nullptr && shown->with_positive_scales.has_value();
    text +=
        fmt::format("  where no bn has a negative scale: {}\n", stack.with_positive_scales->answer);
    text += answer_lines(*stack.with_positive_scales,
                         is_shown ? &*shown->with_positive_scales : nullptr);
  }
  return text;
}

/// One unit's answer; the answer for units in a row too where it is another.
std::string headline(const ExplainRecord& record) {
  const std::string& unit = record.unit.any.answer;
  if (!record.stack || record.stack->any.answer == unit) return unit;
  return fmt::format("one unit: {}; units in a row: {}", unit, record.stack->any.answer);
}

std::string cycle_lines(const ExplainRecord& record) {
  if (!record.is_same_cycle) {
    return fmt::format("Cycles: {} | {}\n", record.cycles[0], record.cycles[1]);
  }
  if (record.orders[0] == record.orders[1]) return {};
  return wrap("",
              fmt::format("Cycle: both are {} repeated, cut at different places: in a plain stack "
                          "they differ at its ends alone (match = [\"ends\"] makes them one)",
                          record.cycles[0]));
}

std::string ledger_lines(const ExplainRecord& record) {
  if (record.ledger.empty()) return "  nothing that is listed\n";
  Table table{{"", record.orders[0], record.orders[1]}, "lll"};
  for (const record::LedgerRow& row : record.ledger) {
    table.rows.push_back({row.what, row.values[0], row.values[1]});
  }
  return render_text(table, 2);
}

}  // namespace

std::string print_explanation(const ExplainRecord& record) {
  std::string text = fmt::format("{}  |  {}  on {}\n\n", record.orders[0], record.orders[1],
                                 record.input.size() == 1
                                     ? fmt::format("vectors of {}", record.input[0])
                                     : fmt::format("pictures of {}", fmt::join(record.input, "x")));
  text += fmt::format("Answer: {}\n\n", headline(record));
  text += stack_lines(record.unit, nullptr);
  if (record.stack) text += "\n" + stack_lines(*record.stack, &record.unit);
  text += "\n" + cycle_lines(record);
  if (!record.notes.empty()) text += "\nWhat is known\n" + reason_lines(record.notes);
  return text + "\nWhat else differs\n" + ledger_lines(record);
}

std::string print_contradictions(const ExplainRecord& record) {
  std::string text;
  const auto add = [&](const ExplainStack& stack, const ExplainAnswer& answer) {
    if (!answer.check.counterexample) return;
    text += fmt::format("{}: the answer '{}' is contradicted: {}; please report this\n",
                        stack.network, answer.answer, case_words(*answer.check.counterexample));
  };
  const auto add_stack = [&](const ExplainStack& stack) {
    add(stack, stack.any);
    if (stack.with_positive_scales) add(stack, *stack.with_positive_scales);
  };
  add_stack(record.unit);
  if (record.stack) add_stack(*record.stack);
  return text;
}

}  // namespace whichfirst::report
