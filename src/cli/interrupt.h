// Ctrl-C and its kin as a stop token. What happens on it:
//
//   1. the signal asks for a stop here; nothing else in the program knows of signals;
//   2. `study::run_trials` begins no more trials, and the engine gives up those under way at their
//      next step: they leave no file;
//   3. `study::Run::finish` concludes from the trials that have ended, as `interrupted`, and writes
//      no verdict.json;
//   4. the verb prints that, says how to resume and ends with kInterrupted, 130;
//   5. a second signal ends the program at once. The run folder is whole at any moment
//      (record/run_folder.h).
#pragma once

#include <memory>
#include <stop_token>

namespace whichfirst::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP request a stop instead of ending the program; a
/// second one ends it at once with exit code 130. Those that are ignored already stay ignored. Make
/// it before any other thread is started.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace whichfirst::cli
