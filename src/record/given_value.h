// A value that somebody gave, in a study file or on the command line, and where it stands.
// Internal to record: toml++ is known to the sources that include this, and to nobody else.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "json/printable.h"
#include "notation/parse.h"

namespace whichfirst::record {

/// A text that values come from: a whole file, or one `key=value` of the command line.
struct Origin {
  std::string label;  ///< the file's name; empty for the command line
  std::string text;

  bool is_command_line() const { return label.empty(); }
  /// Throws Error: "label:line:column: message" and the line with a caret; for the command line
  /// "key=value: message".
  [[noreturn]] void fail(json::Place place, const std::string& message) const;
};

/// Origin and node outlive this.
struct GivenValue {
  const Origin* origin = nullptr;
  const toml::node* node = nullptr;
  std::string key;  ///< dotted, for messages
  json::Place key_place;
  json::Place place;  ///< where the value begins, the quote of a string
  /// On the command line: what stands behind the `=`.
  std::string_view raw = {};

  /// Throws Error at the value. The key is named unless the command line shows it anyway.
  [[noreturn]] void fail(const std::string& message) const;
  /// fail("expected WANTED, found ...") with `hint` behind it.
  [[noreturn]] void fail_expected(std::string_view wanted, std::string_view hint = "") const;

  /// A finite number for which `fits`; `wanted` says in words which.
  double number(std::string_view wanted, const std::function<bool(double)>& fits) const;
  /// A string; on the command line any text.
  std::string text() const;
  bool is_word(std::string_view word) const;
  /// A list of strings; on the command line also words with commas between them. None twice is the
  /// caller's business.
  std::vector<std::string> list(std::string_view wanted) const;
  /// A string that parses as notation; errors point into it.
  std::string notation(notation::Context context) const;
};

/// `text` as a TOML string, in quotes.
std::string toml_string(std::string_view text);

}  // namespace whichfirst::record
