#include "record/explain_record.h"

#include "record/json_writer.h"

namespace whichfirst::record {
namespace {

using nlohmann::ordered_json;

ordered_json text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return text;
}

ordered_json to_object(const std::optional<ExplainCase>& found) {
  if (!found) return nullptr;
  return {{"case", found->number},
          {"input", found->input},
          {"images", found->images},
          {"what", found->what},
          {"a", or_null(std::optional(found->a))},
          {"b", or_null(std::optional(found->b))}};
}

ordered_json to_list(const std::vector<ExplainReason>& reasons) {
  ordered_json list = ordered_json::array();
  for (const ExplainReason& reason : reasons) {
    list.push_back({{"number", text_or_null(reason.number)},
                    {"rule", text_or_null(reason.rule)},
                    {"upholds", text_or_null(reason.upholds)},
                    {"says", reason.says},
                    {"source", text_or_null(reason.source)}});
  }
  return list;
}

ordered_json to_object(const ExplainAnswer& answer) {
  return {{"answer", answer.answer},
          {"reasons", to_list(answer.reasons)},
          {"becomes", {answer.becomes_a, answer.becomes_b}},
          {"check",
           {{"cases", answer.check.cases},
            {"largest_difference", or_null(std::optional(answer.check.largest_difference))},
            {"counterexample", to_object(answer.check.counterexample)},
            {"witness", to_object(answer.check.witness)}}}};
}

ordered_json to_object(const ExplainStack& stack) {
  ordered_json object = {{"units", stack.units}, {"network", stack.network}};
  object.update(to_object(stack.any));
  object["with_positive_scales"] =
      stack.with_positive_scales ? to_object(*stack.with_positive_scales) : ordered_json(nullptr);
  return object;
}

bool is_contradicted(const ExplainStack& stack) {
  return stack.any.check.counterexample ||
         (stack.with_positive_scales && stack.with_positive_scales->check.counterexample);
}

}  // namespace

bool is_contradicted(const ExplainRecord& record) {
  return is_contradicted(record.unit) || (record.stack && is_contradicted(*record.stack));
}

std::string to_json(const ExplainRecord& record) {
  ordered_json ledger = ordered_json::array();
  for (const LedgerRow& row : record.ledger) {
    ledger.push_back({{"what", row.what}, {"values", row.values}});
  }
  return print_json({{"orders", record.orders},
                     {"input", record.input},
                     {"answer", record.unit.any.answer},
                     {"answer_in_a_row", record.stack ? ordered_json(record.stack->any.answer)
                                                      : ordered_json(nullptr)},
                     {"contradicted", is_contradicted(record)},
                     {"unit", to_object(record.unit)},
                     {"stack", record.stack ? to_object(*record.stack) : ordered_json(nullptr)},
                     {"cycles", record.cycles},
                     {"same_cycle", record.is_same_cycle},
                     {"notes", to_list(record.notes)},
                     {"ledger", ledger}},
                    1);
}

}  // namespace whichfirst::record
