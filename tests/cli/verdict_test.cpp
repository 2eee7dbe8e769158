#include <fmt/format.h>
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/run_program.h"
#include "snapshot.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using record::put;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::filesystem::path kRuns = std::filesystem::path(WHICHFIRST_FIXTURES) / "record/runs.csv";

std::vector<std::string> words(const std::string& more) {
  std::vector<std::string> list = {"verdict"};
  std::istringstream stream(more);
  for (std::string word; stream >> word;) list.push_back(word);
  return list;
}

/// Six pairs in which a is better by 2.1 2.3 1.7 2.1 2.0 2.2: mean 2.0667, sd 0.20656,
/// t(5) = 2.5706, so 2.0667 +- 0.2168. All in another unit.
std::string six_pairs(double unit) {
  const double a[] = {90.1, 90.4, 90.3, 90.0, 90.2, 90.5};
  const double b[] = {88.0, 88.1, 88.6, 87.9, 88.2, 88.3};
  std::string text = "seed,order,accuracy\n";
  for (int i = 0; i < 6; ++i) {
    text += fmt::format("{0},a,{1:.6g}\n{0},b,{2:.6g}\n", i + 1, unit * a[i], unit * b[i]);
  }
  return text;
}

const std::string kSix = six_pairs(1);

TEST(VerdictVerb, GivesTheNumbersOfScipy) {
  const Scratch folder;
  const Ended ended =
      run(folder, {"verdict", kRuns.string(), "--pair", "run", "--margin", "1", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err, IsEmpty());
  const json found = json::parse(ended.out);
  const json expected = json::parse(content_of(kRuns.parent_path() / "runs.json"));
  ASSERT_EQ(found["comparisons"].size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const json& comparison = found["comparisons"][i];
    EXPECT_EQ(comparison["a"], expected[i]["a"]);
    EXPECT_EQ(comparison["b"], expected[i]["b"]);
    EXPECT_EQ(comparison["pairs"], expected[i]["pairs"]);
    for (const char* field :
         {"mean_diff", "sd_diff", "p_t", "p_wilcoxon", "p_equivalence", "correlation", "p_holm"}) {
      EXPECT_NEAR(comparison[field].get<double>(), expected[i][field].get<double>(), 1e-9) << field;
    }
    for (const std::size_t end : {0U, 1U}) {
      EXPECT_NEAR(comparison["interval"][end].get<double>(),
                  expected[i]["interval"][end].get<double>(), 1e-9);
    }
    EXPECT_TRUE(comparison["interval_images"].is_null());
  }
  EXPECT_EQ(found["comparisons"][0]["verdict"], "better");
  EXPECT_EQ(found["comparisons"][1]["verdict"], "undecided");
  EXPECT_EQ(found["comparisons"][2]["verdict"], "worse");
}

TEST(VerdictVerb, TheDocumentSaysWhereTheNumbersAreFrom) {
  const Scratch folder;
  put(folder / "my.results.csv", kSix + "7,a,1\n");
  const Ended ended = run(folder, words("my.results.csv --json"));
  const json found = json::parse(ended.out);
  EXPECT_EQ(found["study"], "my.results");
  EXPECT_EQ(found["condition"],
            json::parse(R"({"results": "my.results.csv", "pair": "seed", "by": "order"})"));
  EXPECT_EQ(found["metric"], "accuracy");
  EXPECT_TRUE(found["margin"].is_null());
  EXPECT_EQ(found["confidence"], 0.95);
  EXPECT_EQ(found["stop"], "fixed");
  EXPECT_EQ(found["lower_is_better"], false);
  EXPECT_EQ(found["pair_names"], json::parse(R"(["1", "2", "3", "4", "5", "6"])"));
  EXPECT_EQ(found["dropped_pairs"], json::parse(R"([{"pair": "7", "missing": ["b"]}])"));
  EXPECT_EQ(found["orders"][1]["values"], json::parse("[88.0, 88.1, 88.6, 87.9, 88.2, 88.3]"));
  for (const char* field : {"order", "lr"}) EXPECT_TRUE(found["orders"][0][field].is_null());
  EXPECT_TRUE(found["study_hash"].is_null());
  EXPECT_THAT(ended.err, IsEmpty());
  EXPECT_EQ(
      found["notices"],
      json::parse(
          R"([{"kind": "incomplete-pairs", "text": "1 of 7 pairs is left out, because a )"
          R"(trial is missing (seed 7 lacks b); write a trial that diverged as nan, so that it counts"}])"));
}

TEST(VerdictVerb, PrintsTheSnapshotsOfATable) {
  const Scratch folder;
  put(folder / "results_2.csv", content_of(report_fixture("table.csv")));
  for (const auto& [format, file] : {std::pair{"text", "table.txt"}, std::pair{"md", "table.md"},
                                     std::pair{"latex", "table.tex"}}) {
    const Ended ended =
        run(folder, words(fmt::format("results_2.csv --margin 3 --details --format {}", format)));
    EXPECT_EQ(ended.status, 0);
    expect_snapshot(file, ended.out);
  }
}

TEST(VerdictVerb, ListsEveryPairOfALongTable) {
  const Scratch folder;
  std::string text = "seed,order,accuracy\n";
  for (int seed = 1; seed <= 60; ++seed) {
    text += fmt::format("s{},a,{}\ns{},b,{}\n", seed, seed % 7, seed, seed % 5);
  }
  put(folder / "r.csv", text);
  const std::string page = run(folder, words("r.csv --details")).out;
  for (int seed = 1; seed <= 60; ++seed) EXPECT_THAT(page, HasSubstr(fmt::format("s{} ", seed)));
}

TEST(VerdictVerb, UsesTheUnitOfTheFile) {
  const Scratch folder;
  put(folder / "r.csv", six_pairs(0.01));
  EXPECT_THAT(
      unbroken(run(folder, words("r.csv --margin 0.05")).out),
      StartsWith("a and b are equivalent: they differ by less than 0.05 in accuracy, though "
                 "not by nothing. The mean difference, a - b, is +0.02067 in accuracy. With "
                 "95 % confidence, the true difference is between +0.01850 and +0.02283 "
                 "(6 pairs)."));
}

TEST(VerdictVerb, LowerIsBetterTurnsTheWordRound) {
  const Scratch folder;
  put(folder / "r.csv", kSix);
  EXPECT_THAT(run(folder, words("r.csv --lower-is-better --details")).out,
              AllOf(HasSubstr("a is worse than b by 2.067"), HasSubstr("lower is better")));
}

TEST(VerdictVerb, ADivergedTrialIsCountedAndForbidsToFavourItsOrder) {
  const Scratch folder;
  put(folder / "r.csv", kSix + "7,a,nan\n7,b,88\n");
  const Ended ended = run(folder, words("r.csv"));
  EXPECT_THAT(
      unbroken(ended.out),
      AllOf(StartsWith("Undecided: the runs do not show which of a and b is better."),
            HasSubstr("runs are rarely lost by chance"),
            HasSubstr("Runs were lost, and their pairs do not count: a 1 diverged, 0 failed; "
                      "b none.")));
  put(folder / "r.csv", kSix + "7,a,88\n7,b,nan\n");
  EXPECT_THAT(unbroken(run(folder, words("r.csv")).out),
              AllOf(StartsWith("a is better than b by 2.067"),
                    HasSubstr("a none; b 1 diverged, 0 failed.")));
}

TEST(VerdictVerb, FewPairsAreUndecidedWithTheReason) {
  const Scratch folder;
  put(folder / "r.csv", kSix.substr(0, kSix.find("6,a")));
  EXPECT_THAT(
      unbroken(run(folder, words("r.csv")).out),
      AllOf(StartsWith("Undecided: the runs do not show which of a and b is better. The mean "
                       "difference, a - b, is +2.04"),
            HasSubstr("5 complete pairs, and 6 are needed at 95 % confidence.")));
  put(folder / "r.csv", "seed,order,accuracy\n1,a,1\n1,b,NA\n");
  const Ended none = run(folder, words("r.csv"));
  EXPECT_EQ(none.status, 0);
  EXPECT_THAT(none.out, StartsWith("Undecided: no pair is complete"));
}

TEST(VerdictVerb, ExpectHasTheExitCodesOfCompare) {
  const Scratch folder;
  put(folder / "r.csv", kSix);
  put(folder / "few.csv", kSix.substr(0, kSix.find("6,a")));
  EXPECT_EQ(run(folder, words("r.csv --expect better")).status, 0);
  EXPECT_EQ(run(folder, words("r.csv --expect not-worse")).status, 0);
  const Ended fails = run(folder, words("r.csv --expect equivalent"));
  EXPECT_EQ(fails.status, 1);
  EXPECT_EQ(fails.err, "--expect equivalent: the verdict is better\n");
  EXPECT_EQ(run(folder, words("few.csv --expect better")).status, 3);
}

// 2.0667 +- 0.2168: 1.85 to 2.28.
TEST(VerdictVerb, ExpectTakesABoundANameAndSeveral) {
  const Scratch folder;
  put(folder / "r.csv", kSix);
  const struct {
    const char* arguments;
    int status;
    const char* says;
  } cases[] = {
      {"--expect better-by=1.8", 0, ""},
      {"--expect better-by=1.9", 3, "--expect better-by=1.9: undecided, a - b is +1.850 to +2.283"},
      {"--expect better-by=2.3", 1, "--expect better-by=2.3: a - b is +1.850 to +2.283"},
      {"--expect b:a:not-worse-by=2.3", 0, ""},
      {"--expect b:a:not-worse-by=1.5", 1, "--expect b:a:not-worse-by=1.5: a - b is +1.85"},
      {"--expect better --expect all:better-by=1", 0, ""},
      {"--expect better --expect all:equivalent --expect better-by=1.9", 1, "all:equivalent"},
      {"--expect a:c:better", 2, "there is a:b"},
  };
  for (const auto& c : cases) {
    const Ended ended = run(folder, words(std::string("r.csv ") + c.arguments));
    EXPECT_EQ(ended.status, c.status) << c.arguments;
    EXPECT_THAT(ended.err, HasSubstr(c.says)) << c.arguments;
  }
}

TEST(VerdictVerb, ABoundSaysWhereATableOfAutomaticStoppingEnds) {
  const Scratch folder;
  std::string table = "seed,order,accuracy\n";
  for (int i = 1; i <= 20; ++i) {
    table += fmt::format("{0},a,{1}\n{0},b,90\n", i, i % 2 == 0 ? 91 : 89);
  }
  put(folder / "r.csv", table);
  const auto with = [&](const char* more) {
    return json::parse(run(folder, words(std::string("r.csv --auto --json ") + more)).out);
  };
  const json gated = with("--expect not-worse-by=2");
  EXPECT_EQ(gated["stop"], "gate");
  EXPECT_EQ(gated["gates"], json({"not-worse-by=2"}));
  EXPECT_EQ(gated["notices"][0]["kind"], "ended-by-gate");
  EXPECT_LT(gated["comparisons"][0]["pairs"], 12);
  EXPECT_EQ(gated["comparisons"][0]["verdict"], "undecided");
  EXPECT_EQ(with("")["comparisons"][0]["pairs"], 20);
}

TEST(VerdictVerb, WritesJunit) {
  const Scratch folder;
  put(folder / "r.csv", kSix);
  EXPECT_EQ(run(folder, words("r.csv --junit t.xml --expect better-by=3")).status, 1);
  EXPECT_THAT(content_of(folder / "t.xml"), HasSubstr("failures=\"1\""));
  const Ended nowhere = run(folder, words("r.csv --junit nowhere/t.xml"));
  EXPECT_EQ(nowhere.status, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("--junit nowhere/t.xml: the folder"));
  EXPECT_THAT(nowhere.out, IsEmpty()) << "said before all work";
}

TEST(VerdictVerb, ReadsStandardInput) {
  const Scratch folder;
  put(folder / "r.csv", kSix);
  const int kept = dup(STDIN_FILENO);
  const int file = open((folder / "r.csv").c_str(), O_RDONLY);
  dup2(file, STDIN_FILENO);
  const Ended ended = run(folder, words("- --json"));
  dup2(kept, STDIN_FILENO);
  close(file);
  close(kept);
  ASSERT_EQ(ended.status, 0) << ended.err;
  const json found = json::parse(ended.out);
  EXPECT_EQ(found["condition"]["results"], "standard input");
  EXPECT_EQ(found["comparisons"][0]["verdict"], "better");
}

TEST(VerdictVerb, WrongInputIsCodeTwoWithOneClearLine) {
  const Scratch folder;
  put(folder / "r.csv", kSix);
  const struct {
    const char* arguments;
    const char* says;
  } cases[] = {
      {"", "results is required"},
      {"nowhere.csv", "nowhere.csv"},
      {".", ".: "},
      {"r.csv --metric accurcy", "r.csv:1: no column 'accurcy'; did you mean --metric accuracy?"},
      {"r.csv --lower-is-better --higher-is-better", "excludes"},
      {"r.csv --last --best", "excludes"},
      {"r.csv --wide a,b --by order", "excludes"},
      {"r.csv --margin nan", "--margin: expected a number above 0, found nan"},
      {"r.csv --margin -1", "--margin"},
      {"r.csv --margin 0", "--margin: expected a number above 0, found 0"},
      {"r.csv --confidence 95", "--confidence: expected a number from 0.5 to 0.999, found 95"},
      {"r.csv --expect best", "best"},
  };
  for (const auto& c : cases) {
    const Ended ended = run(folder, words(c.arguments));
    EXPECT_EQ(ended.status, 2) << c.arguments;
    EXPECT_THAT(ended.err, HasSubstr(c.says));
    EXPECT_THAT(ended.out, IsEmpty()) << c.arguments;
  }
}

/// What a case from the field answers, and the words that must and must not be in it.
struct Case {
  const char* arguments;  // the file first
  int status;
  std::vector<const char*> says;
  std::vector<const char*> never = {};
};

/// Files as people have them, which are not in the repository.
TEST(VerdictVerb, GivesWhatIsRightOfTheCasesFromTheField) {
  const std::filesystem::path tables =
      std::filesystem::path(WHICHFIRST_SHARED_DATA).parent_path() / "cases/tables";
  if (!std::filesystem::exists(tables)) GTEST_SKIP() << "no cases in " << tables;
  const Case cases[] = {
      {"01-best-last.csv --by method --metric clean_top1",
       2,
       {"column 'checkpoint' tells them apart: --where checkpoint=last", "--lower-is-better"},
       {"--pair epoch", "--pair seed,"}},
      {"01-best-last.csv", 2, {"did you mean --by method --metric clean_top1?"}},
      {"01-best-last.csv --by method --metric clean_top1 --where checkpoint=last",
       2,
       {"'clean_top1' does not say whether higher or lower is better"}},
      {"01-best-last.csv --by method --metric clean_top1 --where checkpoint=last --lower-is-better",
       0,
       {"baseline", "worse"}},
      {"02-wide.csv", 0, {"8 pairs", "dab", "scc", "read as a wide table", "--lower-is-better"}},
      {"02-wide.csv --wide dab,scc --metric top1 --lower-is-better", 0, {"8 pairs", "worse"}},
      {"05-R-NA.csv", 0, {"7 pairs", "1 of 8 pairs is left out", "seed 3 lacks act-first"}},
      {"06-european.csv", 0, {"8 pairs", "better", "1.2"}},
      {"08-wandb-chart.csv", 2, {"looks like a W&B chart export", "--runs '{order}-seed{seed}'"}},
      {"08-wandb-chart.csv --last --runs {order}-seed{seed}", 0, {"val_acc", "3 complete pairs"}},
      {"09-wandb-runs.csv --metric val_acc --where State=finished", 0, {"act-first"}, {"crashed"}},
      {"09-wandb-runs.csv --metric val_acc", 0, {"rows that are not finished: crashed (1)"}},
      {"10-optuna.csv",
       2,
       {"did you mean --pair params_seed --by params_order --metric value?", "Optuna"}},
      {"10-optuna.csv --pair params_seed --by params_order --metric value --higher-is-better",
       0,
       {"rows that are not COMPLETE: PRUNED (2)", "--where state=COMPLETE"}},
      {"13-constant-difference.csv", 0, {"worse", "spread is zero"}},
      {"17-composite-pair.csv --by mode --pair training_seed,condition --metric success_rate",
       0,
       {"9 pairs"}},
      {"17-composite-pair.csv --by mode --pair training_seed --metric success_rate",
       2,
       {"--pair training_seed,condition"}},
      {"18-mean-std.csv --pair dataset", 2, {"not a mean and a spread"}},
      {"21e-total-row.csv", 0, {"8 pairs", "rows whose seed is mean, std are left out"}},
      {"23-mixed-units.csv",
       2,
       {"shares (seed 0, 1, 2, 3: 0.7511 to 0.7699) and percent (seed 4, 5, 6, 7: 75.1 to 76.9)"}},
      {"26-results.json", 0, {"8 pairs", "better"}},
      {"28-float-seeds.csv", 2, {"bn-first has 0, 1, 2, 3", "act-first has 0.0, 1.0, 2.0, 3.0"}},
      {"34-one-run-epochs.csv --metric val_acc", 2, {"one run per order", "not replicates"}},
      {"34-one-run-epochs.csv --metric val_acc --pair epoch", 2, {"are not replicates"}},
      {"35-np-savetxt.csv", 0, {"6 pairs"}},
      {"36-dir-0.csv --metric test_err", 0, {"lower test_err is taken to be better", "worse"}},
      {"36-dir-1.csv --metric val_mse", 0, {"lower val_mse is taken to be better", "worse"}},
      {"36-dir-2.csv --metric nll", 0, {"lower nll is taken to be better", "worse"}},
      {"36-dir-3.csv --metric ppl", 0, {"lower ppl is taken to be better", "worse"}},
      {"36-dir-4.csv --metric FID", 0, {"lower FID is taken to be better", "worse"}},
      {"36-dir-5.csv --metric WER", 0, {"lower WER is taken to be better", "worse"}},
      {"37-small-14.csv --metric loss", 0, {"e-14", "worse"}, {"are equal"}},
      {"37-small-165.csv --metric loss", 0, {"e-165", "worse"}, {"are equal"}},
  };
  const Scratch folder;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.arguments);
    std::vector<std::string> arguments = words(c.arguments);
    arguments[1] = (tables / arguments[1]).string();
    const Ended ended = run(folder, arguments);
    EXPECT_EQ(ended.status, c.status) << ended.err;
    const std::string said = unbroken(ended.out) + ended.err;
    for (const char* words : c.says) EXPECT_THAT(said, HasSubstr(words));
    for (const char* words : c.never) EXPECT_THAT(said, Not(HasSubstr(words)));
  }
}

std::string eight_pairs(double a, double b, double step) {
  std::string text = "seed,order,accuracy\n";
  for (int i = 0; i < 8; ++i) {
    text += fmt::format("{0},a,{1:.6g}\n{0},b,{2:.6g}\n", i, a + step * i, b + step * i);
  }
  return text;
}

TEST(VerdictVerb, EightEqualRowsSayNothing) {
  const Scratch folder;
  put(folder / "r.csv", eight_pairs(91, 90, 0));
  for (const char* more : {"", " --auto", " --margin 2", " --guard"}) {
    const json found =
        json::parse(run(folder, words(std::string("r.csv --json") + more)).out)["comparisons"][0];
    EXPECT_EQ(found["verdict"], "undecided") << more;
    EXPECT_THAT(found["reason"].get<std::string>(), HasSubstr("one and the same value in all"));
    EXPECT_TRUE(found["more_pairs_needed"].is_null());
  }
  put(folder / "same.csv", eight_pairs(90, 90, 0));
  EXPECT_EQ(json::parse(
                run(folder, words("same.csv --margin 1 --json")).out)["comparisons"][0]["verdict"],
            "undecided");
  put(folder / "moved.csv", eight_pairs(91, 90, 0.1));
  EXPECT_EQ(json::parse(run(folder, words("moved.csv --json")).out)["comparisons"][0]["verdict"],
            "better");
}

TEST(VerdictVerb, FortyEpochsCalledSeedsAreDoubted) {
  const Scratch folder;
  std::string text = "seed,order,accuracy\n";
  for (int i = 0; i < 40; ++i) {
    const double a = 90 - 40.0 / (i + 4);
    text += fmt::format("{0},a,{1:.2f}\n{0},b,{2:.2f}\n", i, a, a - 0.3 - 0.01 * (i % 3));
  }
  put(folder / "r.csv", text);
  const json found = json::parse(run(folder, words("r.csv --json")).out)["notices"];
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["kind"], "serial-pairs");
}

TEST(VerdictVerb, ACopiedRunIsSaid) {
  const Scratch folder;
  std::string text = "seed,order,accuracy\n";
  for (int i = 0; i < 8; ++i) text += fmt::format("{0},a,{1}\n{0},b,88.5\n", i, 90 + i % 3);
  put(folder / "r.csv", text);
  const json found = json::parse(run(folder, words("r.csv --json")).out);
  EXPECT_EQ(found["comparisons"][0]["verdict"], "better");
  EXPECT_EQ(found["notices"][0]["kind"], "constant-order");
}

TEST(VerdictVerb, HelpShowsExamples) {
  const Scratch folder;
  const Ended help = run(folder, words("--help"));
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("Examples:"), HasSubstr("--lower-is-better")));
}

}  // namespace
}  // namespace whichfirst::cli
