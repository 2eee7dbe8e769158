#include "algebra/ledger.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "notation/parse.h"

namespace whichfirst::algebra {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<LedgerRow> compare(
    const std::vector<std::string>& orders,
    const std::string& body = "unit(8, pool=2) unit(8) gap fc(classes)") {
  std::vector<network::Network> networks;
  for (const std::string& order : orders) {
    networks.push_back(network::build({.body = notation::parse(body, notation::Context::body),
                                       .order = notation::parse(order, notation::Context::order),
                                       .input = {.channels = 3, .height = 8, .width = 8},
                                       .classes = 10}));
  }
  return compare_networks(networks);
}

std::vector<std::string> row(const std::vector<LedgerRow>& rows, const std::string& what) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.what == what; });
  return found == rows.end() ? std::vector<std::string>{} : found->values;
}

TEST(Ledger, IsEmptyWhereNothingElseDiffers) {
  EXPECT_THAT(compare({"conv bn relu", "conv bn relu"}), IsEmpty());
}

TEST(Ledger, NamesWhatComesWithTheOrder) {
  const auto rows = compare({"conv bn relu", "conv relu bn"});
  EXPECT_THAT(row(rows, "convolutions with a bias"), ElementsAre("0 of 2", "2 of 2"));
  // 3*8*9 + 8*8*9 weights, 2*16 of bn, 8*10 + 10 of the classifier; 16 biases more.
  EXPECT_THAT(row(rows, "trained parameters"), ElementsAre("914", "930"));
  EXPECT_THAT(row(rows, "later convolutions read"),
              ElementsAre("bn relu maxpool", "relu bn maxpool"));
  EXPECT_THAT(row(rows, "the classifier reads"), ElementsAre("bn relu gap", "relu bn gap"));
  EXPECT_THAT(row(rows, "the first convolution reads"), IsEmpty());
  EXPECT_THAT(row(rows, "pixels per image in all bn statistics"), IsEmpty());
}

TEST(Ledger, SeesWhatThePoolTakesFromBatchNorm) {
  const auto rows = compare({"conv bn relu", "conv pool bn relu"});
  EXPECT_THAT(row(rows, "pixels per image in all bn statistics"), ElementsAre("80", "32"));
  EXPECT_THAT(row(rows, "convolutions with a bias"), IsEmpty());
}

TEST(Ledger, SeesTheEnds) {
  const auto rows = compare({"conv bn relu", "bn relu conv"}, "unit(8) gap fc(classes)");
  EXPECT_THAT(row(rows, "the first convolution reads"),
              ElementsAre("the picture", "bn relu of the picture"));
  EXPECT_THAT(row(rows, "the classifier reads"), ElementsAre("bn relu gap", "gap"));
}

}  // namespace
}  // namespace whichfirst::algebra
