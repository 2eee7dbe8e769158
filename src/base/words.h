// Numbers in words that people read, and words as they are compared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace whichfirst {

/// 12000 -> "12,000".
std::string grouped(std::int64_t number);

/// "1 pair", "2 pairs", "12,000 pairs".
std::string counted(std::int64_t count, std::string_view noun);

/// In small letters; bytes beyond ASCII stay.
std::string lower_case(std::string_view text);

}  // namespace whichfirst
