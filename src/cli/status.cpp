#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/verbs.h"
#include "report/status_text.h"
#include "study/run_state.h"

namespace whichfirst::cli {
namespace {

struct StatusOptions {
  std::string folder = "runs";
  bool json = false;
};

}  // namespace

Verb list_verb() {
  auto options = std::make_shared<StatusOptions>();
  return {.name = "list",
          .help = "List the runs in a folder: how far they are and what they say",
          .options = {{"folder",
                       &options->folder,
                       "Where run folders lie",
                       {.type = "DIR", .shows_default = true}},
                      json_option(options->json)},
          .footer =
              "Examples:\n"
              "  whichfirst list\n"
              "  whichfirst list results --json",
          .run = [options] {
            const auto runs = study::list_runs(options->folder);
            fmt::print("{}", options->json ? record::to_json(runs)
                                           : report::print_runs(runs, options->folder));
            return kDone;
          }};
}

Verb status_verb() {
  auto options = std::make_shared<StatusOptions>();
  return {.name = "status",
          .help = "Say how far a run is: trials, time left, what the verdict still needs",
          .options = {{"run",
                       &options->folder,
                       "The run folder; its data are not needed",
                       {.type = "RUN", .is_required = true}},
                      json_option(options->json)},
          .footer =
              "Examples:\n"
              "  whichfirst status runs/demo-8528369e\n"
              "  watch whichfirst status runs/demo-8528369e",
          .run = [options] {
            const record::RunDetails details = study::status_of_run(options->folder);
            fmt::print("{}",
                       options->json ? record::to_json(details) : report::print_status(details));
            return kDone;
          }};
}

}  // namespace whichfirst::cli
