#include "table/results.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "complaint.h"
#include "record/temporary_folder.h"

namespace whichfirst::table {
namespace {

using std::nullopt;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Results parse(const std::string& text, const Question& columns = {}) {
  return parse_results(text, "runs/r.csv", columns);
}

std::string complaint(const std::string& text, const Question& columns = {}) {
  return complaint_of([&] { parse(text, columns); });
}

/// The text of the notice of a kind; empty where there is none.
std::string note(const Results& results, std::string_view kind) {
  for (const record::Notice& notice : results.notices) {
    if (notice.kind == kind) return notice.text;
  }
  return "";
}

const std::string kHeader = "seed,order,accuracy\n";
const std::string kTwoPairs = kHeader + "1,a,90.5\n1,b,89\n2,a,91\n2,b,88.25\n";

void expect_two_pairs(const Results& results) {
  EXPECT_THAT(results.table.pairs, ElementsAre("1", "2"));
  ASSERT_EQ(results.orders.size(), 2U);
  EXPECT_EQ(results.orders[0].name, "a");
  EXPECT_EQ(results.orders[1].name, "b");
  EXPECT_THAT(results.orders[0].values, ElementsAre(90.5, 91.0));
  EXPECT_THAT(results.orders[1].values, ElementsAre(89.0, 88.25));
  EXPECT_THAT(results.table.dropped, IsEmpty());
}

TEST(Results, ReadsOneLineATrial) {
  const Results results = parse(kTwoPairs);
  expect_two_pairs(results);
  EXPECT_EQ(results.table.file, "r.csv");
  EXPECT_EQ(results.table.pair, "seed");
  EXPECT_EQ(results.table.by, "order");
  EXPECT_EQ(results.metric, "accuracy");
  EXPECT_EQ(results.orders[0].order, nullopt);
  EXPECT_EQ(results.orders[0].diverged, 0);
}

TEST(Results, ReadsTheSameInEveryDressOfCsv) {
  const char* texts[] = {
      "\xEF\xBB\xBFseed,order,accuracy\r\n1,a,90.5\r\n1,b,89\r\n2,a,91\r\n2,b,88.25",
      "seed,order,accuracy\r1,a,90.5\r1,b,89\r2,a,91\r2,b,88.25\r",
      "\n\n \t\nseed,order,accuracy\n\n1,a,90.5\n1,b,89\n\n2,a,91\n2,b,88.25\n\n\n",
      "\"seed\" , \"order\",\"accuracy\"\n\"1\",\"a\",\"90.5\"\n 1 , b , 89 "
      "\n2,a,+91\n2,b,8825e-2\n",
      "x,accuracy,order,note,seed\n,90.5,a,\"a \"\"b\"\", c\",1\n,89,b,\"two\nlines\",1\n,91,a,,2\n"
      ",88.25,b,,2\n",
  };
  for (const char* text : texts) {
    SCOPED_TRACE(text);
    expect_two_pairs(parse(text));
  }
}

TEST(Results, OrdersAndPairsStandAsTheyFirstAppear) {
  const Results results = parse(kHeader + "7,z,1\n3,a,2\n3,z,3\n7,a,4\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("7", "3"));
  EXPECT_EQ(results.orders[0].name, "z");
  EXPECT_THAT(results.orders[0].values, ElementsAre(1.0, 3.0));
  EXPECT_THAT(results.orders[1].values, ElementsAre(4.0, 2.0));
}

TEST(Results, DropsAndListsAPairThatLacksAnOrder) {
  const Results results =
      parse(kHeader + "1,a,1\n1,b,2\n1,c,3\n2,b,5\n3,c,3\n3,b,2\n3,a,1\n4,a,1\n4,c,nan\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("1", "3"));
  ASSERT_EQ(results.table.dropped.size(), 2U);
  EXPECT_EQ(results.table.dropped[0].pair, "2");
  EXPECT_THAT(results.table.dropped[0].missing, ElementsAre("a", "c"));
  EXPECT_EQ(results.table.dropped[1].pair, "4");
  EXPECT_THAT(results.table.dropped[1].missing, ElementsAre("b"));
  for (const record::OrderResult& order : results.orders) EXPECT_EQ(order.values.size(), 2U);
  EXPECT_EQ(results.orders[0].diverged, 0) << "a trial that is not there is no loss";
  EXPECT_EQ(results.orders[2].diverged, 1) << "one that diverged is, whatever its pair lacks";
}

TEST(Results, ATrialWithoutAFiniteNumberDivergedAndIsCounted) {
  const Results results =
      parse(kHeader + "1,a,diverged\n1,b,1\n2,a,nan\n2,b,NaN\n3,a,inf\n3,b,-Infinity\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("1", "2", "3"));
  EXPECT_THAT(results.orders[0].values, ElementsAre(nullopt, nullopt, nullopt));
  EXPECT_THAT(results.orders[1].values, ElementsAre(1.0, nullopt, nullopt));
  EXPECT_EQ(results.orders[0].diverged, 3);
  EXPECT_EQ(results.orders[1].diverged, 2);
}

TEST(Results, AllMissingColumnsComeInOneMessageWithWhatIsMeant) {
  EXPECT_EQ(
      complaint("seed,order,acuracy\n1,a,1\n"),
      "runs/r.csv:1: no column 'accuracy'; did you mean --metric acuracy? The columns are seed, "
      "order, acuracy");
  EXPECT_EQ(
      complaint("RunSeed,method,checkpoint,val_top1\n1,a,x,3\n2,b,x,4\n"),
      "runs/r.csv:1: no columns 'seed', 'order', 'accuracy'; did you mean --pair RunSeed --by "
      "method --metric val_top1? The columns are RunSeed, method, checkpoint, val_top1");
  EXPECT_EQ(
      complaint(kTwoPairs, {.by = "zebra"}),
      "runs/r.csv:1: no column 'zebra'; did you mean --by order? The columns are seed, order, "
      "accuracy");
  EXPECT_EQ(
      complaint("order,accuracy\na,1\nb,2\n"),
      "runs/r.csv:1: no column 'seed'; name the right one with --pair. A table needs a column "
      "that says which trials are a pair, such as the seed, and several pairs: one run per order "
      "tells nothing about the next. The columns are order, accuracy");
  EXPECT_EQ(complaint("seed,order,x\n1,a,b\n"),
            "runs/r.csv:1: no column 'accuracy'; name the right one with --metric. The columns are "
            "seed, order, x");
}

TEST(Results, AFileOfAKnownKindIsNamed) {
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"Step,a_1 - acc,a_1 - acc__MIN,a_1 - acc__MAX\n0,1,1,1\n",
       "this looks like a W&B chart export, a column per run and a row per step: read it with "
       "--last --runs '{order}_{seed}', a pattern of the runs' names such as 'a_1'"},
      {"order,Epoch,val_acc\na,0,1\nb,0,1\n",
       "this looks like the log of one run per order, a row per epoch or step: these are not "
       "replicates"},
      {"number,value,params_order,params_seed,state\n0,1,a,0,COMPLETE\n1,1,b,0,COMPLETE\n",
       "this looks like Optuna's trials_dataframe: --where state=COMPLETE keeps the trials that "
       "ended; "
       "did you mean --pair params_seed --by params_order --metric value?"},
      {"Name,State,val_acc\nx,finished,1\n", "this looks like a W&B table of runs"},
      {"method,mean,std\na,1,2\nb,2,3\n", "this looks like a table of means and spreads"},
      {"Wall time,Step,Value\n1,2,3\n", "this looks like a TensorBoard export of one run"},
      {"run_id,params.lr,metrics.acc\nx,1,2\n", "this looks like a table of MLflow runs"},
      {"model,s0,s1\na,1,2\nb,2,3\n", "this looks like a row per order and a column per run"},
      {"run,left,right\n1,2,3\n2,3,4\n", "did you mean --pair run --wide left,right?"},
  };
  for (const auto& c : cases) EXPECT_THAT(complaint(c.text), HasSubstr(c.says)) << c.text;
}

TEST(Results, WhatDoesNotReadIsNamedWithItsLine) {
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "runs/r.csv: expected a header line, found an empty file"},
      {" \n\n", "runs/r.csv: expected a header line"},
      {kHeader, "runs/r.csv: expected two values or more in column 'order', found no line below"},
      {kHeader + "1,a,1\n2,a,1\n",
       "runs/r.csv: expected two values or more in column 'order', found only 'a'; name the column "
       "of what is compared with --by, or the columns with --wide"},
      {kHeader + "1,a,1\n\n1,b\n", "runs/r.csv:4: expected 3 fields as in the header, found 2"},
      {kHeader + "1,a,1,\n", "runs/r.csv:2: expected 3 fields as in the header, found 4"},
      {kHeader + "1,a,91.2%\n",
       "runs/r.csv:2: column 'accuracy': expected a number without a unit, nan for a trial that "
       "diverged, or nothing; found '91.2%'"},
      {kHeader + "1,a,\"91,2\"\n", "found '91,2'"},
      {kHeader + "1,a,+-1\n", "found '+-1'"},
      {kHeader + "1,a,+\n", "found '+'"},
      {kHeader + "1,a,0x10\n", "found '0x10'"},
      {kHeader + "1,a,1e400\n", "of magnitude 1e+150 at most"},
      {kHeader + "1,a,-1e151\n", "of magnitude 1e+150 at most"},
      {kHeader + ",a,1\n", "runs/r.csv:2: column 'seed': expected a name, found an empty field"},
      {kHeader + "1,\"\",1\n", "column 'order': expected a name, found an empty field"},
      {kHeader + "1,a\x1b[31m,1\n", "without control characters, found 'a\\x1b[31m'"},
      {kHeader + "1,a\xff,1\n", "found 'a\\xff'"},
      {kHeader + "1,a,1\n2,a,1\n\"1\", a ,2\n",
       "runs/r.csv:4: seed '1' has a trial of order 'a' in line 2 already; keep one of them, or "
       "name another column that tells them apart with --pair"},
      {kHeader + "1,a,1\n1,b,\"1\n2,b,1\n",
       "runs/r.csv:4: expected fields separated by commas, found a quote that does not begin, end "
       "or double inside a quoted field (the row begins in line 3)"},
      {kHeader + "1,a\"b,1\n", "runs/r.csv:2: expected fields separated by commas"},
      {kHeader + "1,\"a\"b,1\n", "runs/r.csv:2: expected fields separated by commas"},
      {kHeader + std::string("1,a,1\n1,\0b,1\n", 13),
       "runs/r.csv:3: expected text, found a NUL; save it as CSV in UTF-8"},
      {"seed,order,accuracy,order\n", "runs/r.csv:1: column 'order' stands twice; rename one"},
      {kHeader + "1,a,24.2 ± 0.3\n",
       "runs/r.csv:2: column 'accuracy': expected the number of one run, not a mean and a spread: "
       "give the runs behind it, one row each; found '24.2"},
      {kHeader + "1,a,24.2+/-0.3\n", "not a mean and a spread"},
      {kHeader + "1,a,24.2 (0.3)\n", "not a mean and a spread"},
  };
  for (const auto& c : cases) EXPECT_THAT(complaint(c.text), HasSubstr(c.says)) << c.text;
}

TEST(Results, CountsLinesThroughQuotedFields) {
  EXPECT_THAT(complaint("note,seed,order,accuracy\n\"one\r\ntwo\n\nthree\",1,a,1\nx,1,b,oops\n"),
              StartsWith("runs/r.csv:6: "));
  EXPECT_THAT(complaint("note,seed,order,accuracy\n\"one\ntwo\",1,a,oops\n"),
              StartsWith("runs/r.csv:2: "));
}

TEST(Results, TheThreeColumnsAreDifferent) {
  EXPECT_EQ(complaint(kTwoPairs, {.pair = "order"}),
            "--pair order, --by order, --metric accuracy: expected different columns");
}

TEST(Results, RefusesMoreThanItsLimits) {
  std::string text = kHeader;
  for (int i = 0; i < 17; ++i) text += fmt::format("1,arm{},1\n", i);
  EXPECT_EQ(complaint(text),
            "runs/r.csv:18: column 'order': expected at most 16 different values, found 'arm16' "
            "beyond them");
  text = kHeader;
  for (int i = 0; i <= 1'000'000; ++i) text += fmt::format("{},a,1\n", i);
  EXPECT_THAT(complaint(text),
              StartsWith("runs/r.csv:1000002: column 'seed': expected at most 1000000"));
  EXPECT_THAT(complaint(std::string(2'000'000, ',')),
              HasSubstr("expected at most 1000 columns, found 2000001"));
  EXPECT_THAT(complaint(kHeader + "1,a," + std::string(100'000, '9') + "\n"), HasSubstr("999..."));
  EXPECT_THAT(complaint(kHeader + "1," + std::string(81, 'a') + ",1\n"),
              HasSubstr("a name of at most 80 bytes"));
}

TEST(Results, EveryBeginningOfATableReadsOrComplains) {
  const std::string text = "\xEF\xBB\xBFseed,order,accuracy\r\n1,\"a\",90.5\r\n1,\"b\"\"c\",nan\n";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    complaint(text.substr(0, length));
  }
}

TEST(Results, ReadsOtherSeparatorsAndTheDecimalComma) {
  const char* texts[] = {
      "seed;order;accuracy\n1;a;90,5\n1;b;89\n2;a;91\n2;b;88,25\n",
      "sep=;\r\nseed;order;accuracy\r\n1;a;90,5\r\n1;b;89\r\n2;a;91\r\n2;b;88,25\r\n",
      "seed\torder\taccuracy\n1\ta\t90.5\n1\tb\t89\n2\ta\t91\n2\tb\t88.25\n",
      "  seed order   accuracy\n  1    a     90.5\n  1    b     89\n  2    a     91\n  2    b  "
      "88.25\n",
      "# made by numpy\n# seed order accuracy\n1 a 90.5\n1 b 89\n2 a 91\n2 b 88.25\n",
      "#seed,order,accuracy\n1,a,90.5\n1,b,89\n2,a,91\n2,b,88.25\n",
      "# a remark, with a comma\nseed,order,accuracy\n1,a,90.5\n1,b,89\n2,a,91\n2,b,88.25\n,,\n",
  };
  for (const char* text : texts) {
    SCOPED_TRACE(text);
    expect_two_pairs(parse(text));
  }
  EXPECT_THAT(complaint("seed;order;accuracy\n1;a;90,5\n1;b;89.5\n"),
              HasSubstr("expected one kind of decimal point"));
  EXPECT_THAT(complaint("seed;order;accuracy\n1;a;1,234,5\n"), HasSubstr("found '1,234,5'"));
}

TEST(Results, ReadsJsonInTheFormsThatProgramsWrite) {
  const char* texts[] = {
      R"([{"seed": 1, "order": "a", "accuracy": 90.5}, {"seed": 1, "order": "b", "accuracy": 89},
          {"seed": 2, "order": "a", "accuracy": 91}, {"seed": 2, "order": "b", "accuracy": 88.25}])",
      "{\"seed\": 1, \"order\": \"a\", \"accuracy\": 90.5}\n"
      "{\"seed\": 1, \"order\": \"b\", \"accuracy\": 89}\n\n"
      "{\"seed\": 2, \"order\": \"a\", \"accuracy\": 91, \"note\": [1, {\"x\": null}]}\r\n"
      "{\"seed\": 2, \"order\": \"b\", \"accuracy\": 88.25}",
      R"({"runs": [{"seed": 1, "order": "a", "accuracy": 90.5},
                   {"seed": 1, "order": "b", "accuracy": 89},
                   {"seed": 2, "order": "a", "accuracy": 91},
                   {"seed": 2, "order": "b", "accuracy": 88.25}], "version": 3})",
      R"({"seed": [1, 1, 2, 2], "order": ["a", "b", "a", "b"], "accuracy": [90.5, 89, 91, 88.25]})",
      R"({"seed": {"0": 1, "1": 1, "2": 2, "3": 2}, "order": {"0": "a", "1": "b", "2": "a", "3": "b"},
          "accuracy": {"0": 90.5, "1": 89, "2": 91, "3": 88.25}})",
  };
  for (const char* text : texts) {
    SCOPED_TRACE(text);
    expect_two_pairs(parse(text));
  }
  const Results nested = parse(
      R"([{"tags": {"seed": 1}, "order": "a", "m": {"acc": NaN}},
          {"tags": {"seed": 1}, "order": "b\" NaN", "m": {"acc": null}},
          {"tags": {"seed": 2}, "order": "a", "m": {"acc": -Infinity}},
          {"tags": {"seed": 2}, "order": "b\" NaN", "m": {"acc": 1}}])",
      {.pair = "tags.seed", .metric = "m.acc"});
  EXPECT_EQ(nested.orders[0].diverged, 2);
  EXPECT_EQ(nested.orders[1].name, "b\" NaN");
  EXPECT_EQ(complaint(R"([{"seed": 1, "order": "a", "accuracy": "x"}])"),
            "runs/r.csv: record 1: column 'accuracy': expected a number without a unit, nan for a "
            "trial that diverged, or nothing; found 'x'");
  EXPECT_THAT(complaint("[1, 2]"), HasSubstr("record 1: expected a list of objects"));
  EXPECT_THAT(complaint("{}"), HasSubstr("expected a list of objects"));
  EXPECT_THAT(complaint(R"({"a": [1], "b": [1, 2]})"), HasSubstr("'b' has 2 values and 'a' 1"));
  EXPECT_THAT(complaint("[{\"seed\": 1"), StartsWith("runs/r.csv: expected JSON"));
}

TEST(Results, WhatIsMissingIsNoTrial) {
  const Results results = parse(
      kHeader + "1,a,1\n1,b,2\n2,a,NA\n2,b,1\n3,a,None\n3,b,2\n4,a,null\n4,b,3\n5,a,\n5,b,1\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("1"));
  EXPECT_EQ(results.table.dropped.size(), 4U);
  EXPECT_EQ(results.orders[0].diverged, 0);
  EXPECT_EQ(
      note(results, "incomplete-pairs"),
      "4 of 5 pairs are left out, because a trial is missing (seed 2 lacks a, 3 lacks a, 4 "
      "lacks a, 5 lacks a); write a trial that diverged as nan, so that it counts: all that are "
      "missing are of a, which the verdict flatters if they failed");
}

TEST(Results, ReadsAColumnPerOrder) {
  const std::string wide = "run,seed,left,right\n1,42,90.5,89\n2,43,91,88.25\n";
  for (const Question& question : {Question{}, Question{.wide = "left,right"}}) {
    const Results results = parse(wide, question);
    EXPECT_THAT(results.table.pairs, ElementsAre("42", "43"));
    ASSERT_EQ(results.orders.size(), 2U);
    EXPECT_EQ(results.orders[0].name, "left");
    EXPECT_THAT(results.orders[1].values, ElementsAre(89.0, 88.25));
    EXPECT_THAT(note(results, "direction"), HasSubstr("the table does not name its metric"));
    EXPECT_EQ(note(results, "wide").empty(), question.wide.has_value());
  }
  const Results errors = parse("seed,bn_err,act_err\n1,2,3\n");
  EXPECT_EQ(errors.metric, "err");
  EXPECT_EQ(errors.direction, stats::Direction::lower_is_better);
  EXPECT_EQ(parse("seed,loss/bn,loss/act\n1,2,3\n").metric, "loss");
  // Columns of several metrics, of parts of the data, or beside text are no orders.
  for (const char* text : {"seed,acc,loss\n1,2,3\n", "seed,val_top1,test_top1\n1,2,3\n",
                           "seed,who,x,y\n1,me,2,3\n2,me,2,3\n", "seed,x,y\n1,2,3\n1,2,4\n",
                           "seed,x_mean,x_std\n1,2,3\n"}) {
    EXPECT_THAT(complaint(text), HasSubstr("no columns 'order', 'accuracy'")) << text;
  }
  EXPECT_THAT(complaint(wide, {.wide = "left,rihgt"}), HasSubstr("did you mean 'right'?"));
  EXPECT_THAT(complaint(wide, {.wide = "left"}), HasSubstr("expected two columns or more"));
}

TEST(Results, PairsMayBeOfSeveralColumns) {
  const std::string text =
      "order,training_seed,condition,accuracy\na,0,day,1\na,0,night,2\nb,0,day,3\nb,0,night,4\n";
  const Results results = parse(text, {.pair = "training_seed,condition"});
  EXPECT_THAT(results.table.pairs, ElementsAre("0,day", "0,night"));
  EXPECT_EQ(results.table.pair, "training_seed,condition");
  EXPECT_THAT(note(results, "nested-pairs"), HasSubstr("the 2 pairs are of 1 different values"));
}

TEST(Results, WhereKeepsRowsAndStatesAreSaid) {
  const std::string text =
      "seed,order,State,accuracy\n1,a,finished,1\n1,b,finished,2\n2,a,crashed,0\n2,b,finished,2\n";
  EXPECT_EQ(
      note(parse(text), "state"),
      "column State has rows that are not finished: crashed (1); --where State=finished leaves "
      "them out");
  const Results kept = parse(text, {.where = {"State=finished"}});
  EXPECT_THAT(kept.table.pairs, ElementsAre("1"));
  EXPECT_EQ(note(kept, "state"), "");
  EXPECT_THAT(
      complaint(text, {.where = {"State=done"}}),
      HasSubstr("--where State=done: no row is left; the values there are finished, crashed"));
  EXPECT_THAT(complaint(text, {.where = {"Stat=done"}}), HasSubstr("did you mean 'State'?"));
  EXPECT_THAT(complaint(text, {.where = {"State"}}), HasSubstr("expected column=value"));
}

TEST(Results, SeveralRowsOfATrialNeedAChoice) {
  const std::string log =
      "seed,order,epoch,accuracy\n1,a,2,7\n1,a,1,9\n1,b,1,5\n1,b,2,6\n2,a,1,1\n2,b,1,1\n";
  EXPECT_THAT(complaint(log),
              HasSubstr("seed '1' has a trial of order 'a' in line 2 already; column "
                        "'epoch' tells them apart: --last takes the last row"));
  const Results last = parse(log, {.choice = RowChoice::last});
  EXPECT_THAT(last.orders[0].values, ElementsAre(7.0, 1.0));
  EXPECT_THAT(note(last, "last-row"), HasSubstr("by column epoch"));
  const Results best = parse(log, {.choice = RowChoice::best});
  EXPECT_THAT(best.orders[0].values, ElementsAre(9.0, 1.0));
  EXPECT_THAT(note(best, "best-row"), HasSubstr("it is too good"));

  const std::string kinds =
      "seed,order,checkpoint,epoch,top1\n1,a,best,8,1\n1,a,last,9,2\n1,b,best,7,3\n1,b,last,9,4\n";
  EXPECT_EQ(
      complaint(kinds, {.metric = "top1"}),
      "runs/r.csv:3: seed '1' has a trial of order 'a' in line 2 already; column 'checkpoint' "
      "tells them apart: --where checkpoint=last takes one of them; and the name 'top1' does "
      "not say whether higher or lower is better: add --higher-is-better or --lower-is-better");
  EXPECT_THAT(complaint("seed,order,fold,accuracy\n1,a,0,1\n1,a,1,2\n1,b,0,3\n1,b,1,4\n"),
              HasSubstr("column 'fold' tells them apart: average the folds"));
  const std::string places = "seed,order,place,accuracy\n1,a,x,1\n1,a,y,2\n1,b,x,3\n1,b,y,4\n";
  EXPECT_THAT(complaint(places),
              HasSubstr("--where place=y takes one of them, and --pair seed,place "
                        "makes a pair of each"));
}

TEST(Results, CountersWithinARunAreNoReplicates) {
  for (const char* name : {"epoch", "Epoch", "global_step", "iter", "ITERATION", "trainer/step"}) {
    const std::string text = fmt::format("{},order,accuracy\n1,a,1\n1,b,1\n", name);
    EXPECT_THAT(complaint(text, {.pair = name}),
                HasSubstr("the rows of one run are not replicates"));
  }
  for (const char* name : {"fold", "Folds", "cv_fold", "kfold"}) {
    const std::string text = fmt::format("{},order,accuracy\n1,a,1\n1,b,1\n", name);
    EXPECT_THAT(complaint(text, {.pair = name}),
                HasSubstr("the folds of a cross-validation share most of their training data"));
  }
}

TEST(Results, RowsThatSumUpOthersAreLeftOut) {
  const Results results = parse(kTwoPairs + "Mean,a,90.75\nmean,b,88.6\nstd,a,0.1\nstd,b,NA\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("1", "2"));
  EXPECT_THAT(results.table.dropped, IsEmpty());
  EXPECT_EQ(note(results, "summary-rows"),
            "rows whose seed is Mean, mean, std are left out: they sum up other rows and are no "
            "trials");
}

TEST(Results, SharesBesidePercentAreRefusedWithTheGroups) {
  std::string text = kHeader;
  for (int i = 0; i < 3; ++i) text += fmt::format("{0},a,0.7{0}\n{0},b,0.6{0}\n", i + 1);
  for (int i = 3; i < 6; ++i) text += fmt::format("{0},a,7{0}\n{0},b,6{0}\n", i + 1);
  EXPECT_EQ(
      complaint(text),
      "runs/r.csv: column 'accuracy' holds shares (seed 1, 2, 3: 0.61 to 0.73) and percent (seed "
      "4, 5, 6: 64 to 76); write all in one unit");
  EXPECT_THAT(complaint(kHeader + "1,a,0.91\n1,b,90\n2,a,0.92\n2,b,91\n"),
              HasSubstr("shares (order a: 0.91 to 0.92) and percent (order b: 90 to 91)"));
  // Runs that collapsed to 1 % of a hundred classes, and losses, are none of that.
  EXPECT_EQ(complaint(kHeader + "1,a,1\n1,b,90\n2,a,1\n2,b,91\n"), "no error");
  std::string losses = text;
  losses.replace(losses.find("accuracy"), 8, "loss");
  EXPECT_EQ(complaint(losses, {.metric = "loss"}), "no error");
}

TEST(Results, NumbersThatAreTwoNamesAreSaid) {
  EXPECT_THAT(note(parse(kTwoPairs + "3,a,1\n3.0,b,2\n"), "incomplete-pairs"),
              HasSubstr("3 and 3.0 are two names"));
}

TEST(Results, NamesThatNeverMeetAreRefusedWithTheLists) {
  EXPECT_EQ(
      complaint(kHeader + "0,a,1\n0.0,b,2\n1,a,1\n1.0,b,2\n"),
      "runs/r.csv: no seed has a trial of every order, so there are no pairs: a has 0, 1; b has "
      "0.0, 1.0; write the same name for what a pair has in common");
}

TEST(Results, TheDirectionIsThatOfTheNameOrAskedFor) {
  const auto with = [](const std::string& name, Question question = {}) {
    question.metric = name;
    return parse("seed,order," + name + "\n1,a,1\n1,b,2\n", question);
  };
  using stats::Direction;
  const Results errors = with("test_err");
  EXPECT_EQ(errors.direction, Direction::lower_is_better);
  EXPECT_THAT(note(errors, "direction"), HasSubstr("lower test_err is taken to be better"));
  EXPECT_EQ(with("accuracy").notices.size(), 0U);
  EXPECT_EQ(complaint("seed,order,score\n1,a,1\n1,b,2\n", {.metric = "score"}),
            "runs/r.csv: the name 'score' does not say whether higher or lower is better: add "
            "--higher-is-better or --lower-is-better");
  const Results said = with("score", {.direction = Direction::lower_is_better});
  EXPECT_EQ(said.direction, Direction::lower_is_better);
  EXPECT_EQ(note(said, "direction"), "");
  EXPECT_THAT(note(with("accuracy", {.direction = Direction::lower_is_better}), "direction"),
              HasSubstr("the name accuracy means that higher is better"));
}

TEST(Results, NamesOfRunsAreSplitByAPattern) {
  const std::string chart =
      "Step,a-seed0 - acc,a-seed0 - acc__MIN,b-seed0 - acc,b-seed0 - acc__MAX,a-seed1 - "
      "acc,b-seed1 - "
      "acc\n0,1,1,2,2,3,4\n1,5,5,6,6,7,\n";
  const Results results = parse(chart, {.runs = "{order}-seed{seed}", .choice = RowChoice::last});
  EXPECT_EQ(results.metric, "acc");
  EXPECT_THAT(results.table.pairs, ElementsAre("0", "1"));
  EXPECT_THAT(results.orders[0].values, ElementsAre(5.0, 7.0));
  EXPECT_THAT(results.orders[1].values, ElementsAre(6.0, 4.0)) << "the last that is there";
  const Results named =
      parse("Name,accuracy\nbn-first_1,1\nact-first_1,2\n", {.runs = "{order}_{seed}"});
  EXPECT_EQ(named.orders[1].name, "act-first");
  EXPECT_THAT(complaint(chart, {.runs = "{order}/{seed}"}), HasSubstr("'a-seed0' does not fit"));
  EXPECT_THAT(complaint(chart, {.runs = "{order}{seed}"}), HasSubstr("with text between them"));
  EXPECT_THAT(complaint(chart, {.runs = "order"}), HasSubstr("found no braces"));
}

TEST(Results, APrintedTableReadsAsItWas) {
  record::VerdictRecord verdict;
  verdict.metric = "test_accuracy";
  verdict.orders = {
      {.name = "a \"b\", c",
       .order = {},
       .lr = 0.1,
       .values = {1.5, nullopt},
       .mean = {},
       .sd = {},
       .diverged = 1},
      {.name = "d", .order = {}, .lr = {}, .values = {2.5, nullopt}, .mean = {}, .sd = {}}};
  const Results results = parse(print_results(verdict), {.metric = "test_accuracy"});
  EXPECT_THAT(results.table.pairs, ElementsAre("1"));
  EXPECT_EQ(results.orders[0].name, "a \"b\", c");
  EXPECT_EQ(results.orders[0].diverged, 1);
  EXPECT_EQ(results.orders[1].diverged, 0) << "it was not run";
}

TEST(Results, AFileThatIsNotThereIsNamed) {
  const record::TemporaryFolder folder;
  const std::string path = (folder / "none.csv").string();
  EXPECT_THAT(complaint_of([&] { read_results(path, {}); }), StartsWith(path + ": "));
  record::put(folder / "r.csv", kTwoPairs);
  expect_two_pairs(read_results(folder / "r.csv", {}));
}

}  // namespace
}  // namespace whichfirst::table
