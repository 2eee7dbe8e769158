#include "cli/program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/suggest.h"
#include "cli/streams.h"
#include "cli/verbs.h"
#include "json/printable.h"
#include "record/study_file.h"
#include "record/version.h"

namespace whichfirst::cli {
namespace {

/// Hands an option to CLI11, which writes the help from it and checks and stores what is given.
CLI::Option* add(CLI::App& command, const Option& option) {
  const Traits& traits = option.traits;
  CLI::Option* const added = std::visit(
      [&](const auto& target) {
        using T = std::decay_t<decltype(target)>;
        if constexpr (std::is_same_v<T, bool*>) {
          return command.add_flag(option.name, *target, option.help);
        } else if constexpr (std::is_pointer_v<T>) {
          CLI::Option* const made = command.add_option(option.name, *target, option.help);
          using Value = std::remove_pointer_t<T>;
          if constexpr (std::is_arithmetic_v<Value>) {
            if (traits.range) {
              made->check(CLI::Range(static_cast<Value>(traits.range->least),
                                     static_cast<Value>(traits.range->most)));
            }
          } else if (std::is_same_v<Value, std::string> && option.name.starts_with("--")) {
            made->check([](const std::string& text) {
              return text.empty() ? "expected a value, found an empty text" : "";
            });
          }
          return made;
        } else {
          return command.add_option_function<std::string>(option.name, target, option.help);
        }
      },
      option.target);
  if (!traits.type.empty()) added->type_name(traits.type);
  if (traits.is_required) added->required();
  if (traits.is_repeated) added->allow_extra_args(false);
  if (!traits.choices.empty()) added->check(CLI::IsMember(traits.choices));
  if (traits.shows_default) added->capture_default_str();
  if (!traits.needs.empty()) added->needs(command.get_option(traits.needs));
  if (!traits.excludes.empty()) added->excludes(command.get_option(traits.excludes));
  return added;
}

/// A verb with its own verbs; the one that the command line names is put into `chosen`.
void add(CLI::App& program, const Verb& verb, const Verb*& chosen) {
  CLI::App* const command = program.add_subcommand(verb.name, verb.help);
  for (const Option& option : verb.options) add(*command, option);
  if (!verb.footer.empty()) command->footer(verb.footer);  // else it has that of the verb above it
  for (const Verb& each : verb.verbs) add(*command, each, chosen);
  if (verb.verbs.empty()) {
    command->callback([&chosen, &verb] { chosen = &verb; });
  } else {
    command->require_subcommand(1);
  }
}

/// The words as they are typed, those with spaces in quotes.
std::string quoted_command(int count, char** words) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string_view word = words[i];
    const bool is_plain = word.find_first_of(" '()*") == std::string_view::npos;
    text += fmt::format("{}{}", i == 0 ? "" : " ", is_plain ? word : fmt::format("'{}'", word));
  }
  return text;
}

/// What was meant by words that a verb does not take: another option, a setting of a study
/// (`--epochs 5`), orders without quotes. Empty where nobody knows.
std::string meant_by(const Verb& verb, const std::vector<std::string>& words,
                     const std::vector<std::string>& extra) {
  if (std::none_of(extra.begin(), extra.end(),
                   [](const std::string& word) { return word.starts_with("-"); })) {
    return fmt::format(
        "{} takes no {}; a text with spaces is written in quotes, such as 'conv bn "
        "relu'",
        verb.name, fmt::join(extra, " "));
  }
  std::vector<std::string_view> options;
  bool takes_study = false;
  for (const Option& option : verb.options) {
    if (option.name.starts_with("--")) options.push_back(std::string_view(option.name).substr(2));
    takes_study = takes_study || option.name == "study";
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--") || std::find(extra.begin(), extra.end(), word) == extra.end()) {
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, std::min(equals, word.size()) - 2);
    const auto near = nearest_word(name, options);
    const auto key = takes_study ? record::nearest_key(name) : std::nullopt;
    if (key && !(near && edit_distance(name, *near) < 2)) {
      const std::string value = equals != std::string::npos ? word.substr(equals + 1)
                                : i + 1 < words.size()      ? words[i + 1]
                                                            : "VALUE";
      return fmt::format(
          "--{} is no option of {}; a setting of the study is written without "
          "dashes: {}={}",
          name, verb.name, *key, value);
    }
    if (near) {
      return fmt::format("--{} is no option of {}, did you mean --{}?", name, verb.name, *near);
    }
  }
  return "";
}

/// A first word that is neither a verb nor an option, which CLI11 would only call missing.
void refuse_unknown_verb(const std::vector<Verb>& verbs, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  const std::string_view word = argv[1];
  std::vector<std::string_view> names;
  for (const Verb& verb : verbs) {
    if (verb.name == word) return;
    names.emplace_back(verb.name);
  }
  if (std::filesystem::exists(word) || word.find(' ') != std::string_view::npos) {
    throw Error("no verb '{0}'; did you mean `whichfirst compare {1}`?", word,
                quoted_command(argc - 1, argv + 1));
  }
  const auto near = nearest_word(word, names);
  throw Error("no verb '{}'{}; the verbs are {}", word,
              near ? fmt::format(", did you mean '{}'?", *near) : "", fmt::join(names, ", "));
}

/// A message as it may reach a terminal: names of files in it keep their control characters to
/// themselves. Lines stay lines, for the carets.
std::string shown(std::string_view message) {
  constexpr std::size_t kLongest = 4000;
  std::string text;
  for (std::size_t begin = 0; begin <= message.size();) {
    const std::size_t end = std::min(message.find('\n', begin), message.size());
    text +=
        (begin == 0 ? "" : "\n") + json::printable(message.substr(begin, end - begin), kLongest);
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
  const std::vector<Verb> verbs = {compare_verb(), explain_verb(), train_verb(),  summary_verb(),
                                   bench_verb(),   verdict_verb(), report_verb(), list_verb(),
                                   status_verb(),  lab_verb(),     data_verb()};
  const Verb* chosen = nullptr;
  for (const Verb& verb : verbs) add(program, verb, chosen);
  refuse_unknown_verb(verbs, argc, argv);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ExtrasError& error) {
    const CLI::App* command = &program;
    const Verb* verb = nullptr;
    for (const std::vector<Verb>* level = &verbs; !command->get_subcommands().empty();) {
      command = command->get_subcommands().front();
      for (const Verb& each : *level) {
        if (each.name == command->get_name()) verb = &each;
      }
      level = &verb->verbs;
    }
    const std::string meant =
        verb != nullptr ? meant_by(*verb, {argv + 1, argv + argc}, command->remaining()) : "";
    if (meant.empty()) return program.exit(error) == 0 ? kDone : kWrongInput;
    throw Error("{}", meant);
  } catch (const CLI::ParseError& error) {
    const bool is_help = program.exit(error) == 0;
    finish_stdout();
    return is_help ? kDone : kWrongInput;
  }
  if (chosen == nullptr) return kWrongInput;
  const int code = chosen->run();
  finish_stdout();
  return code;
}

}  // namespace

Options joined(std::initializer_list<Options> lists) {
  Options all;
  for (const Options& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

void require_writable(const char* option, const std::string& path) {
  if (path.empty()) return;
  const std::filesystem::path parent = std::filesystem::absolute(path).parent_path();
  if (access(parent.c_str(), W_OK) != 0) {
    throw Error("{} {}: the folder {} cannot be written ({})", option, path, parent.string(),
                std::strerror(errno));
  }
}

Option json_option(bool& json) { return {"--json", &json, "Print one JSON document"}; }

int run_program(int argc, char** argv) {
  secure_streams();
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
