#include "report/paper.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "record/printable.h"
#include "record/version.h"
#include "report/inference_text.h"
#include "report/remarks.h"
#include "report/tap_tables.h"
#include "report/verdict_tables.h"
#include "report/wording.h"
#include "stats/verdict.h"

namespace whichfirst::report {
namespace {

std::string orders_words(const record::VerdictRecord& verdict) {
  std::vector<std::string> words;
  for (const record::OrderResult& order : verdict.orders) {
    words.push_back(order.order ? fmt::format("{} ({})", order.name, *order.order) : order.name);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

/// How the networks were trained, and what the replicates had in common.
std::string training_words(const record::VerdictRecord& verdict) {
  const record::Condition& c = verdict.condition;
  std::string text = fmt::format(
      "We compared the orders {} in the network {} on {} ({} training and {} test images, {} "
      "classes, input {}).",
      orders_words(verdict), c.network, c.dataset, grouped(c.train), grouped(c.test), c.classes,
      fmt::join(c.input, "x"));
  text += fmt::format(" Each network was trained for {} epoch{} at batch size {} by {}", c.epochs,
                      c.epochs == 1 ? "" : "s", c.batch, c.optimizer);
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
      "where shapes agree and saw the same batches in the same order under the same augmentation.";
  return text;
}

/// Learning-rate parity.
std::string tuning_words(const record::VerdictRecord& verdict) {
  if (verdict.tuning.empty()) return "";
  std::vector<std::string> best;
  for (const record::TunedOrder& order : verdict.tuning) {
    best.push_back(fmt::format("{:g} for {}", order.best, order.name));
  }
  return fmt::format(
      " Every order was tried at the learning rates {:g} on {} replicates of its own, which take "
      "no "
      "part in the verdict, and took the rate with the best {} ({}).",
      fmt::join(verdict.condition.lr, ", "), verdict.tuning.front().rates.front().values.size(),
      metric_words(verdict.tuning.front().metric).name, fmt::join(best, ", "));
}

/// What the deciding interval is called: of the mean, the pseudo-median, the median.
std::string interval_words(const record::VerdictRecord& verdict) {
  const std::string& rule = verdict.plan.rule;
  const std::string title = interval_title(verdict);
  if (rule == "signed-rank") return fmt::format("signed-rank {} for the pseudo-median", title);
  if (rule == "sign") return fmt::format("sign-test {} for the median", title);
  return fmt::format("Student {} for the mean", title);
}

/// "8 complete pairs", of several comparisons "6 to 8 complete pairs".
std::string pairs_words(const record::VerdictRecord& verdict) {
  int least = verdict.comparisons.front().comparison.pairs;
  int most = least;
  for (const record::ComparisonResult& result : verdict.comparisons) {
    least = std::min(least, result.comparison.pairs);
    most = std::max(most, result.comparison.pairs);
  }
  return least == most ? fmt::format("{} complete pair{}", least, least == 1 ? "" : "s")
                       : fmt::format("{} to {} complete pairs", least, most);
}

std::string rule_words(const record::VerdictRecord& verdict) {
  const MetricWords words = metric_words(verdict);
  const record::PlanWords& plan = verdict.plan;
  const std::string margin =
      verdict.margin ? fmt::format("{:g}{}", *verdict.margin, words.unit) : std::string();
  std::string text;
  if (plan.seeds) {
    text = fmt::format(" The difference of {} was judged by the {} over {}", words.name,
                       interval_words(verdict), pairs_words(verdict));
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
                   : fmt::format(" {} trial{} diverged or failed.", lost, lost == 1 ? "" : "s");
}

std::string latex_table(const Table& table, const std::string& caption) {
  return fmt::format("\\begin{{table}}\n\\centering\n\\caption{{{}}}\n{}\\end{{table}}\n\n",
                     escape_latex(caption), table.print_latex());
}

std::string caption(const record::VerdictRecord& verdict) {
  if (verdict.table)
    return fmt::format("{}: {} by {}", record::printable(verdict.table->file), verdict.metric,
                       verdict.table->by);
  return fmt::format("{}: {} on {}", verdict.study, metric_words(verdict).name,
                     verdict.condition.dataset);
}

}  // namespace

std::string methods_paragraph(const record::VerdictRecord& verdict) {
  std::string text;
  if (verdict.table) {
    text = fmt::format("We compared {} of {} by {} in {}, matched by {}.",
                       metric_words(verdict).name, orders_words(verdict), verdict.table->by,
                       record::printable(verdict.table->file), verdict.table->pair);
  } else {
    text = training_words(verdict) + tuning_words(verdict) +
           " Metric, margin, confidence and the rule below were fixed before the first trial.";
  }
  text += rule_words(verdict) + losses_words(verdict);
  text +=
      fmt::format(" {} Computed by whichfirst {}.", plan_words(verdict), record::kProgramVersion);
  return text;
}

std::string print_markdown(const record::VerdictRecord& verdict) {
  std::string text = fmt::format("# {}\n\n", escape_markdown(caption(verdict)));
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += fmt::format("**{}**\n\n", escape_markdown(result.sentence));
    for (const stats::Warning& warning : result.warnings) {
      text +=
          fmt::format("Warning: {}.\n\n", escape_markdown(warning_words(warning, result, verdict)));
    }
  }
  text += orders_table(verdict).print_markdown();
  text += "\n" + comparisons_table(verdict).print_markdown();
  if (!verdict.ranking.empty()) {
    text += fmt::format("\n## Ranking\n\n{}.\n\n{}", kRankingTitle,
                        ranking_table(verdict).print_markdown());
  }
  if (!verdict.tuning.empty()) {
    text += fmt::format(
        "\n## Learning rates\n\n{} on tuning replicates, \\* the best of an order.\n\n{}",
        metric_words(verdict.tuning.front().metric).name, tuning_table(verdict).print_markdown());
  }
  if (!verdict.ledger.empty()) {
    text +=
        "\n## What else differs between the orders\n\n" + ledger_table(verdict).print_markdown();
  }
  for (const record::ComparisonResult& result : verdict.comparisons) {
    if (!result.taps) continue;
    text += fmt::format("\n## Inside: {} and {}\n\n{}\n\n{}", result.a, result.b,
                        escape_markdown(taps_words(result, verdict)),
                        taps_table(result).print_markdown());
  }
  if (!verdict.inference.empty()) {
    text += fmt::format("\n## Inference\n\n{}.\n\n{}", escape_markdown(kInferenceTitle),
                        inference_table(verdict).print_markdown());
    for (const std::string& remark : inference_remarks(verdict)) {
      text += "\n" + escape_markdown(remark) + "\n";
    }
  }
  text += "\n## Every pair\n\n" + pairs_table(verdict).print_markdown();
  if (const std::size_t beyond = pairs_beyond_table(verdict); beyond > 0) {
    text += fmt::format("\n... and {} more in the JSON document.\n", beyond);
  }
  return text + "\n## Methods\n\n" + escape_markdown(methods_paragraph(verdict)) + "\n";
}

std::string print_latex(const record::VerdictRecord& verdict) {
  std::string text = "% \\usepackage{booktabs}\n";
  text += latex_table(orders_table(verdict), caption(verdict));
  text += latex_table(comparisons_table(verdict), "Differences and what they say of a");
  if (!verdict.tuning.empty()) {
    text += latex_table(tuning_table(verdict), "Learning rates on tuning replicates, * the best");
  }
  if (!verdict.ranking.empty()) {
    text += latex_table(ranking_table(verdict), std::string("Ranking: ") + kRankingTitle);
  }
  for (const record::ComparisonResult& result : verdict.comparisons) {
    if (result.taps) text += latex_table(taps_table(result), taps_words(result, verdict));
  }
  if (!verdict.inference.empty()) {
    text += latex_table(inference_table(verdict), kInferenceTitle);
    for (const std::string& remark : inference_remarks(verdict)) {
      text += escape_latex(remark) + "\n\n";
    }
  }
  text += "\\paragraph{Methods} " + escape_latex(methods_paragraph(verdict)) + "\n\n";
  text += "\\paragraph{Results}\n";
  for (const record::ComparisonResult& result : verdict.comparisons) {
    text += escape_latex(result.sentence) + "\n";
    for (const stats::Warning& warning : result.warnings) {
      text += escape_latex(fmt::format("Warning: {}.\n", warning_words(warning, result, verdict)));
    }
  }
  return text;
}

}  // namespace whichfirst::report
