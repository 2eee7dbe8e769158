#include "bench/bench_record.h"

#include <algorithm>

#include "record/json_writer.h"

namespace whichfirst::bench {

using nlohmann::ordered_json;

namespace {

/// `count` in units of 1e9 a second.
std::optional<double> rate(const std::optional<std::int64_t>& count, double seconds) {
  if (!count || !(seconds > 0)) return std::nullopt;
  return static_cast<double>(*count) / seconds / 1e9;
}

void add_to(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& more) {
  sum = sum && more ? std::optional(*sum + *more) : std::nullopt;
}

void count_implementation(std::vector<BenchKernels>& list, const std::string& implementation) {
  const auto known = std::find_if(list.begin(), list.end(), [&](const BenchKernels& each) {
    return each.implementation == implementation;
  });
  if (known != list.end()) {
    ++known->count;
  } else {
    list.push_back({.what = {}, .implementation = implementation, .count = 1});
  }
}

ordered_json to_json(const BenchPart& part, double step_seconds) {
  return {{"kind", part.kind},
          {"seconds", record::finite(part.seconds)},
          {"share", record::finite(part.seconds / step_seconds)},
          {"flops", record::or_null(part.flops)},
          {"bytes", record::or_null(part.bytes)},
          {"gflops", record::or_null(part.gflops())},
          {"gb_per_second", record::or_null(part.gb_per_second())}};
}

ordered_json to_json(const std::vector<BenchKernels>& kernels) {
  ordered_json list = ordered_json::array();
  for (const BenchKernels& kernel : kernels) {
    ordered_json entry = {{"implementation", kernel.implementation}, {"count", kernel.count}};
    if (!kernel.what.empty()) {
      entry = {{"what", kernel.what},
               {"implementation", kernel.implementation},
               {"count", kernel.count}};
    }
    list.push_back(std::move(entry));
  }
  return list;
}

ordered_json to_json(const BenchOrder& order) {
  ordered_json kinds = ordered_json::array();
  for (const BenchKind& kind : by_kind(order.parts)) {
    ordered_json entry = to_json(kind.sum, order.step_seconds());
    entry["count"] = kind.count;
    entry["implementations"] = to_json(kind.implementations);
    kinds.push_back(std::move(entry));
  }
  ordered_json stages = ordered_json::array();
  ordered_json references = ordered_json::array();
  for (const BenchPart& part : order.parts) {
    ordered_json entry = {{"stage", part.stage.empty() ? ordered_json() : ordered_json(part.stage)},
                          {"what", part.what},
                          {"implementation", part.implementation}};
    entry.update(to_json(part, order.step_seconds()));
    stages.push_back(std::move(entry));
    if (part.is_reference()) references.push_back(part.stage + " " + part.what);
  }
  return {{"name", order.name},
          {"order", order.order},
          {"images_per_second", order.images_per_second},
          {"primitives_images_per_second", order.primitives_images_per_second},
          {"primitives_share", order.primitives_share},
          {"gflops", order.gflops},
          {"together_images_per_second", order.together_images_per_second},
          {"together_ratio", order.together_ratio},
          {"first_step_seconds", order.first_step_seconds},
          {"peak_bytes", order.peak_bytes},
          {"planned_bytes", order.planned_bytes},
          {"arena_bytes", order.arena_bytes},
          {"parameter_bytes", order.parameter_bytes},
          {"step_seconds", record::finite(order.step_seconds())},
          {"conv_share", record::finite(order.conv_share())},
          {"kinds", kinds},
          {"stages", stages},
          {"reference_kernels", references},
          {"kernels", to_json(order.kernels)}};
}

ordered_json to_json(const BenchPeers& peers) {
  ordered_json runs = ordered_json::array();
  for (const BenchPeer& peer : peers.runs) {
    runs.push_back({{"order", peer.order},
                    {"configuration", peer.configuration},
                    {"processes", peer.processes},
                    {"threads", peer.threads},
                    {"images_per_second", record::finite(peer.images_per_second)},
                    {"ratio", record::finite(peer.ratio)}});
  }
  ordered_json missing = ordered_json::array();
  for (const BenchPeers::Missing& each : peers.missing) {
    missing.push_back({{"configuration", each.configuration}, {"reason", each.reason}});
  }
  return {{"library", peers.library}, {"runs", runs}, {"missing", missing}};
}

}  // namespace

std::optional<double> BenchPart::gflops() const { return rate(flops, seconds); }
std::optional<double> BenchPart::gb_per_second() const { return rate(bytes, seconds); }

std::vector<BenchKind> by_kind(const std::vector<BenchPart>& parts) {
  std::vector<BenchKind> kinds;
  for (const BenchPart& part : parts) {
    auto known = std::find_if(kinds.begin(), kinds.end(),
                              [&](const BenchKind& each) { return each.sum.kind == part.kind; });
    if (known == kinds.end()) {
      kinds.push_back({.sum = part, .count = 0, .implementations = {}});
      known = kinds.end() - 1;
      known->sum.stage = known->sum.what = known->sum.implementation = "";
    } else {
      known->sum.seconds += part.seconds;
      add_to(known->sum.flops, part.flops);
      add_to(known->sum.bytes, part.bytes);
    }
    ++known->count;
    count_implementation(known->implementations, part.implementation);
  }
  for (BenchKind& kind : kinds) {
    std::stable_sort(kind.implementations.begin(), kind.implementations.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& a, const auto& b) { return a.sum.seconds > b.sum.seconds; });
  return kinds;
}

double BenchOrder::step_seconds() const {
  double sum = 0;
  for (const BenchPart& part : parts) sum += part.seconds;
  return sum;
}

double BenchOrder::stage_seconds() const {
  double sum = 0;
  for (const BenchPart& part : parts) sum += part.stage.empty() ? 0 : part.seconds;
  return sum;
}

std::int64_t BenchOrder::flops() const {
  std::int64_t sum = 0;
  for (const BenchPart& part : parts) sum += part.flops.value_or(0);
  return sum;
}

double BenchOrder::conv_share() const {
  double sum = 0;
  for (const BenchPart& part : parts) {
    if (part.kind.starts_with("conv ")) sum += part.seconds;
  }
  return parts.empty() ? 0 : sum / step_seconds();
}

std::string to_json(const BenchRecord& bench) {
  ordered_json orders = ordered_json::array();
  for (const BenchOrder& order : bench.orders) orders.push_back(to_json(order));
  return record::print_json({{"network", bench.network},
                             {"input", bench.input},
                             {"batch", bench.batch},
                             {"precision", bench.precision},
                             {"threads", bench.threads},
                             {"isa", bench.isa},
                             {"library", bench.library},
                             {"peak_gflops", record::or_null(bench.peak_gflops)},
                             {"peak_gb_per_second", record::or_null(bench.peak_gb_per_second)},
                             {"orders", orders},
                             {"peers", bench.peers ? to_json(*bench.peers) : ordered_json()}},
                            1);
}

}  // namespace whichfirst::bench
