#include "table/metric_name.h"

#include <algorithm>
#include <span>

#include "base/words.h"
#include "table/cell.h"

namespace whichfirst::table {
namespace {

using Words = std::span<const std::string_view>;

// Lower is better. Of numbers without a bound,
constexpr std::string_view kUnbounded[] = {
    "loss",      "losses",       "mse",        "rmse",       "mae",      "mape",      "smape",
    "nll",       "ppl",          "perplexity", "fid",        "kid",      "lpips",     "cost",
    "regret",    "bpc",          "bpd",        "bpb",        "time",     "latency",   "duration",
    "runtime",   "seconds",      "sec",        "ms",         "minutes",  "hours",     "ce",
    "bce",       "xent",         "kl",         "divergence", "distance", "deviation", "residual",
    "hausdorff", "crossentropy", "memory",     "flops",      "energy",   "risk",      "penalty",
    "rmsle",     "msle",         "logloss",    "epe"};
// and of shares.
constexpr std::string_view kErrors[] = {"err",
                                        "errs",
                                        "error",
                                        "errors",
                                        "wer",
                                        "cer",
                                        "ter",
                                        "eer",
                                        "ece",
                                        "mce",
                                        "brier",
                                        "drop",
                                        "gap",
                                        "degradation",
                                        "forgetting",
                                        "misclassified",
                                        "misclassification",
                                        "failure",
                                        "failures",
                                        "fpr",
                                        "fnr"};
// Higher is better.
constexpr std::string_view kHigher[] = {
    "accuracy", "accuracies", "acc",     "accs",        "f1",          "fscore",     "fbeta",
    "auc",      "auroc",      "rocauc",  "aucroc",      "auprc",       "aupr",       "prauc",
    "bleu",     "sacrebleu",  "rouge",   "rougel",      "meteor",      "cider",      "chrf",
    "r2",       "map",        "miou",    "iou",         "ap",          "dice",       "jaccard",
    "psnr",     "ssim",       "success", "successes",   "win",         "wins",       "winrate",
    "correct",  "precision",  "recall",  "sensitivity", "specificity", "tpr",        "tnr",
    "kappa",    "mcc",        "ndcg",    "mrr",         "hits",        "hit",        "reward",
    "rewards",  "return",     "returns", "throughput",  "elbo",        "likelihood", "pearson",
    "spearman", "concordance"};
constexpr std::string_view kLongest[] = {"accuracy", "perplexity", "error", "loss"};
// What turns another word round, or makes a rate of it ("images_per_second").
constexpr std::string_view kTurning[] = {"neg", "negative", "minus", "inverse", "inv", "per"};
constexpr std::string_view kPhases[] = {"train", "training", "test",       "testing", "val",
                                        "valid", "dev",      "validation", "eval",    "best",
                                        "last",  "final",    "first",      "ema"};
// What may stand before the word of a metric: "testerr", "top1acc".
constexpr std::string_view kQualities[] = {"mean", "avg", "clean", "top", "balanced"};
// What sums up other rows.
constexpr std::string_view kSummaries[] = {
    "mean", "avg",      "average", "median", "std", "sd",  "stdev",   "stddev",   "std. dev",
    "var",  "variance", "sem",     "stderr", "min", "max", "minimum", "maximum",  "total",
    "sum",  "all",      "overall", "count",  "25%", "50%", "75%",     "mean±std", "mean ± std"};
constexpr std::string_view kCounters[] = {
    "epoch",      "epochs",     "step",    "steps",     "iter",      "iters",   "iteration",
    "iterations", "batch",      "batches", "minibatch", "update",    "updates", "timestep",
    "timesteps",  "checkpoint", "ckpt",    "fold",      "folds",     "kfold",   "cvfold",
    "split",      "tick",       "round",   "time",      "timestamp", "walltime"};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether a part is one of `words`, also behind a common one: "testerr", "valloss".
bool means(const std::string& part, Words words) {
  if (is_among(part, words)) return true;
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    if (!part.ends_with(word)) return false;
    const std::string_view before = std::string_view(part).substr(0, part.size() - word.size());
    return is_among(word, kLongest) || is_among(before, kPhases) || is_among(before, kQualities);
  });
}

}  // namespace

std::vector<std::string> parts_of(std::string_view name) {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view word) {
    if (word.empty()) return;
    std::string part = lower_case(word);
    const std::size_t letters = part.find_last_not_of("0123456789");
    if (!is_among(part, kHigher) && letters != part.npos) part.erase(letters + 1);
    if (parts.empty() || parts.back() != part) parts.push_back(part);
  };
  for (std::size_t begin = 0; begin < name.size();) {
    std::size_t end = begin;
    std::size_t hump = begin;  // of "valAcc": "val" and "Acc", beside the whole
    for (; end < name.size() && (is_upper(name[end]) || is_lower(name[end]) || is_digit(name[end]));
         ++end) {
      if (end == begin || !is_upper(name[end]) || !is_lower(name[end - 1])) continue;
      add(name.substr(hump, end - hump));
      hump = end;
    }
    if (hump > begin) add(name.substr(hump, end - hump));
    add(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<stats::Direction> direction_of(std::string_view name) {
  std::vector<std::string> parts = parts_of(name);
  std::string whole;
  for (const std::string& part : parts) whole += part;
  if (whole.find("crossentropy") != whole.npos) parts.emplace_back("crossentropy");
  bool falls = false;
  bool rises = false;
  for (const std::string& part : parts) {
    if (is_among(part, kTurning)) return std::nullopt;
    falls = falls || means(part, kUnbounded) || means(part, kErrors);
    rises = rises || means(part, kHigher);
  }
  if (falls == rises || name.starts_with("1-") || name.starts_with("1 -")) return std::nullopt;
  return falls ? stats::Direction::lower_is_better : stats::Direction::higher_is_better;
}

bool may_be_share(std::string_view name) {
  const std::vector<std::string> parts = parts_of(name);
  return std::none_of(parts.begin(), parts.end(),
                      [](const std::string& part) { return means(part, kUnbounded); });
}

std::optional<std::string> counter_word(std::string_view name) {
  for (const std::string& part : parts_of(name)) {
    if (is_among(part, kCounters)) return part;
  }
  return std::nullopt;
}

bool is_summary(std::string_view name) {
  const std::size_t end = name.find_last_not_of(".: ");
  return is_among(lower_case(name.substr(0, end == name.npos ? 0 : end + 1)), kSummaries);
}

bool is_fold(std::string_view name) {
  const auto word = counter_word(name);
  return word && (word->find("fold") != word->npos || *word == "split");
}

bool is_phase(std::string_view word) { return is_among(word, kPhases); }

}  // namespace whichfirst::table
