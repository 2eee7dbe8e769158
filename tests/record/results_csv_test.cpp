#include "record/results_csv.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "record/temporary_folder.h"

namespace whichfirst::record {
namespace {

using std::nullopt;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Results parse(const std::string& text, const ResultColumns& columns = {}) {
  return parse_results(text, "runs/r.csv", columns);
}

std::string complaint(const std::string& text, const ResultColumns& columns = {}) {
  return complaint_of([&] { parse(text, columns); });
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

TEST(ResultsCsv, ReadsOneLineATrial) {
  const Results results = parse(kTwoPairs);
  expect_two_pairs(results);
  EXPECT_EQ(results.table.file, "r.csv");
  EXPECT_EQ(results.table.pair, "seed");
  EXPECT_EQ(results.table.by, "order");
  EXPECT_EQ(results.metric, "accuracy");
  EXPECT_EQ(results.orders[0].order, nullopt);
  EXPECT_EQ(results.orders[0].diverged, 0);
}

TEST(ResultsCsv, ReadsTheSameInEveryDressOfCsv) {
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

TEST(ResultsCsv, OrdersAndPairsStandAsTheyFirstAppear) {
  const Results results = parse(kHeader + "7,z,1\n3,a,2\n3,z,3\n7,a,4\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("7", "3"));
  EXPECT_EQ(results.orders[0].name, "z");
  EXPECT_THAT(results.orders[0].values, ElementsAre(1.0, 3.0));
  EXPECT_THAT(results.orders[1].values, ElementsAre(4.0, 2.0));
}

TEST(ResultsCsv, DropsAndListsAPairThatLacksAnOrder) {
  const Results results =
      parse(kHeader + "1,a,1\n1,b,2\n1,c,3\n2,b,5\n3,c,3\n3,b,2\n3,a,1\n4,a,1\n4,c,\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("1", "3"));
  ASSERT_EQ(results.table.dropped.size(), 2U);
  EXPECT_EQ(results.table.dropped[0].pair, "2");
  EXPECT_THAT(results.table.dropped[0].missing, ElementsAre("a", "c"));
  EXPECT_EQ(results.table.dropped[1].pair, "4");
  EXPECT_THAT(results.table.dropped[1].missing, ElementsAre("b"));
  for (const OrderResult& order : results.orders) EXPECT_EQ(order.values.size(), 2U);
  EXPECT_EQ(results.orders[0].diverged, 0) << "a trial that is not there is no loss";
  EXPECT_EQ(results.orders[2].diverged, 1) << "one that diverged is, whatever its pair lacks";
}

TEST(ResultsCsv, ATrialWithoutAFiniteNumberDivergedAndIsCounted) {
  const Results results =
      parse(kHeader + "1,a,\n1,b,1\n2,a,nan\n2,b,NaN\n3,a,inf\n3,b,-Infinity\n");
  EXPECT_THAT(results.table.pairs, ElementsAre("1", "2", "3"));
  EXPECT_THAT(results.orders[0].values, ElementsAre(nullopt, nullopt, nullopt));
  EXPECT_THAT(results.orders[1].values, ElementsAre(1.0, nullopt, nullopt));
  EXPECT_EQ(results.orders[0].diverged, 3);
  EXPECT_EQ(results.orders[1].diverged, 2);
}

TEST(ResultsCsv, AnUnknownColumnComesWithASuggestionAndTheColumnsThereAre) {
  EXPECT_EQ(complaint("seed,order,acuracy\n1,a,1\n"),
            "runs/r.csv:1: no column 'accuracy', did you mean 'acuracy'? The columns are seed, "
            "order, acuracy; name one with --metric");
  EXPECT_EQ(complaint(kTwoPairs, {.by = "model"}),
            "runs/r.csv:1: no column 'model'. The columns are seed, order, accuracy; name one "
            "with --by");
  EXPECT_EQ(complaint("seed;order;accuracy\n1;a;1\n"),
            "runs/r.csv:1: no column 'seed'. The columns are seed;order;accuracy; separate them "
            "by commas");
}

TEST(ResultsCsv, WhatDoesNotReadIsNamedWithItsLine) {
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"",
       "runs/r.csv: expected a header line with the columns seed, order, accuracy; found an "
       "empty file"},
      {" \n\n", "runs/r.csv: expected a header line"},
      {kHeader, "runs/r.csv: expected two values or more in column 'order', found no line below"},
      {kHeader + "1,a,1\n2,a,1\n",
       "runs/r.csv: expected two values or more in column 'order', found only 'a'; name the column "
       "of what is compared with --by"},
      {kHeader + "1,a,1\n\n1,b\n", "runs/r.csv:4: expected 3 fields as in the header, found 2"},
      {kHeader + "1,a,1,\n", "runs/r.csv:2: expected 3 fields as in the header, found 4"},
      {kHeader + "1,a,91.2%\n",
       "runs/r.csv:2: column 'accuracy': expected a number without a unit, or nothing for a trial "
       "that diverged; found '91.2%'"},
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
  };
  for (const auto& c : cases) EXPECT_THAT(complaint(c.text), HasSubstr(c.says)) << c.text;
}

TEST(ResultsCsv, CountsLinesThroughQuotedFields) {
  EXPECT_THAT(complaint("note,seed,order,accuracy\n\"one\r\ntwo\n\nthree\",1,a,1\nx,1,b,oops\n"),
              StartsWith("runs/r.csv:6: "));
  EXPECT_THAT(complaint("note,seed,order,accuracy\n\"one\ntwo\",1,a,oops\n"),
              StartsWith("runs/r.csv:2: "));
}

TEST(ResultsCsv, TheThreeColumnsAreDifferent) {
  EXPECT_EQ(complaint(kTwoPairs, {.pair = "order"}),
            "--pair order, --by order, --metric accuracy: expected three different columns");
}

TEST(ResultsCsv, RefusesMoreThanItsLimits) {
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

TEST(ResultsCsv, EveryBeginningOfATableReadsOrComplains) {
  const std::string text = "\xEF\xBB\xBFseed,order,accuracy\r\n1,\"a\",90.5\r\n1,\"b\"\"c\",nan\n";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    complaint(text.substr(0, length));
  }
}

TEST(ResultsCsv, AFileThatIsNotThereIsNamed) {
  const TemporaryFolder folder;
  const std::string path = (folder / "none.csv").string();
  EXPECT_THAT(complaint_of([&] { read_results(path, {}); }), StartsWith(path + ": "));
  put(folder / "r.csv", kTwoPairs);
  expect_two_pairs(read_results(folder / "r.csv", {}));
}

}  // namespace
}  // namespace whichfirst::record
