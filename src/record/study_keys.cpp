#include "record/study_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "notation/parse.h"
#include "notation/print.h"
#include "record/given_value.h"
#include "record/metrics.h"

namespace whichfirst::record {
namespace {

using notation::BiasRule;

// --- the words of choices ---

template <class Meaning>
using Word = std::pair<std::string_view, Meaning>;

constexpr Word<BiasRule> kBiasRules[] = {
    {"auto", BiasRule::automatic}, {"on", BiasRule::on}, {"off", BiasRule::off}};
constexpr Word<bool MatchChoice::*> kMatches[] = {
    {"bias", &MatchChoice::bias}, {"affine", &MatchChoice::affine}, {"ends", &MatchChoice::ends}};
constexpr Word<Optimizer> kOptimizers[] = {{"sgd", Optimizer::sgd}, {"adamw", Optimizer::adamw}};
constexpr Word<Schedule> kSchedules[] = {{"constant", Schedule::constant},
                                         {"step", Schedule::step},
                                         {"cosine", Schedule::cosine},
                                         {"one-cycle", Schedule::one_cycle}};
constexpr Word<int Augment::*> kSizedAugments[] = {{"crop", &Augment::crop},
                                                   {"cutout", &Augment::cutout}};
constexpr Word<Precision> kPrecisions[] = {
    {"fp32", Precision::fp32}, {"fp32-fast", Precision::fp32_fast}, {"bf16", Precision::bf16}};
constexpr Word<TapRate> kTapRates[] = {
    {"off", TapRate::off}, {"epochs", TapRate::epochs}, {"log", TapRate::log}};
constexpr Word<stats::Location> kRules[] = {{"student", stats::Location::mean},
                                            {"signed-rank", stats::Location::pseudo_median},
                                            {"sign", stats::Location::median}};
constexpr Word<stats::EquivalenceShare> kEquivalences[] = {{"half", stats::EquivalenceShare::half},
                                                           {"full", stats::EquivalenceShare::full}};
constexpr Word<stats::Horizon> kHorizons[] = {{"open", stats::Horizon::open},
                                              {"max-seeds", stats::Horizon::max_pairs}};
constexpr Word<LrReport> kLrReports[] = {{"best", LrReport::best}, {"all", LrReport::all}};

template <class Words, class Meaning>
std::string_view word_of(const Words& words, const Meaning& meaning) {
  for (const auto& [word, known] : words) {
    if (known == meaning) return word;
  }
  check(false, "every choice has a word");
  return {};
}

/// `"a", "b" or "c"`.
template <class Words>
std::string quote_words(const Words& words, std::string_view before_last = " or ") {
  std::string list;
  for (auto word = std::begin(words); word != std::end(words); ++word) {
    if (!list.empty()) list += std::next(word) == std::end(words) ? before_last : ", ";
    list += fmt::format("\"{}\"", word->first);
  }
  return list;
}

// --- printing ---

/// TOML of a float: never of a whole number, which would be a count.
std::string print_float(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

template <class List, class Print>
std::string print_list(const List& list, const Print& print) {
  std::string text;
  for (const auto& element : list) text += (text.empty() ? "" : ", ") + print(element);
  return "[" + text + "]";
}

// --- kinds of values ---

/// What a key takes: in words, which follow "expected" in errors, and how it is read and printed.
template <class T>
struct Kind {
  std::string wanted;
  /// `wanted` is that of the key: longer than the kind's own where a word may stand for nothing.
  std::function<T(const GivenValue& value, const std::string& wanted)> read;
  std::function<std::string(const T&)> print;
};

/// What `kind` takes, or `word` for nothing.
template <class T>
Kind<std::optional<T>> or_word(std::string_view word, const Kind<T>& kind) {
  return {fmt::format("{}, or \"{}\"", kind.wanted, word),
          [=](const GivenValue& value, const std::string& wanted) {
            return value.is_word(word) ? std::nullopt : std::optional(kind.read(value, wanted));
          },
          [=](const std::optional<T>& given) {
            return given ? kind.print(*given) : toml_string(word);
          }};
}

template <class T = int>
Kind<T> whole(std::int64_t least, std::int64_t most) {
  const std::string own = fmt::format("a whole number from {} to {}", least, most);
  return {own,
          [=](const GivenValue& value, const std::string& wanted) {
            const auto* given = value.node->as_integer();
            if (given == nullptr) value.fail_expected(wanted);
            // A number out of range was no attempt at the word that may stand in its place.
            if (given->get() < least || given->get() > most) value.fail_expected(own);
            return static_cast<T>(given->get());
          },
          [](const T& number) { return std::to_string(number); }};
}

/// Which ends belong to a range of numbers.
enum class Ends { both, upper, lower };

Kind<double> number(double least, double most, Ends ends = Ends::both, std::string_view of = "") {
  std::string wanted =
      fmt::format("a number{} {} {:g} {} {:g}", of, ends == Ends::upper ? "above" : "from", least,
                  ends == Ends::upper   ? "and at most"
                  : ends == Ends::lower ? "to below"
                                        : "to",
                  most);
  if (const std::size_t sign = wanted.find("e+0"); sign != std::string::npos) {
    wanted.erase(sign + 1, 2);  // 1e6, as people write it
  }
  const auto fits = [=](double given) {
    return (ends == Ends::upper ? given > least : given >= least) &&
           (ends == Ends::lower ? given < most : given <= most);
  };
  return {wanted,
          [=](const GivenValue& value, const std::string& expected) {
            return value.number(expected, fits);
          },
          print_float};
}

/// A count from 1, or a share above 0 and at most `most`.
Kind<Amount> amount(std::string wanted, double most) {
  return {std::move(wanted),
          [=](const GivenValue& value, const std::string& expected) -> Amount {
            if (const auto* count = value.node->as_integer()) {
              if (count->get() < 1) value.fail_expected(expected);
              return count->get();
            }
            return value.number(expected, [=](double share) { return share > 0 && share <= most; });
          },
          [](const Amount& given) {
            const auto* count = std::get_if<std::int64_t>(&given);
            return count != nullptr ? std::to_string(*count) : print_float(std::get<double>(given));
          }};
}

/// One of `words`, which are pairs of a word and its meaning.
template <class Words>
auto choice(const Words& words) {
  using Meaning = decltype(std::begin(words)->second);
  return Kind<Meaning>{
      quote_words(words),
      [words](const GivenValue& value, const std::string& wanted) -> Meaning {
        const std::string text = value.text();
        std::vector<std::string_view> known;
        for (const auto& [word, meaning] : words) {
          if (word == text) return meaning;
          known.push_back(word);
        }
        const auto near = nearest_word(text, known);
        value.fail_expected(wanted, near ? fmt::format("; did you mean '{}'?", *near) : "");
      },
      [words](const Meaning& meaning) { return toml_string(word_of(words, meaning)); }};
}

Kind<std::string> metric() {
  std::vector<Word<std::string>> words;
  for (const MetricName& known : kMetricNames) words.emplace_back(known.name, known.name);
  return choice(words);
}

Kind<bool> truth() {
  return {"true or false",
          [](const GivenValue& value, const std::string& wanted) {
            const auto* given = value.node->as_boolean();
            if (given == nullptr) value.fail_expected(wanted);
            return given->get();
          },
          [](const bool& given) { return std::string(given ? "true" : "false"); }};
}

Kind<std::string> line() {
  constexpr std::size_t kMostBytes = 4096;
  return {
      fmt::format("a string of 1 to {} bytes without control characters", kMostBytes),
      [](const GivenValue& value, const std::string& wanted) {
        std::string text = value.text();
        if (text.empty() || text.size() > kMostBytes || json::printable(text, kMostBytes) != text) {
          value.fail_expected(wanted);
        }
        return text;
      },
      toml_string};
}

/// A line that is given or not, without a word for nothing: its key then does not apply.
Kind<std::optional<std::string>> line_if_given() {
  return {line().wanted, line().read, [](const auto& given) { return toml_string(*given); }};
}

bool is_body(std::string_view network) {
  return network.find_first_of("(* \t\r\n") != std::string_view::npos;
}

Kind<std::string> network() {
  return {"the name of a preset, or a body",
          [](const GivenValue& value, const std::string&) {
            return is_body(value.text()) ? value.notation(notation::Context::body)
                                         : line().read(value, line().wanted);
          },
          toml_string};
}

/// Gives each word of a list to `take`, which refuses what it does not know or has already.
void take_words(const GivenValue& value, const std::string& wanted,
                const std::function<bool(const std::string& word)>& take) {
  for (const std::string& word : value.list(wanted)) {
    if (take(word)) continue;
    value.fail(fmt::format("expected {}, found '{}'", wanted, json::printable(word)));
  }
}

Kind<MatchChoice> matches() {
  return {"a list of " + quote_words(kMatches, ", "),
          [](const GivenValue& value, const std::string& wanted) {
            MatchChoice match;
            take_words(value, wanted, [&](const std::string& word) {
              for (const auto& [known, member] : kMatches) {
                if (known == word) return match.*member = true;
              }
              return false;
            });
            return match;
          },
          [](const MatchChoice& match) { return print_list(match_words(match), toml_string); }};
}

constexpr int kMostPixels = 512;

/// The 4 of "crop(4)" where `name` is "crop"; 0 where the word is something else.
int pixels_of(std::string_view word, std::string_view name) {
  if (!word.starts_with(std::string(name) + '(') || !word.ends_with(')')) return 0;
  int pixels = 0;
  const char* end = word.data() + word.size() - 1;
  const auto [stop, error] = std::from_chars(word.data() + name.size() + 1, end, pixels);
  const bool fits = error == std::errc{} && stop == end && pixels >= 1 && pixels <= kMostPixels;
  return fits ? pixels : 0;
}

Kind<Augment> augmentation() {
  return {fmt::format("a list of \"crop(4)\", \"flip\", \"cutout(8)\", each once at most, with 1 "
                      "to {} pixels",
                      kMostPixels),
          [](const GivenValue& value, const std::string& wanted) {
            Augment augment;
            take_words(value, wanted, [&](const std::string& word) {
              if (word == "flip" && !augment.flip) return augment.flip = true;
              for (const auto& [name, member] : kSizedAugments) {
                const int pixels = pixels_of(word, name);
                if (pixels == 0 || augment.*member != 0) continue;
                augment.*member = pixels;
                return true;
              }
              return false;
            });
            return augment;
          },
          [](const Augment& augment) { return print_list(augment_words(augment), toml_string); }};
}

Kind<std::optional<PictureSize>> picture_size() {
  constexpr int kLargest = 1024;
  return {fmt::format("\"auto\", a side from 1 to {} or \"HEIGHTxWIDTH\", such as 32 or \"32x48\"",
                      kLargest),
          [](const GivenValue& value, const std::string& wanted) -> std::optional<PictureSize> {
            if (value.is_word("auto")) return std::nullopt;
            std::optional<std::vector<std::uint64_t>> sides;
            if (const auto* side = value.node->as_integer()) {  // a negative one becomes too large
              sides.emplace(2, static_cast<std::uint64_t>(side->get()));
            } else {
              sides = parse_lengths(value.text());
            }
            const auto fits = [](std::uint64_t side) { return side >= 1 && side <= kLargest; };
            if (!sides || sides->size() != 2 || !std::all_of(sides->begin(), sides->end(), fits)) {
              value.fail_expected(wanted);
            }
            return PictureSize{static_cast<int>((*sides)[0]), static_cast<int>((*sides)[1])};
          },
          [](const std::optional<PictureSize>& size) {
            if (!size) return toml_string("auto");
            return size->height == size->width ? std::to_string(size->height)
                                               : toml_string(print_size(*size));
          }};
}

Kind<std::vector<double>> rates() {
  constexpr std::size_t kMost = 16;
  constexpr double kLargest = 1000;
  return {fmt::format("{}, or a list of up to {} different ones",
                      number(0, kLargest, Ends::upper).wanted, kMost),
          [](const GivenValue& value, const std::string& wanted) {
            std::vector<double> taken;
            const auto take = [&](const toml::node& node) {
              const std::optional<double> rate =
                  node.is_number() ? node.value<double>() : std::nullopt;
              if (!rate || !(*rate > 0 && *rate <= kLargest) || taken.size() == kMost ||
                  std::find(taken.begin(), taken.end(), *rate) != taken.end()) {
                value.fail_expected(wanted);
              }
              taken.push_back(*rate);
            };
            if (const toml::array* list = value.node->as_array()) {
              if (list->empty()) value.fail_expected(wanted);
              for (const toml::node& node : *list) take(node);
            } else {
              take(*value.node);
            }
            std::sort(taken.begin(), taken.end());
            return taken;
          },
          [](const std::vector<double>& given) {
            return given.size() == 1 ? print_float(given[0]) : print_list(given, print_float);
          }};
}

// --- the rows ---

/// The part of a study that has the members of `Section`: the study itself, its data, ...
template <class Section>
Section& part(Study& study) {
  return std::get<Section&>(std::tie(study, study.data, study.recipe, study.plan));
}

template <class Section>
const Section& part(const Study& study) {
  return std::get<const Section&>(std::tie(study, study.data, study.recipe, study.plan));
}

bool is_sgd(const Study& study) { return study.recipe.optimizer == Optimizer::sgd; }
bool has_path(const Study& study) { return study.data.path.has_value(); }
bool has_no_path(const Study& study) { return !has_path(study); }
bool is_any(const Study&) { return true; }

template <class Section, class T>
StudyKey row(std::string_view name, T Section::*member, const Kind<T>& kind,
             std::string_view meaning, Hashed hashed = Hashed::always,
             bool (*applies)(const Study&) = is_any) {
  return {.name = name,
          .takes = kind.wanted,
          .meaning = meaning,
          .hashed = hashed,
          .applies = applies,
          .set =
              [=](Study& study, const GivenValue& value) {
                part<Section>(study).*member = kind.read(value, kind.wanted);
              },
          .print = [=](const Study& study) { return kind.print(part<Section>(study).*member); }};
}

std::vector<StudyKey> rows() {
  constexpr int kMostSeeds = 10'000;
  constexpr double kBelowAll = 1.0 - std::numeric_limits<double>::epsilon();
  const auto part_or_all =
      or_word("all", amount("a count from 1, a share above 0.0 and at most 1.0", 1.0));
  return {
      row("name", &Study::name, line(),
          "names the run folder; the file's stem unless given; changes no result", Hashed::never),
      row("seed", &Study::seed, whole<std::uint64_t>(0, std::numeric_limits<std::int64_t>::max()),
          "initial weights, data order and the draw of the parts depend on it"),
      row("network", &Study::network, network(), "see [notation.md](notation.md)"),
      row("bias", &Study::bias, choice(kBiasRules),
          "for convolutions that do not say themselves; `auto`: by place"),
      row("match", &Study::match, matches(),
          "differences between the orders that are removed, see [notation.md](notation.md)"),
      row("data.name", &DataChoice::name, line(),
          "a known data set; `whichfirst data list` names them", Hashed::always, has_no_path),
      row("data.path", &DataChoice::path, line_if_given(),
          "a `.npz` file or a folder, in place of `data.name`; see below", Hashed::always,
          has_path),
      row("data.train", &DataChoice::train, part_or_all, "training pictures"),
      row("data.test", &DataChoice::test, part_or_all, "test pictures"),
      row("data.validation", &DataChoice::validation,
          amount("a count from 1 or a share above 0.0 and below 1.0", kBelowAll),
          "cut from the training part for `val_` metrics and if `recipe.lr` is a list"),
      row("data.size", &DataChoice::size, picture_size(),
          "the size to which every picture is resized, see below"),
      row("data.skip-broken", &DataChoice::skip_broken, truth(),
          "skip unreadable pictures of a folder, and say so"),
      row("recipe.epochs", &Recipe::epochs, whole(1, 100'000), "passes over the training part"),
      row("recipe.batch", &Recipe::batch, whole(1, 65'536),
          "pictures per step; an incomplete last batch of an epoch is dropped"),
      row("recipe.optimizer", &Recipe::optimizer, choice(kOptimizers),
          "as `torch.optim.SGD` or `torch.optim.AdamW`, see below"),
      row("recipe.momentum", &Recipe::momentum, number(0, 1, Ends::lower), "for `sgd` only",
          Hashed::always, is_sgd),
      row("recipe.nesterov", &Recipe::nesterov, truth(), "for `sgd` with momentum only",
          Hashed::always, is_sgd),
      row("recipe.lr", &Recipe::lr, rates(),
          "the learning rate of all orders; from a list each order gets its own best, see below"),
      row("recipe.schedule", &Recipe::schedule, choice(kSchedules), "see below"),
      row("recipe.warmup", &Recipe::warmup, number(0, 1000, Ends::both, " of epochs"),
          "the rate rises linearly to the schedule's first one; less than `recipe.epochs`"),
      row("recipe.decay", &Recipe::decay, number(0, 10),
          "of `conv` and `fc` weights; coupled for `sgd`, decoupled for `adamw`, as in PyTorch"),
      row("recipe.decay-all", &Recipe::decay_all, truth(), "of biases, scales and offsets too"),
      row("recipe.label-smoothing", &Recipe::label_smoothing, number(0, 1, Ends::lower),
          "as `CrossEntropyLoss(label_smoothing=)`; in training only"),
      row("recipe.augment", &Recipe::augment, augmentation(),
          "random changes to training pictures, see below"),
      row("recipe.precision", &Recipe::precision, choice(kPrecisions),
          "how numbers are computed, the same in all orders, see below"),
      row("recipe.taps", &Recipe::taps, choice(kTapRates),
          "after which epochs the values inside the networks are recorded, see below",
          Hashed::unless_default),
      row("plan.metric", &Plan::metric, metric(), "what is compared; for a loss lower is better"),
      row("plan.margin", &Plan::margin, or_word("none", number(0, 1e6, Ends::upper)),
          "the smallest difference that matters, in points or nats; a loss has none unless given; "
          "without one nothing is `equivalent`"),
      row("plan.confidence", &Plan::confidence, number(0.5, 0.999), "of all comparisons together"),
      row("plan.seeds", &Plan::seeds, or_word("auto", whole(1, kMostSeeds)),
          "replicates; `auto`: one more pair until every comparison is decided, see "
          "[statistics.md](statistics.md). Below 6 at 0.95 the verdict is always `undecided`"),
      row("plan.max-seeds", &Plan::max_seeds, whole(1, kMostSeeds),
          "the limit of `auto`; may be raised on resuming unless `plan.horizon` forbids it",
          Hashed::with_closed_horizon),
      row("plan.rule", &Plan::rule, choice(kRules),
          "whose interval decides: of the mean, the pseudo-median or the median, see below",
          Hashed::unless_default),
      row("plan.equivalence", &Plan::equivalence, choice(kEquivalences),
          "the share of the error by which `equivalent` may pass a margin; `full`: read off a "
          "separate, shorter interval. Needs a margin",
          Hashed::unless_default),
      row("plan.horizon", &Plan::horizon, choice(kHorizons),
          "how `auto` spends the error; `max-seeds`: all of it by then, for more power near it; "
          "the maximum is then final",
          Hashed::unless_default),
      row("plan.guard", &Plan::guard, truth(),
          "an interval stretched on the side of the long tail decides; with `student` only"),
      row("plan.tuning-seeds", &Plan::tuning_seeds, whole(1, 1000),
          "replicates at each rate if `recipe.lr` is a list"),
      row("plan.lr-report", &Plan::lr_report, choice(kLrReports),
          "`all`: a verdict at every shared rate too"),
  };
}

}  // namespace

std::string_view bias_word(BiasRule rule) { return word_of(kBiasRules, rule); }

std::string_view optimizer_word(Optimizer optimizer) { return word_of(kOptimizers, optimizer); }

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

std::span<const StudyKey> study_keys() {
  static const std::vector<StudyKey> keys = rows();
  return keys;
}

std::string canonical_network(const std::string& network) {
  if (!is_body(network)) return network;
  return notation::print(notation::parse(network, notation::Context::body));
}

}  // namespace whichfirst::record
