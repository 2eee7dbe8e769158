// What can be said of two orders without training them, as JSON: `whichfirst explain --json`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "record/verdict_record.h"

namespace whichfirst::record {

/// A rule that was used, or a relation that bears on the orders.
struct ExplainReason {
  std::string number;   ///< "D7" of docs/orders.md, or empty: null
  std::string rule;     ///< its name; of a note empty: null
  std::string upholds;  ///< the strongest answer it allows; of a note empty: null
  std::string says;
  std::string source;  ///< where it was published, or empty: null
};

/// A random case in which two numbers differ.
struct ExplainCase {
  int number = 0;          ///< of the case, from 0
  std::vector<int> input;  ///< C, H, W; a vector: C alone
  int images = 0;
  std::string what;  ///< "logits in training"
  double a = 0;
  double b = 0;
};

/// The answer held against numbers.
struct ExplainCheck {
  int cases = 0;                              ///< 0: the networks are too large for it
  double largest_difference = 0;              ///< relative, of what the answer says is equal
  std::optional<ExplainCase> counterexample;  ///< the answer is wrong here
  std::optional<ExplainCase> witness;         ///< with the same parameters the two differ here
};

struct ExplainAnswer {
  std::string answer;  ///< "same training", ..., "different"
  std::vector<ExplainReason> reasons;
  std::string becomes_a;  ///< what the rules make of each network
  std::string becomes_b;
  ExplainCheck check;
};

/// A stack of units, read by a classifier.
struct ExplainStack {
  int units = 1;
  std::string network;  ///< "unit(3) gap fc(10)"
  ExplainAnswer any;
  /// Where no bn has a negative scale, if that makes the answer a stronger one.
  std::optional<ExplainAnswer> with_positive_scales;
};

struct ExplainRecord {
  std::vector<std::string> orders;  ///< the two, in notation
  std::vector<int> input;           ///< C, H, W; a vector: C alone
  ExplainStack unit;                ///< one unit: "answer" in JSON is its answer
  /// Two units in a row: "answer_in_a_row" is its answer; nothing where they cannot be built: null.
  std::optional<ExplainStack> stack;
  std::vector<std::string> cycles;  ///< of each order, cut before its first weights
  bool is_same_cycle = false;
  std::vector<ExplainReason> notes;
  std::vector<LedgerRow> ledger;
};

/// Whether some number contradicts some answer.
bool is_contradicted(const ExplainRecord& record);

/// The document, ended with a line break.
std::string to_json(const ExplainRecord& record);

}  // namespace whichfirst::record
