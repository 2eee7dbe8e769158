// The verdict of a run as JSON: verdict.json, and what --json prints. Everything a report shows
// stands here, so that a stranger can check it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "algebra/ledger_row.h"
#include "record/inference_record.h"
#include "record/tap_record.h"
#include "stats/comparison.h"
#include "stats/power.h"
#include "stats/verdict.h"
#include "stats/warnings.h"

namespace whichfirst::record {

/// What the verdict is about. Counts are of pictures, after the study's shares were taken.
struct Condition {
  std::string dataset = {};  ///< "data" in JSON: name or path
  std::int64_t train = 0;
  std::int64_t test = 0;
  std::optional<std::int64_t> validation = {};  ///< missing where no validation part was cut
  int classes = 0;
  std::vector<int> input = {};          ///< C, H, W of a picture
  std::vector<std::string> notes = {};  ///< what a user must know of how the data were read
  std::string network = {};             ///< preset or canonical body
  std::string bias = {};                ///< "auto", "on", "off"
  std::vector<std::string> match = {};  ///< differences between the orders that were taken away
  int epochs = 0;
  int batch = 0;
  std::vector<double> lr = {};          ///< one for all, or those that every order was tried at
  std::optional<double> momentum = {};  ///< of sgd
  bool nesterov = false;
  double decay = 0;
  bool decay_all = false;
  double label_smoothing = 0;
  std::vector<std::string> augment = {};
  std::string optimizer = "sgd";
  std::string schedule = {};
  double warmup = 0;  ///< epochs
  std::string precision = "fp32";
};

enum class Stop {
  fixed,        // the planned number of replicates
  decided,      // by itself: every comparison has its verdict
  max_seeds,    // by itself, at the maximum
  gate,         // as soon as what was asked of the comparisons was answered
  interrupted,  // before any of these
};

/// The word as it is stored.
std::string_view name(Stop stop);

/// What was fixed before the first pair.
struct PlanWords {
  std::optional<int> seeds;      ///< nullopt: as many as the answer needs,
  int max_seeds = 0;             ///< at most so many
  std::string rule = "student";  ///< the words of the study file
  std::string equivalence = "half";
  std::string horizon = "open";  ///< of `seeds` that are not fixed
  bool guard = false;
  int comparisons = 0;  ///< K: each interval has confidence 1 - (1 - confidence) / K
};

/// What an order's networks make of the probe's pictures at one place after the last epoch that was
/// looked at, all replicates together (record/tap_record.h).
struct MergedTap {
  std::string place;
  int trials = 0;
  measure::Moments moments;
  std::vector<double> quantiles;  ///< at kTapQuantiles; empty where nothing was finite
  measure::FloatHistogram histogram;
};

/// Two orders in one statistic at one place, over the pairs in which both have it.
struct TapDifference {
  std::string place;
  std::string statistic;  ///< one of tap_statistics()
  int pairs = 0;
  double mean_a = 0;
  double mean_b = 0;
  double mean_diff = 0;
  std::optional<stats::Interval> interval =
      {};                        ///< Student's at the verdict's confidence, by itself
  std::optional<double> p = {};  ///< by itself
  std::optional<double> q = {};  ///< with the false discoveries of all rows in mind
};

/// Description: it decides nothing.
struct TapComparison {
  int epoch = 0;  ///< the last one that was looked at
  int pairs = 0;
  std::vector<TapDifference> differences;  ///< most clearly different first
};

/// One arm. A replicate without a value (diverged, failed, not run) holds nothing at its place.
struct OrderResult {
  std::string name;
  std::optional<std::string> order;  ///< canonical; missing where only the name is known
  std::optional<double> lr;
  std::vector<std::optional<double>> values;  ///< of replicates 1, 2, ...
  std::optional<double> mean;                 ///< of the values there are
  std::optional<double> sd;                   ///< divisor n - 1
  int diverged = 0;
  int failed = 0;
  std::vector<MergedTap> taps = {};  ///< empty where nobody looked inside
};

struct ComparisonResult {
  std::string a;
  std::string b;
  stats::Comparison comparison;
  std::optional<stats::Interval> interval_images;  ///< seeds x images, points
  std::optional<double> images_standard_error;     ///< of these very networks, points
  std::optional<double> images_floor;              ///< `stats::images_floor`, points
  std::optional<double> p_holm;                    ///< p_t, adjusted; description only
  std::vector<stats::Warning> warnings = {};
  std::optional<stats::Prospect> prospect = {};  ///< nullopt without a spread or a difference
  /// For comparison.more_pairs_needed; stands under "timings" in JSON.
  std::optional<double> more_core_hours_needed;
  std::optional<double> shared_lr =
      {};                        ///< both orders at this rate; nullopt: each at its own best
  bool is_same_network = false;  ///< the two train to the same numbers
  /// Why the two must train to the same numbers, and have; missing where nothing proves it.
  std::optional<std::string> proof = {};
  std::optional<TapComparison> taps = {};
  std::string sentence = {};  ///< the verdict in words
};

/// An order at one learning rate, on the tuning replicates.
struct TunedRate {
  double lr = 0;
  std::vector<std::optional<double>> values = {};  ///< by tuning replicate
  std::optional<double> mean = {};
  std::optional<double> sd = {};
  int diverged = 0;
  int failed = 0;
};

/// A row of the table order x learning rate.
struct TunedOrder {
  std::string name;
  std::string metric;                 ///< val_accuracy or val_loss
  std::vector<TunedRate> rates = {};  ///< rising
  double best = 0;                    ///< the rate that suits this order
  bool is_at_low_end = false;         ///< the best rate is the smallest tried,
  bool is_at_high_end = false;        ///< or the largest: a wider list may hold a better one
};

/// Where an order stands among all: 1 + the number of orders that were found better than it.
struct RankedOrder {
  std::string name;
  int rank = 1;
  bool is_tied = false;  ///< with another of this rank, that no comparison tells from it
  bool operator==(const RankedOrder&) const = default;
};

/// A pair that lacks a trial of some order: it plays no part.
struct DroppedPair {
  std::string pair;                  ///< its name
  std::vector<std::string> missing;  ///< names of the orders it lacks
};

/// What the verdict is about where the values come from a table and not from trials of a study.
struct ResultsTable {
  std::string file;                ///< "results" in the JSON condition
  std::string pair;                ///< the column that names the pairs
  std::string by;                  ///< the column that names the orders
  std::vector<std::string> pairs;  ///< name of the pair of each of an order's values
  std::vector<DroppedPair> dropped;
};

/// What a reader must know before a verdict is believed, as a sentence with its numbers.
struct Notice {
  std::string kind;  ///< a word for programs: "nothing-learnt"
  std::string text;  ///< a sentence without its full stop, lower case at the beginning
  bool operator==(const Notice&) const = default;
};

/// What a metric can be at all, in its unit.
struct MetricScale {
  double guessing = 0;              ///< of always giving the same answer: the largest class
  double best = 0;                  ///< 100 points, or a loss of 0
  std::optional<double> step = {};  ///< of an accuracy: one image
};

/// Kinds of Notice that the words of a verdict look at.
inline constexpr std::string_view kFewSteps = "few-steps";
inline constexpr std::string_view kNothingLearnt = "nothing-learnt";

struct VerdictRecord {
  std::string study;  ///< its name
  std::optional<std::string> study_hash;
  std::optional<std::string> run_folder;  ///< "timings.run" in JSON
  Condition condition;                    ///< without meaning where there is a table
  std::optional<ResultsTable> table;
  std::string metric;
  stats::Direction direction = stats::Direction::higher_is_better;
  std::optional<MetricScale> scale = {};  ///< missing for a table
  std::optional<double> margin;
  double confidence = 0;
  PlanWords plan = {};
  Stop stop = Stop::fixed;
  /// What was asked of the comparisons and said when pairs were enough, as in
  /// "not-worse-by=0.3"; empty where the verdict alone did.
  std::vector<std::string> gates = {};
  /// Seconds of all trials of each of `orders`; empty for a table. "timings" in JSON.
  std::vector<double> trial_seconds = {};
  /// Trials that were under way when the last verdict fell, or pairs of a table behind it: kept,
  /// not used.
  int after_stop = 0;  ///< "timings.after_stop" in JSON
  /// Share of the trials' time that went into looking inside; "timings.tap_share" in JSON.
  std::optional<double> tap_share = {};
  std::vector<OrderResult> orders;
  std::vector<ComparisonResult> comparisons;
  std::vector<Notice> notices = {};             ///< about the whole run, most important first
  std::vector<RankedOrder> ranking = {};        ///< best first; empty below three orders
  std::vector<TunedOrder> tuning = {};          ///< empty where there is one learning rate
  std::vector<InferenceResult> inference = {};  ///< of the orders with a folded trial
  std::vector<std::string> ledger_orders = {};
  std::vector<algebra::LedgerRow> ledger;
};

/// The document, ended with a line break. Every field is always there, in a fixed order; missing
/// and non-finite numbers are null, an interval is [lower, upper]. Only `timings` may differ
/// between two runs of one study. The verdict on a table has `lower_is_better`, `pair_names` and
/// `dropped_pairs` in addition, and a condition of its own.
std::string to_json(const VerdictRecord& verdict);

/// The file that holds the verdict so far, of a run that is not finished.
inline constexpr const char* kSoFarFile = "verdict-so-far.json";
inline constexpr std::size_t kMostVerdictBytes = std::size_t{256} << 20;

/// The record of a study that to_json wrote, but for what is not written: Comparison's replicates
/// and goes_on. Keys that are not known are ignored, so that a later version may add some. Throws
/// Error beginning with `label` where the text is no such document.
VerdictRecord verdict_from_json(std::string_view text, const std::string& label);

/// The fields of the document as rows of a table in Markdown, for docs/documents.md.
std::string verdict_table();

/// verdict_from_json of `folder`/verdict.json; of a run that is not finished, of what its trials
/// say so far. Throws Error where there is neither, with what to do.
VerdictRecord read_verdict(const std::filesystem::path& folder);

/// What a comparison would do: `whichfirst compare --dry-run --json`.
struct PlanRecord {
  std::string study;
  std::string study_hash;
  std::string run_folder;
  Condition condition;
  std::vector<OrderResult> orders;   ///< names and stages; values play no part
  std::vector<Notice> notices = {};  ///< what can be said before anything is trained
  int replicates = 0;
  int jobs = 0;                  ///< trials side by side
  std::int64_t trial_bytes = 0;  ///< of memory, each
  double seconds_least = 0;      ///< of all trials, by a few steps of each order
  double seconds_most = 0;       ///< the same at the largest number of replicates
};

/// The document, ended with a line break.
std::string to_json(const PlanRecord& plan);

}  // namespace whichfirst::record
