// What this machine has to give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace whichfirst::study {

/// Cores that this process may use: its affinity mask and its control group allow.
int available_cores();

/// Memory that can be taken without swapping, bytes: the kernel's estimate, or what is left of the
/// control group's limit where that is less. Nothing where neither can be read.
std::optional<std::int64_t> available_memory();

/// A line of /proc/self/status in bytes, such as "VmHWM".
std::optional<std::int64_t> own_memory(const char* field);

/// This second in ISO 8601, UTC: "2026-01-31T23:59:59Z".
std::string utc_now();

}  // namespace whichfirst::study
