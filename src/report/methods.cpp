// What a paper says of how orders were compared.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <vector>

#include "json/printable.h"
#include "record/version.h"
#include "report/remarks.h"
#include "report/wording.h"
#include "stats/verdict.h"

namespace whichfirst::report {
namespace {

std::string orders_words(const record::VerdictRecord& verdict) {
  std::vector<std::string> words;
  for (const record::OrderResult& order : verdict.orders) words.push_back(order_words(order));
  return fmt::format("{}", fmt::join(words, ", "));
}

/// How the networks were trained, and what the replicates had in common.
std::string training_words(const record::VerdictRecord& verdict) {
  const record::Condition& c = verdict.condition;
  std::string text = fmt::format(
      "We compared the orders {} in the network {} on {} ({} training{} and {} test images, {} "
      "classes, input {}).",
      orders_words(verdict), c.network, c.dataset, grouped(c.train),
      c.validation ? fmt::format(", {} validation", grouped(*c.validation)) : "", grouped(c.test),
      c.classes, fmt::join(c.input, "x"));
  text += fmt::format(" Each network was trained for {} at batch size {} by {}",
                      counted(c.epochs, "epoch"), c.batch, c.optimizer);
  if (c.momentum)
    text += fmt::format(" (momentum {:g}{})", *c.momentum, c.nesterov ? ", Nesterov" : "");
  text += fmt::format(", weight decay {:g} of {}, {} schedule", c.decay,
                      c.decay_all ? "all parameters" : "weights", c.schedule);
  if (c.warmup > 0) text += fmt::format(" after {:g} epochs of warm-up", c.warmup);
  if (c.label_smoothing > 0) text += fmt::format(", label smoothing {:g}", c.label_smoothing);
  if (!c.augment.empty()) text += fmt::format(", augmentation {}", fmt::join(c.augment, ", "));
  if (c.lr.size() == 1) text += fmt::format(", learning rate {:g}", c.lr[0]);
  text += fmt::format(", in {}.", c.precision);
  text +=
      " Replicates were matched: in each of them all orders started from the same initial weights "
      "where shapes agree and saw the same batches in the same order";
  return text + (c.augment.empty() ? "." : " under the same augmentation.");
}

/// Learning-rate parity.
std::string tuning_words(const record::VerdictRecord& verdict) {
  if (verdict.tuning.empty()) return "";
  std::vector<std::string> best;
  std::int64_t lost = 0;
  for (const record::TunedOrder& order : verdict.tuning) {
    const bool is_at_end = order.is_at_low_end || order.is_at_high_end;
    best.push_back(fmt::format("{:g} for {}{}", order.best, order.name,
                               is_at_end ? ", the end of the list" : ""));
    for (const record::TunedRate& rate : order.rates) {
      lost += std::int64_t{rate.diverged} + rate.failed;
    }
  }
  return fmt::format(
      " Every order was tried at the learning rates {:g} on {} replicates of its own, which take "
      "no "
      "part in the verdict, and took the rate with the best {} ({}).{}",
      fmt::join(verdict.condition.lr, ", "), verdict.tuning.front().rates.front().values.size(),
      metric_words(verdict.tuning.front().metric).name, fmt::join(best, "; "),
      lost == 0 ? "" : fmt::format(" {} for tuning diverged or failed.", counted(lost, "trial")));
}

/// What the deciding interval is called: of the mean, the pseudo-median, the median.
std::string interval_words(const record::VerdictRecord& verdict) {
  const std::string& rule = verdict.plan.rule;
  const std::string title = interval_title(verdict);
  if (rule == "signed-rank") return fmt::format("signed-rank {} for the pseudo-median", title);
  if (rule == "sign") return fmt::format("sign-test {} for the median", title);
  return fmt::format("Student {} for the mean", title);
}

std::string rule_words(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  const record::PlanWords& plan = verdict.plan;
  const std::string margin = verdict.margin ? amount(*verdict.margin, words) : std::string();
  std::string text;
  if (plan.seeds) {
    text = fmt::format(" The difference of {} was judged by the {} over {}", words.name,
                       interval_words(verdict), complete_pairs_words(verdict));
  } else {
    text = fmt::format(
        " Pairs were added until the repeated {} of the difference of {} (Jennison and Turnbull "
        "1989, 1991; simultaneous over all looks, one after every pair from number {} on, error "
        "spent "
        "as {}) {}, at most {} pairs",
        interval_words(verdict), words.name, stats::minimum_pairs(verdict.confidence),
        plan.horizon == "open" ? "n^2/(n^2 + 15^2)" : fmt::format("n/{}", plan.max_seeds),
        margin.empty() ? std::string("excluded 0")
                       : fmt::format("excluded 0 or lay within -/+ {}", margin),
        plan.max_seeds);
  }
  text += margin.empty()
              ? ": better or worse where it excludes 0, undecided otherwise."
              : fmt::format(
                    ": equivalent where it lies within -/+ {} (Schuirmann 1987), else better "
                    "or worse where it excludes 0, else undecided.",
                    margin);
  text +=
      " A pair with a lost trial is left out, and no order is favoured that lost more trials than "
      "the other.";
  if (plan.equivalence == "full") {
    text += " Equivalence was read off an interval at the whole one-sided error.";
  }
  if (plan.comparisons > 1) {
    text += fmt::format(" Each of the {} comparisons took an equal share of the error of {:g} %.",
                        plan.comparisons, 100 * (1 - verdict.confidence));
  }
  if (plan.guard) text += " The side of the long tail was widened by the skewness guard.";
  return text;
}

std::string losses_words(const record::VerdictRecord& verdict) {
  std::int64_t lost = 0;
  for (const record::OrderResult& order : verdict.orders) {
    lost += std::int64_t{order.diverged} + order.failed;
  }
  return lost == 0 ? " No trial was lost."
                   : fmt::format(" {} diverged or failed.", counted(lost, "trial"));
}

}  // namespace

std::string methods_paragraph(const record::VerdictRecord& verdict) {
  std::string text;
  if (verdict.table) {
    text = fmt::format("We compared {} of {} by {} in {}, matched by {}.",
                       metric_words(verdict).name, orders_words(verdict), verdict.table->by,
                       json::printable(verdict.table->file), verdict.table->pair);
  } else {
    text = training_words(verdict) + tuning_words(verdict) +
           " Metric, margin, confidence and the rule below were fixed before the first trial.";
  }
  text += rule_words(verdict) + losses_words(verdict);
  text +=
      fmt::format(" {} Computed by whichfirst {}.", plan_words(verdict), record::kProgramVersion);
  return text;
}

}  // namespace whichfirst::report
