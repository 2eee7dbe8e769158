#include "report/bench_text.h"

#include <fmt/format.h>

#include "report/table.h"
#include "report/wording.h"

namespace whichfirst::report {

std::string print_bench(const record::BenchRecord& bench) {
  std::string text = fmt::format("{} on {}, batch {}, fp32, {}, {}\n", bench.network, bench.input,
                                 bench.batch, bench.isa, bench.library);
  if (bench.peak_gflops) {
    text += fmt::format("one core's measured peak: {:.1f} GFLOP/s of fp32 multiply-adds\n",
                        *bench.peak_gflops);
  }
  Table table({"order", "images/s", "GFLOP/s", "of peak", "primitives alone", "share",
               fmt::format("x{} together", bench.threads), "first step", "memory"},
              {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right,
               Align::right, Align::right, Align::right});
  for (const record::BenchOrder& order : bench.orders) {
    table.add(
        {fmt::format("{} ({})", order.name, order.order),
         fmt::format("{:.0f}", order.images_per_second), fmt::format("{:.1f}", order.gflops),
         bench.peak_gflops ? fmt::format("{:.0f} %", 100 * order.gflops / *bench.peak_gflops) : "-",
         fmt::format("{:.0f}", order.primitives_images_per_second),
         fmt::format("{:.3f}", order.images_per_second / order.primitives_images_per_second),
         fmt::format("{:.2f}", order.together_ratio),
         fmt::format("{:.3f}s", order.first_step_seconds), bytes(order.peak_bytes)});
  }
  text += "\n" + table.print(2);
  text +=
      "\nimages/s: the whole training step on one thread - batch assembly, forward, backward, "
      "update,\n"
      "metrics. primitives alone: the same without all but the library's kernels; share is their\n"
      "ratio. memory: a trial's peak beside the data.\n";
  for (const record::BenchOrder& order : bench.orders) {
    text += fmt::format("\n{}: kernels of one step\n", order.name);
    Table kernels({"count", "what", "implementation"}, {Align::right, Align::left, Align::left});
    bool has_reference = false;
    for (const record::BenchKernels& kernel : order.kernels) {
      kernels.add({fmt::format("{}", kernel.count), kernel.what, kernel.implementation});
      has_reference = has_reference || kernel.implementation.starts_with("ref");
    }
    text += kernels.print(2);
    if (has_reference) {
      text += "  warning: a reference implementation is among them, which is slow\n";
    }
  }
  return text;
}

}  // namespace whichfirst::report
