// JSON on its way out, value by value, in the form that nlohmann's dump() gives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace whichfirst::json {

/// Writes one value: a number, or an object or list opened, filled and closed. Missing numbers are
/// null() and never 0.
class Writer {
 public:
  /// Spaces of each level; a negative number puts everything into one line.
  explicit Writer(int indent) : indent_(indent) {}

  void null() { begin_value() += "null"; }
  void truth(bool value) { begin_value() += value ? "true" : "false"; }
  void whole(std::int64_t value) { begin_value() += std::to_string(value); }
  void whole(std::uint64_t value) { begin_value() += std::to_string(value); }
  /// Throws std::logic_error where it is not finite.
  void number(double value);
  /// Null where it is not finite.
  void number_or_null(double value);
  /// Bytes that are no UTF-8 become U+FFFD.
  void text(std::string_view value);

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_list() { begin('['); }
  void end_list() { end(']'); }
  /// The next value is of this key.
  void key(std::string_view key);

  /// What was written, without a line break at its end.
  std::string take() { return std::move(text_); }

 private:
  std::string& begin_value();  // puts what stands between two values
  void begin(char bracket);
  void end(char bracket);
  void break_line();

  int indent_;
  int level_ = 0;
  bool is_first_ = true;  // of its list or object
  bool has_key_ = false;  // the key of the next value is written
  std::string text_;
};

}  // namespace whichfirst::json
