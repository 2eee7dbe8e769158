// A run on stderr: redrawn lines on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"
#include "report/progress_text.h"
#include "study/run.h"

namespace whichfirst::cli {

class LiveDisplay : public study::Listener {
 public:
  enum class Style {
    quiet,  // nothing
    lines,  // one per finished trial
    live,   // one per order, redrawn
  };

  explicit LiveDisplay(Style style) : style_(style) {}
  /// Leaves the last state on the screen.
  ~LiveDisplay() override;
  LiveDisplay(const LiveDisplay&) = delete;
  LiveDisplay& operator=(const LiveDisplay&) = delete;

  /// A line of its own.
  void say(std::string_view line) const;

  void on_notice(const study::Notice& notice) override;
  void on_resume(const study::Trials& found, const std::filesystem::path& folder) override;
  void on_phase(const study::Phase& phase, const study::Experiment& experiment,
                const study::Trials& before) override;
  void on_start(const study::TrialId& id) override;
  void on_progress(const study::TrialId& id, const train::Progress& progress) override;
  /// A line about a comparison so far, shown below the orders or, where it is new, by itself.
  void on_look(std::size_t comparison, const report::LookProgress& look) override;
  void on_finish(const study::TrialId& id, const record::TrialRecord& record) override;
  void on_end(const record::VerdictRecord& verdict) override;

 private:
  using Clock = std::chrono::steady_clock;

  /// What is shown of one phase: its arms, so many replicates of each, one metric.
  struct Scene {
    report::RunProgress progress;
    std::vector<std::size_t> arms;            // of the orders
    std::vector<std::string> told;            // by comparison
    std::map<study::TrialId, double> shares;  // of the trials under way
    int finished_before = 0;
    int finished_now = 0;
    std::vector<std::string> drawn_lines;
    std::size_t columns = 0;  // of the terminal, when last asked
    Clock::time_point started = Clock::now();
    Clock::time_point drawn = {};
  };

  void count(const record::TrialRecord& record, report::OrderProgress& order) const;
  void draw();
  void erase_drawing(const TerminalSize& screen) const;
  void keep_time();
  std::size_t trials_of_phase() const;
  report::OrderProgress& order_of(std::size_t arm);

  Style style_;
  Scene scene_;
};

}  // namespace whichfirst::cli
