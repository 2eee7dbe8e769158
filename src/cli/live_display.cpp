#include "cli/live_display.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "record/metrics.h"
#include "report/wording.h"

namespace whichfirst::cli {
namespace {

int terminal_columns() {
  winsize size{};
  const bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col - 1 : 100;
}

}  // namespace

LiveDisplay::LiveDisplay(const study::Experiment& experiment, Scope scope,
                         const study::Trials& before, Style style)
    : scope_(std::move(scope)), style_(style) {
  state_.replicates = scope_.replicates;
  state_.metric = scope_.metric;
  for (const int index : scope_.arms) {
    const study::Arm& arm = experiment.arms[static_cast<std::size_t>(index)];
    state_.orders.push_back({.name = arm.name, .order = arm.order, .values = {}});
    for (const auto& [key, record] : before) {
      if (key.first != arm.name || record::is_tuning(key.second) != scope_.is_tuning) continue;
      count(record, state_.orders.back());
      ++finished_before_;
    }
  }
  if (style_ == Style::live) draw();
}

report::OrderProgress& LiveDisplay::order_of(int arm) {
  const auto found = std::find(scope_.arms.begin(), scope_.arms.end(), arm);
  check(found != scope_.arms.end(), "the arm is shown");
  return state_.orders[static_cast<std::size_t>(found - scope_.arms.begin())];
}

void LiveDisplay::tell(std::size_t comparison, std::string line) {
  if (comparison >= told_.size()) told_.resize(comparison + 1);
  if (line == told_[comparison]) return;
  told_[comparison] = std::move(line);
  if (style_ == Style::lines) fmt::print(stderr, "{}\n", told_[comparison]);
  if (style_ == Style::live) draw();
}

LiveDisplay::~LiveDisplay() {
  if (style_ == Style::live) draw();
}

void LiveDisplay::on_start(const study::TrialId& id) { shares_[id] = 0; }

void LiveDisplay::on_progress(const study::TrialId& id, const train::Progress& progress) {
  shares_[id] = progress.share;
  constexpr auto kBetweenDrawings = std::chrono::milliseconds(100);
  if (style_ == Style::live && Clock::now() - drawn_ > kBetweenDrawings) draw();
}

void LiveDisplay::on_finish(const study::TrialId& id, const record::TrialRecord& record) {
  shares_.erase(id);
  ++finished_now_;
  report::OrderProgress& order = order_of(id.arm);
  count(record, order);
  if (style_ == Style::live) draw();
  if (style_ != Style::lines) return;
  const auto total = state_.orders.size() * static_cast<std::size_t>(state_.replicates);
  const auto value = record::metric_value(record.metrics, state_.metric);
  const report::MetricWords words = report::metric_words(state_.metric);
  const std::string result =
      value ? fmt::format("{} {:.{}f}", words.name, *value, words.decimals)
            : fmt::format("{}: {}", record::name(record.status), record.reason.value_or(""));
  fmt::print(stderr, "{}/{}  {} replicate {}: {} ({})\n", finished_before_ + finished_now_, total,
             order.name, record::replicate_name(id.replicate), result,
             report::duration(record.timings.seconds));
}

void LiveDisplay::count(const record::TrialRecord& record, report::OrderProgress& order) const {
  ++order.finished;
  if (record.status != record::Status::done) ++order.lost;
  if (const auto value = record::metric_value(record.metrics, state_.metric)) {
    order.values.push_back(*value);
  }
}

double LiveDisplay::elapsed() const {
  return std::chrono::duration<double>(Clock::now() - started_).count();
}

void LiveDisplay::draw() {
  drawn_ = Clock::now();
  for (report::OrderProgress& order : state_.orders) order.under_way = 0;
  double done = finished_now_;
  for (const auto& [id, share] : shares_) {
    order_of(id.arm).under_way += share;
    done += share;
  }
  const double total =
      static_cast<double>(state_.orders.size()) * state_.replicates - finished_before_;
  state_.elapsed_seconds = elapsed();
  state_.left_seconds = report::estimate_left(state_.elapsed_seconds, done, total - done);
  erase();
  std::vector<std::string> lines = report::progress_lines(state_, terminal_columns());
  constexpr std::size_t kMostTold = 6;  // what is redrawn must fit the screen
  for (std::size_t i = 0; i < std::min(told_.size(), kMostTold); ++i) {
    lines.push_back(told_[i].substr(0, static_cast<std::size_t>(terminal_columns())));
  }
  if (told_.size() > kMostTold) {
    lines.push_back(fmt::format("... and {} comparisons more", told_.size() - kMostTold));
  }
  for (const std::string& line : lines) fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
  drawn_lines_ = static_cast<int>(lines.size());
}

/// Moves the cursor up over what was drawn and clears to the end of the screen.
void LiveDisplay::erase() const {
  if (drawn_lines_ > 0) fmt::print(stderr, "\x1b[{}A\x1b[J", drawn_lines_);
}

}  // namespace whichfirst::cli
