#include "bench/bench_record.h"

#include <algorithm>

#include "json/fields.h"

namespace whichfirst::bench {

namespace {

using json::among;
using json::derived;
using json::field;
using json::NumberOrNull;

/// `count` in units of 1e9 a second.
std::optional<double> rate(const std::optional<std::int64_t>& count, double seconds) {
  if (!count || !(seconds > 0)) return std::nullopt;
  return static_cast<double>(*count) / seconds / 1e9;
}

double total_seconds(const std::vector<BenchPart>& parts) {
  double sum = 0;
  for (const BenchPart& part : parts) sum += part.seconds;
  return sum;
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

/// Every part by itself.
std::vector<BenchKind> timed_parts(const BenchOrder& order) {
  std::vector<BenchKind> parts;
  for (const BenchPart& part : order.parts) {
    parts.push_back({.sum = part, .share = part.seconds / order.step_seconds()});
  }
  return parts;
}

std::vector<std::string> reference_kernels(const BenchOrder& order) {
  std::vector<std::string> names;
  for (const BenchPart& part : order.parts) {
    if (part.is_reference()) names.push_back(part.stage + " " + part.what);
  }
  return names;
}

const json::Fields<BenchKind> kTimes = {
    among<&BenchKind::sum>({field<&BenchPart::kind>("kind", "what it is counted among"),
                            field<&BenchPart::seconds>("seconds", "of a step")}),
    field<&BenchKind::share>("share", "of the step, in [0, 1]"),
    among<&BenchKind::sum>({field<&BenchPart::flops>("flops", "of a step; of products only"),
                            field<&BenchPart::bytes>("bytes", "that the arguments hold, each once"),
                            derived<&BenchPart::gflops>("gflops", "per second"),
                            derived<&BenchPart::gb_per_second>("gb_per_second", "powers of ten")}),
};

const json::Fields<BenchKernels> kKernels = {
    field<&BenchKernels::what>("what", "`backward weights`")
        .only_if([](const BenchKernels& kernels) { return !kernels.what.empty(); }),
    field<&BenchKernels::implementation>("implementation", "`jit:avx2`, `own`"),
    field<&BenchKernels::count>("count", "in a step"),
};

const json::Fields<BenchKind> kKind = {
    json::also(kTimes),
    field<&BenchKind::count>("count", "parts of this kind"),
    field<&BenchKind::implementations>("implementations", kKernels, "the most frequent first"),
};

const json::Fields<BenchKind> kPart = {
    among<&BenchKind::sum>(
        {field<&BenchPart::stage, json::TextOrNull>("stage", "path; null: the whole network"),
         field<&BenchPart::what>("what", "`backward weights`"),
         field<&BenchPart::implementation>("implementation", "`jit:avx2`, `own`")}),
    json::also(kTimes),
};

const json::Fields<BenchOrder> kOrder = {
    field<&BenchOrder::name>("name", "of the arm"),
    field<&BenchOrder::order>("order", "canonical"),
    field<&BenchOrder::images_per_second, NumberOrNull>("images_per_second",
                                                        "training, one thread"),
    field<&BenchOrder::primitives_images_per_second, NumberOrNull>("primitives_images_per_second",
                                                                   "forward and backward alone"),
    field<&BenchOrder::primitives_share, NumberOrNull>("primitives_share",
                                                       "of these in a profiled step"),
    field<&BenchOrder::gflops, NumberOrNull>("gflops", "per second, of the whole step"),
    field<&BenchOrder::together_images_per_second, NumberOrNull>("together_images_per_second",
                                                                 "of all trials side by side"),
    field<&BenchOrder::together_ratio, NumberOrNull>("together_ratio", "the same by one trial"),
    field<&BenchOrder::first_step_seconds, NumberOrNull>("first_step_seconds",
                                                         "from nothing to its end"),
    field<&BenchOrder::peak_bytes>("peak_bytes", "of a trial's process"),
    field<&BenchOrder::planned_bytes>("planned_bytes", "by the engine, the sum of the next two"),
    field<&BenchOrder::arena_bytes>("arena_bytes", "activations, their gradients, scratch"),
    field<&BenchOrder::parameter_bytes>("parameter_bytes", "values, gradients, optimizer"),
    derived<&BenchOrder::step_seconds>("step_seconds", "sum of the parts"),
    derived<&BenchOrder::conv_share>("conv_share", "of the convolutions, in [0, 1]"),
    derived<BenchOrder>("kinds", kKind, "the slowest first",
                        [](const auto& order) { return by_kind(order.parts); }),
    derived<BenchOrder>("stages", kPart, "parts in the order in which they run",
                        [](const auto& order) { return timed_parts(order); }),
    derived<BenchOrder>("reference_kernels", "parts that run slow code of the library",
                        [](const auto& order) { return reference_kernels(order); }),
    field<&BenchOrder::kernels>("kernels", kKernels, "of a step"),
};

const json::Fields<BenchPeer> kPeer = {
    field<&BenchPeer::order>("order", "its name"),
    field<&BenchPeer::configuration>("configuration", "`channels_last`"),
    field<&BenchPeer::processes>("processes", "side by side"),
    field<&BenchPeer::threads>("threads", "of each"),
    field<&BenchPeer::images_per_second>("images_per_second", "of all processes"),
    field<&BenchPeer::ratio>("ratio", "of ours, side by side, to it"),
};

const json::Fields<BenchPeers::Missing> kMissing = {
    field<&BenchPeers::Missing::configuration>("configuration", "that cannot run"),
    field<&BenchPeers::Missing::reason>("reason", "in words"),
};

const json::Fields<BenchPeers> kPeers = {
    field<&BenchPeers::library>("library", "name and version"),
    field<&BenchPeers::runs>("runs", kPeer, "one by one"),
    field<&BenchPeers::missing>("missing", kMissing, "what could not be measured"),
};

const json::Fields<BenchRecord> kBench = {
    field<&BenchRecord::network>("network", "preset or canonical body"),
    field<&BenchRecord::input>("input", "`3x32x32`"),
    field<&BenchRecord::batch>("batch", "pictures in a step"),
    field<&BenchRecord::precision>("precision", "of the arithmetic"),
    field<&BenchRecord::threads>("threads", "trials side by side"),
    field<&BenchRecord::isa>("isa", "instruction set that decided on the kernels"),
    field<&BenchRecord::library>("library", "name and version"),
    field<&BenchRecord::peak_gflops>("peak_gflops", "of one core"),
    field<&BenchRecord::peak_gb_per_second>("peak_gb_per_second", "of one core"),
    field<&BenchRecord::orders>("orders", kOrder, "one by one"),
    field<&BenchRecord::peers>("peers", kPeers, "other libraries beside ours"),
};

}  // namespace

std::optional<double> BenchPart::gflops() const { return rate(flops, seconds); }
std::optional<double> BenchPart::gb_per_second() const { return rate(bytes, seconds); }

std::vector<BenchKind> by_kind(const std::vector<BenchPart>& parts) {
  std::vector<BenchKind> kinds;
  for (const BenchPart& part : parts) {
    auto known = std::find_if(kinds.begin(), kinds.end(),
                              [&](const BenchKind& each) { return each.sum.kind == part.kind; });
    if (known == kinds.end()) {
      kinds.push_back({.sum = part});
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
  const double step = total_seconds(parts);
  for (BenchKind& kind : kinds) {
    kind.share = kind.sum.seconds / step;
    std::stable_sort(kind.implementations.begin(), kind.implementations.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& a, const auto& b) { return a.sum.seconds > b.sum.seconds; });
  return kinds;
}

double BenchOrder::step_seconds() const { return total_seconds(parts); }

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

std::string to_json(const BenchRecord& bench) { return json::print(kBench, bench); }

std::string bench_table() { return json::print_table(kBench.list); }

}  // namespace whichfirst::bench
