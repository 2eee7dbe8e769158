// What a text of the notation may hold, and the error of one that does not parse.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

namespace whichfirst::notation {

/// What a text describes, which decides on the words that may stand in it.
enum class Context {
  order,  // what is in a unit: no `unit`, no widths; `pool` is allowed
  body,   // a whole network: `unit` allowed, every width given or `classes`
};

// Limits, so that no text can hang the program or exhaust its memory.
inline constexpr std::size_t kMaxTextBytes = 16 * 1024;
inline constexpr int kMaxDepth = 16;
inline constexpr int kMaxRepeat = 1000;
inline constexpr int kMaxStages = 2000;  // after all repetitions are written out
inline constexpr int kMaxWidth = 65'536;
inline constexpr int kMaxKernel = 255;

/// A text that does not parse. what() ends with the line at fault and a caret below it; callers who
/// know the file place message() themselves.
class SyntaxError : public Error {
 public:
  SyntaxError(std::string_view text, std::size_t offset, std::string message);
  /// Bytes from the start of the text.
  std::size_t offset() const { return offset_; }
  /// The message alone, without place and caret.
  const std::string& message() const { return message_; }

 private:
  std::size_t offset_;
  std::string message_;
};

}  // namespace whichfirst::notation
