#include "report/lab_text.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <vector>

#include "json/printable.h"
#include "notation/parse.h"
#include "report/lab_html.h"

namespace whichfirst::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string curve(const std::vector<double>& values, std::size_t most = 100) {
  return spark_curve(values, most);
}

lab::Inspection inspect(lab::Input input) {
  lab::Question question{.input = std::move(input), .orders = {}, .then = {}, .parameters = {}};
  for (const char* order : {"bn relu", "relu bn"}) {
    question.orders.push_back(notation::parse(order, notation::Context::order));
  }
  return lab::inspect(question);
}

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    longest = std::max(longest, json::count_characters(line));
  }
  return longest;
}

TEST(SparkCurve, RunsFromTheLowestToTheHighestValue) {
  EXPECT_EQ(curve({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(curve({-1e308, 1e308}), "▁█");
  EXPECT_EQ(curve({5, 5, 5}), "▁▁▁");
  EXPECT_EQ(curve({0, kNan, 7}), "▁·█");
  EXPECT_EQ(curve({kNan}), "·");
  EXPECT_EQ(curve({}), "");
}

TEST(SparkCurve, AveragesWhatDoesNotFit) { EXPECT_EQ(curve({0, 0, 7, 7, 2, 4}, 3), "▁█▄"); }

TEST(SparkHistogram, HasABlockForEachTwoBins) {
  EXPECT_EQ(spark_histogram({.edges = {0, 1, 2, 3, 4, 5, 6}, .counts = {1, 0, 0, 0, 3, 4}}), "▂ █");
  EXPECT_EQ(spark_histogram({.edges = {0, 1, 2}, .counts = {0, 0}}), " ");
}

TEST(LabText, FitsItsWidth) {
  const lab::Inspection inspection = inspect(lab::built_in_picture());
  for (const std::size_t width : {100U, 60U}) {
    EXPECT_LE(longest_line(print_lab(inspection, width)), width);
  }
}

TEST(LabHtml, EscapesWhatAPageCouldTakeForMarkup) {
  EXPECT_EQ(escape_html("<a href=\"x\">&'\x01"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;\\x01");
}

TEST(LabHtml, CaptionsSayTheStageAndZerosArePercent) {
  lab::Question question{
      .input = lab::built_in_picture(), .orders = {}, .then = {}, .parameters = {}};
  question.orders.push_back(notation::parse("bn(eps=0.5) relu bn", notation::Context::order));
  const std::string page = print_lab_html(lab::inspect(question));
  EXPECT_THAT(page, HasSubstr("<figcaption>input</figcaption>"));
  EXPECT_THAT(page, HasSubstr("<figcaption>bn.0: bn(eps=0.5)</figcaption>"));
  EXPECT_THAT(page, HasSubstr("<figcaption>relu</figcaption>"));
  EXPECT_THAT(page, HasSubstr("<td>8 %</td>"));
}

TEST(LabHtml, SaysWhatItLeavesOutOfALargePicture) {
  EXPECT_THAT(print_lab_html(inspect(lab::draw_normal("1x50x100", {}, 0))),
              HasSubstr("<p class=\"soft\">one pixel in 3 each way</p>"));
}

TEST(LabHtml, DrawsSomeStagesAndSaysThatItDoesNotDrawTheOthers) {
  lab::Question question{
      .input = lab::parse_values("1 2"), .orders = {}, .then = {}, .parameters = {}};
  question.orders.push_back(notation::parse("64*relu", notation::Context::order));
  const std::string page = print_lab_html(lab::inspect(question));
  const auto count = [&](const std::string& what) {
    int found = 0;
    for (auto at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("<figure>"), 65);
  EXPECT_EQ(count("class=\"curve\""), 60);
  EXPECT_EQ(count("<p class=\"soft\">not drawn: 60 stages of the page are</p>"), 5);
}

TEST(LabHtml, OfValuesThatAreNotFiniteHasNoneInItsDrawings) {
  for (const char* values : {"nan nan", "1 nan; inf -2", "3 3"}) {
    const std::string page = print_lab_html(inspect(lab::parse_values(values)));
    EXPECT_THAT(page, Not(HasSubstr("nan\""))) << values;
    EXPECT_THAT(page, Not(HasSubstr("=\"inf"))) << values;
    EXPECT_THAT(page, Not(HasSubstr("Mnan"))) << values;
    EXPECT_THAT(page, HasSubstr("</html>"));
  }
}

}  // namespace
}  // namespace whichfirst::report
