// The options of one stage, taken by name and checked: what stands between its parentheses.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notation/sequence.h"

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

  /// The value without a name, which stands first; nullptr where there is none.
  const Argument* positional();
  std::optional<int> positional_integer(std::string_view what, Range range);
  std::optional<double> positional_number(std::string_view what, double least, double most);
  std::optional<int> integer(std::string_view key, Range range);
  std::optional<double> number(std::string_view key, double least, double most);
  std::optional<bool> on_off(std::string_view key);
  /// The value of `key`, one of `words`.
  std::optional<std::string_view> choice(std::string_view key,
                                         const std::vector<std::string_view>& words);
  BiasRule bias();
  /// Refuses what nobody has taken.
  void finish() const;

 private:
  const Argument* named(std::string_view key);
  double to_number(const Argument& argument, std::string_view what, double least,
                   double most) const;

  std::string_view text_;
  std::string_view stage_;
  std::vector<Argument> arguments_;
  std::vector<std::string_view> keys_;
};

}  // namespace whichfirst::notation
