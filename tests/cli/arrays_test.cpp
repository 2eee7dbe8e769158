// Arrays from the field that were once judged as if nothing were wrong with them.
#include <gmock/gmock.h>

#include "cli/run_program.h"

namespace whichfirst::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// compare on a file of shared/cases/arrays; skips the test where it is not there.
class Arrays : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << path_ << " is not there";
  }
  std::vector<std::string> compare(const std::string& file,
                                   const std::vector<std::string>& more) const {
    return joined({"compare", "data.path=" + (path_ / file).string(),
                   "network=unit(8, pool=2) gap fc(classes)", "plan.seeds=6", "--quiet"},
                  more);
  }
  std::string planned(const std::string& file) const {
    return run(folder_, compare(file, {"--dry-run"})).out;
  }

  Scratch folder_;

 private:
  std::filesystem::path path_ =
      std::filesystem::path(WHICHFIRST_SHARED_DATA).parent_path() / "cases/arrays";
};

TEST_F(Arrays, ConstantPicturesAreSaidBeforeTrainingAndNeverEquivalent) {
  EXPECT_THAT(planned("const-2000.npz"), HasSubstr("all pixels of the training images are 7"));
  const nlohmann::json verdict = printed(folder_, compare("const-2000.npz", {"--json"}));
  EXPECT_EQ(verdict["comparisons"][0]["verdict"], "undecided");
  EXPECT_EQ(verdict["comparisons"][0]["reason"], "no order has learnt more than guessing (25 %)");
  EXPECT_EQ(verdict["notices"][0]["kind"], "nothing-learnt");
  EXPECT_EQ(verdict["scale"]["guessing"], 25);
}

TEST_F(Arrays, OnePixelThatFlattensAllOthersIsSaid) {
  EXPECT_THAT(planned("nodata-9999.npz"),
              AllOf(HasSubstr("range from -9999 to 0.819608"),
                    HasSubstr("all except 1 of 28,800 (99.99653 %) lie within 0 to 0.819608")));
}

TEST_F(Arrays, TwoScalesAreSaid) {
  EXPECT_THAT(planned("pix-mismatch-scale.npz"), HasSubstr("test accuracy means little unless both "
                                                           "are on one scale"));
}

TEST(Plan, HasNoticesAndAnEstimateOfTheTime) {
  const Scratch folder;
  const auto plan =
      printed(folder, {"compare", "--dry-run", "--json", "network=unit(8, pool=2) gap fc(classes)",
                       "data.train=320", "data.test=100", "plan.max-seeds=12"});
  EXPECT_THAT(plan["notices"].dump(), AllOf(HasSubstr("few-steps"), HasSubstr("step-over-margin")));
  EXPECT_GT(plan["seconds_least"].get<double>(), 0);
  EXPECT_NEAR(plan["seconds_most"].get<double>(), 2 * plan["seconds_least"].get<double>(), 1e-9)
      << "six pairs at least, twelve at most";
}

}  // namespace
}  // namespace whichfirst::cli
