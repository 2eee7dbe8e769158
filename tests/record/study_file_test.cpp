#include "record/study_file.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "record/metrics.h"
#include "record/study_keys.h"
#include "record/version.h"
#include "temporary_folder.h"

namespace whichfirst::record {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Study from_file(std::string text, std::vector<std::string> overrides = {}) {
  return resolve_study(StudySource{std::move(text), "my.toml", "my"}, overrides);
}

Study from_overrides(std::vector<std::string> overrides) {
  return resolve_study(std::nullopt, overrides);
}

std::string complaint_about_file(const std::string& text) {
  return complaint_of([&] { from_file(text); });
}

std::string complaint_about(const std::string& override) {
  return complaint_of([&] { from_overrides({override}); });
}

// Defaults, accepted values and meanings, as the code has them. To write them into the manual:
//   WHICHFIRST_UPDATE_SNAPSHOTS=1 build/tests/test_record --gtest_filter=StudyFile.TheManual*
TEST(StudyFile, TheManualsTableIsThatOfTheKeys) {
  const Study defaults = resolve_study(std::nullopt);
  EXPECT_EQ(defaults, Study{});
  std::string table = "| key | default | takes | meaning |\n| --- | --- | --- | --- |\n";
  for (const StudyKey& key : study_keys()) {
    if (key.name == "data.name") {  // the first one after [orders]
      table += "| `[orders]` NAME | two: bn-first, `\"" + defaults.orders.at(0).text +
               "\"`; act-first, `\"" + defaults.orders.at(1).text + "\"` | 1 to " +
               std::to_string(kMaxOrders) +
               " orders; `compare` needs 2 | what is in the units; a "
               "residual preset has default orders of its own |\n";
    }
    const std::string value = key.applies(defaults) ? "`" + key.print(defaults) + "`" : "-";
    table += "| `" + std::string(key.name) + "` | " + value + " | " + key.takes + " | " +
             std::string(key.meaning) + " |\n";
  }
  const auto path = std::filesystem::path(WHICHFIRST_FIXTURES) / "../../docs/study.md";
  std::string manual = content_of(path);
  const std::size_t begin = manual.find("| key |");
  const std::size_t end = manual.find("\n\n", begin) + 1;
  if (std::getenv("WHICHFIRST_UPDATE_SNAPSHOTS") != nullptr) {
    put(path, manual.replace(begin, end - begin, table));
  } else {
    EXPECT_EQ(manual.substr(begin, end - begin), table);
  }
}

TEST(StudyFile, PrintsOrdersBetweenTheKeysOfNoSectionAndTheSections) {
  EXPECT_THAT(print_study(Study{}),
              AllOf(StartsWith("# The study as whichfirst 0.1.0 resolved it: it runs again to the "
                               "same numbers.\nname = \"study\"\nseed = 0\n"),
                    HasSubstr("match = []\n\n[orders]\nbn-first = \"conv bn relu\"\nact-first = "
                              "\"conv relu bn\"\n\n[data]\nname = \"shapes10\"\ntrain = \"all\"\n"),
                    HasSubstr("skip-broken = false\n\n[recipe]\nepochs = 3\n"),
                    EndsWith("taps = \"off\"\n\n[plan]\nmetric = \"test_accuracy\"\nmargin = 0.25\n"
                             "confidence = 0.95\nseeds = \"auto\"\nmax-seeds = 30\nrule = "
                             "\"student\"\nequivalence = \"half\"\nhorizon = \"open\"\nguard = "
                             "false\ntuning-seeds = 2\nlr-report = \"best\"\n")));
}

TEST(StudyFile, AnEmptyFileIsTheDefaultStudyUnderTheFilesName) {
  Study expected;
  expected.name = "my";
  EXPECT_EQ(from_file(""), expected);
  EXPECT_EQ(from_file("# nothing\r\n"), expected);
}

TEST(StudyFile, EveryKeyIsRead) {
  const Study study = from_file(R"toml(
name = "mine"
seed = 9223372036854775807
network = "conv(16) 2*unit(16) gap fc(classes)"
bias = "off"
match = ["ends", "bias"]
[orders]
z = "conv bn relu"
a = "relu conv"
[data]
path = "/pictures"
train = 12_000
test = 0.5
validation = 500
size = "32x48"
skip-broken = true
[recipe]
epochs = 30
batch = 128
optimizer = "sgd"
momentum = 0.5
nesterov = true
lr = 1
schedule = "one-cycle"
warmup = 2.5
decay = 1e-4
decay-all = true
label-smoothing = 0.1
augment = ["cutout(8)", "flip", "crop(4)"]
precision = "fp32"
[plan]
metric = "val_loss"
margin = 0.01
confidence = 0.9
seeds = 30
)toml");
  EXPECT_EQ(study.name, "mine");
  EXPECT_EQ(study.seed, 9223372036854775807U);
  EXPECT_EQ(study.network, "conv(16) 2*unit(16) gap fc(classes)");
  EXPECT_EQ(study.bias, notation::BiasRule::off);
  EXPECT_THAT(study.orders,
              ElementsAre(NamedOrder{"z", "conv bn relu"}, NamedOrder{"a", "relu conv"}));
  EXPECT_EQ(study.data, (DataChoice{"", "/pictures", Amount{std::int64_t{12'000}}, Amount{0.5},
                                    Amount{std::int64_t{500}}, PictureSize{32, 48}, true}));
  EXPECT_EQ(study.match, (MatchChoice{.bias = true, .ends = true}));
  EXPECT_EQ(study.recipe, (Recipe{.epochs = 30,
                                  .batch = 128,
                                  .momentum = 0.5,
                                  .nesterov = true,
                                  .lr = {1},
                                  .schedule = Schedule::one_cycle,
                                  .warmup = 2.5,
                                  .decay = 1e-4,
                                  .decay_all = true,
                                  .label_smoothing = 0.1,
                                  .augment = {.crop = 4, .flip = true, .cutout = 8},
                                  .precision = Precision::fp32}));
  EXPECT_EQ(study.plan, (Plan{"val_loss", 0.01, 0.9, 30}));
  EXPECT_EQ(from_file(print_study(study)), study);
}

TEST(StudyFile, PrintsWhatResolvesToTheSameStudyBitByBit) {
  RandomSequence random(RandomKey{.seed = 7});
  for (int i = 0; i < 300; ++i) {
    Study study;
    study.name = std::string("a\"b\\c'# ü ") + static_cast<char>('a' + i % 26);
    study.seed = random.next() >> 1;
    study.recipe.lr = {1000 * random.uniform() + 1e-300};
    study.recipe.decay = random.uniform() * 1e-6;
    study.plan.margin = random.uniform() + 1e-9;
    study.data.train = 1 - random.uniform();
    study.data.validation = static_cast<std::int64_t>(random.below(1'000'000) + 1);
    study.orders = {{"b.2", "conv bn\n\trelu"}, {"a_1", "relu bn"}, {"0", "relu conv"}};
    if (i % 2 == 0) study.data.path = "C:\\pictures \"of\" me/ü";
    if (i % 2 == 0) study.data.name = "";
    if (i % 3 == 0) study.plan.margin.reset();
    EXPECT_EQ(from_file(print_study(study)), study) << print_study(study);
    EXPECT_EQ(study_hash(from_file(print_study(study))), study_hash(study));
  }
  Study whole_share;
  whole_share.data.test = 1.0;  // not the count 1
  EXPECT_EQ(from_file(print_study(whole_share), {"name=study"}), whole_share);
  Study no_orders;
  no_orders.orders.clear();
  EXPECT_EQ(from_file(print_study(no_orders)), no_orders);
}

TEST(StudyFile, OrdersKeepTheOrderOfTheFile) {
  const char* texts[] = {
      "[orders]\nz = \"relu\"\nm = \"bn\"\na = \"relu bn\"\n",
      "orders = {z = \"relu\", m = \"bn\", a = \"relu bn\"}\n",
      "orders.z = \"relu\"\norders.m = \"bn\"\norders.a = \"relu bn\"\n",
  };
  for (const char* text : texts) {
    EXPECT_THAT(from_file(text).orders, ElementsAre(NamedOrder{"z", "relu"}, NamedOrder{"m", "bn"},
                                                    NamedOrder{"a", "relu bn"}))
        << text;
  }
}

TEST(StudyFile, TheMarginHasADefaultForAccuraciesOnly) {
  for (const MetricName& metric : kMetricNames) {
    const std::string text = "plan.metric = \"" + std::string(metric.name) + "\"\n";
    const std::optional<double> expected =
        is_accuracy(metric.name) ? std::optional(0.25) : std::nullopt;
    EXPECT_EQ(from_file(text).plan.margin, expected) << metric.name;
    EXPECT_EQ(from_file(text + "plan.margin = 2").plan.margin, 2.0);
    EXPECT_EQ(from_file(text + "plan.margin = \"none\"").plan.margin, std::nullopt);
  }
}

TEST(StudyFile, OverridesBeatTheFileAndLaterOnesTheEarlier) {
  const Study study = from_file("seed = 1\n[recipe]\nlr = 0.1\nepochs = 2\n",
                                {"recipe.lr=0.2", "seed=2", "recipe.lr=0.3"});
  EXPECT_THAT(study.recipe.lr, ElementsAre(0.3));
  EXPECT_EQ(study.recipe.epochs, 2);
  EXPECT_EQ(study.seed, 2U);
}

TEST(StudyFile, AnOverrideThatIsNoTomlIsAString) {
  EXPECT_EQ(from_overrides({"recipe.schedule=constant"}).recipe.schedule, Schedule::constant);
  EXPECT_EQ(from_overrides({"recipe.schedule=\"constant\""}).recipe.schedule, Schedule::constant);
  EXPECT_EQ(from_overrides({"name=a = \"b\" # c"}).name, "a = \"b\" # c");
  EXPECT_EQ(from_overrides({" seed = 3"}).seed, 3U) << "spaces around the key";
}

TEST(StudyFile, AnOverrideWhereAStringIsWantedIsItsText) {
  EXPECT_EQ(from_overrides({"name=12"}).name, "12");
  EXPECT_EQ(from_overrides({"name=2024-01-02"}).name, "2024-01-02");
  EXPECT_EQ(from_overrides({"data.path=1e3"}).data.path, "1e3");
}

TEST(StudyFile, AnOverrideCannotSmuggleInAnotherKey) {
  EXPECT_EQ(complaint_about("seed=1\nname=\"x\""),
            "seed=1\\x0aname=\"x\": expected a whole number from 0 to 9223372036854775807, "
            "found '1\\x0aname=\"x\"'");
}

TEST(StudyFile, OverridesOfOrdersEditTheListOfTheFile) {
  const std::string file = "[orders]\nb = \"conv bn relu\"\na = \"conv relu bn\"\n";
  EXPECT_THAT(from_file(file, {"orders.b=relu bn conv", "orders.c=\"conv relu\""}).orders,
              ElementsAre(NamedOrder{"b", "relu bn conv"}, NamedOrder{"a", "conv relu bn"},
                          NamedOrder{"c", "conv relu"}));
}

TEST(StudyFile, OverridesOfOrdersReplaceTheDefaultPair) {
  EXPECT_THAT(from_overrides({"orders.x=bn relu", "orders.bn-first=\"conv bn relu\""}).orders,
              ElementsAre(NamedOrder{"x", "bn relu"}, NamedOrder{"bn-first", "conv bn relu"}));
  EXPECT_THAT(from_overrides({"orders.v1.2=relu"}).orders, ElementsAre(NamedOrder{"v1.2", "relu"}));
}

TEST(StudyFile, TheCommandLinesDataTakeThePlaceOfTheFiles) {
  const Study typed_path = from_file("data.name = \"mnist\"", {"data.path=/x"});
  EXPECT_EQ(typed_path.data.path, "/x");
  EXPECT_EQ(typed_path.data.name, "");
  const Study typed_name = from_file("data.path = \"/x\"", {"data.name=mnist"});
  EXPECT_EQ(typed_name.data.path, std::nullopt);
  EXPECT_EQ(typed_name.data.name, "mnist");
  EXPECT_EQ(complaint_about_file("[data]\nname = \"mnist\"\npath = \"/x\"\n"),
            "my.toml:3:8: data.path: expected data.name or data.path, found both; remove one\n"
            "path = \"/x\"\n"
            "       ^");
  EXPECT_EQ(complaint_of([] {
              from_overrides({"data.name=mnist", "data.path=/x"});
            }),
            "data.path=/x: expected data.name or data.path, found both; remove one");
}

TEST(StudyFile, PointsAtAWordInsideAnOrder) {
  EXPECT_EQ(complaint_about_file("name = \"x\"\n\n[orders]\n"
                                 "act-first = \"conv relu batchnrm\"\n"),
            "my.toml:4:24: unknown stage 'batchnrm', did you mean 'bn'?\n"
            "act-first = \"conv relu batchnrm\"\n"
            "                       ^");
  EXPECT_EQ(complaint_about("orders.x=conv batchnrm"),
            "orders.x=conv batchnrm: unknown stage 'batchnrm', did you mean 'bn'?\n"
            "orders.x=conv batchnrm\n"
            "              ^");
  EXPECT_EQ(complaint_about("orders.x= \"conv batchnrm\""),
            "orders.x= \"conv batchnrm\": unknown stage 'batchnrm', did you mean 'bn'?\n"
            "orders.x= \"conv batchnrm\"\n"
            "                ^");
}

TEST(StudyFile, CountsColumnsInCharactersAndShowsTabsAsSpaces) {
  EXPECT_EQ(complaint_about_file("data = {\tname = 'ü', train = 'x'}\n"),
            "my.toml:1:30: data.train: expected a count from 1, a share above 0.0 and at most 1.0, "
            "or \"all\", found 'x'\n"
            "data = { name = 'ü', train = 'x'}\n"
            "                             ^");
  EXPECT_EQ(complaint_about("orders.x=ü"),
            "orders.x=ü: expected a stage, found the byte 0xc3\norders.x=ü\n         ^");
}

TEST(StudyFile, PointsAtTheStartOfAStringWhosePlacesAreNotThoseOfTheFile) {
  EXPECT_EQ(complaint_about_file("orders.a = \"\"\"\nconv\nbatchnrm\"\"\"\n"),
            "my.toml:1:12: unknown stage 'batchnrm', did you mean 'bn'?\n"
            "orders.a = \"\"\"\n"
            "           ^");
  EXPECT_THAT(complaint_about_file("orders.a = \"conv\\u0020batchnrm\"\n"),
              StartsWith("my.toml:1:12: unknown stage 'batchnrm'"));
}

TEST(StudyFile, ShowsTheNeighbourhoodOfALongLine) {
  const std::string complaint = complaint_about_file("orders.a = \"" + std::string(4000, ' ') +
                                                     "rleu" + std::string(4000, ' ') + "\"");
  EXPECT_THAT(complaint, StartsWith("my.toml:1:4013: unknown stage 'rleu'"));
  EXPECT_THAT(complaint, EndsWith("\n" + std::string(60, ' ') + "^"));
  EXPECT_LT(complaint.size(), 400U);
}

TEST(StudyFile, ChecksABodyAndLeavesTheNameOfAPresetToOthers) {
  EXPECT_EQ(from_file("network = \"no-such-preset\"").network, "no-such-preset");
  EXPECT_EQ(complaint_about_file("network = \"unit(16) gpa\""),
            "my.toml:1:21: unknown stage 'gpa', did you mean 'gap'?\n"
            "network = \"unit(16) gpa\"\n"
            "                    ^");
  EXPECT_THAT(complaint_about("network=unit 16"), HasSubstr("unit needs its width"));
}

TEST(StudyFile, RefusesAnUnknownKeyAndSuggests) {
  EXPECT_EQ(complaint_about_file("[recipe]\nepoch = 3\n"),
            "my.toml:2:1: unknown key 'recipe.epoch', did you mean 'recipe.epochs'?\n"
            "epoch = 3\n"
            "^");
  EXPECT_THAT(complaint_about_file("[recpie]\nlr = 1\n"), HasSubstr("did you mean 'recipe'?"));
  EXPECT_THAT(complaint_about_file("lr = 1\n"), HasSubstr("did you mean 'recipe.lr'?"));
  EXPECT_THAT(complaint_about_file("[recipe]\nseeds = 1\n"),
              HasSubstr("did you mean 'plan.seeds'?"));
  EXPECT_THAT(complaint_about_file("\"recipe.lr\" = 1\n"), HasSubstr("unknown key 'recipe.lr'"))
      << "a quoted key is one word";
  EXPECT_EQ(complaint_about("wibble=3"),
            "wibble=3: unknown key 'wibble'; docs/study.md lists the keys");
  EXPECT_EQ(complaint_about("plan.confidense=3"),
            "plan.confidense=3: unknown key 'plan.confidense', did you mean 'plan.confidence'?");
}

TEST(StudyFile, SaysExpectedAndFoundForAWrongType) {
  EXPECT_EQ(complaint_about_file("[recipe]\n  lr = \"fast\"\n"),
            "my.toml:2:8: recipe.lr: expected a number above 0 and at most 1000, or a list of up "
            "to 16 different ones, found 'fast'\n"
            "  lr = \"fast\"\n"
            "       ^");
  EXPECT_EQ(complaint_about("recipe.lr=abc"),
            "recipe.lr=abc: expected a number above 0 and at most 1000, or a list of up to 16 "
            "different ones, found 'abc'");
  EXPECT_THAT(complaint_about_file("name = 3"), HasSubstr("name: expected a string, found 3"));
  EXPECT_THAT(complaint_about_file("seed = 1.0"), HasSubstr("expected a whole number"));
  EXPECT_THAT(complaint_about_file("seed = true"), HasSubstr("found true"));
  EXPECT_THAT(complaint_about_file("seed = [1]"), HasSubstr("found a list"));
  EXPECT_THAT(complaint_about_file("seed = 1979-05-27"), HasSubstr("found a date or time"));
  EXPECT_THAT(complaint_about_file("[seed]"), HasSubstr("my.toml:1:1: seed: expected a whole"));
  EXPECT_THAT(complaint_about_file("recipe = 3"), HasSubstr("expected a table of keys, found 3"));
  EXPECT_THAT(complaint_about_file("[[plan]]\nseeds = 3"), HasSubstr("expected a table of keys"));
  EXPECT_THAT(complaint_about_file("orders.a.b = \"relu\""),
              HasSubstr("a name with a dot is written in quotes"));
  EXPECT_THAT(complaint_about_file("orders.a = 3"), HasSubstr("a: expected a string, found 3"));
}

TEST(StudyFile, RefusesValuesOutOfRange) {
  for (const char* override : {"seed=-1",
                               "seed=18446744073709551616",
                               "recipe.epochs=0",
                               "recipe.epochs=100001",
                               "recipe.batch=0",
                               "recipe.batch=65537",
                               "recipe.momentum=1",
                               "recipe.momentum=-0.1",
                               "recipe.lr=0",
                               "recipe.lr=-1",
                               "recipe.lr=1001",
                               "recipe.lr=nan",
                               "recipe.lr=inf",
                               "recipe.decay=-1",
                               "recipe.decay=nan",
                               "plan.margin=0",
                               "plan.margin=-1",
                               "plan.margin=nan",
                               "plan.confidence=0.4",
                               "plan.confidence=1",
                               "plan.seeds=0",
                               "plan.seeds=10001",
                               "data.train=0",
                               "data.train=-3",
                               "data.train=0.0",
                               "data.train=1.5",
                               "data.train=nan",
                               "data.test=some",
                               "data.validation=1.0",
                               "data.validation=0",
                               "data.validation=all",
                               "bias=maybe",
                               "recipe.schedule=linear",
                               "plan.metric=accuracy",
                               "name=",
                               "data.name=",
                               "data.path=\"\\u0000\"",
                               "name=\"\\u009b\"",
                               "recipe.optimizer=adam",
                               "name=\"a\\nb\""}) {
    EXPECT_THAT(complaint_about(override), HasSubstr(": expected ")) << override;
  }
  for (const char* override : {"seed=0", "recipe.lr=1000", "recipe.momentum=0.999",
                               "recipe.decay=0", "plan.confidence=0.999", "plan.seeds=10000",
                               "data.train=1", "data.train=1.0", "data.validation=0.999"}) {
    EXPECT_EQ(complaint_about(override), "no error") << override;
  }
}

TEST(StudyFile, LooksInsideWhenAskedTo) {
  EXPECT_EQ(from_overrides({"recipe.taps=off"}), Study{});
  EXPECT_EQ(from_overrides({"recipe.taps=epochs"}).recipe.taps, TapRate::epochs);
  EXPECT_EQ(from_overrides({"recipe.taps=log"}).recipe.taps, TapRate::log);
  EXPECT_THAT(complaint_about("recipe.taps=on"),
              HasSubstr("expected \"off\", \"epochs\" or \"log\""));
}

TEST(StudyFile, APrecisionIsPartOfWhatIsAsked) {
  const Study plain = from_overrides({"recipe.precision=fp32"});
  const Study fast = from_overrides({"recipe.precision=fp32-fast"});
  EXPECT_EQ(fast.recipe.precision, Precision::fp32_fast);
  EXPECT_EQ(fast, Study{});
  EXPECT_EQ(from_file(print_study(plain)), plain);
  EXPECT_THAT(differing_keys(plain, fast),
              ElementsAre("recipe.precision (\"fp32\" there, \"fp32-fast\" here)"));
  EXPECT_EQ(from_overrides({"recipe.precision=bf16"}).recipe.precision, Precision::bf16);
  EXPECT_THAT(complaint_about("recipe.precision=fp32-fats"),
              HasSubstr("did you mean 'fp32-fast'?"));
}

TEST(StudyFile, ReadsOneRateOrSeveralInRisingOrder) {
  EXPECT_THAT(from_overrides({"recipe.lr=0.2"}).recipe.lr, ElementsAre(0.2));
  const Study tuned = from_overrides({"recipe.lr=[0.3, 0.01, 1]", "plan.lr-report=all"});
  EXPECT_THAT(tuned.recipe.lr, ElementsAre(0.01, 0.3, 1.0));
  EXPECT_EQ(from_file(print_study(tuned)), tuned);
  EXPECT_EQ(arm_name(tuned, "a", 0.01), "a@0.01");
  EXPECT_EQ(arm_name(from_overrides({}), "a", 0.05), "a");
  for (const char* override : {"recipe.lr=[]", "recipe.lr=[0.1, 0.1]", "recipe.lr=[0.1, -1]",
                               "recipe.lr=[\"a\"]", "recipe.lr=[[0.1]]"}) {
    EXPECT_THAT(complaint_about(override), HasSubstr(": expected a number above 0")) << override;
  }
}

TEST(StudyFile, ReadsANumberOfSeedsOrLeavesItToTheVerdict) {
  EXPECT_EQ(from_overrides({"plan.seeds=12"}).plan.seeds, 12);
  EXPECT_EQ(from_overrides({"plan.seeds=auto"}).plan.seeds, std::nullopt);
  EXPECT_EQ(most_seeds(from_overrides({"plan.max-seeds=40"}).plan), 40);
  EXPECT_EQ(most_seeds(from_overrides({"plan.seeds=12"}).plan), 12);
  EXPECT_EQ(complaint_about("plan.seeds=many"),
            "plan.seeds=many: expected a whole number from 1 to 10000, or \"auto\", found 'many'");
  // The maximum may be raised at any time.
  EXPECT_EQ(study_hash(from_overrides({"plan.max-seeds=40"})), study_hash(from_overrides({})));
  EXPECT_NE(study_hash(from_overrides({"plan.guard=true"})), study_hash(from_overrides({})));
}

TEST(StudyFile, ReadsTheRuleThatDecides) {
  const Plan usual = from_overrides({}).plan;
  EXPECT_EQ(usual.rule, stats::Location::mean);
  EXPECT_EQ(usual.equivalence, stats::EquivalenceShare::half);
  EXPECT_EQ(usual.horizon, stats::Horizon::open);
  const Study chosen = from_file(
      "[plan]\nrule = \"signed-rank\"\nequivalence = \"full\"\nhorizon = \"max-seeds\"\n");
  EXPECT_EQ(chosen.plan.rule, stats::Location::pseudo_median);
  EXPECT_EQ(chosen.plan.equivalence, stats::EquivalenceShare::full);
  EXPECT_EQ(chosen.plan.horizon, stats::Horizon::max_pairs);
  EXPECT_EQ(from_overrides({"plan.rule=sign"}).plan.rule, stats::Location::median);
  EXPECT_EQ(from_file(print_study(chosen), {"name=my"}), chosen);
  EXPECT_EQ(complaint_about("plan.rule=median"),
            "plan.rule=median: expected \"student\", \"signed-rank\" or \"sign\", found 'median'");
}

TEST(StudyFile, HashesYoungerKeysOnlyWhereTheyDifferFromTheirDefaults) {
  EXPECT_EQ(study_hash(from_overrides({"recipe.precision=fp32"})), "f0d7c741cec50f68")
      << "as before there were such keys";
  const std::string plain = study_hash(from_overrides({}));
  EXPECT_EQ(study_hash(from_overrides(
                {"plan.rule=student", "plan.equivalence=half", "plan.horizon=open"})),
            plain);
  for (const char* other : {"plan.rule=sign", "plan.equivalence=full", "plan.horizon=max-seeds"}) {
    EXPECT_NE(study_hash(from_overrides({other})), plain) << other;
  }
  EXPECT_THAT(differing_keys(from_overrides({}), from_overrides({"plan.rule=sign"})),
              ElementsAre("plan.rule (missing there, \"sign\" here)"));
}

TEST(StudyFile, TakesTheMaximumOfSeedsAsFinalWhereTheHorizonIs) {
  const Study thirty = from_overrides({"plan.horizon=max-seeds"});
  const Study sixty = from_overrides({"plan.horizon=max-seeds", "plan.max-seeds=60"});
  EXPECT_NE(study_hash(thirty), study_hash(sixty));
  EXPECT_THAT(differing_keys(thirty, sixty), ElementsAre("plan.max-seeds (30 there, 60 here)"));
}

TEST(StudyFile, RefusesRulesThatContradictThePlan) {
  const auto complaint = [](std::vector<std::string> overrides) {
    return complaint_of([&] { from_overrides(overrides); });
  };
  EXPECT_EQ(complaint({"plan.guard=true", "plan.rule=sign"}),
            "plan.guard=true: is of plan.rule = \"student\", found \"sign\"");
  EXPECT_EQ(complaint({"plan.horizon=max-seeds", "plan.seeds=12"}),
            "plan.horizon=max-seeds: expected plan.seeds = \"auto\" with it, found 12");
  EXPECT_EQ(complaint({"plan.rule=signed-rank", "plan.max-seeds=1001"}),
            "plan.max-seeds=1001: expected at most 1000 with plan.rule = \"signed-rank\", found "
            "1001");
  EXPECT_EQ(complaint({"plan.equivalence=full", "plan.margin=none"}),
            "plan.equivalence=full: expected a plan.margin with it, found none");
  EXPECT_EQ(complaint({"plan.equivalence=full", "plan.confidence=0.5"}),
            "plan.equivalence=full: expected a plan.confidence above 0.5 with it, found 0.5");
  for (const std::vector<std::string>& right :
       {std::vector<std::string>{"plan.rule=signed-rank", "plan.max-seeds=1000"},
        {"plan.rule=sign", "plan.max-seeds=10000"},
        {"plan.rule=signed-rank", "plan.seeds=5000"},
        {"plan.equivalence=full", "plan.confidence=0.51"}}) {
    EXPECT_EQ(complaint(right), "no error") << right[0];
  }
}

TEST(StudyFile, ReadsListsAsTomlAndAsPeopleTypeThem) {
  const Augment all{.crop = 4, .flip = true, .cutout = 8};
  for (const char* override :
       {"recipe.augment=[\"crop(4)\", \"flip\", \"cutout(8)\"]",
        "recipe.augment=crop(4), flip, cutout(8)", "recipe.augment=[flip,crop(4),cutout(8)]"}) {
    EXPECT_EQ(from_overrides({override}).recipe.augment, all) << override;
  }
  EXPECT_EQ(from_overrides({"recipe.augment=flip"}).recipe.augment, (Augment{.flip = true}));
  EXPECT_EQ(from_overrides({"match=ends"}).match, (MatchChoice{.ends = true}));
  EXPECT_EQ(from_overrides({"match=[bias, affine]"}).match,
            (MatchChoice{.bias = true, .affine = true}));
  EXPECT_EQ(complaint_about_file("recipe.augment = [\"crop(4)\", \"crop(2)\"]"),
            "my.toml:1:18: recipe.augment: expected a list of \"crop(4)\", \"flip\", "
            "\"cutout(8)\", each once at most, with 1 to 512 pixels, found 'crop(2)'\n"
            "recipe.augment = [\"crop(4)\", \"crop(2)\"]\n"
            "                 ^");
  for (const char* override :
       {"recipe.augment=crop", "recipe.augment=crop(0)", "recipe.augment=crop(513)",
        "recipe.augment=crop(4", "recipe.augment=flip(1)", "recipe.augment=mixup",
        "recipe.augment=[1]", "recipe.augment=3", "recipe.augment=flip,flip", "match=[\"order\"]",
        "match=[[]]", "match=true"}) {
    EXPECT_THAT(complaint_about(override), HasSubstr(": expected ")) << override;
  }
}

TEST(StudyFile, ReadsSizesOfPictures) {
  EXPECT_EQ(from_overrides({"data.size=32"}).data.size, (PictureSize{32, 32}));
  EXPECT_EQ(from_overrides({"data.size=24x48"}).data.size, (PictureSize{24, 48}));
  EXPECT_EQ(from_overrides({"data.size=auto"}).data.size, std::nullopt);
  for (const char* override :
       {"data.size=0", "data.size=1025", "data.size=32.0", "data.size=32x", "data.size=x32",
        "data.size=-1x5", "data.size=big", "data.size=5x5x5", "data.size=9999999999999x5"}) {
    EXPECT_THAT(complaint_about(override), HasSubstr(": expected ")) << override;
  }
}

TEST(StudyFile, RefusesValuesThatAreWrongTogether) {
  EXPECT_EQ(complaint_about("recipe.warmup=3"),
            "recipe.warmup=3: expected a warm-up shorter than the training, found 3 of 3 epochs");
  EXPECT_EQ(complaint_of([] {
              resolve_study(StudySource{"[recipe]\nwarmup = 2\nepochs = 3\n", "a.toml", "a"},
                            std::vector<std::string>{"recipe.epochs=1"});
            }),
            "a.toml:2:10: recipe.warmup: expected a warm-up shorter than the training, found 2 of "
            "1 epochs\nwarmup = 2\n         ^");
  EXPECT_EQ(complaint_of([] {
              from_overrides({"recipe.nesterov=true", "recipe.momentum=0"});
            }),
            "recipe.nesterov=true: expected a recipe.momentum above 0 with it, found 0");
  EXPECT_EQ(complaint_of([] {
              from_overrides({"recipe.optimizer=adamw", "recipe.momentum=0.9"});
            }),
            "recipe.momentum=0.9: is of sgd, and recipe.optimizer is adamw; remove it");
  const Study typed = from_file("[recipe]\nmomentum = 0.5\nnesterov = true\n",
                                {"recipe.optimizer=adamw", "name=study"});
  EXPECT_EQ(from_file(print_study(typed)), typed) << "a file's momentum falls silent";
  const Study adamw = from_overrides({"recipe.optimizer=adamw", "recipe.lr=0.001"});
  EXPECT_EQ(from_file(print_study(adamw)), adamw) << "prints no momentum";
}

TEST(StudyFile, OrdersThatAreNotGivenAreThoseOfTheNetwork) {
  const DefaultOrders by_network = [](const std::string& network) {
    return std::vector<NamedOrder>{{"only", network == "n" ? "relu" : "tanh"}};
  };
  const auto orders = [&](std::vector<std::string> overrides) {
    return resolve_study(std::nullopt, overrides, by_network).orders;
  };
  EXPECT_THAT(orders({"network=n"}), ElementsAre(NamedOrder{"only", "relu"}));
  EXPECT_THAT(orders({}), ElementsAre(NamedOrder{"only", "tanh"}));
  EXPECT_THAT(orders({"network=n", "orders.x=bn"}), ElementsAre(NamedOrder{"x", "bn"}));
}

TEST(StudyFile, RefusesNamesOfOrdersThatAreNoFolderNames) {
  const std::string longest(64, 'a');
  EXPECT_EQ(complaint_about("orders." + longest + "=relu"), "no error");
  for (const std::string& name :
       {std::string(), longest + "a", std::string("."), std::string(".."), std::string("-x"),
        std::string("a/b"), std::string("a b"), std::string("ü")}) {
    EXPECT_THAT(complaint_about("orders." + name + "=relu"), HasSubstr("expected an order's name"))
        << name;
  }
  EXPECT_EQ(
      complaint_about_file("[orders]\n\"../x\" = \"relu\"\n"),
      "my.toml:2:1: expected an order's name of 1 to 64 letters, digits and . _ - that begins "
      "with none of . -, found '../x'\n"
      "\"../x\" = \"relu\"\n"
      "^");
}

TEST(StudyFile, RefusesTheSeventeenthOrder) {
  std::vector<std::string> overrides;
  for (int i = 0; i < 16; ++i) overrides.push_back("orders.o" + std::to_string(i) + "=relu");
  EXPECT_EQ(from_overrides(overrides).orders.size(), 16U);
  overrides.push_back("orders.last=relu");
  EXPECT_EQ(complaint_of([&] { from_overrides(overrides); }),
            "orders.last=relu: expected at most 16 orders, found more");
}

TEST(StudyFile, ACompareNeedsTwoOrders) {
  EXPECT_NO_THROW(require_orders(Study{}, 2));
  const Study one = from_overrides({"orders.x=relu"});
  EXPECT_NO_THROW(require_orders(one, 1));
  EXPECT_EQ(complaint_of([&] { require_orders(one, 2); }),
            "study 'study': expected at least 2 orders, found 1; name them under [orders] or as "
            "orders.NAME=\"conv bn relu\"");
  EXPECT_THAT(from_file("[orders]\n").orders, IsEmpty());
}

TEST(StudyFile, PointsAtWhatIsNoToml) {
  EXPECT_THAT(complaint_about_file("seed = 1\nseed = 2\n"), StartsWith("my.toml:2:"));
  EXPECT_THAT(complaint_about_file("seed = \n"), StartsWith("my.toml:1:"));
  EXPECT_THAT(complaint_about_file("a = \"\xff\""), StartsWith("my.toml:1:"));
  EXPECT_THAT(complaint_about_file("orders.a = \"\x1b[31m\""), Not(HasSubstr("\x1b")));
}

TEST(StudyFile, NoControlCharacterReachesAMessage) {
  for (const std::string& complaint :
       {complaint_about_file(
            "name = \"\\u001b[2Jx\\u009b\\u202ex\"\nseed = \"\\u001b\\u009b\\u202e\""),
        complaint_about_file("\"\\u001b\\u009b\\u202e\" = 1"), complaint_about("\x1b\xc2\x9b=1"),
        complaint_about("orders.a=\x1b\xc2\x9b\xff"),
        complaint_about_file("# \xc2\x9b\xe2\x80\xae\nseed=x"),
        complaint_about_file("seed = 'x' # \xc2\x9b\xe2\x80\xae")}) {
    EXPECT_NE(complaint, "no error");
    for (const char* control : {"\x1b", "\xc2\x9b", "\xe2\x80\xae"}) {
      EXPECT_THAT(complaint, Not(HasSubstr(control)));
    }
  }
}

TEST(StudyFile, NoFileCanExhaustTheStackOrTheMemory) {
  EXPECT_THAT(complaint_about_file("x = " + std::string(100'000, '[')), HasSubstr("depth of 256"));
  std::string deep;
  for (int i = 0; i < 300'000; ++i) deep += "a.";
  EXPECT_EQ(complaint_about_file(deep + "a = 1"),
            "my.toml: expected at most 4096 dots, found more: this is no study file");
  EXPECT_THAT(complaint_about("seed={" + deep + "a=1}"), HasSubstr("expected a whole number"));
  EXPECT_THAT(complaint_about_file(deep.substr(0, 8190) + "a = 1"), HasSubstr("unknown key 'a'"));
  EXPECT_EQ(complaint_about_file(std::string(2'000'000, '\n')),
            "my.toml: expected at most 1048576 bytes, found 2000000");
}

TEST(StudyFile, NoCutOfAFileCrashes) {
  const std::string text = print_study(Study{});
  for (std::size_t length = 0; length <= text.size(); ++length) {
    complaint_about_file(text.substr(0, length));
  }
  for (const char* override : {"", "=", "=3", "recipe.lr", ".=1", "orders.=relu", "orders=relu"}) {
    EXPECT_NE(complaint_about(override), "no error") << override;
  }
}

TEST(StudyFile, ReadsItsSourceFromAFile) {
  const TemporaryFolder folder;
  put(folder / "demo.toml", "seed = 4\n");
  const StudySource source = read_study_source(folder / "demo.toml");
  EXPECT_EQ(source.label, (folder / "demo.toml").string());
  EXPECT_EQ(resolve_study(source).name, "demo");
  EXPECT_EQ(resolve_study(source).seed, 4U);
  EXPECT_THAT(complaint_of([&] { read_study_source(folder / "none.toml"); }),
              EndsWith("none.toml: cannot be opened: No such file or directory"));
  EXPECT_THAT(complaint_of([&] { read_study_source(folder.path()); }),
              EndsWith("cannot be read: Is a directory"));
}

TEST(StudyHash, DependsOnEveryKeyButTheName) {
  const std::string plain = study_hash(Study{});
  EXPECT_EQ(study_hash(from_overrides({"name=other"})), plain);
  for (const char* override :
       {"seed=1", "network=small-4", "bias=on", "orders.x=relu", "data.name=mnist", "data.path=x",
        "data.train=5", "data.test=0.5", "data.validation=0.2", "recipe.epochs=4",
        "recipe.batch=16", "recipe.momentum=0.8", "recipe.lr=0.06", "recipe.schedule=constant",
        "recipe.decay=0", "plan.metric=val_accuracy", "plan.margin=0.5", "plan.confidence=0.9",
        "plan.seeds=9"}) {
    EXPECT_NE(study_hash(from_overrides({override})), plain) << override;
  }
}

TEST(StudyHash, OfTwoSpellingsIsTheSame) {
  const Study written =
      from_overrides({"orders.a=conv  bn(eps=1e-5)\trelu", "network=unit( 16 )gap fc( classes )"});
  const Study canonical =
      from_overrides({"orders.a=conv bn relu", "network=unit(16) gap fc(classes)"});
  EXPECT_EQ(study_hash(written), study_hash(canonical));
  EXPECT_THAT(differing_keys(written, canonical), IsEmpty());
}

TEST(StudyHash, KeepsAPairApartFromTheSamePairTurnedAround) {
  const Study ab = from_overrides({"orders.a=relu", "orders.b=bn"});
  const Study ba = from_overrides({"orders.b=bn", "orders.a=relu"});
  EXPECT_NE(study_hash(ab), study_hash(ba));
  EXPECT_THAT(differing_keys(ab, ba), ElementsAre("orders (\"a b\" there, \"b a\" here)"));
}

TEST(DifferingKeys, NamesEachKeyWithBothValues) {
  EXPECT_THAT(differing_keys(Study{}, from_overrides({"name=other"})), IsEmpty());
  EXPECT_THAT(
      differing_keys(Study{}, from_overrides({"recipe.lr=0.1", "plan.margin=none"})),
      ElementsAre("recipe.lr (0.05 there, 0.1 here)", "plan.margin (0.25 there, \"none\" here)"));
  EXPECT_THAT(
      differing_keys(from_overrides({"orders.a=relu", "data.path=x"}),
                     from_overrides({"orders.a=bn", "orders.b=relu"})),
      ElementsAre("data.path (\"x\" there, missing here)", "orders.a (\"relu\" there, \"bn\" here)",
                  "orders (\"a\" there, \"a b\" here)",
                  "data.name (missing there, \"shapes10\" here)",
                  "orders.b (missing there, \"relu\" here)"));
}

TEST(Version, IsThatOfTheBuild) {
  const std::string lists =
      content_of(std::filesystem::path(WHICHFIRST_FIXTURES) / "../../CMakeLists.txt");
  EXPECT_THAT(lists, HasSubstr("project(whichfirst VERSION " + std::string(kProgramVersion) + " "));
}

}  // namespace
}  // namespace whichfirst::record
