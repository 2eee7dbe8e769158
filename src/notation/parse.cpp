#include "notation/parse.h"

#include <fmt/format.h>

#include <utility>

#include "notation/stages.h"

namespace whichfirst::notation {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
/// The characters of a value: words, numbers such as 1e-3, signs.
bool is_value(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '+'; }

class Parser {
 public:
  Parser(std::string_view text, Context context) : text_(text), context_(context) {}

  Sequence parse_all() {
    if (text_.size() > kMaxTextBytes) {
      fail(0,
           fmt::format("the text has {} bytes, at most {} are read", text_.size(), kMaxTextBytes));
    }
    Expanded whole = parse_sequence(0);
    if (position_ < text_.size()) fail(position_, unexpected("a stage"));
    if (whole.sequence.items.empty()) fail(0, "no stage is named");
    return std::move(whole.sequence);
  }

 private:
  /// A sequence, and how many stages it is with all repetitions written out.
  struct Expanded {
    Sequence sequence;
    int stages = 0;
  };

  [[noreturn]] void fail(std::size_t offset, std::string message) const {
    throw SyntaxError(text_, offset, std::move(message));
  }

  std::string unexpected(std::string_view wanted) const {
    if (position_ >= text_.size()) return fmt::format("expected {}, found the end", wanted);
    const auto byte = static_cast<unsigned char>(text_[position_]);
    if (byte < ' ' || byte > '~') {
      return fmt::format("expected {}, found the byte 0x{:02x}", wanted, byte);
    }
    return fmt::format("expected {}, found '{}'", wanted, text_[position_]);
  }

  void skip_space() {
    while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  }
  bool at(char c) const { return position_ < text_.size() && text_[position_] == c; }
  bool take(char c) {
    if (!at(c)) return false;
    ++position_;
    return true;
  }
  template <class Predicate>
  std::string_view take_while(Predicate matches) {
    const std::size_t begin = position_;
    while (position_ < text_.size() && matches(text_[position_])) ++position_;
    return text_.substr(begin, position_ - begin);
  }

  Expanded parse_sequence(int depth) {
    Expanded result;
    for (skip_space(); position_ < text_.size() && !at(')'); skip_space()) {
      if (!result.sequence.items.empty() && take_separator()) skip_space();
      const std::size_t begin = position_;
      const int stages = parse_item(depth, result.sequence);
      result.stages += stages;
      if (result.stages > kMaxStages) {
        fail(begin, fmt::format("more than {} stages", kMaxStages));
      }
    }
    return result;
  }

  /// People write chains with commas, dashes and arrows too: one of them may stand between stages.
  bool take_separator() {
    for (const std::string_view separator : {",", "->", "-", "\xe2\x86\x92"}) {
      if (!text_.substr(position_).starts_with(separator)) continue;
      position_ += separator.size();
      return true;
    }
    return false;
  }

  /// Appends one item and returns its number of stages.
  int parse_item(int depth, Sequence& sequence) {
    const std::size_t begin = position_;
    if (position_ >= text_.size()) fail(begin, unexpected("a stage"));
    if (is_digit(text_[position_])) return parse_repeat(depth, sequence);
    if (at('(')) fail(begin, "a group needs a count before it, such as 2*( ... )");
    const std::string_view name = take_while([](char c) { return is_letter(c) || is_digit(c); });
    if (name.empty()) fail(begin, unexpected("a stage"));
    skip_space_before_argument();
    if (name == "res" || name == "Res" || name == "RES")
      return parse_residual(depth, begin, sequence);
    std::vector<Argument> arguments;
    if (take('(')) arguments = parse_arguments(begin);
    const std::vector<std::string_view> letters = spell_out(name);
    if (arguments.empty() && !letters.empty() && context_ == Context::order) {
      for (std::size_t i = 0; i < letters.size(); ++i) {
        const PlacedWord place{.text = text_, .word = letters[i], .offset = begin + i};
        sequence.items.push_back(Item{make_stage(place, context_, {}), place.offset});
      }
      return static_cast<int>(letters.size());
    }
    const PlacedWord place{.text = text_, .word = name, .offset = begin};
    sequence.items.push_back(Item{make_stage(place, context_, std::move(arguments)), begin});
    return 1;
  }

  int parse_residual(int depth, std::size_t begin, Sequence& sequence) {
    if (depth >= kMaxDepth) fail(begin, fmt::format("nested deeper than {}", kMaxDepth));
    const std::size_t open = position_;
    if (!take('(')) fail(begin, "res needs the sequence that is added, such as res(conv bn)");
    Expanded inside = parse_sequence(depth + 1);
    if (!take(')')) fail(open, "this '(' is never closed");
    if (inside.sequence.items.empty()) fail(open, "this res( ) is empty");
    sequence.items.push_back(Item{Residual{std::move(inside.sequence)}, begin});
    return inside.stages + 1;
  }

  /// "conv (16)" is read as "conv(16)".
  void skip_space_before_argument() {
    const std::size_t begin = position_;
    skip_space();
    if (!at('(')) position_ = begin;
  }

  int parse_repeat(int depth, Sequence& sequence) {
    const std::size_t begin = position_;
    const std::string_view digits = take_while(is_digit);
    const int times = to_integer(text_, digits, begin, "a repetition", {1, kMaxRepeat});
    skip_space();
    if (!take('*')) fail(position_, unexpected("'*' after a count"));
    skip_space();
    if (position_ >= text_.size()) fail(position_, unexpected("a stage or '(' after '*'"));
    if (depth >= kMaxDepth) fail(begin, fmt::format("nested deeper than {}", kMaxDepth));

    Expanded inside;
    const std::size_t open = position_;
    if (take('(')) {
      inside = parse_sequence(depth + 1);
      if (!take(')')) fail(open, "this '(' is never closed");
      if (inside.sequence.items.empty()) fail(open, "this group is empty");
    } else {
      inside.stages = parse_item(depth + 1, inside.sequence);
    }
    const std::int64_t stages = std::int64_t{times} * inside.stages;
    if (stages > kMaxStages) {
      fail(begin,
           fmt::format("{} stages when written out, at most {} are allowed", stages, kMaxStages));
    }
    sequence.items.push_back(Item{Repeat{times, std::move(inside.sequence)}, begin});
    return static_cast<int>(stages);
  }

  std::vector<Argument> parse_arguments(std::size_t stage_begin) {
    constexpr std::size_t kMaxArguments = 16;
    std::vector<Argument> arguments;
    skip_space();
    if (take(')')) return arguments;
    for (;;) {
      skip_space();
      Argument argument{.key = {}, .value = {}, .offset = position_};
      argument.value = take_while(is_value);
      if (argument.value.empty()) fail(position_, unexpected("a value"));
      skip_space();
      if (take('=')) {
        argument.key = argument.value;
        skip_space();
        argument.value = take_while(is_value);
        if (argument.value.empty()) fail(position_, unexpected("a value after '='"));
        skip_space();
      }
      arguments.push_back(argument);
      if (take(')')) return arguments;
      if (position_ >= text_.size()) fail(stage_begin, "the '(' of this stage is never closed");
      if (!take(',')) fail(position_, unexpected("',' or ')'"));
      if (arguments.size() == kMaxArguments) fail(argument.offset, "too many arguments");
    }
  }

  std::string_view text_;
  Context context_;
  std::size_t position_ = 0;
};

}  // namespace

Sequence parse(std::string_view text, Context context) { return Parser(text, context).parse_all(); }

}  // namespace whichfirst::notation
