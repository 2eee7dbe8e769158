#include "record/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/error.h"
#include "json/printable.h"
#include "record/atomic_file.h"
#include "record/verdict_record.h"

namespace whichfirst::record {
namespace {

constexpr std::size_t kMaxProgressBytes = std::size_t{256} << 20;

Descriptor open_folder(const std::filesystem::path& folder) {
  Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0) fail_with_errno(folder, "cannot be opened");
  return opened;
}

/// Whether the path still leads to the folder that was opened.
bool is_there(const std::filesystem::path& folder, const Descriptor& opened) {
  struct stat named {};
  struct stat own {};
  return ::stat(folder.c_str(), &named) == 0 && ::fstat(opened.get(), &own) == 0 &&
         named.st_ino == own.st_ino && named.st_dev == own.st_dev;
}

/// Makes it where it is missing.
Descriptor make_and_open(const std::filesystem::path& folder) {
  make_folder(folder);
  return open_folder(folder);
}

/// A field by which a trial belongs to its place.
void expect_field(const std::filesystem::path& file, std::string_view field,
                  std::string_view expected, std::string_view found) {
  if (expected == found) return;
  throw Error("{}: expected {} '{}', found '{}': it was not written here", file.string(), field,
              expected, json::printable(found));
}

/// What writers that were killed left behind; all of it stays where the folder cannot be written.
void clean_up(const std::filesystem::path& folder) {
  remove_leftovers(folder);
  std::error_code ignored;
  for (const auto& arm : std::filesystem::directory_iterator(folder / "trials", ignored)) {
    if (!arm.is_directory(ignored) || arm.is_symlink(ignored)) continue;
    remove_leftovers(arm);
    for (const auto& entry : std::filesystem::directory_iterator(arm, ignored)) {
      if (entry.path().extension() != ".claim") continue;
      try {
        Claim::take(entry.path());  // and given up at once, where nobody holds it
      } catch (const Error&) {      // whoever wants that trial will say so
      }
    }
  }
}

std::optional<Study> read_study(const std::filesystem::path& file) {
  std::optional<std::string> text = read_regular_file(file, kMaxStudyBytes);
  if (!text) return std::nullopt;
  return resolve_study(
      StudySource{.text = std::move(*text), .label = file.string(), .default_name = "study"});
}

std::filesystem::path progress_path(const std::filesystem::path& folder, std::string_view writer) {
  return folder / fmt::format("progress-{}.jsonl", writer);
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
    : folder_(std::move(folder)),
      study_(std::move(study)),
      study_hash_(study_hash(study_)),
      opened_(make_and_open(folder_)) {
  clean_up(folder_);
  const std::filesystem::path file = folder_ / "study.toml";
  std::optional<Study> there = read_study(file);
  if (!there) {
    // Read back, as another process may have been faster.
    create_file_atomically(file, print_study(study_));
    there = read_study(file);
    if (!there) throw Error("{}: it was removed as soon as it was written", file.string());
  }
  const std::vector<std::string> differences = differing_keys(*there, study_);
  if (!differences.empty()) {
    throw Error(
        "{}: expected the study of this run, found another in {}; run it with --out and "
        "another folder",
        file.string(), fmt::join(differences, ", "));
  }
  if (study_.plan.max_seeds > there->plan.max_seeds) {
    write_file_atomically(file, print_study(study_));
  }
  study_.plan.max_seeds = std::max(study_.plan.max_seeds, there->plan.max_seeds);
}

RunFolder::RunFolder(std::filesystem::path folder)
    : folder_(std::move(folder)), opened_(open_folder(folder_)) {
  std::optional<Study> there = read_study(folder_ / "study.toml");
  if (!there) {
    throw Error(
        "{}: no study.toml in it: it is no run folder; whichfirst list shows those of a "
        "folder",
        json::printable(folder_.string()));
  }
  study_ = std::move(*there);
  study_hash_ = study_hash(study_);
}

std::filesystem::path RunFolder::trial_path(std::string_view arm, std::uint64_t replicate) const {
  return folder_ / "trials" / arm / fmt::format("{}.json", replicate_name(replicate));
}

/// `action` of every arm and replicate of the study.
template <class Action>
void RunFolder::for_each_trial(Action action) const {
  const int tuning = is_tuned(study_) ? study_.plan.tuning_seeds : 0;
  for (const NamedOrder& order : study_.orders) {
    for (const double lr : study_.recipe.lr) {
      const std::string arm = arm_name(study_, order.name, lr);
      for (int i = 1; i <= most_seeds(study_.plan); ++i) action(arm, static_cast<std::uint64_t>(i));
      for (int i = 1; i <= tuning; ++i) {
        action(arm, kTuningReplicates + static_cast<std::uint64_t>(i));
      }
    }
  }
}

LoadedTrials RunFolder::load_trials(const std::optional<std::string>& isa) const {
  LoadedTrials loaded;
  for_each_trial([&](const std::string& arm, std::uint64_t replicate) {
    auto trial = load_trial(arm, replicate, isa, &loaded.damaged);
    if (trial) loaded.done.emplace(std::pair(arm, replicate), std::move(*trial));
  });
  return loaded;
}

int RunFolder::count_trials() const {
  int count = 0;
  for_each_trial([&](const std::string& arm, std::uint64_t replicate) {
    std::error_code ignored;
    count += std::filesystem::is_regular_file(trial_path(arm, replicate), ignored) ? 1 : 0;
  });
  return count;
}

bool RunFolder::is_being_written() const {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("progress-") && shows_life(entry.path())) return true;
  }
  return !under_way().empty();
}

std::vector<TrialUnderWay> RunFolder::under_way() const {
  std::vector<TrialUnderWay> found;
  for_each_trial([&](const std::string& arm, std::uint64_t replicate) {
    const auto writer = holder_of(trial_path(arm, replicate).replace_extension(".claim"));
    if (!writer) return;
    TrialUnderWay trial{.arm = arm, .replicate = replicate_name(replicate), .writer = *writer};
    try {  // what people are told of progress may be missing, or written in this moment
      const auto lines = read_regular_file(progress_path(folder_, *writer), kMaxProgressBytes);
      trial.epochs_done = last_epoch(lines.value_or(""), arm, replicate);
    } catch (const Error&) {
    }
    found.push_back(std::move(trial));
  });
  return found;
}

std::optional<TrialRecord> RunFolder::load_trial(const std::string& arm, std::uint64_t replicate,
                                                 const std::optional<std::string>& isa,
                                                 std::vector<std::string>* damaged) const {
  const std::filesystem::path file = trial_path(arm, replicate);
  TrialRecord trial;
  const auto give_up = [&](const Error& error) {
    if (damaged != nullptr) damaged->emplace_back(error.what());
    return std::nullopt;
  };
  std::optional<std::string> text;
  try {
    text = read_regular_file(file, kMaxTrialBytes);
  } catch (const UnfitFile& error) {
    return give_up(error);
  }
  if (!text) return std::nullopt;
  try {
    trial = trial_from_json(*text, file.string());
    expect_field(file, "study", study_hash_, trial.study);
    expect_field(file, "arm", arm, trial.arm);
    expect_field(file, "replicate", replicate_name(replicate), replicate_name(trial.replicate));
  } catch (const Error& error) {
    return give_up(error);
  }
  if (isa && *isa != trial.machine.isa) {
    throw Error(
        "{}: expected instruction set '{}', found '{}'; finish the run on a processor of "
        "that kind, or start anew with --out and another folder",
        file.string(), *isa, json::printable(trial.machine.isa));
  }
  return trial;
}

/// Of a run that is still there: a folder that was removed is not made anew behind its user's back.
std::filesystem::path RunFolder::make_trial_folder(std::string_view arm) const {
  if (!is_there(folder_, opened_)) {
    throw Error(
        "{}: the run folder was removed or replaced while the run was under way; what was "
        "not saved before is lost",
        folder_.string());
  }
  std::filesystem::path made = folder_;
  for (const std::string_view name : {std::string_view("trials"), arm}) {
    made /= name;
    std::error_code ignored;
    if (std::filesystem::is_symlink(made, ignored)) {
      throw Error("{}: expected a folder, found a link; results are not written through links",
                  made.string());
    }
    make_folder(made);
  }
  return made;
}

Turn RunFolder::take(const std::string& arm, std::uint64_t replicate,
                     const std::optional<std::string>& isa, bool again) {
  const auto ended = [&] {
    return again ? std::nullopt : load_trial(arm, replicate, isa, nullptr);
  };
  if (auto done = ended()) return {.done = std::move(done)};
  Turn turn{.claim = Claim::take(make_trial_folder(arm) / (replicate_name(replicate) + ".claim"))};
  if (!turn.claim) return turn;
  if (auto done = ended()) return {.done = std::move(done)};  // it ended in between
  return turn;
}

void RunFolder::save_trial(const TrialRecord& trial) {
  check(trial.study == study_hash_, "a trial is saved in its own study's run");
  make_trial_folder(trial.arm);
  const std::filesystem::path file = trial_path(trial.arm, trial.replicate);
  std::error_code ignored;
  if (std::filesystem::is_directory(std::filesystem::symlink_status(file, ignored))) {
    std::filesystem::rename(file, file.string() + ".aside-" + writer_name(), ignored);
  }
  write_file_atomically(file, to_json(trial));
}

void RunFolder::append_progress(std::string_view line) {
  check(!line.empty() && line.find('\n') == line.size() - 1, "a progress line is one line");
  const std::filesystem::path file = progress_path(folder_, writer_name());
  const std::lock_guard lock(progress_mutex_);
  if (!progress_) {
    const int opened = ::open(
        file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (opened < 0) fail_with_errno(file, "cannot be opened");
    progress_.emplace(opened);
    show_life(*progress_);
  }
  write_all(*progress_, line, file);
}

void RunFolder::save_so_far(std::string_view text) {
  write_file_atomically(folder_ / kSoFarFile, text);
}

void RunFolder::save_verdict(std::string_view text) {
  const std::filesystem::path file = folder_ / "verdict.json";
  std::optional<std::string> there;
  try {
    there = read_regular_file(file, kMostVerdictBytes);
  } catch (const UnfitFile&) {  // replaced
  }
  if (there != text) write_file_atomically(file, text);
  std::error_code ignored;
  std::filesystem::remove(folder_ / kSoFarFile, ignored);
}

}  // namespace whichfirst::record
