#include "study/machine.h"

#include <fmt/chrono.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace whichfirst::study {
namespace {

/// "Name:   123 kB" in a file of /proc, in bytes.
std::optional<std::int64_t> read_kilobytes(const char* path, const std::string& field) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(field + ":")) continue;
    std::istringstream words(line.substr(field.size() + 1));
    std::int64_t kilobytes = 0;
    if (words >> kilobytes) return kilobytes * 1024;
  }
  return std::nullopt;
}

std::optional<std::int64_t> read_number(const char* path) {
  std::ifstream file(path);
  std::int64_t number = 0;
  if (file >> number) return number;
  return std::nullopt;
}

}  // namespace

int available_cores() {
  // Those that the process was left (taskset), where the system says which.
  cpu_set_t left;
  const int cores = sched_getaffinity(0, sizeof left, &left) == 0
                        ? CPU_COUNT(&left)
                        : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  // A container's share: "200000 100000" is two cores' worth of time, "max 100000" no limit.
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::int64_t quota = 0;
  std::int64_t period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return cores;
  return static_cast<int>(std::clamp<std::int64_t>(quota / period, 1, cores));
}

std::optional<std::int64_t> available_memory() {
  std::optional<std::int64_t> available = read_kilobytes("/proc/meminfo", "MemAvailable");
  const auto limit = read_number("/sys/fs/cgroup/memory.max");
  const auto used = read_number("/sys/fs/cgroup/memory.current");
  if (limit && used) {
    const std::int64_t left = std::max<std::int64_t>(0, *limit - *used);
    available = available ? std::min(*available, left) : left;
  }
  return available;
}

std::optional<std::int64_t> own_memory(const char* field) {
  return read_kilobytes("/proc/self/status", field);
}

std::string utc_now() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

}  // namespace whichfirst::study
