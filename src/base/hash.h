// Hashes that are written into records: of texts, of weights, of the order of the data.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace whichfirst {

/// 64-bit XXH3 of the bytes, as 16 lower-case hexadecimal digits.
std::string hash_hex(std::span<const std::byte> bytes);
std::string hash_hex(std::string_view text);

/// The same over several pieces: the hash of their concatenation.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void add(std::span<const std::byte> bytes);
  std::string hex() const;

 private:
  void* state_;
};

}  // namespace whichfirst
