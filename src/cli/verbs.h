// What a verb is: its options in the words of its help, and what runs it. program.cpp hands these
// tables to CLI11, which no other file knows.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace whichfirst::cli {

// Exit codes. CLI11's own errors become kWrongInput too.
inline constexpr int kDone = 0;
inline constexpr int kExpectationFails = 1;
inline constexpr int kWrongInput = 2;
inline constexpr int kUndecided = 3;
inline constexpr int kInterrupted = 130;

/// Where a word of the command line goes. A bool is a flag, a function is called with the text.
using Target = std::variant<bool*, int*, std::uint64_t*, double*, std::optional<double>*,
                            std::string*, std::optional<std::string>*, std::vector<std::string>*,
                            std::function<void(const std::string&)>>;

struct Range {
  double least = 0;
  double most = 0;
};

/// What holds of an option beyond its name and its help.
struct Traits {
  std::string type{};  ///< as the help shows it, such as "FILE"; empty: after the target's type
  bool is_required = false;
  bool shows_default = false;          ///< the target's value, in the help
  std::optional<Range> range{};        ///< of a number: both ends are allowed
  std::vector<std::string> choices{};  ///< of a word; empty: any
  bool is_repeated = false;            ///< of a list: one word each time the option is given
  std::string needs{};                 ///< an option listed before, without which it is refused
  std::string excludes{};              ///< likewise, together with which it is refused
};

inline const Traits kShowsDefault{.shows_default = true};
inline const Traits kRequired{.is_required = true};
inline Traits typed(std::string type) { return {.type = std::move(type)}; }

struct Option {
  std::string name;  ///< "--order"; without dashes: by its place
  Target target;
  std::string help;
  Traits traits{};
};
using Options = std::vector<Option>;

/// The lists one after the other.
Options joined(std::initializer_list<Options> lists);
/// "--json", for verbs that print one document.
Option json_option(bool& json);

struct Verb {
  std::string name;
  std::string help;
  Options options{};
  std::string footer{};  ///< examples, exit codes
  /// Returns the exit code. Errors are thrown; run_program prints them.
  std::function<int()> run{};
  std::vector<Verb> verbs{};  ///< of a verb that only groups others: one of these is to follow
};

/// Outputs are tried before the long part: throws Error where the folder of `path` cannot be
/// written. An empty path is none.
void require_writable(const char* option, const std::string& path);

Verb compare_verb();
Verb explain_verb();
Verb train_verb();
Verb summary_verb();
Verb bench_verb();
Verb verdict_verb();
Verb report_verb();
Verb list_verb();
Verb status_verb();
Verb lab_verb();
Verb data_verb();

}  // namespace whichfirst::cli
