#include "algebra/explain.h"
#include "json/fields.h"

namespace whichfirst::algebra {
namespace {

using json::derived;
using json::field;
using json::Fields;
using json::NumberOrNull;
using json::TextOrNull;
using json::Writer;

const Fields<DifferingCase> kCaseFields = {
    field<&DifferingCase::number>("case", "from 0; with it the networks can be made again"),
    field<&DifferingCase::input, json::Extents>("input", "C, H, W; of a vector C alone"),
    field<&DifferingCase::images>("images", "in the batch"),
    field<&DifferingCase::what>("what", "was compared"),
    field<&DifferingCase::a, NumberOrNull>("a", "of the first order"),
    field<&DifferingCase::b, NumberOrNull>("b", "of the second order"),
};

const Fields<RelationCheck> kCheckFields = {
    field<&RelationCheck::cases>("cases", "random networks; 0: they are too large for it"),
    field<&RelationCheck::largest_difference, NumberOrNull>("largest_difference",
                                                            "relative, of what should be equal"),
    field<&RelationCheck::contradiction>("counterexample", kCaseFields, "the answer is wrong here"),
    field<&RelationCheck::witness>("witness", kCaseFields,
                                   "with the same parameters the two differ here"),
};

constexpr auto kNothing = [](const auto&) { return std::optional<std::string>(); };

const Fields<Reason> kReasonFields = {
    field<&Reason::number, TextOrNull>("number", "in docs/orders.md"),
    field<&Reason::rule, TextOrNull>("rule", "its name; null: what stands in the way"),
    derived<Reason>("upholds", "the strongest answer it allows",
                    [](const Reason& reason) { return answer_words(reason.upholds); }),
    field<&Reason::says>("says", "in words"),
    field<&Reason::source, TextOrNull>("source", "where it was published"),
};

const Fields<Note> kNoteFields = {
    field<&Note::number, TextOrNull>("number", "in docs/orders.md"),
    derived<Note>("rule", "always null", kNothing),
    derived<Note>("upholds", "always null", kNothing),
    field<&Note::says>("says", "in words"),
    field<&Note::source, TextOrNull>("source", "where it was published"),
};

const Fields<Relation> kRelationFields = {
    derived<Relation>("answer", "`same training`, ..., `different`",
                      [](const Relation& relation) { return answer_words(relation.answer); }),
    field<&Relation::reasons>("reasons", kReasonFields, "the rules that were needed"),
    derived<Relation>("becomes", "what the rules make of each network",
                      [](const Relation& relation) {
                        return std::vector{print_terms(relation.a), print_terms(relation.b)};
                      }),
    field<&Relation::check>("check", kCheckFields, "the answer held against numbers"),
};

const Fields<StackRelation> kStackFields = {
    field<&StackRelation::units>("units", "in a row"),
    field<&StackRelation::network>("network", "in notation"),
    json::among<&StackRelation::relation>(kRelationFields),
    field<&StackRelation::with_positive_scales>(
        "with_positive_scales", kRelationFields,
        "where no bn has a negative scale, if that makes the answer a stronger one"),
};

const Fields<LedgerRow> kLedgerFields = {
    field<&LedgerRow::what>("what", "in words"),
    field<&LedgerRow::values>("values", "by order"),
};

const Fields<Explanation> kExplanationFields = {
    derived<Explanation>("orders", "in notation, with their conv",
                         [](const Explanation& explanation) {
                           return std::vector{explanation.order_a, explanation.order_b};
                         }),
    field<&Explanation::input, json::Extents>("input", "C, H, W; of a vector C alone"),
    derived<Explanation>("answer", "of one unit",
                         [](const Explanation& explanation) {
                           return answer_words(explanation.unit.relation.answer);
                         }),
    derived<Explanation>("answer_in_a_row", "of two units; null where they cannot be built",
                         [](const Explanation& explanation) {
                           const auto& stack = explanation.stack;
                           return stack ? std::optional(answer_words(stack->relation.answer))
                                        : std::nullopt;
                         }),
    derived<Explanation>("contradicted", "numbers contradict an answer",
                         [](const Explanation& each) { return is_contradicted(each); }),
    field<&Explanation::unit>("unit", kStackFields, "one unit, read by a classifier"),
    field<&Explanation::stack>("stack", kStackFields, "two units in a row"),
    derived<Explanation>("cycles", "of each order, cut before its first weights",
                         [](const Explanation& explanation) {
                           return std::vector{explanation.cycle_a, explanation.cycle_b};
                         }),
    field<&Explanation::is_same_cycle>("same_cycle", "both are one cycle"),
    field<&Explanation::notes>("notes", kNoteFields, "what else is known"),
    field<&Explanation::ledger>("ledger", kLedgerFields, "what else differs"),
};

}  // namespace

bool is_contradicted(const Explanation& explanation) {
  const auto is_wrong = [](const StackRelation& stack) {
    return stack.relation.check.contradiction ||
           (stack.with_positive_scales && stack.with_positive_scales->check.contradiction);
  };
  return is_wrong(explanation.unit) || (explanation.stack && is_wrong(*explanation.stack));
}

std::string to_json(const Explanation& explanation) {
  return json::print(kExplanationFields, explanation);
}

std::string explanation_table() { return json::print_table(kExplanationFields.list); }

}  // namespace whichfirst::algebra
