#include <gmock/gmock.h>

#include "report/document.h"
#include "report/progress_text.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

using ::testing::HasSubstr;

TEST(Wording, GroupsDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
}

TEST(Wording, ShowsSignsButNoNegativeZero) {
  EXPECT_EQ(signed_number(0.256, 2), "+0.26");
  EXPECT_EQ(signed_number(-1.3, 2), "-1.30");
  EXPECT_EQ(signed_number(-0.001, 2), "0.00");
}

TEST(Wording, SpeaksOfTimeAndMemoryInUnits) {
  EXPECT_EQ(duration(0.41), "0.4s");
  EXPECT_EQ(duration(42.3), "42s");
  EXPECT_EQ(duration(185), "3m 05s");
  EXPECT_EQ(duration(3720), "1h 02m");
  EXPECT_EQ(bytes(1500), "1.5 kB");
  EXPECT_EQ(bytes(150'000'000), "150 MB");
  EXPECT_EQ(bytes(3'200'000'000), "3.2 GB");
}

TEST(Table, AlignsByCharactersNotBytes) {
  EXPECT_EQ(render_text(Table{{"a", "number"}, "lr", {{"é", "1"}, {"xyz", "12"}}}, 1),
            " a    number\n é         1\n xyz      12\n");
}

TEST(Table, FitsByLeavingOutWhatMattersLeast) {
  Table table{{"a", "b", "c"}, "lll", {{"one", "two", "worse"}}};
  table.verdict_column = 2;
  table.fit(13, {"x", "b", "a"});
  EXPECT_EQ(render_text(table, 0), "a    c\none  worse\n");
  EXPECT_EQ(table.verdict_column, 1);
}

TEST(Table, TakesSeveralLinesWhereItsWordsAreTooWide) {
  const Table table{{"what", "how long is it", "n"},
                    "llr",
                    {{"a", "one two three four", "1"}, {"b", "unbreakable-word", "22"}}};
  EXPECT_EQ(render_text(table, 2, 27),
            "  what  how long is it     n\n"
            "  a     one two three      1\n"
            "        four\n"
            "  b     unbreakable-word  22\n");
}

TEST(Document, ColoursVerdictsOnAScreenThatCanAndBreaksWordsNotTables) {
  Table table{{"a", "verdict", "c"}, "lll", {{"worse", "worse", "1"}, {"x", "undecided", "2"}}};
  table.verdict_column = 1;
  const Document document{"", {{"", {Words{Role::warning, "one two three"}, table}}}};
  EXPECT_EQ(render_text(document, {.columns = 16, .has_colour = true}),
            "  warning: one\n    two three\n"
            "  a      verdict    c\n"
            "  worse  \x1b[31mworse\x1b[0m      1\n"
            "  x      \x1b[33mundecided\x1b[0m  2\n");
}

TEST(Document, LeavesNoCharacterItsMeaning) {
  const auto says = [](const char* text) {
    return Document{"", {{"", {Words{Role::paragraph, text}}}}};
  };
  EXPECT_EQ(render_latex(says("a_b 5% $x$ {y} #1 & ~ ^ \\ < >")),
            "% \\usepackage{booktabs}\n"
            "a\\_b 5\\% \\$x\\$ \\{y\\} \\#1 \\& \\textasciitilde{} \\textasciicircum{} "
            "\\textbackslash{} $<$ $>$\n\n");
  EXPECT_EQ(render_markdown(says("a|b *c* <script> [d](e) `f`")),
            "# \n\na\\|b \\*c\\* \\<script\\> \\[d\\](e) \\`f\\`\n");
}

TEST(LookLine, SaysWhereTheVerdictStands) {
  LookProgress look{.a = "x",
                    .b = "y",
                    .pairs = 7,
                    .interval = {},
                    .verdict = {},
                    .more_pairs = 5,
                    .core_hours = 2.14};
  EXPECT_EQ(look_line(look, "test_accuracy"), "x - y: 7 pairs");
  look.interval = stats::Interval{-0.31, 0.92};
  EXPECT_EQ(look_line(look, "test_accuracy"),
            "x - y: 7 pairs, -0.31 to +0.92; about 5 more pairs, 2.1 core-hours");
  look.more_pairs.reset();
  EXPECT_THAT(look_line(look, "test_accuracy"), HasSubstr("not decided within plan.max-seeds"));
  look.verdict = stats::Verdict::better;
  EXPECT_THAT(look_line(look, "test_accuracy"), HasSubstr("; better"));
}

TEST(ProgressText, HasALinePerOrderAndOneForTheWhole) {
  RunProgress progress{
      .orders =
          {{.name = "bn-first",
            .order = "conv bn relu",
            .finished = 4,
            .values = {88.0, 89.0, 88.5, 88.5},
            .under_way = 0.5},
           {.name = "b", .order = "conv relu bn", .finished = 3, .lost = 1, .values = {87.0}}},
      .replicates = 8,
      .metric = "test_accuracy",
      .elapsed_seconds = 12,
      .left_seconds = 80};
  const auto lines = progress_lines(progress, 200);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "order     stages        progress          trials  test accuracy");
  EXPECT_EQ(lines[1], "bn-first  conv bn relu  #########.......     4/8  88.50 +- 0.41");
  EXPECT_THAT(lines[2], HasSubstr("87.00  1 lost"));
  EXPECT_EQ(lines[3], "12s elapsed, about 1m 20s left");
  EXPECT_EQ(progress_lines(progress, 60)[1], "bn-first  #########.......     4/8  88.50 +- 0.41");
  for (const auto& line : progress_lines(progress, 34)) EXPECT_LE(line.size(), 34U);
}

TEST(ProgressText, ForecastsOnlyWhatItCanKnow) {
  EXPECT_EQ(estimate_left(10, 0, 16), std::nullopt);
  EXPECT_EQ(estimate_left(10, 2, 6), 30);
}

}  // namespace
}  // namespace whichfirst::report
