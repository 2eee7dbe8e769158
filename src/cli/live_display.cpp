#include "cli/live_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <utility>

#include "base/error.h"
#include "base/words.h"
#include "record/metrics.h"
#include "report/document.h"
#include "report/wording.h"

namespace whichfirst::cli {
LiveDisplay::~LiveDisplay() { draw(); }

void LiveDisplay::say(std::string_view line) const {
  if (style_ == Style::quiet) return;
  const std::size_t columns =
      style_ == Style::live ? terminal_size(STDERR_FILENO).columns : line.size();
  fmt::print(stderr, "{}\n", report::wrap("", line, columns, 2));
}

void LiveDisplay::on_notice(const study::Notice& notice) {
  using Kind = study::Notice::Kind;
  const bool is_warning = notice.kind == Kind::beforehand || notice.kind == Kind::same_training;
  const char* word = notice.kind == Kind::data_note ? "note: " : is_warning ? "warning: " : "";
  say(word + notice.text);
}

void LiveDisplay::on_resume(const study::Trials& found, const std::filesystem::path& folder) {
  say(fmt::format("{} found in {}", counted(std::ssize(found), "finished trial"), folder.string()));
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
  const auto value = record::metric_value(record.metrics, scene_.progress.metric);
  const report::MetricWords words = report::metric_words(scene_.progress.metric);
  const std::string result =
      value ? fmt::format("{} {:.{}f}", words.name, *value, words.decimals)
            : fmt::format("{}: {}", record::name(record.status), record.reason.value_or(""));
  keep_time();
  say(fmt::format("{}/{}  {} replicate {}: {} in {}; {}",
                  scene_.finished_before + scene_.finished_now, trials_of_phase(), order.name,
                  record::replicate_name(id.replicate), result,
                  report::duration(record.timings.seconds), report::time_words(scene_.progress)));
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

std::size_t LiveDisplay::trials_of_phase() const {
  return scene_.arms.size() * static_cast<std::size_t>(scene_.progress.replicates);
}

/// How far the trials under way are, how long that took, and how long the rest will take.
void LiveDisplay::keep_time() {
  report::RunProgress& progress = scene_.progress;
  for (report::OrderProgress& order : progress.orders) order.under_way = 0;
  double done = scene_.finished_now;
  for (const auto& [id, share] : scene_.shares) {
    order_of(id.arm).under_way += share;
    done += share;
  }
  const double total = static_cast<double>(trials_of_phase()) - scene_.finished_before;
  progress.elapsed_seconds = std::chrono::duration<double>(Clock::now() - scene_.started).count();
  progress.left_seconds = report::estimate_left(progress.elapsed_seconds, done, total - done);
}

void LiveDisplay::draw() {
  const report::RunProgress& progress = scene_.progress;
  if (style_ != Style::live || progress.orders.empty()) return;
  scene_.drawn = Clock::now();
  keep_time();
  const TerminalSize screen = terminal_size(STDERR_FILENO);
  // While a window is resized its size runs ahead of what it shows.
  const bool is_settled = screen.columns == std::exchange(scene_.columns, screen.columns);
  if (!is_settled && !scene_.drawn_lines.empty()) return;
  std::vector<std::string> lines = report::progress_lines(progress, screen.columns - 1);
  for (const std::string& told : scene_.told) {
    std::istringstream wrapped(report::wrap("", told, screen.columns - 1, 2));
    for (std::string line; std::getline(wrapped, line);) lines.push_back(line);
  }
  for (std::string& line : lines) line.resize(std::min(line.size(), screen.columns - 1));
  if (lines.size() >= screen.rows) {  // only what is on the screen can be drawn over
    const std::size_t shown = std::max<std::size_t>(screen.rows, 3) - 2;
    const std::string more = fmt::format("... and {} lines more", lines.size() - shown);
    lines.resize(shown);
    lines.push_back(more);
  }
  erase_drawing(screen);
  for (const std::string& line : lines) fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
  scene_.drawn_lines = std::move(lines);
}

/// Moves the cursor up over what was drawn and clears to the end of the screen. A terminal that has
/// become narrower since breaks each line anew, into as many rows as it needs now.
void LiveDisplay::erase_drawing(const TerminalSize& screen) const {
  std::size_t rows = 0;
  for (const std::string& line : scene_.drawn_lines) {
    rows += std::max<std::size_t>(1, (line.size() + screen.columns - 1) / screen.columns);
  }
  if (rows > 0) fmt::print(stderr, "\x1b[{}A\x1b[J", std::min(rows, screen.rows - 1));
}

}  // namespace whichfirst::cli
