// What one trial leaves behind: one JSON file, written whole when the trial ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/inference_record.h"
#include "record/metrics.h"
#include "record/tap_record.h"

namespace whichfirst::record {

/// Longest trial file that is read: 100,000 epochs and a million test images fit.
inline constexpr std::size_t kMaxTrialBytes = std::size_t{64} << 20;

enum class Status {
  done,
  diverged,  // a number that is not finite in a step: an outcome, not an error
  failed,    // an error
};

/// The word as it is stored.
std::string_view name(Status status);

/// Where the first number that was not finite appeared.
struct DivergedAt {
  int epoch = 0;          ///< from 1
  std::int64_t step = 0;  ///< from 1, over all epochs
  std::string stage;      ///< path of the stage ("units.3.bn"), or "loss"
  bool operator==(const DivergedAt&) const = default;
};

/// Metrics are named as in Metrics; missing where they were not measured.
struct EpochMetrics {
  int epoch = 0;  ///< from 1
  double lr = 0;  ///< of the epoch's last step
  std::optional<double> train_loss;
  std::optional<double> train_accuracy;
  std::optional<double> val_loss;
  std::optional<double> val_accuracy;
  bool operator==(const EpochMetrics&) const = default;
};

/// hash_hex of what both sides of a pair must share; a pair whose hashes differ is refused.
struct TrialHashes {
  std::string data;
  std::string data_order;
  std::string initial_weights;
  bool operator==(const TrialHashes&) const = default;
};

struct Machine {
  std::string isa;      ///< the instruction set that the kernels used, "avx2"
  std::string kernels;  ///< library and version
  bool operator==(const Machine&) const = default;
};

/// The only part in which two runs of one trial may differ.
struct Timings {
  double seconds = 0;
  double train_seconds = 0;
  double evaluate_seconds = 0;
  double tap_seconds = 0;                          ///< of looking inside
  std::optional<double> images_per_second;         ///< of training; missing where no step was taken
  std::string started;                             ///< ISO 8601, UTC
  std::optional<InferenceTimings> inference = {};  ///< of a folded trial
  bool operator==(const Timings&) const = default;
};

/// Replicates above this are for tuning: numbered apart, so that no verdict ever sees them. The
/// first is kTuningReplicates + 1, in files "tuning-1".
inline constexpr std::uint64_t kTuningReplicates = 1'000'000'000;
inline bool is_tuning(std::uint64_t replicate) { return replicate > kTuningReplicates; }
/// "3", "tuning-1".
std::string replicate_name(std::uint64_t replicate);

struct TrialRecord {
  std::string arm;    ///< the order's name, with its rate where there are several: "a@0.1"
  std::string order;  ///< canonical notation
  double lr = 0;      ///< the learning rate of the recipe
  std::uint64_t replicate = 0;
  Status status = Status::done;
  std::optional<std::string> reason;  ///< why it is not done, in words
  std::optional<DivergedAt> diverged_at;
  Metrics metrics;
  std::vector<EpochMetrics> epochs;
  TrialHashes hashes;
  /// 1 where the test image of this index was classified right, else 0. Empty where the test set
  /// was not reached.
  std::vector<std::uint8_t> right_answers;
  /// What was seen inside, epoch by epoch, where the recipe asks for it.
  std::vector<EpochTaps> taps;
  /// Missing where the trial is not done, tunes, or is of a version that did not fold.
  std::optional<InferenceRecord> inference;
  Machine machine;
  std::string version;  ///< of the program
  std::string study;    ///< study_hash
  Timings timings;
  bool operator==(const TrialRecord&) const = default;
};

/// The file's text; fields stand in a fixed order. from_json of it gives the same record bit for
/// bit, except that an optional number that is not finite becomes null and so comes back missing.
///
/// `right_answers` is {"count": T, "bits": hex}: image i is bit 7 - i % 8 of byte i / 8, the rest
/// of the last byte 0. In Python: numpy.unpackbits(numpy.frombuffer(bytes.fromhex(bits),
/// "uint8"))[:T]. Throws std::logic_error for a number that must be finite and is not.
std::string to_json(const TrialRecord& record);

/// The record in `text`. Throws Error beginning with `label`, the file's name, for a text that is
/// cut short or not exactly a trial record of this kFormatVersion. Such a trial is trained again.
TrialRecord trial_from_json(std::string_view text, const std::string& label);

/// The fields of the document as rows of a table in Markdown, for docs/documents.md.
std::string trial_table();

/// One line, ended, for the progress file: the time, arm, replicate and the epoch's metrics.
std::string progress_line(std::string_view time, std::string_view arm, std::uint64_t replicate,
                          const EpochMetrics& epoch);

/// The epoch of the last of such lines that is of this trial; 0 where none is. Half a line at the
/// end is passed over.
int last_epoch(std::string_view lines, std::string_view arm, std::uint64_t replicate);

}  // namespace whichfirst::record
