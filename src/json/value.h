// JSON that somebody else may have written, parsed within limits, every type checked; and the
// writer of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace whichfirst::json {

/// How a document is read.
struct Reading {
  int most_levels = 8;  ///< of nesting; a document with more is refused
  /// Keys that no field has are passed over, so that a later version may add some.
  bool ignores_unknown_keys = false;
  /// Texts become printable and are cut after about so many bytes; missing: they stay as they are.
  std::optional<std::size_t> longest_text = {};
};

class Value;

/// A parsed document. It outlives its values.
class Document {
 public:
  /// Throws Error beginning with `label`, the name of the file, where `text` is no JSON, has too
  /// many levels, or names a key twice in one object.
  Document(std::string_view text, std::string label, const Reading& reading = {});
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Value root() const;
  const std::string& label() const { return label_; }
  const Reading& reading() const { return reading_; }

 private:
  std::string label_;
  Reading reading_;
  std::unique_ptr<const nlohmann::json> json_;
};

/// A value of a document and its path in it ("epochs[3].lr"). Whatever does not fit is an Error
/// that names label and path.
class Value {
 public:
  Value(const nlohmann::json& json, const Document& document, std::string path)
      : json_(&json), document_(&document), path_(std::move(path)) {}

  /// The value of a key that must be there, in an object.
  Value at(std::string_view key) const;
  /// Whether this object has the key.
  bool has(std::string_view key) const;
  /// The keys of an object, in the order of their bytes.
  std::vector<std::string> keys() const;

  bool is_null() const;
  bool is_list() const;
  bool is_object() const;
  bool is_text(std::string_view text) const;
  bool truth() const;
  /// A text, read as the document's Reading says.
  std::string text() const;
  /// A text as it is, anything else as it stands in the document; empty for null.
  std::string plain_text() const;
  std::string printable_text(std::size_t longest) const;
  double number() const;
  std::optional<double> optional_number() const;
  std::uint64_t whole(std::uint64_t most) const;
  /// A whole number that an int holds.
  int small_whole() const;
  /// Elements of a list.
  std::size_t size() const;
  Value at(std::size_t index) const;

  const Reading& reading() const { return document_->reading(); }
  [[noreturn]] void fail_expected(std::string_view wanted) const;
  [[noreturn]] void fail(std::string_view message) const;

 private:
  const nlohmann::json* json_;
  const Document* document_;
  std::string path_;
};

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
