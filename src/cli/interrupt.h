// Ctrl-C and its kin as a stop token.
#pragma once

#include <memory>
#include <stop_token>

namespace whichfirst::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP request a stop instead of ending the program; a
/// second one ends it at once with exit code 130. Make it before any other thread is started.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  std::stop_token token() const;
  bool happened() const { return token().stop_requested(); }

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace whichfirst::cli
