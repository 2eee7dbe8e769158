// A running comparison on stderr: redrawn lines on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/progress_text.h"
#include "study/conclude.h"
#include "study/scheduler.h"

namespace whichfirst::cli {

class LiveDisplay : public study::Listener {
 public:
  enum class Style {
    quiet,  // nothing
    lines,  // one a finished trial
    live,   // one an order, redrawn
  };

  /// What is shown of a run: some arms, so many replicates of each, one metric.
  struct Scope {
    std::vector<int> arms;
    int replicates = 0;
    std::string metric;
    bool is_tuning = false;
  };

  /// `before` are the trials that are finished already.
  LiveDisplay(const study::Experiment& experiment, Scope scope, const study::Trials& before,
              Style style);
  /// Leaves the last state on the screen.
  ~LiveDisplay() override;
  LiveDisplay(const LiveDisplay&) = delete;
  LiveDisplay& operator=(const LiveDisplay&) = delete;

  /// A line about a comparison so far, shown below the orders or, where it is new, by itself.
  void tell(std::size_t comparison, std::string line);

  void on_start(const study::TrialId& id) override;
  void on_progress(const study::TrialId& id, const train::Progress& progress) override;
  void on_finish(const study::TrialId& id, const record::TrialRecord& record) override;

 private:
  using Clock = std::chrono::steady_clock;

  void count(const record::TrialRecord& record, report::OrderProgress& order) const;
  void draw();
  void erase() const;
  double elapsed() const;

  report::OrderProgress& order_of(int arm);

  Scope scope_;
  Style style_;
  std::vector<std::string> told_;  // by comparison
  Clock::time_point started_ = Clock::now();
  Clock::time_point drawn_{};
  report::RunProgress state_;
  std::map<study::TrialId, double> shares_;  // of the trials under way
  int finished_before_ = 0;
  int finished_now_ = 0;
  int drawn_lines_ = 0;
};

}  // namespace whichfirst::cli
