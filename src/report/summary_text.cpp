#include "report/summary_text.h"

#include <fmt/format.h>

#include "report/document.h"
#include "report/wording.h"

namespace whichfirst::report {

std::string print_summary(const network::StudySummary& summary, std::size_t columns) {
  std::string text = fmt::format("{} on pictures of {}, {} classes\n", summary.network,
                                 fmt::join(summary.input.extents(), "x"), summary.classes);
  for (const network::NetworkSummary& network : summary.orders) {
    Table table{{"stage", "", "output", "parameters", "FLOPs", "memory"}, "llrrrr"};
    for (const network::StageSummary& stage : network.stages) {
      // A chain needs no mention; where two ways meet, both are named.
      const std::string what = stage.reads.size() == 2
                                   ? fmt::format("{} + {}", stage.reads[0], stage.reads[1])
                                   : stage.stage;
      table.rows.push_back({stage.path, what,
                            fmt::format("{}", fmt::join(stage.output.extents(), "x")),
                            grouped(stage.parameters), grouped(stage.flops), bytes(stage.bytes)});
    }
    table.rows.push_back(
        {"total", "", "", grouped(network.parameters), grouped(network.flops), ""});
    text +=
        fmt::format("\n{} ({})\n{}", network.name, network.order, render_text(table, 2, columns));
    text += wrap("  ",
                 fmt::format("a trial at batch {} needs about {} of memory in addition to the data",
                             summary.batch, bytes(network.trial_bytes)),
                 columns, 2) +
            "\n";
  }
  return text + "\n" +
         wrap("", "FLOPs and memory are per image, forward; a multiply and an add are 2 FLOPs.",
              columns, 0) +
         "\n";
}

}  // namespace whichfirst::report
