#include "record/study_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/error.h"
#include "notation/parse.h"
#include "notation/print.h"
#include "record/metrics.h"

namespace whichfirst::record {
namespace {

using notation::BiasRule;

/// TOML of a float: never of a whole number, which would be a count.
std::string print_float(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string print_amount(const std::optional<Amount>& amount) {
  if (!amount) return toml_string("all");
  if (const auto* count = std::get_if<std::int64_t>(&*amount)) return std::to_string(*count);
  return print_float(std::get<double>(*amount));
}

/// A count, or a share of at most `most`.
Amount read_amount(const GivenValue& value, std::string_view wanted, double most) {
  if (value.node->is_integer()) {
    if (*value.node->value<std::int64_t>() < 1) value.fail_expected(wanted);
    return *value.node->value<std::int64_t>();
  }
  return value.number(wanted, [most](double share) { return share > 0 && share <= most; });
}

std::optional<Amount> read_amount_or_all(const GivenValue& value) {
  if (value.is_word("all")) return std::nullopt;
  return read_amount(value, "a count from 1, a share above 0.0 and at most 1.0, or \"all\"", 1.0);
}

bool is_body(std::string_view network) {
  return network.find_first_of("(* \t\r\n") != std::string_view::npos;
}

constexpr int kMostSeeds = 10'000;

int small_whole(const GivenValue& value, int least, int most) {
  return static_cast<int>(value.whole(least, most));
}

std::string print_list(const std::vector<std::string>& words) {
  std::string text = "[";
  for (const std::string& word : words) {
    text += fmt::format("{}{}", text.size() > 1 ? ", " : "", toml_string(word));
  }
  return text + "]";
}

// --- match ---

constexpr std::pair<std::string_view, bool MatchChoice::*> kMatches[] = {
    {"bias", &MatchChoice::bias}, {"affine", &MatchChoice::affine}, {"ends", &MatchChoice::ends}};

void read_match(Study& study, const GivenValue& value) {
  constexpr std::string_view kWanted = "a list of \"bias\", \"affine\", \"ends\"";
  study.match = {};
  for (const std::string& word : value.list(kWanted)) {
    const auto* found = std::find_if(std::begin(kMatches), std::end(kMatches),
                                     [&](const auto& entry) { return entry.first == word; });
    if (found == std::end(kMatches)) {
      value.fail(fmt::format("expected {}, found '{}'", kWanted, json::printable(word)));
    }
    study.match.*found->second = true;
  }
}

std::string print_match(const Study& study) { return print_list(match_words(study.match)); }

// --- data.size ---

constexpr int kLargestPicture = 1024;

void read_size(Study& study, const GivenValue& value) {
  constexpr std::string_view kWanted =
      "\"auto\", a side from 1 to 1024 or \"HEIGHTxWIDTH\", such as 32 or \"32x48\"";
  study.data.size.reset();
  if (value.is_word("auto")) return;
  std::optional<std::vector<std::uint64_t>> sides;
  if (const auto* side = value.node->as_integer()) {
    sides.emplace(2, static_cast<std::uint64_t>(side->get()));  // a negative one becomes too large
  } else {
    sides = parse_lengths(value.text());
  }
  const auto fits = [](std::uint64_t side) { return side >= 1 && side <= kLargestPicture; };
  if (!sides || sides->size() != 2 || !std::all_of(sides->begin(), sides->end(), fits)) {
    value.fail_expected(kWanted);
  }
  study.data.size = {static_cast<int>((*sides)[0]), static_cast<int>((*sides)[1])};
}

std::string print_size(const Study& study) {
  if (!study.data.size) return toml_string("auto");
  const PictureSize& size = *study.data.size;
  return size.height == size.width ? std::to_string(size.height)
                                   : toml_string(whichfirst::print_size(size));
}

// --- recipe.lr ---

constexpr std::size_t kMostRates = 16;

void read_rates(Study& study, const GivenValue& value) {
  constexpr std::string_view kWanted =
      "a number above 0 and at most 1000, or a list of up to 16 different ones";
  constexpr double kMostRate = 1000;
  study.recipe.lr.clear();
  const auto take = [&](const toml::node& node) {
    const std::optional<double> rate = node.is_number() ? node.value<double>() : std::nullopt;
    const auto& taken = study.recipe.lr;
    if (!rate || !(*rate > 0 && *rate <= kMostRate) || taken.size() == kMostRates ||
        std::find(taken.begin(), taken.end(), *rate) != taken.end()) {
      value.fail_expected(kWanted);
    }
    study.recipe.lr.push_back(*rate);
  };
  if (const toml::array* rates = value.node->as_array()) {
    if (rates->empty()) value.fail_expected(kWanted);
    for (const toml::node& node : *rates) take(node);
    std::sort(study.recipe.lr.begin(), study.recipe.lr.end());
  } else {
    take(*value.node);
  }
}

std::string print_rates(const Study& study) {
  if (!is_tuned(study)) return print_float(study.recipe.lr.front());
  std::string text = "[";
  for (const double rate : study.recipe.lr) {
    text += fmt::format("{}{}", text.size() > 1 ? ", " : "", print_float(rate));
  }
  return text + "]";
}

// --- recipe.augment ---

/// "crop(4)" -> crop and 4; "crop" -> crop and nothing.
struct Call {
  std::string_view word;
  std::optional<int> argument;
};

std::optional<Call> parse_call(std::string_view text) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos) return Call{text, {}};
  if (!text.ends_with(')')) return std::nullopt;
  int argument = 0;
  const char* end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data() + open + 1, end, argument);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return Call{text.substr(0, open), argument};
}

void read_augment(Study& study, const GivenValue& value) {
  constexpr std::string_view kWanted =
      "a list of \"crop(4)\", \"flip\", \"cutout(8)\", each once at most, with 1 to 512 pixels";
  constexpr int kMostPixels = 512;
  Augment augment;
  for (const std::string& word : value.list(kWanted)) {
    const auto call = parse_call(word);
    const int pixels = call && call->argument ? *call->argument : -1;
    const bool is_sized = pixels >= 1 && pixels <= kMostPixels;
    if (call && call->word == "flip" && !call->argument && !augment.flip) {
      augment.flip = true;
    } else if (call && call->word == "crop" && is_sized && augment.crop == 0) {
      augment.crop = pixels;
    } else if (call && call->word == "cutout" && is_sized && augment.cutout == 0) {
      augment.cutout = pixels;
    } else {
      value.fail(fmt::format("expected {}, found '{}'", kWanted, json::printable(word)));
    }
  }
  study.recipe.augment = augment;
}

std::string print_augment(const Study& study) {
  return print_list(augment_words(study.recipe.augment));
}

std::string print_truth(bool value) { return value ? "true" : "false"; }

// --- words of the recipe ---

constexpr std::pair<std::string_view, Schedule> kSchedules[] = {{"constant", Schedule::constant},
                                                                {"step", Schedule::step},
                                                                {"cosine", Schedule::cosine},
                                                                {"one-cycle", Schedule::one_cycle}};
constexpr std::pair<std::string_view, Precision> kPrecisions[] = {
    {"fp32", Precision::fp32}, {"fp32-fast", Precision::fp32_fast}, {"bf16", Precision::bf16}};
constexpr std::pair<std::string_view, TapRate> kTapRates[] = {
    {"off", TapRate::off}, {"epochs", TapRate::epochs}, {"log", TapRate::log}};

// --- words of the plan ---

constexpr std::pair<std::string_view, stats::Location> kRules[] = {
    {"student", stats::Location::mean},
    {"signed-rank", stats::Location::pseudo_median},
    {"sign", stats::Location::median}};

constexpr std::pair<std::string_view, stats::EquivalenceShare> kEquivalences[] = {
    {"half", stats::EquivalenceShare::half}, {"full", stats::EquivalenceShare::full}};

constexpr std::pair<std::string_view, stats::Horizon> kHorizons[] = {
    {"open", stats::Horizon::open}, {"max-seeds", stats::Horizon::max_pairs}};

template <class Meaning, std::size_t count>
Meaning meaning_of(const std::pair<std::string_view, Meaning> (&words)[count],
                   std::string_view word) {
  for (const auto& [known, meaning] : words) {
    if (known == word) return meaning;
  }
  check(false, "a word that was chosen from a list is in it");
  return words[0].second;
}

template <class Meaning, std::size_t count>
std::string_view word_of(const std::pair<std::string_view, Meaning> (&words)[count],
                         Meaning meaning) {
  for (const auto& [word, known] : words) {
    if (known == meaning) return word;
  }
  check(false, "every choice has a word");
  return {};
}

constexpr std::array kKeys = {
    StudyKey{"name", [](Study& study, const GivenValue& value) { study.name = value.line(); },
             [](const Study& study) { return toml_string(study.name); }},
    StudyKey{"seed",
             [](Study& study, const GivenValue& value) {
               study.seed = static_cast<std::uint64_t>(
                   value.whole(0, std::numeric_limits<std::int64_t>::max()));
             },
             [](const Study& study) { return std::to_string(study.seed); }},
    StudyKey{"network",
             [](Study& study, const GivenValue& value) {
               study.network =
                   is_body(value.text()) ? value.notation(notation::Context::body) : value.line();
             },
             [](const Study& study) { return toml_string(study.network); }},
    StudyKey{"bias",
             [](Study& study, const GivenValue& value) {
               const std::string word = value.choice({"auto", "on", "off"});
               study.bias = word == "auto" ? BiasRule::automatic
                            : word == "on" ? BiasRule::on
                                           : BiasRule::off;
             },
             [](const Study& study) {
               return toml_string(study.bias == BiasRule::automatic ? "auto"
                                  : study.bias == BiasRule::on      ? "on"
                                                                    : "off");
             }},
    StudyKey{"match", read_match, print_match},
    StudyKey{
        "data.name", [](Study& study, const GivenValue& value) { study.data.name = value.line(); },
        [](const Study& study) { return study.data.path ? "" : toml_string(study.data.name); }},
    StudyKey{
        "data.path",
        [](Study& study, const GivenValue& value) {
          study.data.path = value.line();
          study.data.name.clear();
        },
        [](const Study& study) { return study.data.path ? toml_string(*study.data.path) : ""; }},
    StudyKey{
        "data.train",
        [](Study& study, const GivenValue& value) { study.data.train = read_amount_or_all(value); },
        [](const Study& study) { return print_amount(study.data.train); }},
    StudyKey{
        "data.test",
        [](Study& study, const GivenValue& value) { study.data.test = read_amount_or_all(value); },
        [](const Study& study) { return print_amount(study.data.test); }},
    StudyKey{"data.validation",
             [](Study& study, const GivenValue& value) {
               constexpr double kLessThanAll = 1.0 - std::numeric_limits<double>::epsilon();
               study.data.validation = read_amount(
                   value, "a count from 1 or a share above 0.0 and below 1.0", kLessThanAll);
             },
             [](const Study& study) { return print_amount(study.data.validation); }},
    StudyKey{"data.size", read_size, print_size},
    StudyKey{"data.skip-broken",
             [](Study& study, const GivenValue& value) { study.data.skip_broken = value.truth(); },
             [](const Study& study) { return print_truth(study.data.skip_broken); }},
    StudyKey{"recipe.epochs",
             [](Study& study, const GivenValue& value) {
               study.recipe.epochs = small_whole(value, 1, 100'000);
             },
             [](const Study& study) { return std::to_string(study.recipe.epochs); }},
    StudyKey{"recipe.batch",
             [](Study& study, const GivenValue& value) {
               study.recipe.batch = small_whole(value, 1, 65'536);
             },
             [](const Study& study) { return std::to_string(study.recipe.batch); }},
    StudyKey{
        "recipe.optimizer",
        [](Study& study, const GivenValue& value) {
          study.recipe.optimizer =
              value.choice({"sgd", "adamw"}) == "adamw" ? Optimizer::adamw : Optimizer::sgd;
        },
        [](const Study& study) { return toml_string(optimizer_word(study.recipe.optimizer)); }},
    StudyKey{"recipe.momentum",
             [](Study& study, const GivenValue& value) {
               study.recipe.momentum = value.number("a number from 0 to below 1",
                                                    [](double v) { return v >= 0 && v < 1; });
             },
             [](const Study& study) {
               return study.recipe.optimizer == Optimizer::sgd ? print_float(study.recipe.momentum)
                                                               : std::string();
             }},
    StudyKey{"recipe.nesterov",
             [](Study& study, const GivenValue& value) { study.recipe.nesterov = value.truth(); },
             [](const Study& study) {
               return study.recipe.optimizer == Optimizer::sgd ? print_truth(study.recipe.nesterov)
                                                               : std::string();
             }},
    StudyKey{"recipe.lr", read_rates, print_rates},
    StudyKey{"recipe.schedule",
             [](Study& study, const GivenValue& value) {
               study.recipe.schedule = meaning_of(
                   kSchedules, value.choice({"constant", "step", "cosine", "one-cycle"}));
             },
             [](const Study& study) { return toml_string(schedule_word(study.recipe.schedule)); }},
    StudyKey{"recipe.warmup",
             [](Study& study, const GivenValue& value) {
               study.recipe.warmup = value.number("a number of epochs from 0 to 1000",
                                                  [](double v) { return v >= 0 && v <= 1000; });
             },
             [](const Study& study) { return print_float(study.recipe.warmup); }},
    StudyKey{"recipe.decay",
             [](Study& study, const GivenValue& value) {
               study.recipe.decay = value.number("a number from 0 to 10",
                                                 [](double v) { return v >= 0 && v <= 10; });
             },
             [](const Study& study) { return print_float(study.recipe.decay); }},
    StudyKey{"recipe.decay-all",
             [](Study& study, const GivenValue& value) { study.recipe.decay_all = value.truth(); },
             [](const Study& study) { return print_truth(study.recipe.decay_all); }},
    StudyKey{"recipe.label-smoothing",
             [](Study& study, const GivenValue& value) {
               study.recipe.label_smoothing = value.number(
                   "a number from 0 to below 1", [](double v) { return v >= 0 && v < 1; });
             },
             [](const Study& study) { return print_float(study.recipe.label_smoothing); }},
    StudyKey{"recipe.augment", read_augment, print_augment},
    StudyKey{
        "recipe.precision",
        [](Study& study, const GivenValue& value) {
          study.recipe.precision =
              meaning_of(kPrecisions, value.choice({"fp32", "fp32-fast", "bf16"}));
        },
        [](const Study& study) { return toml_string(precision_word(study.recipe.precision)); }},
    StudyKey{"recipe.taps",
             [](Study& study, const GivenValue& value) {
               study.recipe.taps = meaning_of(kTapRates, value.choice({"off", "epochs", "log"}));
             },
             [](const Study& study) { return toml_string(word_of(kTapRates, study.recipe.taps)); }},
    StudyKey{"plan.metric",
             [](Study& study, const GivenValue& value) {
               study.plan.metric = value.choice({"test_accuracy", "test_loss", "train_accuracy",
                                                 "train_loss", "val_accuracy", "val_loss"});
               if (!is_accuracy(study.plan.metric)) study.plan.margin.reset();
             },
             [](const Study& study) { return toml_string(study.plan.metric); }},
    StudyKey{"plan.margin",
             [](Study& study, const GivenValue& value) {
               study.plan.margin.reset();
               if (value.is_word("none")) return;
               study.plan.margin = value.number("a number above 0 and at most 1e6, or \"none\"",
                                                [](double v) { return v > 0 && v <= 1e6; });
             },
             [](const Study& study) {
               return study.plan.margin ? print_float(*study.plan.margin) : toml_string("none");
             }},
    StudyKey{"plan.confidence",
             [](Study& study, const GivenValue& value) {
               study.plan.confidence = value.number(
                   "a number from 0.5 to 0.999", [](double v) { return v >= 0.5 && v <= 0.999; });
             },
             [](const Study& study) { return print_float(study.plan.confidence); }},
    StudyKey{"plan.seeds",
             [](Study& study, const GivenValue& value) {
               study.plan.seeds.reset();
               if (value.is_word("auto")) return;
               if (!value.node->is_integer()) {
                 value.fail_expected("a whole number from 1 to 10000, or \"auto\"");
               }
               study.plan.seeds = small_whole(value, 1, kMostSeeds);
             },
             [](const Study& study) {
               return study.plan.seeds ? std::to_string(*study.plan.seeds) : toml_string("auto");
             }},
    StudyKey{"plan.max-seeds",
             [](Study& study, const GivenValue& value) {
               study.plan.max_seeds = small_whole(value, 1, kMostSeeds);
             },
             [](const Study& study) { return std::to_string(study.plan.max_seeds); }},
    StudyKey{
        "plan.rule",
        [](Study& study, const GivenValue& value) {
          study.plan.rule = meaning_of(kRules, value.choice({"student", "signed-rank", "sign"}));
        },
        [](const Study& study) { return toml_string(rule_word(study.plan.rule)); }},
    StudyKey{
        "plan.equivalence",
        [](Study& study, const GivenValue& value) {
          study.plan.equivalence = meaning_of(kEquivalences, value.choice({"half", "full"}));
        },
        [](const Study& study) { return toml_string(equivalence_word(study.plan.equivalence)); }},
    StudyKey{"plan.horizon",
             [](Study& study, const GivenValue& value) {
               study.plan.horizon = meaning_of(kHorizons, value.choice({"open", "max-seeds"}));
             },
             [](const Study& study) { return toml_string(horizon_word(study.plan.horizon)); }},
    StudyKey{"plan.guard",
             [](Study& study, const GivenValue& value) { study.plan.guard = value.truth(); },
             [](const Study& study) { return print_truth(study.plan.guard); }},
    StudyKey{"plan.tuning-seeds",
             [](Study& study, const GivenValue& value) {
               study.plan.tuning_seeds = small_whole(value, 1, 1000);
             },
             [](const Study& study) { return std::to_string(study.plan.tuning_seeds); }},
    StudyKey{"plan.lr-report",
             [](Study& study, const GivenValue& value) {
               study.plan.lr_report =
                   value.choice({"best", "all"}) == "all" ? LrReport::all : LrReport::best;
             },
             [](const Study& study) {
               return toml_string(study.plan.lr_report == LrReport::all ? "all" : "best");
             }},
};

}  // namespace

std::string_view optimizer_word(Optimizer optimizer) {
  return optimizer == Optimizer::sgd ? "sgd" : "adamw";
}

std::string_view schedule_word(Schedule schedule) { return word_of(kSchedules, schedule); }

std::string_view precision_word(Precision precision) { return word_of(kPrecisions, precision); }

std::string_view rule_word(stats::Location rule) { return word_of(kRules, rule); }

std::string_view equivalence_word(stats::EquivalenceShare share) {
  return word_of(kEquivalences, share);
}

std::string_view horizon_word(stats::Horizon horizon) { return word_of(kHorizons, horizon); }

std::vector<std::string> match_words(const MatchChoice& match) {
  std::vector<std::string> words;
  for (const auto& [word, member] : kMatches) {
    if (match.*member) words.emplace_back(word);
  }
  return words;
}

std::vector<std::string> augment_words(const Augment& augment) {
  std::vector<std::string> words;
  if (augment.crop > 0) words.push_back(fmt::format("crop({})", augment.crop));
  if (augment.flip) words.emplace_back("flip");
  if (augment.cutout > 0) words.push_back(fmt::format("cutout({})", augment.cutout));
  return words;
}

std::span<const StudyKey> study_keys() { return kKeys; }

std::string canonical_network(const std::string& network) {
  if (!is_body(network)) return network;
  return notation::print(notation::parse(network, notation::Context::body));
}

}  // namespace whichfirst::record
