// One function a verb: adds its sub-command to the program and returns what runs it.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace whichfirst::cli {

// Exit codes. CLI11's own errors become kWrongInput too.
inline constexpr int kDone = 0;
inline constexpr int kExpectationFails = 1;
inline constexpr int kWrongInput = 2;
inline constexpr int kUndecided = 3;
inline constexpr int kInterrupted = 130;

/// Returns the exit code. Errors are thrown; main prints them.
using Verb = std::function<int()>;

struct AddedVerb {
  CLI::App* command = nullptr;
  Verb run;
};

AddedVerb add_compare(CLI::App& program);
AddedVerb add_explain(CLI::App& program);
AddedVerb add_train(CLI::App& program);
AddedVerb add_summary(CLI::App& program);
AddedVerb add_bench(CLI::App& program);
AddedVerb add_verdict(CLI::App& program);
AddedVerb add_report(CLI::App& program);
AddedVerb add_lab(CLI::App& program);
AddedVerb add_data(CLI::App& program);

}  // namespace whichfirst::cli
