// The folder of one run: its study, a file for every trial that has ended, the verdict.
//
//   study.toml                       the resolved study
//   trials/<arm>/<replicate>.json    written whole when the trial ends; <replicate> is 1, 2, ...,
//   or
//                                    tuning-1, ... where learning rates are tried
//   progress-<host>-<pid>.jsonl      one line an epoch, one file a writer
//   verdict.json
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "record/atomic_file.h"
#include "record/study_file.h"
#include "record/trial_record.h"

namespace whichfirst::record {

/// runs/<name>-<first 8 digits of study_hash>, the name made fit for a folder.
std::filesystem::path default_run_folder(const Study& study);

/// What a run has finished.
struct LoadedTrials {
  std::map<std::pair<std::string, std::uint64_t>, TrialRecord> done;  ///< by (arm, replicate)
  /// One message for each file that does not read, cut short by a full disk or a copy; its trial
  /// counts as never run.
  std::vector<std::string> damaged;
};

/// No database and no lock: many processes on many machines may write into one folder. Whoever
/// resumes runs what has no file.
///
/// A crash at any moment leaves study.toml, trials and verdict.json whole or absent. It may leave
/// temporary files of write_file_atomically, which nothing reads, and half a last line in its own
/// progress file. The trials in flight are lost, nothing else.
class RunFolder {
 public:
  /// Creates the folder with its study.toml, or opens one of the same study; a raised
  /// plan.max-seeds is recorded there, a lower one has no effect. Throws Error where the folder
  /// belongs to another study, naming the keys that differ, or cannot be written.
  RunFolder(std::filesystem::path folder, Study study);

  const std::filesystem::path& path() const { return folder_; }
  const Study& study() const { return study_; }
  std::filesystem::path trial_path(std::string_view arm, std::uint64_t replicate) const;

  /// The study's trials that have a file. Throws Error for a trial of another study, arm or
  /// replicate and, where `isa` is given, instruction set: such numbers are not to be compared.
  LoadedTrials load_trials(const std::optional<std::string>& isa) const;

  // The following may be called from several threads at once. They throw Error.

  void save_trial(const TrialRecord& trial);
  /// Appends `line`, which holds its line break at the end and nowhere else, to this process's
  /// progress file, and hands it to the operating system at once.
  void append_progress(std::string_view line);
  void save_verdict(std::string_view text);

 private:
  void load_trial(const std::string& arm, std::uint64_t replicate,
                  const std::optional<std::string>& isa, LoadedTrials& loaded) const;

  std::filesystem::path folder_;
  Study study_;
  std::string study_hash_;
  std::mutex progress_mutex_;
  std::optional<Descriptor> progress_;  // opened by the first line
};

}  // namespace whichfirst::record
