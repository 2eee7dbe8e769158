// All that can be said of two orders without training them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "algebra/ledger.h"
#include "algebra/relation.h"
#include "network/network.h"
#include "notation/sequence.h"

namespace whichfirst::algebra {

/// Classes of the classifier of a stack.
inline constexpr int kStackClasses = 10;
/// Numbers of a picture that a stack reads, at most.
inline constexpr std::int64_t kMaxStackInput = std::int64_t{1} << 24;

/// `order` `units` times, as wide as what it reads has channels, then `gap fc(10)`; on vectors with
/// fully connected weights and `fc(10)` alone. Throws Error naming the stage that cannot be built.
network::Network build_stack(const notation::Sequence& order, const Shape& input, int units);

/// The network's body in notation: "2*unit(3) gap fc(10)".
notation::Sequence stack_body(const notation::Sequence& order, const Shape& input, int units);

/// One relation of docs/orders.md that bears on the two orders.
struct Note {
  std::string number;       // "D1"
  std::string says;         // one or two plain sentences
  std::string source = {};  // where it was published; empty where it is derived in docs/orders.md
};

/// A plain stack of one order is a cycle that is cut somewhere: `conv bn relu`, `bn relu conv` and
/// `relu conv bn` differ at the ends of the network alone. The order, cut before its first weights.
std::string cycle_of(const notation::Sequence& order);

/// Whether two orders are one cycle, cut at different places or at the same.
bool is_same_cycle(const notation::Sequence& a, const notation::Sequence& b);

/// Empty where the orders are alike.
std::vector<Note> find_notes(const notation::Sequence& a, const notation::Sequence& b);

/// The relation of two stacks.
struct StackRelation {
  int units = 1;
  std::string network;  // "unit(3) gap fc(10)"
  Relation relation;
  /// The answer if no bn has a negative scale, where that is a stronger one.
  std::optional<Relation> with_positive_scales;
};

struct Explanation {
  std::string order_a;  // in notation, with its conv
  std::string order_b;
  Shape input;
  /// One unit, read by a classifier: the answer of `explain`.
  StackRelation unit;
  /// Two units in a row, where the second reads the first; nothing where that cannot be built.
  std::optional<StackRelation> stack;
  std::string cycle_a;  // the order cut before its first weights
  std::string cycle_b;
  bool is_same_cycle = false;
  std::vector<Note> notes;
  /// What else differs between two units of each, or one unit where two cannot be built.
  std::vector<LedgerRow> ledger;
};

/// Throws Error naming the order and the stage that cannot be built on `input`.
Explanation explain(const notation::Sequence& a, const notation::Sequence& b, const Shape& input);

/// Whether numbers contradict an answer (lab::check_explanation).
bool is_contradicted(const Explanation& explanation);

/// What `whichfirst explain --json` prints, ended with a line break.
std::string to_json(const Explanation& explanation);

/// The fields of the document as rows of a table in Markdown, for docs/documents.md.
std::string explanation_table();

}  // namespace whichfirst::algebra
