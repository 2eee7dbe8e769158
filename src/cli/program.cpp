#include "cli/program.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/suggest.h"
#include "cli/verbs.h"
#include "record/printable.h"
#include "record/version.h"

namespace whichfirst::cli {
namespace {

/// A first word that is neither a verb nor an option, which CLI11 would only call missing.
void refuse_unknown_verb(const std::vector<AddedVerb>& verbs, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  const std::string word = argv[1];
  std::vector<std::string> names;
  for (const AddedVerb& verb : verbs) {
    if (verb.command->check_name(word)) return;
    names.push_back(verb.command->get_name());
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = nearest_word(word, known);
  throw Error(fmt::format("no verb '{}'{}; the verbs are {}", word,
                          near ? fmt::format(", did you mean '{}'?", *near) : "",
                          fmt::join(names, ", ")));
}

/// A message as it may reach a terminal: names of files in it keep their control characters to
/// themselves. Lines stay lines, for the carets.
std::string shown(std::string_view message) {
  constexpr std::size_t kLongest = 4000;
  std::string text;
  for (std::size_t begin = 0; begin <= message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    text +=
        (begin == 0 ? "" : "\n") + record::printable(message.substr(begin, end - begin), kLongest);
    begin = end + 1;
  }
  return text;
}

int run(int argc, char** argv) {
  CLI::App program(
      "whichfirst settles which order of layers is better in a network, on your data, with "
      "evidence.",
      "whichfirst");
  program.set_version_flag("--version", std::string(record::kProgramVersion));
  program.require_subcommand(1);
  program.footer(
      "Start with `whichfirst compare`: two orders of batch normalisation and activation, trained "
      "in\n"
      "matched pairs on drawn shapes. `whichfirst VERB --help` shows examples.");
  const std::vector<AddedVerb> verbs = {
      add_compare(program), add_explain(program), add_train(program),
      add_summary(program), add_bench(program),   add_verdict(program),
      add_report(program),  add_lab(program),     add_data(program)};
  refuse_unknown_verb(verbs, argc, argv);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? kDone : kWrongInput;
  }
  for (const AddedVerb& verb : verbs) {
    if (verb.command->parsed()) return verb.run();
  }
  return kWrongInput;
}

}  // namespace

int run_program(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    fmt::print(stderr, "whichfirst: {}\n", shown(error.what()));
  } catch (const std::bad_alloc&) {
    fmt::print(
        stderr,
        "whichfirst: not enough memory; lower --jobs, recipe.batch or the network's width\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "whichfirst: {}\n", shown(error.what()));
  }
  return kWrongInput;
}

}  // namespace whichfirst::cli
