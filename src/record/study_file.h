// The study: what is compared, on what, how it is trained and judged. Keys, defaults and ranges
// live here; docs/study.md lists them for people.
//
// A study is resolved once, before anything runs: file, then `key=value` of the command line over
// it, then defaults. The resolved study is printed into the run's folder and runs again to the same
// numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/shape.h"
#include "engine/options.h"
#include "notation/sequence.h"
#include "stats/verdict.h"

namespace whichfirst::record {

// Limits, so that no text can hang the program or exhaust its memory.
inline constexpr std::size_t kMaxStudyBytes = std::size_t{1} << 20;
/// Each dot of a key nests a table, and tables are destroyed recursively.
inline constexpr std::ptrdiff_t kMaxStudyDots = 4096;
inline constexpr std::size_t kMaxOrders = 16;
inline constexpr std::size_t kMaxOrderName = 64;

/// A count of pictures, at least 1, or a share in (0, 1].
using Amount = std::variant<std::int64_t, double>;

/// A name that may stand as a folder's: letters, digits and . _ -, of which neither . nor - comes
/// first; at most kMaxOrderName of them.
struct NamedOrder {
  std::string name;
  std::string text;  ///< notation, as written; parses
  bool operator==(const NamedOrder&) const = default;
};

struct DataChoice {
  std::string name = "shapes10";    ///< a known set; empty where there is a path
  std::optional<std::string> path;  ///< a file or folder, as written
  std::optional<Amount> train;      ///< nullopt: all
  std::optional<Amount> test;       ///< nullopt: all
  Amount validation = 0.1;          ///< of train, a share below 1; cut only when it is needed
  std::optional<PictureSize> size;  ///< nullopt: as data/dataset.h chooses
  bool skip_broken = false;         ///< pass over unreadable pictures of a folder
  bool operator==(const DataChoice&) const = default;
};

using engine::Optimizer;
using engine::Precision;
enum class Schedule { constant, step, cosine, one_cycle };

/// After which epochs the values inside a network are looked at: none, all, or 1, 2, 4, 8, ... and
/// the last one.
enum class TapRate { off, epochs, log };

/// What happens to training pictures; 0 and false: nothing. data/batches.h says how.
struct Augment {
  int crop = 0;  ///< pixels of padding
  bool flip = false;
  int cutout = 0;  ///< side of the square, pixels
  bool operator==(const Augment&) const = default;
};

struct Recipe {
  int epochs = 3;
  int batch = 32;
  Optimizer optimizer = Optimizer::sgd;
  double momentum = 0.9;  ///< of sgd
  bool nesterov = false;  ///< of sgd
  /// One rate for all orders; or several, of which every order gets its own best.
  std::vector<double> lr = {0.05};
  Schedule schedule = Schedule::cosine;
  double warmup = 0;       ///< epochs in which the rate rises linearly, below `epochs`
  double decay = 5e-4;     ///< coupled in sgd, decoupled in adamw, as in PyTorch
  bool decay_all = false;  ///< of all parameters, else of weights only
  double label_smoothing = 0;
  Augment augment = {};
  Precision precision = Precision::fp32_fast;
  TapRate taps = TapRate::off;
  bool operator==(const Recipe&) const = default;
};

/// Differences between the orders that are taken away (network::Match).
struct MatchChoice {
  bool bias = false;
  bool affine = false;
  bool ends = false;
  bool operator==(const MatchChoice&) const = default;
};

/// At which rates a verdict is given where there are several: each order's own best, or that and
/// every rate that all orders share.
enum class LrReport { best, all };

struct Plan {
  std::string metric = "test_accuracy";  ///< one of kMetricNames
  /// In the metric's unit. Unless given: 0.25 points for an accuracy, nothing for a loss.
  std::optional<double> margin = 0.25;
  double confidence = 0.95;
  std::optional<int> seeds;  ///< replicates; nullopt: as many as the answer needs,
  int max_seeds = 30;        ///< at most so many
  stats::Location rule = stats::Location::mean;  ///< by whose interval is decided
  stats::EquivalenceShare equivalence = stats::EquivalenceShare::half;
  stats::Horizon horizon = stats::Horizon::open;  ///< of `seeds` that are not fixed
  bool guard = false;                             ///< the skewness guard decides (stats/interval.h)
  int tuning_seeds = 2;  ///< replicates at each rate, where there are several
  LrReport lr_report = LrReport::best;
  bool operator==(const Plan&) const = default;
};

struct Study {
  std::string name = "study";
  std::uint64_t seed = 0;              ///< below 2^63
  std::string network = "article-15";  ///< a body that parses, or the name of a preset, unchecked
  notation::BiasRule bias = notation::BiasRule::automatic;
  MatchChoice match;
  std::vector<NamedOrder> orders = {{"bn-first", "conv bn relu"}, {"act-first", "conv relu bn"}};
  DataChoice data;
  Recipe recipe;
  Plan plan;
  bool operator==(const Study&) const = default;
};

/// Whether `c` may stand in an order's name, and so in a folder's: a letter, a digit, . _ or -.
bool is_name_character(char c);

/// A study file's text and what messages call it.
struct StudySource {
  std::string text;
  std::string label;         ///< "my.toml"
  std::string default_name;  ///< of a study that names itself nothing: the file's stem
};

/// Throws Error where the file does not read or is larger than kMaxStudyBytes.
StudySource read_study_source(const std::filesystem::path& path);

/// The known key that was meant by `written`, such as recipe.lr by learning_rate.
std::optional<std::string> nearest_key(std::string_view written);

/// The orders of a study that names none, by its network: a preset may have its own.
using DefaultOrders = std::function<std::vector<NamedOrder>(const std::string& network)>;

/// The study of a file (or of nothing: all defaults) with `key=value` overrides, later ones
/// winning.
///
/// A value of an override is read as TOML, and as a string where that fails or where a string is
/// wanted. `orders.NAME=CHAIN` changes or adds an order where the file has [orders]; where it has
/// none the first such override starts a new list in place of the default pair. data.name on the
/// command line takes the place of the file's data.path, and the other way round.
///
/// Throws Error with file, line, column, the line and a caret; or with the override. An unknown key
/// is one, as are a wrong type, a value out of range, an order or a body that does not parse, and
/// values that contradict each other (a warm-up as long as the training, Nesterov without
/// momentum). Without `default_orders` every network has those of Study.
Study resolve_study(const std::optional<StudySource>& source,
                    std::span<const std::string> overrides = {},
                    const DefaultOrders& default_orders = {});

/// The words of the study file: "adamw", "one-cycle", {"bias", "ends"}, {"crop(4)", "flip"}.
std::string_view bias_word(notation::BiasRule rule);
std::string_view optimizer_word(Optimizer optimizer);
std::string_view schedule_word(Schedule schedule);
std::string_view precision_word(Precision precision);
std::string_view rule_word(stats::Location rule);
std::string_view equivalence_word(stats::EquivalenceShare share);
std::string_view horizon_word(stats::Horizon horizon);
std::vector<std::string> match_words(const MatchChoice& match);
std::vector<std::string> augment_words(const Augment& augment);

/// Whether learning rates are tried before the verdict.
inline bool is_tuned(const Study& study) { return study.recipe.lr.size() > 1; }

/// An arm is an order at a rate: "bn-first", or "bn-first@0.1" where there are several rates.
std::string arm_name(const Study& study, std::string_view order, double lr);
/// Replicates that a study may run: the fixed number, or the maximum.
inline int most_seeds(const Plan& plan) { return plan.seeds.value_or(plan.max_seeds); }

/// Throws Error unless the study names at least `least` orders.
void require_orders(const Study& study, std::size_t least);

/// TOML with every key in the documented order: resolve_study of it gives the same study.
std::string print_study(const Study& study);

/// hash_hex over every key and value but the name and plan.max-seeds, which may be raised at any
/// time unless plan.horizon is "max-seeds"; orders and bodies in canonical form. Keys that are
/// younger than the first hashes play a part only where they differ from their defaults.
std::string study_hash(const Study& study);

/// The keys in which two studies of different study_hash differ, as "recipe.lr (0.05 there, 0.1
/// here)": `a` is there, `b` here. Empty where the hashes agree.
std::vector<std::string> differing_keys(const Study& a, const Study& b);

}  // namespace whichfirst::record
