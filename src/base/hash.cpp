#include "base/hash.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include "base/error.h"

namespace whichfirst {
namespace {

std::string hex16(XXH64_hash_t hash) {
  return fmt::format("{:016x}", static_cast<unsigned long long>(hash));
}

}  // namespace

std::string hash_hex(std::span<const std::byte> bytes) {
  return hex16(XXH3_64bits(bytes.data(), bytes.size()));
}

std::string hash_hex(std::string_view text) { return hash_hex(std::as_bytes(std::span(text))); }

Hasher::Hasher() : state_(XXH3_createState()) {
  check(state_ != nullptr, "a hash state was allocated");
  XXH3_64bits_reset(static_cast<XXH3_state_t*>(state_));
}

Hasher::~Hasher() { XXH3_freeState(static_cast<XXH3_state_t*>(state_)); }

void Hasher::add(std::span<const std::byte> bytes) {
  XXH3_64bits_update(static_cast<XXH3_state_t*>(state_), bytes.data(), bytes.size());
}

std::string Hasher::hex() const {
  return hex16(XXH3_64bits_digest(static_cast<const XXH3_state_t*>(state_)));
}

}  // namespace whichfirst
