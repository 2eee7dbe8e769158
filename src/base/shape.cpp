#include "base/shape.h"

#include <fmt/format.h>

#include <charconv>

namespace whichfirst {

std::string print_size(PictureSize size) { return fmt::format("{}x{}", size.height, size.width); }

std::optional<std::vector<std::uint64_t>> parse_lengths(std::string_view text) {
  std::vector<std::uint64_t> lengths;
  const char* end = text.data() + text.size();
  for (const char* at = text.data();; ++at) {
    const auto [stop, error] = std::from_chars(at, end, lengths.emplace_back());
    if (error != std::errc()) return std::nullopt;
    if (stop == end) return lengths;
    if (*stop != 'x') return std::nullopt;
    at = stop;
  }
}

}  // namespace whichfirst
