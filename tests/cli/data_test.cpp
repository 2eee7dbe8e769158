// `data list` and `data info`, folders of pictures in studies, and the studies that come with the
// program.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path kShared = WHICHFIRST_SHARED_DATA;
const std::filesystem::path kStudies = WHICHFIRST_STUDIES;

TEST(DataVerb, ListsTheKnownSetsAndWhereTheyAre) {
  const Scratch folder;
  std::filesystem::create_directory(folder / "mnist");
  const json list =
      printed(folder, {"data", "list", "--json"}, {{"WHICHFIRST_DATA", folder.path().string()}});
  std::map<std::string, json> found;
  for (const json& set : list["sets"]) found[set["name"]] = set["found"];
  EXPECT_EQ(found.at("mnist"), (folder / "mnist").string());
  EXPECT_EQ(found.at("cifar-100"), nullptr);
  EXPECT_EQ(found.at("shapes10"), "built in");
}

TEST(DataVerb, SaysWhereToGetWhatIsNotThereAndWhereToPutIt) {
  const Scratch folder;
  const std::map<std::string, std::string> nowhere = {{"WHICHFIRST_DATA", folder.path().string()},
                                                      {"XDG_DATA_HOME", folder.path().string()}};
  const Ended text = run(folder, {"data", "info", "cifar-10"}, nowhere);
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.out, HasSubstr((folder / "cifar-10").string()));
  EXPECT_THAT(text.out, HasSubstr("https://www.cs.toronto.edu/~kriz/cifar.html"));
  const json document =
      json::parse(run(folder, {"data", "info", "cifar-10", "--json"}, nowhere).out);
  EXPECT_EQ(document["found"], nullptr);
  const Ended unknown = run(folder, {"data", "info", "minst"}, nowhere);
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'mnist'?"));
}

TEST(DataVerb, DescribesASet) {
  const Scratch folder;
  const json set = json::parse(run(folder, {"data", "info", "shapes10", "--json"}).out);
  EXPECT_EQ(set["format"], "drawn");
  EXPECT_EQ(set["shape"], json({1, 28, 28}));
  EXPECT_EQ(set["train"]["pictures"], 10'000);
  EXPECT_EQ(set["train"]["by_class"].size(), 10U);
  const json small =
      json::parse(run(folder, {"data", "info", "shapes10", "--size", "14", "--json"}).out);
  EXPECT_EQ(small["shape"], json({1, 14, 14}));
}

/// The photographs, sorted into two made-up classes.
bool sort_photos(const Scratch& folder) {
  const std::filesystem::path photos = kShared / "images" / "photos";
  if (!std::filesystem::exists(photos)) return false;
  int number = 0;
  for (const char* name :
       {"astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "kodim23.png",
        "logo.png", "palette_color.png", "palette_gray.png", "rocket.jpg"}) {
    const auto place = folder / "photos" / (number++ % 2 == 0 ? "even" : "odd");
    std::filesystem::create_directories(place);
    std::filesystem::copy_file(photos / name, place / name);
  }
  return true;
}

TEST(Folders, OfPhotographsTrainAndSayWhatWasDone) {
  const Scratch folder;
  if (!sort_photos(folder)) {
    GTEST_SKIP() << "NOT TESTED: no pictures in " << (kShared / "images");
  }
  const Ended ended =
      run(folder, {"compare", "network=unit(8, pool=4) gap fc(classes)", "data.path=photos",
                   "recipe.batch=4", "recipe.epochs=2", "recipe.augment=crop(4), flip, cutout(8)",
                   "plan.seeds=6", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("note: "));
  const json condition = json::parse(ended.out)["condition"];
  EXPECT_EQ(condition["input"], json({3, 32, 32}));
  EXPECT_EQ(condition["train"], 8);
  EXPECT_EQ(condition["test"], 2);
  EXPECT_EQ(condition["augment"], json({"crop(4)", "flip", "cutout(8)"}));
  EXPECT_FALSE(condition["notes"].empty());
}

TEST(Folders, WithABrokenPictureAreRefusedByItsNameUnlessTold) {
  const Scratch folder;
  if (!sort_photos(folder)) {
    GTEST_SKIP() << "NOT TESTED: no pictures in " << (kShared / "images");
  }
  std::filesystem::copy_file(kShared / "images/jpeg/broken/truncated.jpg",
                             folder / "photos/odd/truncated.jpg");
  const Ended refused = run(folder, {"data", "info", "photos"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err, HasSubstr("photos/odd/truncated.jpg"));
  const Ended skipped = run(folder, {"data", "info", "photos", "--skip-broken"});
  EXPECT_EQ(skipped.status, 0) << skipped.err;
  EXPECT_THAT(skipped.out, HasSubstr("truncated.jpg"));
}

/// The stages of each order of a study, the weights' widths left out.
std::map<std::string, std::vector<std::string>> unit_stages(const json& summary) {
  std::map<std::string, std::vector<std::string>> result;
  for (const json& order : summary["orders"]) {
    auto& words = result[order["name"]];
    for (const json& stage : order["stages"]) {
      const std::string path = stage["path"];
      if (!path.starts_with("units.1.")) continue;
      const std::string text = stage["stage"];
      words.push_back(text.substr(0, text.find('(')));
    }
  }
  return result;
}

struct ReadyStudy {
  const char* file;
  std::map<std::string, std::vector<std::string>> stages;  // of the second unit
};

/// The name in lists of tests.
void PrintTo(const ReadyStudy& study, std::ostream* out) { *out << study.file; }

class Studies : public ::testing::TestWithParam<ReadyStudy> {};

TEST_P(Studies, SummariseAsTheirOrdersSayAndTrain) {
  const Scratch folder;
  const std::string file = (kStudies / GetParam().file).string();
  const Ended summary = run(folder, {"summary", file, "--json"});
  ASSERT_EQ(summary.status, 0) << summary.err;
  EXPECT_EQ(unit_stages(json::parse(summary.out)), GetParam().stages);

  std::vector<std::string> arguments = {
      "compare",         file,           "data.train=64", "data.test=50",
      "recipe.epochs=1", "plan.seeds=1", "--json",        "--quiet"};
  const json verdict = printed(folder, arguments);
  ASSERT_FALSE(verdict["orders"].empty());
  for (const json& order : verdict["orders"]) {
    EXPECT_EQ(order["failed"], 0) << order["name"];
    EXPECT_EQ(order["diverged"], 0) << order["name"];
  }
}

INSTANTIATE_TEST_SUITE_P(
    Program, Studies,
    ::testing::Values(
        ReadyStudy{
            "he-2016.toml",
            {{"original", {"conv", "bn", "relu", "conv", "bn", "res", "relu"}},
             {"bn-after-addition", {"conv", "bn", "relu", "conv", "res", "bn", "relu"}},
             {"relu-before-addition", {"conv", "bn", "relu", "conv", "bn", "relu", "res"}},
             {"relu-only-pre-activation", {"relu", "conv", "bn", "relu", "conv", "bn", "res"}},
             {"full-pre-activation", {"bn", "relu", "conv", "bn", "relu", "conv", "res"}}}},
        ReadyStudy{"xnor.toml",
                   {{"c-b-a-p", {"conv", "bn", "sign", "maxpool"}},
                    {"b-a-c-p", {"bn", "sign", "conv", "maxpool"}}}},
        ReadyStudy{"dropout.toml",
                   {{"drop-before-bn", {"conv", "drop", "bn", "relu", "maxpool"}},
                    {"drop-after-bn", {"conv", "bn", "relu", "drop", "maxpool"}}}},
        ReadyStudy{"pool.toml",
                   {{"pool-last", {"conv", "bn", "relu", "maxpool"}},
                    {"pool-before-bn", {"conv", "maxpool", "bn", "relu"}}}},
        ReadyStudy{"tanh.toml",
                   {{"bn-first", {"conv", "bn", "tanh", "maxpool"}},
                    {"act-first", {"conv", "tanh", "bn", "maxpool"}}}}),
    [](const auto& study) {
      std::string name = study.param.file;
      return name.substr(0, name.find_first_of("-."));
    });

TEST(Presets, OfResidualNetworksBringTheirOwnOrders) {
  const Scratch folder;
  const json summary = printed(folder, {"summary", "network=resnet-20", "--json"});
  std::vector<std::string> orders;
  for (const json& order : summary["orders"]) orders.push_back(order["order"]);
  EXPECT_THAT(orders,
              ElementsAre("res(conv bn relu conv bn) relu", "res(bn relu conv bn relu conv)"));
}

TEST(Match, OfEndsMakesTwoCutsOfOneCycleTheSameNetwork) {
  const Scratch folder;
  const Ended ended = run(folder, {"compare", "--dry-run", "network=2*unit(8) gap fc(classes)",
                                   "match=ends", "orders.a=conv bn relu", "orders.b=bn relu conv"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err,
              HasSubstr("a and b train to the same numbers: both build the same network"));
}

}  // namespace
}  // namespace whichfirst::cli
