#include "record/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/error.h"
#include "json/printable.h"
#include "record/atomic_file.h"

namespace whichfirst::record {
namespace {

void create_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure || !std::filesystem::is_directory(folder)) {
    throw Error("{}: the folder cannot be created: {}", folder.string(),
                failure ? failure.message() : "something else has its name");
  }
}

/// Whether there is something of this name; throws Error where that cannot be known.
bool is_there(const std::filesystem::path& path) {
  std::error_code failure;
  const bool found = std::filesystem::exists(path, failure);
  if (failure) throw Error("{}: {}", path.string(), failure.message());
  return found;
}

void expect_field(const std::filesystem::path& file, std::string_view field,
                  std::string_view expected, std::string_view found, std::string_view remedy) {
  if (expected == found) return;
  throw Error("{}: expected {} '{}', found '{}'; {}", file.string(), field, expected,
              json::printable(found), remedy);
}

}  // namespace

std::filesystem::path default_run_folder(const Study& study) {
  std::string name = study.name.substr(0, kMaxOrderName);
  for (char& c : name) {
    if (!is_name_character(c)) c = '-';
  }
  name.erase(0, std::min(name.find_first_not_of("-."), name.size()));
  if (name.empty()) name = "study";
  return std::filesystem::path("runs") / fmt::format("{}-{}", name, study_hash(study).substr(0, 8));
}

RunFolder::RunFolder(std::filesystem::path folder, Study study)
    : folder_(std::move(folder)), study_(std::move(study)), study_hash_(study_hash(study_)) {
  create_folder(folder_);
  const std::filesystem::path file = folder_ / "study.toml";
  if (!is_there(file)) {
    write_file_atomically(file, print_study(study_));
    return;
  }
  const Study there = resolve_study(read_study_source(file));
  const std::vector<std::string> differences = differing_keys(there, study_);
  if (differences.empty()) {
    if (study_.plan.max_seeds > there.plan.max_seeds) {
      write_file_atomically(file, print_study(study_));
    }
    study_.plan.max_seeds = std::max(study_.plan.max_seeds, there.plan.max_seeds);
    return;
  }
  throw Error(
      fmt::format("{}: expected the study of this run, found another in {}; run it with "
                  "--out and another folder",
                  file.string(), fmt::join(differences, ", ")));
}

std::filesystem::path RunFolder::trial_path(std::string_view arm, std::uint64_t replicate) const {
  return folder_ / "trials" / arm / fmt::format("{}.json", replicate_name(replicate));
}

LoadedTrials RunFolder::load_trials(const std::optional<std::string>& isa) const {
  std::vector<std::uint64_t> replicates;
  for (int i = 1; i <= most_seeds(study_.plan); ++i) {
    replicates.push_back(static_cast<std::uint64_t>(i));
  }
  for (int i = 1; is_tuned(study_) && i <= study_.plan.tuning_seeds; ++i) {
    replicates.push_back(kTuningReplicates + static_cast<std::uint64_t>(i));
  }
  LoadedTrials loaded;
  for (const NamedOrder& order : study_.orders) {
    for (const double lr : study_.recipe.lr) {
      const std::string arm = arm_name(study_, order.name, lr);
      for (const std::uint64_t replicate : replicates) load_trial(arm, replicate, isa, loaded);
    }
  }
  return loaded;
}

void RunFolder::load_trial(const std::string& arm, std::uint64_t replicate,
                           const std::optional<std::string>& isa, LoadedTrials& loaded) const {
  const std::filesystem::path file = trial_path(arm, replicate);
  if (!is_there(file)) return;
  const std::string text = read_file(file, kMaxTrialBytes);
  TrialRecord trial;
  try {
    trial = trial_from_json(text, file.string());
  } catch (const Error& error) {
    loaded.damaged.push_back(error.what());
    return;
  }
  constexpr std::string_view kMoved = "it was not written here; remove it, and it is run again";
  expect_field(file, "study", study_hash_, trial.study, kMoved);
  expect_field(file, "arm", arm, trial.arm, kMoved);
  expect_field(file, "replicate", replicate_name(replicate), replicate_name(trial.replicate),
               kMoved);
  if (isa) {
    expect_field(file, "instruction set", *isa, trial.machine.isa,
                 "finish the run on a processor of that kind, or start anew with --out and "
                 "another folder");
  }
  loaded.done.emplace(std::pair(arm, replicate), std::move(trial));
}

void RunFolder::save_trial(const TrialRecord& trial) {
  check(trial.study == study_hash_, "a trial is saved in its own study's run");
  const std::filesystem::path file = trial_path(trial.arm, trial.replicate);
  create_folder(file.parent_path());
  write_file_atomically(file, to_json(trial));
}

void RunFolder::append_progress(std::string_view line) {
  check(!line.empty() && line.find('\n') == line.size() - 1, "a progress line is one line");
  const std::filesystem::path file = folder_ / fmt::format("progress-{}.jsonl", writer_name());
  const std::lock_guard lock(progress_mutex_);
  if (!progress_) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (opened < 0) fail_with_errno(file, "cannot be opened");
    progress_.emplace(opened);
  }
  write_all(*progress_, line, file);
}

void RunFolder::save_verdict(std::string_view text) {
  write_file_atomically(folder_ / "verdict.json", text);
}

}  // namespace whichfirst::record
