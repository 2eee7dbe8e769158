#include "report/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "json/printable.h"

namespace whichfirst::report {
namespace {

/// Text for an attribute or an element. XML 1.0 has no way to write most control characters, nor
/// U+FFFE and U+FFFF: those are dropped. Bytes that are no UTF-8 are shown as \xNN.
std::string escaped(std::string text) {
  constexpr std::size_t kLongest = 10'000;
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  std::string xml;
  for (const char c : json::printable(text, kLongest)) {
    switch (c) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '"':
        xml += "&quot;";
        break;
      default:
        xml += c;
        if (xml.ends_with("\xef\xbf\xbe") || xml.ends_with("\xef\xbf\xbf")) {
          xml.resize(xml.size() - 3);
        }
    }
  }
  return xml;
}

/// What nobody asked about: the verdict alone.
Asked plain_case(const record::VerdictRecord& verdict, std::size_t comparison) {
  const stats::Comparison& found = verdict.comparisons[comparison].comparison;
  const bool is_open = found.verdict == stats::Verdict::undecided;
  return {.text = "",
          .comparison = comparison,
          .answer = is_open ? stats::Answer::undecided : stats::Answer::holds,
          .finding = found.reason.value_or("")};
}

/// ` time="1.250"`, where the trials' seconds are known.
std::string time_attribute(const record::VerdictRecord& verdict, const auto& takes_part) {
  if (verdict.trial_seconds.size() != verdict.orders.size()) return "";
  double seconds = 0;
  for (std::size_t i = 0; i < verdict.orders.size(); ++i) {
    seconds += takes_part(verdict.orders[i].name) ? verdict.trial_seconds[i] : 0;
  }
  return fmt::format(" time=\"{:.3f}\"", seconds);
}

std::string test_case(const record::VerdictRecord& verdict, const Asked& asked) {
  const record::ComparisonResult& result = verdict.comparisons[asked.comparison];
  std::string xml = fmt::format(
      "    <testcase classname=\"{}\" name=\"{}\"{}>\n", escaped("whichfirst." + verdict.study),
      escaped(
          fmt::format("{}:{}{}{}", result.a, result.b, asked.text.empty() ? "" : " ", asked.text)),
      time_attribute(
          verdict, [&](const std::string& name) { return name == result.a || name == result.b; }));
  if (asked.answer == stats::Answer::fails) {
    xml += fmt::format("      <failure message=\"{}\">{}</failure>\n", escaped(asked.finding),
                       escaped(result.sentence));
  }
  if (asked.answer == stats::Answer::undecided) {
    xml += fmt::format("      <skipped message=\"{}\"/>\n", escaped(asked.finding));
  }
  std::string out = escaped(result.sentence);
  for (const record::Notice& notice : verdict.notices) out += "\n" + escaped(notice.text);
  return xml + fmt::format("      <system-out>{}</system-out>\n    </testcase>\n", out);
}

}  // namespace

std::string print_junit(const record::VerdictRecord& verdict, const std::vector<Asked>& asked) {
  std::vector<Asked> cases = asked;
  for (std::size_t i = 0; i < verdict.comparisons.size(); ++i) {
    const bool is_there = std::any_of(asked.begin(), asked.end(),
                                      [&](const Asked& each) { return each.comparison == i; });
    if (!is_there) cases.push_back(plain_case(verdict, i));
  }
  std::stable_sort(cases.begin(), cases.end(),
                   [](const Asked& x, const Asked& y) { return x.comparison < y.comparison; });
  const auto count = [&](stats::Answer answer) {
    return std::count_if(cases.begin(), cases.end(),
                         [&](const Asked& each) { return each.answer == answer; });
  };
  std::string xml = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"{}>\n",
      escaped(verdict.study), cases.size(), count(stats::Answer::fails),
      count(stats::Answer::undecided),
      time_attribute(verdict, [](const std::string&) { return true; }));
  for (const Asked& each : cases) xml += test_case(verdict, each);
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace whichfirst::report
