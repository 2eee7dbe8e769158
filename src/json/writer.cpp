#include "json/writer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace whichfirst::json {

void Writer::number(double value) {
  check(std::isfinite(value), "a number that is written is finite");
  begin_value() += nlohmann::json(value).dump();
}

void Writer::number_or_null(double value) { std::isfinite(value) ? number(value) : null(); }

void Writer::text(std::string_view value) {
  begin_value() +=
      nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Writer::key(std::string_view key) {
  text(key);
  text_ += indent_ < 0 ? ":" : ": ";
  has_key_ = true;
}

std::string& Writer::begin_value() {
  if (has_key_) {
    has_key_ = false;
  } else if (level_ > 0) {
    if (!is_first_) text_ += ',';
    break_line();
  }
  is_first_ = false;
  return text_;
}

void Writer::begin(char bracket) {
  begin_value() += bracket;
  ++level_;
  is_first_ = true;
}

void Writer::end(char bracket) {
  --level_;
  if (!is_first_) break_line();
  is_first_ = false;
  text_ += bracket;
}

void Writer::break_line() {
  if (indent_ < 0) return;
  text_ += '\n';
  text_.append(static_cast<std::size_t>(indent_ * level_), ' ');
}

}  // namespace whichfirst::json
