#include "report/bench_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "report/table.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

using bench::BenchKernels;
using bench::BenchKind;
using bench::BenchOrder;
using bench::BenchPart;
using bench::BenchPeer;
using bench::BenchPeers;
using bench::BenchRecord;

std::string number_or_dash(const std::optional<double>& number) {
  return number ? fmt::format("{:.1f}", *number) : "-";
}

std::string percent_of(const std::optional<double>& number, const std::optional<double>& peak) {
  return number && peak ? fmt::format("{:.0f} %", 100 * *number / *peak) : "-";
}

std::string print_speeds(const BenchRecord& bench) {
  const bool has_pinned =
      std::any_of(bench.orders.begin(), bench.orders.end(),
                  [](const BenchOrder& order) { return order.pinned_ratio.has_value(); });
  std::vector<std::string> header = {"order",
                                     "images/s",
                                     "GFLOP/s",
                                     "of peak",
                                     "fwd+bwd alone",
                                     "share",
                                     fmt::format("x{} together", bench.threads),
                                     "first step",
                                     "memory"};
  if (has_pinned) header.push_back("pinned");
  std::vector<Align> alignment(header.size(), Align::right);
  alignment[0] = Align::left;
  Table table(header, alignment);
  for (const BenchOrder& order : bench.orders) {
    std::vector<std::string> row = {fmt::format("{} ({})", order.name, order.order),
                                    fmt::format("{:.0f}", order.images_per_second),
                                    fmt::format("{:.1f}", order.gflops),
                                    percent_of(order.gflops, bench.peak_gflops),
                                    fmt::format("{:.0f}", order.primitives_images_per_second),
                                    fmt::format("{:.3f}", order.primitives_share),
                                    fmt::format("{:.2f}", order.together_ratio),
                                    fmt::format("{:.3f}s", order.first_step_seconds),
                                    bytes(order.peak_bytes)};
    if (has_pinned) {
      row.push_back(order.pinned_ratio ? fmt::format("x{:.3f}", *order.pinned_ratio) : "-");
    }
    table.add(std::move(row));
  }
  std::string text = table.print(2);
  text +=
      "\nimages/s: the whole training step on one thread - batch assembly, forward, backward, "
      "update,\n"
      "metrics. GFLOP/s: of the products that it takes. fwd+bwd alone: without batch assembly, "
      "loss,\n"
      "checks, update, running statistics; share: of these in the step's time. memory: a trial's\n"
      "peak beside the data.\n";
  if (has_pinned) {
    text +=
        "pinned: the speed of trials side by side, each kept on a core of its own, against the\n"
        "same trials left to the system.\n";
  }
  return text;
}

/// The columns that every table of parts has.
std::vector<std::string> cells(const BenchPart& part, const BenchOrder& order,
                               const BenchRecord& bench) {
  return {fmt::format("{:.3f}", 1000 * part.seconds),
          fmt::format("{:.1f} %", 100 * part.seconds / order.step_seconds()),
          number_or_dash(part.gflops()),
          percent_of(part.gflops(), bench.peak_gflops),
          number_or_dash(part.gb_per_second()),
          percent_of(part.gb_per_second(), bench.peak_gb_per_second)};
}

std::string implementations_of(const BenchKind& kind) {
  std::string text;
  for (const BenchKernels& each : kind.implementations) {
    text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", each.count, each.implementation);
  }
  return text;
}

/// `names` and then the columns of every part.
Table parts_table(std::vector<std::string> names) {
  std::vector<Align> alignment(names.size(), Align::left);
  for (const char* title : {"ms", "share", "GFLOP/s", "of peak", "GB/s", "of peak"}) {
    names.emplace_back(title);
    alignment.push_back(Align::right);
  }
  names.emplace_back("implementation");
  alignment.push_back(Align::left);
  return Table(std::move(names), std::move(alignment));
}

void add_row(Table& table, std::vector<std::string> row, const std::vector<std::string>& numbers,
             std::string implementation) {
  row.insert(row.end(), numbers.begin(), numbers.end());
  row.push_back(std::move(implementation));
  table.add(std::move(row));
}

std::string print_kinds(const BenchOrder& order, const BenchRecord& bench) {
  Table table = parts_table({"kind"});
  for (const BenchKind& kind : by_kind(order.parts)) {
    add_row(table, {kind.sum.kind}, cells(kind.sum, order, bench), implementations_of(kind));
  }
  return table.print(2);
}

std::string print_stages(const BenchOrder& order, const BenchRecord& bench) {
  Table table = parts_table({"stage", "what"});
  for (const BenchPart& part : order.parts) {
    add_row(table, {part.stage.empty() ? "-" : part.stage, part.what}, cells(part, order, bench),
            part.implementation);
  }
  return table.print(2);
}

std::string print_order(const BenchOrder& order, const BenchRecord& bench, BenchDetail detail) {
  std::string text = fmt::format(
      "\n{} ({}): a step takes {:.2f} ms, {:.1f} % of it in convolutions; memory: {} of values and "
      "gradients, {} of parameters\n",
      order.name, order.order, 1000 * order.step_seconds(), 100 * order.conv_share(),
      bytes(order.arena_bytes), bytes(order.parameter_bytes));
  text += detail == BenchDetail::stages ? print_stages(order, bench) : print_kinds(order, bench);
  for (const BenchPart& part : order.parts) {
    if (!part.is_reference()) continue;
    text += fmt::format("  warning: {} {} runs by {}, a reference implementation, which is slow\n",
                        part.stage, part.what, part.implementation);
  }
  return text;
}

std::string print_peers(const BenchPeers& peers, const BenchRecord& bench) {
  std::string text = fmt::format(
      "\n{} beside ours on the same network, in alternation; ratio: {} trials of ours side by side "
      "against it\n",
      peers.library, bench.threads);
  Table table({"order", "configuration", "processes x threads", "images/s", "ours", "ratio"},
              {Align::left, Align::left, Align::right, Align::right, Align::right, Align::right});
  for (const BenchOrder& order : bench.orders) {
    for (const BenchPeer& peer : peers.runs) {
      if (peer.order != order.name) continue;
      table.add({order.name, peer.configuration,
                 fmt::format("{} x {}", peer.processes, peer.threads),
                 fmt::format("{:.0f}", peer.images_per_second),
                 fmt::format("{:.0f}", order.together_images_per_second),
                 fmt::format("{:.2f}", peer.ratio)});
    }
  }
  text += table.print(2);
  for (const BenchPeers::Missing& missing : peers.missing) {
    text += fmt::format("  not measured: {}: {}\n", missing.configuration, missing.reason);
  }
  return text;
}

}  // namespace

std::string print_bench(const BenchRecord& bench, BenchDetail detail) {
  std::string text = fmt::format("{} on {}, batch {}, {}, {}, {}\n", bench.network, bench.input,
                                 bench.batch, bench.precision, bench.isa, bench.library);
  if (bench.peak_gflops) {
    text += fmt::format("one core's measured peak: {:.1f} GFLOP/s of {} multiply-adds\n",
                        *bench.peak_gflops, bench.precision == "bf16" ? "bf16" : "fp32");
  }
  if (bench.peak_gb_per_second) {
    text += fmt::format("one core's measured peak: {:.1f} GB/s to and from memory\n",
                        *bench.peak_gb_per_second);
  }
  text += "\n" + print_speeds(bench);
  for (const BenchOrder& order : bench.orders) text += print_order(order, bench, detail);
  if (bench.peers) text += print_peers(*bench.peers, bench);
  return text;
}

}  // namespace whichfirst::report
