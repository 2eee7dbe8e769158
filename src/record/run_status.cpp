#include "record/run_status.h"

#include "base/error.h"
#include "json/fields.h"
#include "record/verdict_fields.h"

namespace whichfirst::record {
namespace {

using json::field;

const json::Fields<RunStatus> kRun = {
    field<&RunStatus::run_folder>("run", "folder"),
    field<&RunStatus::study>("study", "its name"),
    field<&RunStatus::study_hash>("study_hash", "of the resolved study"),
    field<&RunStatus::state, json::Words<RunState::running, RunState::stopped, RunState::finished,
                                         RunState::unreadable>>(
        "state", "stopped: trials are missing and nobody trains"),
    field<&RunStatus::trials>("trials", "that have ended"),
    field<&RunStatus::most_trials>("most_trials", "planned, at most"),
    field<&RunStatus::age_seconds>("age_seconds", "since anything changed in the folder"),
    field<&RunStatus::verdicts>("verdicts", "of a finished run, one word for each comparison"),
};

struct RunList {
  std::vector<RunStatus> runs;
};
const json::Fields<RunList> kRuns = {field<&RunList::runs>("runs", kRun, "latest first")};

const json::Fields<TrialUnderWay> kTrial = {
    field<&TrialUnderWay::arm>("arm", "name of the order, with its rate where there are several"),
    field<&TrialUnderWay::replicate>("replicate", "3, tuning-1"),
    field<&TrialUnderWay::writer>("writer", "host and process"),
    field<&TrialUnderWay::epochs_done>("epochs_done", "as far as its progress file says"),
};

const json::Fields<ComparisonStatus> kComparison = {
    field<&ComparisonStatus::a>("a", "name of the first order"),
    field<&ComparisonStatus::b>("b", "name of the second order"),
    field<&ComparisonStatus::pairs>("pairs", "complete ones"),
    field<&ComparisonStatus::interval, Interval>("interval", "that decides"),
    field<&ComparisonStatus::verdict, VerdictWord>("verdict", "as far as it goes"),
    field<&ComparisonStatus::more_pairs>("more_pairs",
                                         "about so many; 0: decided; null: not known"),
};

const json::Fields<RunDetails> kDetails = {
    json::among<&RunDetails::run>(kRun),
    field<&RunDetails::metric>("metric", "of the plan"),
    field<&RunDetails::diverged>("diverged", "trials"),
    field<&RunDetails::failed>("failed", "trials"),
    field<&RunDetails::epochs>("epochs", "of a trial"),
    field<&RunDetails::under_way>("under_way", kTrial, "trials that some process trains now"),
    field<&RunDetails::seconds_left>("seconds_left", "estimated; null: not known yet"),
    field<&RunDetails::comparisons>("comparisons", kComparison, "of the plan"),
};

}  // namespace

std::string_view name(RunState state) {
  switch (state) {
    case RunState::running:
      return "running";
    case RunState::stopped:
      return "stopped";
    case RunState::finished:
      return "finished";
    case RunState::unreadable:
      return "unreadable";
  }
  check(false, "a state is one of four");
  return "";
}

std::string to_json(const std::vector<RunStatus>& runs) { return json::print(kRuns, {runs}); }
std::string to_json(const RunDetails& details) { return json::print(kDetails, details); }
std::string run_list_table() { return json::print_table(kRuns.list); }
std::string run_details_table() { return json::print_table(kDetails.list); }

}  // namespace whichfirst::record
