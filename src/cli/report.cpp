#include <fmt/format.h>

#include <memory>
#include <string>

#include "cli/expectation.h"
#include "cli/verbs.h"
#include "cli/verdict_format.h"
#include "record/verdict_record.h"

namespace whichfirst::cli {
namespace {

struct ReportOptions {
  std::string run;
  VerdictFormat format;
  ExpectOptions expect;
};

int run(const ReportOptions& options) {
  options.expect.parsed();
  const record::VerdictRecord verdict = record::read_verdict(options.run);
  if (options.format.word == "csv" && !verdict.plan.seeds) {
    fmt::print(stderr,
               "note: pairs were added until it was decided; give --auto --max-pairs {} "
               "to whichfirst verdict, and it allows for that\n",
               verdict.plan.max_seeds);
  }
  fmt::print("{}", options.format.print(verdict));
  return options.expect.judge(verdict);
}

}  // namespace

Verb report_verb() {
  auto options = std::make_shared<ReportOptions>();
  return {
      .name = "report",
      .help =
          "Print the verdict of a run again, in any format; of an unfinished one as far as it is",
      .options = joined({{{"run",
                           &options->run,
                           "The run folder; its data are not needed",
                           {.type = "RUN", .is_required = true}}},
                         options->format.options(),
                         options->expect.options()}),
      .footer =
          "Examples:\n"
          "  whichfirst report runs/demo-8528369e\n"
          "  whichfirst report runs/demo-8528369e --format latex >table.tex\n"
          "  whichfirst report runs/demo-8528369e --format csv |\n"
          "    whichfirst verdict - --metric test_accuracy\n"
          "  whichfirst report runs/demo-8528369e --expect not-worse-by=0.3 --junit tests.xml",
      .run = [options] { return run(*options); }};
}

}  // namespace whichfirst::cli
