#include "report/junit.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <cstdlib>

#include "record/temporary_folder.h"

namespace whichfirst::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

record::VerdictRecord three_orders() {
  record::VerdictRecord verdict;
  verdict.study = "a <b> & \"c\"\x1b[31m \xff \xef\xbf\xbe";
  verdict.trial_seconds = {1, 2, 4};
  for (const char* name : {"x", "y", "z"}) verdict.orders.emplace_back().name = name;
  for (const auto& [a, b] : {std::pair("x", "y"), std::pair("x", "z"), std::pair("y", "z")}) {
    record::ComparisonResult result;
    result.a = a;
    result.b = b;
    result.sentence = "x < y & so on.";
    result.comparison.verdict = stats::Verdict::better;
    verdict.comparisons.push_back(result);
  }
  verdict.comparisons[2].comparison.verdict = stats::Verdict::undecided;
  verdict.comparisons[2].comparison.reason = "too few pairs";
  return verdict;
}

TEST(Junit, HasACaseForEachQuestionAndEachComparisonWithoutOne) {
  const std::string xml =
      print_junit(three_orders(), {{"better", 0, stats::Answer::holds, ""},
                                   {"not-worse-by=1", 0, stats::Answer::fails, "no"},
                                   {"all:better", 1, stats::Answer::undecided, "undecided"}});
  EXPECT_THAT(xml,
              HasSubstr("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"2\" time=\"7.000\""));
  EXPECT_THAT(xml, HasSubstr("name=\"x:y better\" time=\"3.000\">\n      <system-out>"));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"no\">x &lt; y &amp; so on.</failure>"));
  EXPECT_THAT(xml, HasSubstr("name=\"y:z\" time=\"6.000\">\n      <skipped message=\"too few"));
}

TEST(Junit, OfATableKnowsNoTimes) {
  record::VerdictRecord verdict = three_orders();
  verdict.trial_seconds.clear();
  EXPECT_THAT(print_junit(verdict, {}), Not(HasSubstr("time=")));
}

/// Python's expat reads it, and finds the counts that the suite claims.
TEST(Junit, IsXmlWhateverTheNamesHold) {
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "python3 is not there";
  const record::TemporaryFolder folder;
  record::put(folder / "tests.xml", print_junit(three_orders(), {}));
  record::put(folder / "check.py",
              "import sys, xml.etree.ElementTree as tree\n"
              "suite = tree.parse(sys.argv[1]).getroot()[0]\n"
              "cases = suite.findall('testcase')\n"
              "assert len(cases) == int(suite.get('tests')) == 3\n"
              "assert len(suite.findall('testcase/skipped')) == int(suite.get('skipped')) == 1\n"
              "assert suite.get('name') == 'a <b> & \"c\"[31m \\\\xff ', suite.get('name')\n"
              "assert cases[0].find('system-out').text == 'x < y & so on.'\n");
  const std::string command =
      "python3 " + (folder / "check.py").string() + " " + (folder / "tests.xml").string();
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace whichfirst::report
