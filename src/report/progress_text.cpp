#include "report/progress_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "report/document.h"
#include "report/wording.h"
#include "stats/moments.h"

namespace whichfirst::report {
namespace {

std::string bar(double share) {
  constexpr int kCells = 16;
  const int full = static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * kCells));
  std::string text;
  for (int i = 0; i < kCells; ++i) text += i < full ? '#' : '.';
  return text;
}

std::string spread(const std::vector<double>& values, const MetricWords& words) {
  const stats::Moments moments = stats::moments_of(values);
  if (!moments.mean) return "";
  std::string text = number(moments.mean, words.decimals);
  if (moments.sd) text += fmt::format(" +- {:.{}f}", *moments.sd, words.decimals);
  return text;
}

}  // namespace

std::string look_line(const LookProgress& look, const std::string& metric) {
  const MetricWords words = metric_words(metric);
  std::string text = fmt::format("{} - {}: {}", look.a, look.b, counted(look.pairs, "pair"));
  if (look.interval) {
    text += ", " + interval_words(*look.interval, words.decimals);
  }
  if (look.verdict) {
    return text + fmt::format("; {}{}", stats::name(*look.verdict),
                              look.is_ended_by_gate ? ", and --expect is answered" : "");
  }
  if (!look.interval) return text;
  if (!look.more_pairs) return text + "; not decided within plan.max-seeds at the spread seen";
  text += fmt::format("; about {}", counted(*look.more_pairs, "more pair"));
  if (look.core_hours) text += fmt::format(", {:.2g} core-hours", *look.core_hours);
  return text;
}

std::optional<double> estimate_left(double elapsed_seconds, double done, double left) {
  constexpr double kEnoughToTell = 0.05;  // of a trial
  if (done < kEnoughToTell) return std::nullopt;
  return elapsed_seconds / done * left;
}

std::string time_words(const RunProgress& progress) {
  std::string text = duration(progress.elapsed_seconds) + " elapsed";
  if (progress.left_seconds.value_or(0) > 0)
    text += fmt::format(", about {} left", duration(*progress.left_seconds));
  return text;
}

std::vector<std::string> progress_lines(const RunProgress& progress, std::size_t columns) {
  const MetricWords words = metric_words(progress.metric);
  Table table{{"order", "stages", "progress", "trials", words.name}, "lllrl"};
  for (const OrderProgress& order : progress.orders) {
    const double share = (order.finished + order.under_way) / std::max(1, progress.replicates);
    table.rows.push_back({order.name, order.order, bar(share),
                          fmt::format("{}/{}", order.finished, progress.replicates),
                          spread(order.values, words) +
                              (order.lost > 0 ? fmt::format("  {} lost", order.lost) : "")});
  }
  table.fit(columns, {"stages", "progress"});
  std::istringstream text(render_text(table, 0) + time_words(progress));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace whichfirst::report
