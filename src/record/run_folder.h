// The folder of one run: its study, a file for every trial that has ended, the verdict.
//
//   study.toml                       the resolved study
//   trials/<arm>/<replicate>.json    written whole when the trial ends; <replicate> is 1, 2, ...,
//                                    or tuning-1, ... where learning rates are tried
//   trials/<arm>/<replicate>.claim   while the trial is under way (claim.h)
//   progress-<host>-<pid>.jsonl      one line per epoch, one file per writer, who keeps it locked
//   verdict-so-far.json              while the run is not finished
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
#include "record/claim.h"
#include "record/run_status.h"
#include "record/study_file.h"
#include "record/trial_record.h"
#include "record/verdict_record.h"

namespace whichfirst::record {

/// runs/<name>-<first 8 digits of study_hash>, the name made fit for a folder.
std::filesystem::path default_run_folder(const Study& study);

/// What a run has finished.
struct LoadedTrials {
  std::map<std::pair<std::string, std::uint64_t>, TrialRecord> done;  ///< by (arm, replicate)
  /// One message for each file that is no trial of its place: cut short by a full disk or a copy,
  /// moved here from elsewhere, a folder. It counts as never run.
  std::vector<std::string> damaged;
};

/// Who may train a trial now.
struct Turn {
  std::optional<Claim> claim = {};       ///< this process, as long as it holds this
  std::optional<TrialRecord> done = {};  ///< nobody: it has ended
};                                       // neither: another process trains it

/// No database and no server: many processes on many machines may work in one folder. Each trains
/// what has no file and no claim.
///
/// A crash at any moment leaves study.toml, trials and verdict.json whole or absent. It may leave
/// temporary files and claims, which the next to open the folder removes, and half a last line in
/// its own progress file. The trials in flight are lost, nothing else.
class RunFolder {
 public:
  /// Creates the folder with its study.toml, or opens one of the same study; a raised
  /// plan.max-seeds is recorded there, a lower one has no effect. Throws Error where the folder
  /// belongs to another study, naming the keys that differ, or cannot be written.
  RunFolder(std::filesystem::path folder, Study study);
  /// Opens a folder to look at it; nothing in it changes. Throws Error where it is no run.
  explicit RunFolder(std::filesystem::path folder);

  const std::filesystem::path& path() const { return folder_; }
  const Study& study() const { return study_; }
  std::filesystem::path trial_path(std::string_view arm, std::uint64_t replicate) const;

  /// The study's trials that have a file. Throws Error for a trial of another instruction set,
  /// where `isa` is given: such numbers are not to be compared.
  LoadedTrials load_trials(const std::optional<std::string>& isa) const;
  /// Trials that have a file, whatever is in it.
  int count_trials() const;
  /// Whether some process works on the run, be it between two trials.
  bool is_being_written() const;
  /// Trials that some process is training.
  std::vector<TrialUnderWay> under_way() const;

  // The following may be called from several threads at once. They throw Error.

  /// Claims a trial unless it has ended or another process trains it. `again`: whether or not it
  /// has ended.
  Turn take(const std::string& arm, std::uint64_t replicate, const std::optional<std::string>& isa,
            bool again = false);
  void save_trial(const TrialRecord& trial);
  /// Appends `line`, which holds its line break at the end and nowhere else, to this process's
  /// progress file, and hands it to the operating system at once.
  void append_progress(std::string_view line);
  void save_so_far(std::string_view text);
  /// Writes nothing where the file holds that text already. There is no verdict so far then.
  void save_verdict(std::string_view text);

 private:
  std::optional<TrialRecord> load_trial(const std::string& arm, std::uint64_t replicate,
                                        const std::optional<std::string>& isa,
                                        std::vector<std::string>* damaged) const;
  std::filesystem::path make_trial_folder(std::string_view arm) const;
  template <class Action>
  void for_each_trial(Action action) const;

  std::filesystem::path folder_;
  Study study_;
  std::string study_hash_;
  Descriptor opened_;  // the folder itself: as long as it is open, no other has its number
  std::mutex progress_mutex_;
  std::optional<Descriptor> progress_;  // opened by the first line
};

}  // namespace whichfirst::record
