#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "bench/bench_record.h"
#include "report/document.h"
#include "report/wording.h"

namespace whichfirst::bench {
namespace {

using report::bytes;
using report::kMissing;
using report::number;
using report::render_text;
using report::Table;

std::string percent_of(const std::optional<double>& speed, const std::optional<double>& peak) {
  return speed && peak ? fmt::format("{:.0f} %", 100 * *speed / *peak) : kMissing;
}

std::string print_speeds(const BenchRecord& bench, std::size_t columns) {
  Table table{{"order", "images/s", "GFLOP/s", "of peak", "fwd+bwd alone", "share",
               fmt::format("x{} together", bench.threads), "first step", "memory"},
              "lrrrrrrrr"};
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
    table.rows.push_back(std::move(row));
  }
  std::string text = render_text(table, 2, columns);
  return text + "\n" +
         report::wrap(
             "",
             "images/s: the whole training step on one thread - batch assembly, forward, backward, "
             "update, metrics. GFLOP/s: of its products. fwd+bwd alone: without batch assembly, "
             "loss, checks, update and running statistics; share: that of the rest in the step's "
             "time. memory: a trial's peak in addition to the data.",
             std::min(columns, report::kWidestProse), 0) +
         "\n";
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
  Table table{std::move(names), ""};
  table.alignment = std::string(table.header.size(), 'l') + "rrrrrrl";
  for (const char* title :
       {"ms", "share", "GFLOP/s", "of peak", "GB/s", "of peak", "implementation"}) {
    table.header.emplace_back(title);
  }
  return table;
}

/// A row of it: `row`, then the part's numbers.
void add_row(Table& table, std::vector<std::string> row, const BenchPart& part,
             const std::string& implementation, const BenchOrder& order, const BenchRecord& bench) {
  row.insert(
      row.end(),
      {fmt::format("{:.3f}", 1000 * part.seconds),
       fmt::format("{:.1f} %", 100 * part.seconds / order.step_seconds()), number(part.gflops(), 1),
       percent_of(part.gflops(), bench.peak_gflops), number(part.gb_per_second(), 1),
       percent_of(part.gb_per_second(), bench.peak_gb_per_second), implementation});
  table.rows.push_back(std::move(row));
}

/// Where the time goes, by kind or stage by stage.
Table parts_of(const BenchOrder& order, const BenchRecord& bench, BenchDetail detail) {
  if (detail == BenchDetail::kinds) {
    Table table = parts_table({"kind"});
    for (const BenchKind& kind : by_kind(order.parts)) {
      add_row(table, {kind.sum.kind}, kind.sum, implementations_of(kind), order, bench);
    }
    return table;
  }
  Table table = parts_table({"stage", "what"});
  for (const BenchPart& part : order.parts) {
    add_row(table, {part.stage.empty() ? kMissing : part.stage, part.what}, part,
            part.implementation, order, bench);
  }
  return table;
}

std::string print_order(const BenchOrder& order, const BenchRecord& bench, BenchDetail detail,
                        std::size_t columns) {
  std::string text = fmt::format(
      "\n{} ({}): a step takes {:.2f} ms, {:.1f} % of it in convolutions; memory: {} of values and "
      "gradients, {} of parameters\n",
      order.name, order.order, 1000 * order.step_seconds(), 100 * order.conv_share(),
      bytes(order.arena_bytes), bytes(order.parameter_bytes));
  text += render_text(parts_of(order, bench, detail), 2, columns);
  for (const BenchPart& part : order.parts) {
    if (!part.is_reference()) continue;
    text += fmt::format("  warning: {} {} runs by {}, a reference implementation, which is slow\n",
                        part.stage, part.what, part.implementation);
  }
  return text;
}

std::string print_peers(const BenchPeers& peers, const BenchRecord& bench, std::size_t columns) {
  std::string text = fmt::format(
      "\n{} and ours on the same network, in alternation; ratio: {} parallel trials of ours to "
      "it\n",
      peers.library, bench.threads);
  Table table{{"order", "configuration", "processes x threads", "images/s", "ours", "ratio"},
              "llrrrr"};
  for (const BenchOrder& order : bench.orders) {
    for (const BenchPeer& peer : peers.runs) {
      if (peer.order != order.name) continue;
      table.rows.push_back({order.name, peer.configuration,
                            fmt::format("{} x {}", peer.processes, peer.threads),
                            fmt::format("{:.0f}", peer.images_per_second),
                            fmt::format("{:.0f}", order.together_images_per_second),
                            fmt::format("{:.2f}", peer.ratio)});
    }
  }
  text += render_text(table, 2, columns);
  for (const BenchPeers::Missing& missing : peers.missing) {
    text += fmt::format("  not measured: {}: {}\n", missing.configuration, missing.reason);
  }
  return text;
}

}  // namespace

std::string print_bench(const BenchRecord& bench, BenchDetail detail, std::size_t columns) {
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
  text += "\n" + print_speeds(bench, columns);
  for (const BenchOrder& order : bench.orders) text += print_order(order, bench, detail, columns);
  if (bench.peers) text += print_peers(*bench.peers, bench, columns);
  return text;
}

}  // namespace whichfirst::bench
