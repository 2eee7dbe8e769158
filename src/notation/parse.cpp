#include "notation/parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/suggest.h"

namespace whichfirst::notation {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
/// The characters of a value: words, numbers such as 1e-3, signs.
bool is_value(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '+'; }

/// "message" with the line that holds `offset` and a caret below the place.
std::string point_at(std::string_view text, std::size_t offset, const std::string& message) {
  offset = std::min(offset, text.size());
  std::size_t begin = text.substr(0, offset).rfind('\n');
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  const std::size_t column = offset - begin;

  constexpr std::size_t kContext = 60;  // of a long line only the neighbourhood is shown
  const std::size_t shown_from = column > kContext ? column - kContext : 0;
  std::string line(
      text.substr(begin + shown_from, std::min(end - begin - shown_from, 2 * kContext)));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return fmt::format("column {}: {}\n  {}\n  {}^", column + 1, message, line,
                     std::string(column - shown_from, ' '));
}

/// Words people use for our stages; the suggestion names ours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 28> kSpellings = {{
    {"conv", "conv"},
    {"conv2d", "conv"},
    {"convolution", "conv"},
    {"bn", "bn"},
    {"norm", "bn"},
    {"batchnorm", "bn"},
    {"batchnorm2d", "bn"},
    {"batch_norm", "bn"},
    {"batchnormalization", "bn"},
    {"relu", "relu"},
    {"act", "relu"},
    {"activation", "relu"},
    {"tanh", "tanh"},
    {"maxpool", "maxpool"},
    {"maxpool2d", "maxpool"},
    {"max_pool", "maxpool"},
    {"pooling", "pool"},
    {"pool", "pool"},
    {"gap", "gap"},
    {"globalavgpool", "gap"},
    {"flatten", "flatten"},
    {"fc", "fc"},
    {"dense", "fc"},
    {"linear", "fc"},
    {"unit", "unit"},
    {"block", "unit"},
    {"global_pool", "gap"},
    {"fully_connected", "fc"},
}};

std::string suggestion_for(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::vector<std::string_view> spellings;
  for (const auto& [spelling, ours] : kSpellings) spellings.push_back(spelling);
  if (const auto near = nearest_word(lower, spellings)) {
    for (const auto& [spelling, ours] : kSpellings) {
      if (spelling == *near) return fmt::format(", did you mean '{}'?", ours);
    }
  }
  return "; the stages are conv bn relu tanh maxpool gap flatten fc, and unit in a network";
}

/// One argument of a stage: `value` or `key=value`.
struct Argument {
  std::string_view key;  // empty for a value alone
  std::string_view value;
  std::size_t offset = 0;
  bool is_taken = false;
};

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
      const std::size_t begin = position_;
      const int stages = parse_item(depth, result.sequence);
      result.stages += stages;
      if (result.stages > kMaxStages) {
        fail(begin, fmt::format("more than {} stages", kMaxStages));
      }
    }
    return result;
  }

  /// Appends one item and returns its number of stages.
  int parse_item(int depth, Sequence& sequence) {
    const std::size_t begin = position_;
    if (is_digit(text_[position_])) return parse_repeat(depth, sequence);
    if (at('(')) fail(begin, "a group needs a count before it, such as 2*( ... )");
    const std::string_view name = take_while([](char c) { return is_letter(c) || is_digit(c); });
    if (name.empty()) fail(begin, unexpected("a stage"));
    skip_space_before_argument();
    std::vector<Argument> arguments;
    if (take('(')) arguments = parse_arguments(begin);
    sequence.items.push_back(Item{make_stage(name, begin, arguments), begin});
    return 1;
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
    const int times = to_integer(digits, begin, "a repetition", {1, kMaxRepeat});
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
      if (inside.sequence.items.empty()) fail(open, "nothing stands in this group");
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

  struct Range {
    int least;
    int most;
  };

  int to_integer(std::string_view text, std::size_t offset, std::string_view what,
                 Range range) const {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::invalid_argument ||
        (error == std::errc{} && end != text.data() + text.size())) {
      fail(offset, fmt::format("{} is a whole number, found '{}'", what, text));
    }
    if (error != std::errc{} || value < range.least || value > range.most) {
      fail(offset,
           fmt::format("{} is from {} to {}, found {}", what, range.least, range.most, text));
    }
    return value;
  }

  /// The arguments of one stage, taken by name; what is left over at the end is an error.
  class Taker {
   public:
    Taker(const Parser& parser, std::string_view stage, std::vector<Argument>& arguments)
        : parser_(parser), stage_(stage), arguments_(arguments) {}

    /// The value without a name, which stands first.
    const Argument* positional() {
      if (arguments_.empty() || !arguments_[0].key.empty()) return nullptr;
      arguments_[0].is_taken = true;
      return &arguments_[0];
    }
    std::optional<int> positional_integer(Range range, std::string_view what) {
      const Argument* argument = positional();
      if (argument == nullptr) return std::nullopt;
      return parser_.to_integer(argument->value, argument->offset, what, range);
    }
    std::optional<int> integer(std::string_view key, Range range) {
      const Argument* argument = named(key);
      if (argument == nullptr) return std::nullopt;
      return parser_.to_integer(argument->value, argument->offset, key, range);
    }
    std::optional<double> number(std::string_view key, double least, double most) {
      const Argument* argument = named(key);
      if (argument == nullptr) return std::nullopt;
      double value = 0;
      const char* end = argument->value.data() + argument->value.size();
      const auto [stop, error] = std::from_chars(argument->value.data(), end, value);
      if (error != std::errc{} || stop != end || !std::isfinite(value)) {
        parser_.fail(argument->offset,
                     fmt::format("{} is a number, found '{}'", key, argument->value));
      }
      if (value < least || value > most) {
        parser_.fail(argument->offset, fmt::format("{} is from {} to {}, found {}", key, least,
                                                   most, argument->value));
      }
      return value;
    }
    std::optional<bool> on_off(std::string_view key) {
      const Argument* argument = named(key);
      if (argument == nullptr) return std::nullopt;
      if (argument->value == "on") return true;
      if (argument->value == "off") return false;
      parser_.fail(argument->offset,
                   fmt::format("{} is on or off, found '{}'", key, argument->value));
    }
    BiasRule bias() {
      const Argument* argument = named("bias");
      if (argument == nullptr || argument->value == "auto") return BiasRule::automatic;
      if (argument->value == "on") return BiasRule::on;
      if (argument->value == "off") return BiasRule::off;
      parser_.fail(argument->offset,
                   fmt::format("bias is auto, on or off, found '{}'", argument->value));
    }
    void finish() {
      for (const Argument& argument : arguments_) {
        if (argument.is_taken) continue;
        if (argument.key.empty()) {
          parser_.fail(argument.offset,
                       fmt::format("{} takes no value '{}' here", stage_, argument.value));
        }
        if (std::find(keys_.begin(), keys_.end(), argument.key) != keys_.end()) {
          parser_.fail(argument.offset, fmt::format("{} is given twice", argument.key));
        }
        const auto near = nearest_word(argument.key, keys_);
        parser_.fail(
            argument.offset,
            fmt::format("{} has no option '{}'{}", stage_, argument.key,
                        near            ? fmt::format(", did you mean '{}'?", *near)
                        : keys_.empty() ? std::string("; it has none")
                                        : fmt::format("; it has {}", fmt::join(keys_, ", "))));
      }
    }

   private:
    const Argument* named(std::string_view key) {
      keys_.push_back(key);
      for (Argument& argument : arguments_) {
        if (argument.key == key) {
          argument.is_taken = true;
          return &argument;
        }
      }
      return nullptr;
    }

    const Parser& parser_;
    std::string_view stage_;
    std::vector<Argument>& arguments_;
    std::vector<std::string_view> keys_;
  };

  Stage make_stage(std::string_view name, std::size_t begin, std::vector<Argument>& arguments) {
    Taker taker(*this, name, arguments);
    Stage stage = build(name, begin, taker);
    taker.finish();
    return stage;
  }

  Stage build(std::string_view name, std::size_t begin, Taker& taker) {
    if (name == "conv") return build_conv(begin, taker);
    if (name == "bn") {
      BatchNorm bn;
      bn.affine = taker.on_off("affine").value_or(bn.affine);
      bn.eps = taker.number("eps", 1e-12, 1).value_or(bn.eps);
      bn.momentum = taker.number("momentum", 0, 1).value_or(bn.momentum);
      return bn;
    }
    if (name == "relu") return Relu{};
    if (name == "tanh") return Tanh{};
    if (name == "maxpool") return build_maxpool(begin, taker);
    if (name == "gap") return GlobalAveragePool{};
    if (name == "flatten") return Flatten{};
    if (name == "fc") return build_fc(begin, taker);
    if (name == "unit") return build_unit(begin, taker);
    if (name == "pool") {
      if (context_ != Context::order) {
        fail(begin, "'pool' says in an order where a unit pools; in a network write maxpool(2)");
      }
      return PoolPlace{};
    }
    fail(begin, fmt::format("unknown stage '{}'{}", name, suggestion_for(name)));
  }

  Stage build_conv(std::size_t begin, Taker& taker) {
    Conv conv;
    conv.channels = taker.positional_integer({1, kMaxWidth}, "the number of channels");
    if (context_ == Context::order && conv.channels) {
      fail(begin, "a conv in an order takes its width from unit( ); write conv without a width");
    }
    if (context_ == Context::body && !conv.channels) {
      fail(begin, "a conv in a network needs its number of channels, such as conv(16)");
    }
    conv.kernel = taker.integer("k", {1, kMaxKernel}).value_or(conv.kernel);
    conv.stride = taker.integer("s", {1, kMaxKernel}).value_or(conv.stride);
    conv.padding = taker.integer("p", {0, kMaxKernel});
    conv.bias = taker.bias();
    return conv;
  }

  Stage build_maxpool(std::size_t begin, Taker& taker) {
    MaxPool pool;
    pool.kernel =
        taker.positional_integer({1, kMaxKernel}, "the size of the pool").value_or(pool.kernel);
    pool.stride = taker.integer("s", {1, kMaxKernel});
    pool.padding = taker.integer("p", {0, kMaxKernel}).value_or(pool.padding);
    if (2 * pool.padding > pool.kernel) {
      fail(begin,
           fmt::format("the padding of a maxpool is at most half its size: p={} is more than "
                       "{}/2",
                       pool.padding, pool.kernel));
    }
    if (pool.stride == pool.kernel) pool.stride.reset();
    return pool;
  }

  Stage build_fc(std::size_t begin, Taker& taker) {
    FullyConnected fc;
    const Argument* features = taker.positional();
    if (features == nullptr) {
      fail(begin, "fc needs its number of features, such as fc(10) or fc(classes)");
    }
    if (features->value != "classes") {
      fc.features =
          to_integer(features->value, features->offset, "the number of features", {1, kMaxWidth});
    }
    fc.bias = taker.bias();
    return fc;
  }

  Stage build_unit(std::size_t begin, Taker& taker) {
    if (context_ != Context::body) fail(begin, "a unit stands in a network, not in an order");
    const auto width = taker.positional_integer({1, kMaxWidth}, "the width of a unit");
    if (!width) fail(begin, "unit needs its width, such as unit(16)");
    return Unit{.width = *width, .pool = taker.integer("pool", {1, kMaxKernel})};
  }

  std::string_view text_;
  Context context_;
  std::size_t position_ = 0;
};

}  // namespace

SyntaxError::SyntaxError(std::string_view text, std::size_t offset, std::string message)
    : Error(point_at(text, offset, message)), offset_(offset), message_(std::move(message)) {}

Sequence parse(std::string_view text, Context context) { return Parser(text, context).parse_all(); }

}  // namespace whichfirst::notation
