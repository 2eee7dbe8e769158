#include "cli/live_display.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

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

LiveDisplay::~LiveDisplay() { draw(); }

void LiveDisplay::say(std::string_view line) const {
  if (style_ != Style::quiet) fmt::print(stderr, "{}\n", line);
}

void LiveDisplay::on_notice(const study::Notice& notice) {
  using Kind = study::Notice::Kind;
  const bool is_warning = notice.kind == Kind::same_network || notice.kind == Kind::same_training;
  const char* word = notice.kind == Kind::data_note ? "note: " : is_warning ? "warning: " : "";
  say(word + notice.text);
}

void LiveDisplay::on_resume(const study::Trials& found, const std::filesystem::path& folder) {
  say(fmt::format("{} finished trials found in {}", found.size(), folder.string()));
}

void LiveDisplay::on_phase(const study::Phase& phase, const study::Experiment& experiment,
                           const study::Trials& before) {
  draw();  // the last state of the phase before
  if (phase.is_tuning) {
    say(fmt::format("trying each order at {} learning rates", experiment.study.recipe.lr.size()));
  }
  scene_ = {};
  scene_.arms = phase.arms;
  scene_.progress.replicates = phase.replicates;
  scene_.progress.metric = phase.metric;
  for (const std::size_t index : phase.arms) {
    const study::Arm& arm = experiment.arms[index];
    scene_.progress.orders.push_back({.name = arm.name, .order = arm.order, .values = {}});
    for (const auto& [id, record] : before) {
      if (id.arm != index || record::is_tuning(id.replicate) != phase.is_tuning) continue;
      count(record, scene_.progress.orders.back());
      ++scene_.finished_before;
    }
  }
  draw();
}

report::OrderProgress& LiveDisplay::order_of(std::size_t arm) {
  const auto found = std::find(scene_.arms.begin(), scene_.arms.end(), arm);
  check(found != scene_.arms.end(), "the arm is shown");
  return scene_.progress.orders[static_cast<std::size_t>(found - scene_.arms.begin())];
}

void LiveDisplay::on_look(std::size_t comparison, const report::LookProgress& look) {
  std::string line = report::look_line(look, scene_.progress.metric);
  if (comparison >= scene_.told.size()) scene_.told.resize(comparison + 1);
  if (line == scene_.told[comparison]) return;
  scene_.told[comparison] = std::move(line);
  if (style_ == Style::lines) say(scene_.told[comparison]);
  draw();
}

void LiveDisplay::on_start(const study::TrialId& id) { scene_.shares[id] = 0; }

void LiveDisplay::on_progress(const study::TrialId& id, const train::Progress& progress) {
  scene_.shares[id] = progress.share;
  constexpr auto kBetweenDrawings = std::chrono::milliseconds(100);
  if (Clock::now() - scene_.drawn > kBetweenDrawings) draw();
}

void LiveDisplay::on_finish(const study::TrialId& id, const record::TrialRecord& record) {
  scene_.shares.erase(id);
  ++scene_.finished_now;
  report::OrderProgress& order = order_of(id.arm);
  count(record, order);
  draw();
  if (style_ != Style::lines) return;
  const report::RunProgress& progress = scene_.progress;
  const auto total = progress.orders.size() * static_cast<std::size_t>(progress.replicates);
  const auto value = record::metric_value(record.metrics, progress.metric);
  const report::MetricWords words = report::metric_words(progress.metric);
  const std::string result =
      value ? fmt::format("{} {:.{}f}", words.name, *value, words.decimals)
            : fmt::format("{}: {}", record::name(record.status), record.reason.value_or(""));
  say(fmt::format("{}/{}  {} replicate {}: {} ({})", scene_.finished_before + scene_.finished_now,
                  total, order.name, record::replicate_name(id.replicate), result,
                  report::duration(record.timings.seconds)));
}

void LiveDisplay::on_end(const record::VerdictRecord&) {
  draw();
  scene_ = {};
}

void LiveDisplay::count(const record::TrialRecord& record, report::OrderProgress& order) const {
  ++order.finished;
  if (record.status != record::Status::done) ++order.lost;
  if (const auto value = record::metric_value(record.metrics, scene_.progress.metric)) {
    order.values.push_back(*value);
  }
}

/// Moves the cursor up over what was drawn, clears to the end of the screen and draws anew.
void LiveDisplay::draw() {
  report::RunProgress& progress = scene_.progress;
  if (style_ != Style::live || progress.orders.empty()) return;
  scene_.drawn = Clock::now();
  for (report::OrderProgress& order : progress.orders) order.under_way = 0;
  double done = scene_.finished_now;
  for (const auto& [id, share] : scene_.shares) {
    order_of(id.arm).under_way += share;
    done += share;
  }
  const double total =
      static_cast<double>(progress.orders.size()) * progress.replicates - scene_.finished_before;
  progress.elapsed_seconds = std::chrono::duration<double>(scene_.drawn - scene_.started).count();
  progress.left_seconds = report::estimate_left(progress.elapsed_seconds, done, total - done);
  std::vector<std::string> lines = report::progress_lines(progress, terminal_columns());
  constexpr std::size_t kMostTold = 6;  // what is redrawn must fit the screen
  for (std::size_t i = 0; i < std::min(scene_.told.size(), kMostTold); ++i) {
    lines.push_back(scene_.told[i].substr(0, static_cast<std::size_t>(terminal_columns())));
  }
  if (scene_.told.size() > kMostTold) {
    lines.push_back(fmt::format("... and {} comparisons more", scene_.told.size() - kMostTold));
  }
  if (scene_.drawn_lines > 0) fmt::print(stderr, "\x1b[{}A\x1b[J", scene_.drawn_lines);
  for (const std::string& line : lines) fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
  scene_.drawn_lines = static_cast<int>(lines.size());
}

}  // namespace whichfirst::cli
