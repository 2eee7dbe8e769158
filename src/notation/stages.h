// The words of the notation: which stage a word and its options make.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "notation/sequence.h"
#include "notation/syntax.h"

namespace whichfirst::notation {

/// One argument of a stage: `value` or `key=value`.
struct Argument {
  std::string_view key;  // empty for a value alone
  std::string_view value;
  std::size_t offset = 0;
  bool is_taken = false;
};

struct Range {
  int least;
  int most;
};

/// The whole number that `digits` are. Throws SyntaxError at `offset` of `text`, naming `what`.
int to_integer(std::string_view text, std::string_view digits, std::size_t offset,
               std::string_view what, Range range);

/// Every function throws SyntaxError pointing at the argument at fault.
class Arguments {
 public:
  /// `text` is the whole text, `stage` the word before the parentheses.
  Arguments(std::string_view text, std::string_view stage, std::vector<Argument> arguments)
      : text_(text), stage_(stage), arguments_(std::move(arguments)) {}

  // Keys that are empty mean the value without a name, which stands first; errors call it `what`.

  /// nullptr where there is none.
  const Argument* find(std::string_view key);
  std::optional<int> integer(std::string_view key, Range range, std::string_view what = {});
  std::optional<double> number(std::string_view key, double least, double most,
                               std::string_view what = {});
  std::optional<bool> on_off(std::string_view key);
  /// The value of `key`, one of `words`.
  std::optional<std::string_view> choice(std::string_view key,
                                         const std::vector<std::string_view>& words);
  BiasRule bias();
  /// Refuses what nobody has taken.
  void finish() const;

 private:
  double to_number(const Argument& argument, std::string_view what, double least,
                   double most) const;

  std::string_view text_;
  std::string_view stage_;
  std::vector<Argument> arguments_;
  std::vector<std::string_view> keys_;
};

/// A word where it stands.
struct PlacedWord {
  std::string_view text;  // the whole text
  std::string_view word;
  std::size_t offset = 0;
};

/// The stage. Throws SyntaxError: an unknown word with a suggestion, a word that may not stand in
/// this context, options that the stage has not.
Stage make_stage(const PlacedWord& place, Context context, std::vector<Argument> arguments);

/// The letters of a word such as `cbrp`, as the words they stand for (conv, bn, relu, maxpool);
/// empty where the word is none of this dialect.
std::vector<std::string_view> spell_out(std::string_view word);

/// The word of an activation.
std::string_view activation_word(ActivationKind kind);
std::string_view group_word(GroupKind kind);

}  // namespace whichfirst::notation
