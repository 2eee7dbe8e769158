#include "report/verdict_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "json/printable.h"
#include "report/document.h"
#include "report/remarks.h"
#include "report/verdict_tables.h"
#include "report/wording.h"

// The three outlines below choose and order the same blocks; a format's look is its renderer's.

namespace whichfirst::report {
namespace {

using record::ComparisonResult;
using record::VerdictRecord;

/// What the ranking's numbers mean.
constexpr const char* kRanking =
    "1 plus the number of orders that were found better; = marks a tie";

/// "results.csv: accuracy, higher is better; 8 pairs by seed", of a table of results.
std::string table_heading(const VerdictRecord& verdict) {
  if (!verdict.table) return "";
  const record::ResultsTable& table = *verdict.table;
  return fmt::format("{}: {}, {} is better; {} by {}", json::printable(table.file), verdict.metric,
                     verdict.direction == stats::Direction::higher_is_better ? "higher" : "lower",
                     counted(table.pairs.size(), "pair"), table.pair);
}

/// What the tables are about.
std::string caption(const VerdictRecord& verdict) {
  if (verdict.table) {
    return fmt::format("{}: {} by {}", json::printable(verdict.table->file), verdict.metric,
                       verdict.table->by);
  }
  return fmt::format("{}: {} on {}", verdict.study, metric_words(verdict).name,
                     verdict.condition.dataset);
}

std::string tuning_metric(const VerdictRecord& verdict) {
  return metric_words(verdict.tuning.front().metric).name;
}

Section orders_section(const VerdictRecord& verdict) {
  Section section{table_heading(verdict), {orders_table(verdict)}};
  if (verdict.table) return section;
  for (const std::string& note : verdict.condition.notes) {
    section.add(Role::remark, "note: " + json::printable(note, 400));
  }
  return section;
}

Section dropped_section(const record::ResultsTable& results) {
  Section section{"Left out, because an order is missing", {}};
  if (results.dropped.empty()) return section;
  constexpr std::size_t kMostShown = 200;
  Table table{{results.pair, "lacks"}, "rl"};
  for (const record::DroppedPair& dropped : results.dropped) {
    if (table.rows.size() == kMostShown) break;
    table.rows.push_back({dropped.pair, fmt::format("{}", fmt::join(dropped.missing, ", "))});
  }
  section.blocks.emplace_back(table);
  if (results.dropped.size() > kMostShown) {
    section.add(Role::remark, fmt::format("... and {} more", results.dropped.size() - kMostShown));
  }
  return section;
}

/// Orders whose best learning rate is at an end of those tried.
std::vector<std::string> rate_end_words(const VerdictRecord& verdict) {
  std::vector<std::string> words;
  for (const record::TunedOrder& order : verdict.tuning) {
    if (!order.is_at_low_end && !order.is_at_high_end) continue;
    words.push_back(
        fmt::format("{} did best at the {} learning rate tried; a wider list in recipe.lr may hold "
                    "a better one",
                    order.name, order.is_at_low_end ? "smallest" : "largest"));
  }
  return words;
}

Section tuning_section(const VerdictRecord& verdict) {
  Section section;
  if (verdict.tuning.empty()) return section;
  section.title =
      fmt::format("Learning rates: {} of {} tuning replicates, * the best of an order",
                  tuning_metric(verdict), verdict.tuning.front().rates.front().values.size());
  section.blocks.emplace_back(tuning_table(verdict));
  for (std::string& words : rate_end_words(verdict)) section.add(Role::remark, std::move(words));
  return section;
}

Section ledger_section(const VerdictRecord& verdict) {
  Section section{"What else differs between the orders", {}};
  if (verdict.ledger.empty()) {
    section.add(Role::remark, "nothing: the networks agree in every listed property");
  } else {
    section.blocks.emplace_back(ledger_table(verdict));
  }
  return section;
}

void add_warnings(Section& section, const ComparisonResult& result, const VerdictRecord& verdict) {
  for (const stats::Warning& warning : result.warnings) {
    section.add(Role::warning, warning_words(warning, result, verdict));
  }
}

/// All numbers of a comparison, in remarks; below its verdict where there are several.
Section numbers_section(const ComparisonResult& result, const VerdictRecord& verdict) {
  const stats::Comparison& c = result.comparison;
  const int decimals = metric_words(verdict).decimals;
  const auto ends = [&](const stats::Interval& interval) {
    return interval_words(interval, decimals);
  };
  Section section;
  if (verdict.comparisons.size() > 1) section.add(Role::verdict, result.sentence);
  const auto add = [&](std::string text) { section.add(Role::remark, std::move(text)); };
  if (c.interval) {
    std::string text =
        fmt::format("{} - {}: {} {}, sd {}, interval {}", result.a, result.b,
                    stats::name(c.location), signed_number(c.center.value_or(0), decimals),
                    number(c.sd_diff, decimals), ends(*c.interval));
    if (c.equivalence_interval) {
      text += fmt::format(" (for equivalence {})", ends(*c.equivalence_interval));
    }
    if (result.interval_images) {
      text += fmt::format("; over other test images too {}", ends(*result.interval_images));
    }
    add(text);
  }
  if (!verdict.plan.seeds && c.student_interval) {
    add(fmt::format("{}; Student's interval of these pairs {}", counted(c.looks, "look"),
                    ends(*c.student_interval)));
  }
  add(fmt::format("sign-flip p {}, t p {}, Wilcoxon p {}, equivalence (TOST) p {}{}",
                  p_value(c.p_permutation), p_value(c.p_t), p_value(c.p_wilcoxon),
                  p_value(c.p_equivalence),
                  verdict.plan.seeds ? "" : " (not corrected for looking after every pair)"));
  add(fmt::format(
      "{} has the better value in {} of {} (ties count half); correlation of the pairs {}",
      result.a, c.wins_share ? fmt::format("{:g}", *c.wins_share * c.pairs) : kMissing,
      counted(c.pairs, "pair"), number(c.correlation, 2)));
  if (c.effect_size && c.pairing_gain) {
    add(fmt::format(
        "effect size {:.2f} (mean / sd); without pairing you would need {:.1f} times as many",
        *c.effect_size, *c.pairing_gain));
  }
  if (c.failure_rate_bound) {
    add(fmt::format("no run failed; the true failure rate could still be as high as {:.0f} %",
                    100 * *c.failure_rate_bound));
  }
  add(prospect_words(result, verdict));
  add(floor_words(result, verdict));
  add_warnings(section, result, verdict);
  return section;
}

void add_notices(Section& section, const VerdictRecord& verdict) {
  for (const record::Notice& notice : verdict.notices) {
    section.add(Role::warning, json::printable(notice.text, 600));
  }
}

/// The verdicts, each with its warnings.
Section verdicts_section(const VerdictRecord& verdict) {
  Section section;
  add_notices(section, verdict);
  for (const ComparisonResult& result : verdict.comparisons) {
    section.add(Role::verdict, result.sentence);
    add_warnings(section, result, verdict);
  }
  return section;
}

/// Those that the study is about: each order at its own learning rate.
bool is_main(const ComparisonResult& result) { return !result.shared_lr; }
bool is_at_shared_rate(const ComparisonResult& result) { return result.shared_lr.has_value(); }

std::vector<ComparisonResult> comparisons_that(bool (*belong)(const ComparisonResult&),
                                               const VerdictRecord& verdict) {
  std::vector<ComparisonResult> compared;
  std::copy_if(verdict.comparisons.begin(), verdict.comparisons.end(), std::back_inserter(compared),
               belong);
  return compared;
}

std::string headline(const VerdictRecord& verdict) {
  const std::vector<ComparisonResult> compared = comparisons_that(is_main, verdict);
  if (compared.empty()) return "Nothing was compared.";
  return compared.size() == 1 ? compared.front().sentence : overview_sentence(verdict);
}

/// What must be known before the verdict is believed, most important first.
std::vector<Words> cautions(const VerdictRecord& verdict) {
  std::vector<Words> words;
  for (const record::Notice& notice : verdict.notices) {
    words.push_back({Role::warning, json::printable(notice.text, 600)});
  }
  for (const ComparisonResult& result : verdict.comparisons) {
    std::string which;
    if (verdict.comparisons.size() > 1) {
      which = fmt::format(
          "{} - {}{}: ", result.a, result.b,
          result.shared_lr ? fmt::format(" at learning rate {}", *result.shared_lr) : "");
    }
    for (const stats::Warning& warning : result.warnings) {
      words.push_back({Role::warning, which + warning_words(warning, result, verdict)});
    }
  }
  for (std::string& end : rate_end_words(verdict)) {
    words.push_back({Role::remark, std::move(end)});
  }
  if (!verdict.table) {
    for (const std::string& note : verdict.condition.notes) {
      words.push_back({Role::remark, "note: " + json::printable(note, 400)});
    }
  }
  return words;
}

/// As wide as the screen has room for below an indentation.
Table fitted(Table table, const std::vector<std::string>& least_important, const Screen& screen) {
  table.fit(screen.columns - 2, least_important);
  return table;
}

/// The verdict, a table and the cautions: as many as fit.
Document brief_outline(const VerdictRecord& verdict, const Screen& screen) {
  const std::string interval = interval_title(verdict);
  const std::vector<ComparisonResult> compared = comparisons_that(is_main, verdict);
  Section table;
  table.blocks.emplace_back(
      fitted(standings_table(compared, verdict), {"stages", interval, "spread"}, screen));
  Section rates;
  const std::vector<ComparisonResult> shared = comparisons_that(is_at_shared_rate, verdict);
  if (compared.size() == 1 && !shared.empty()) {
    rates.title = fmt::format("At the learning rates that both share, {} - {}", compared.front().a,
                              compared.front().b);
    Table at_rates = comparisons_table(shared, verdict);
    at_rates.header.front() = "learning rate";
    for (std::size_t i = 0; i < shared.size(); ++i) {
      at_rates.rows[i].front() = fmt::format("{}", *shared[i].shared_lr);
    }
    rates.blocks.emplace_back(fitted(std::move(at_rates), {"sd", "pairs", interval}, screen));
  }
  Section end;
  if (verdict.run_folder) {
    end.add(Role::paragraph,
            fmt::format("Run folder: {}", json::printable(*verdict.run_folder, 400)));
  }
  end.add(Role::paragraph, "For every pair, test and cost, add --details.");
  Document document{
      .title = "",
      .sections = {{"", {Words{Role::verdict, headline(verdict)}}}, table, rates, {}, end}};
  std::vector<Block>& shown = document.sections[3].blocks;
  const std::vector<Words> all = cautions(verdict);
  shown.assign(all.begin(), all.end());
  const std::ptrdiff_t most_lines = verdict.orders.size() > 2 ? 40 : 25;
  for (std::size_t left = all.size(); left > 1; --left) {
    const std::string text = render_text(document, screen);
    if (std::count(text.begin(), text.end(), '\n') <= most_lines) break;
    shown.resize(left - 1);
    shown.emplace_back(Words{Role::remark, fmt::format("... and {} more", all.size() - left + 1)});
  }
  return document;
}

/// Everything, the verdict first.
Document full_outline(const VerdictRecord& verdict) {
  Section first;
  first.add(Role::verdict, headline(verdict));
  add_notices(first, verdict);
  Document document{
      .title = "",
      .sections = {first,
                   orders_section(verdict),
                   tuning_section(verdict),
                   {"Every pair", pairs_blocks(verdict)},
                   verdict.table ? dropped_section(*verdict.table) : ledger_section(verdict),
                   {"", inference_blocks(verdict)}}};
  for (const ComparisonResult& result : verdict.comparisons) {
    document.sections.push_back(numbers_section(result, verdict));
    if (result.taps) document.sections.push_back({"", {taps_table(result, verdict)}});
  }
  if (!verdict.ranking.empty()) {
    document.sections.push_back({fmt::format("Ranking: {}", kRanking), {ranking_table(verdict)}});
  }
  Section end;
  if (verdict.tap_share) {
    end.add(Role::paragraph, fmt::format("Looking inside took {:.2g} % of the trials' time.",
                                         100 * *verdict.tap_share));
  }
  end.add(Role::paragraph, plan_words(verdict));
  if (verdict.run_folder) {
    end.add(Role::paragraph,
            fmt::format("Run folder: {}", json::printable(*verdict.run_folder, 400)));
  }
  document.sections.push_back(end);
  return document;
}

/// The verdicts first, then what they rest on under headings.
Document page_outline(const VerdictRecord& verdict) {
  Document document{.title = caption(verdict), .sections = {verdicts_section(verdict)}};
  std::vector<Section>& sections = document.sections;
  sections.front().blocks.emplace_back(orders_table(verdict));
  sections.front().blocks.emplace_back(comparisons_table(verdict.comparisons, verdict));
  if (!verdict.ranking.empty()) {
    sections.push_back({"Ranking", {ranking_table(verdict).captioned(kRanking)}});
  }
  if (!verdict.tuning.empty()) {
    sections.push_back(
        {"Learning rates",
         {tuning_table(verdict).captioned(fmt::format(
             "{} on tuning replicates, * the best of an order", tuning_metric(verdict)))}});
  }
  if (!verdict.ledger.empty()) sections.push_back(ledger_section(verdict));
  for (const ComparisonResult& result : verdict.comparisons) {
    if (!result.taps) continue;
    sections.push_back(
        {fmt::format("Inside: {} and {}", result.a, result.b), {taps_table(result, verdict)}});
  }
  sections.push_back({"Inference", inference_blocks(verdict)});
  sections.push_back({"Every pair", pairs_blocks(verdict)});
  sections.push_back({"Methods", {Words{Role::paragraph, methods_paragraph(verdict)}}});
  return document;
}

/// The tables that a paper has room for, then its text.
Document paper_outline(const VerdictRecord& verdict) {
  Section tables{
      "",
      {orders_table(verdict).captioned(caption(verdict)),
       comparisons_table(verdict.comparisons, verdict).captioned("Pairwise differences")}};
  const auto add = [&](Table table) { tables.blocks.emplace_back(std::move(table)); };
  if (!verdict.tuning.empty()) {
    add(tuning_table(verdict).captioned("Learning rates on tuning replicates, * the best"));
  }
  if (!verdict.ranking.empty()) {
    add(ranking_table(verdict).captioned(fmt::format("Ranking: {}", kRanking)));
  }
  for (const ComparisonResult& result : verdict.comparisons) {
    if (result.taps) add(taps_table(result, verdict));
  }
  Section results = verdicts_section(verdict);
  results.title = "Results";
  return {.title = "",
          .sections = {tables,
                       {"", inference_blocks(verdict)},
                       {"Methods", {Words{Role::paragraph, methods_paragraph(verdict)}}},
                       results}};
}

}  // namespace

std::string print_verdict(const VerdictRecord& verdict, const Screen& screen, Detail detail) {
  return render_text(
      detail == Detail::brief ? brief_outline(verdict, screen) : full_outline(verdict), screen);
}
std::string print_markdown(const VerdictRecord& verdict) {
  return render_markdown(page_outline(verdict));
}
std::string print_latex(const VerdictRecord& verdict) {
  return render_latex(paper_outline(verdict));
}

}  // namespace whichfirst::report
