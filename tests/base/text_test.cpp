#include <gmock/gmock.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/shape.h"
#include "base/suggest.h"

namespace whichfirst {
namespace {

TEST(Suggest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "conv"), 4U);
  EXPECT_EQ(edit_distance("conv", "conv"), 0U);
  EXPECT_EQ(edit_distance("cnov", "conv"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Suggest, NamesTheNearestWordOrNone) {
  const std::string_view known[] = {"epochs", "batch", "momentum"};
  EXPECT_EQ(nearest_word("epoch", known), "epochs");
  EXPECT_EQ(nearest_word("momentun", known), "momentum");
  EXPECT_EQ(nearest_word("zzzz", known), std::nullopt);
  EXPECT_EQ(nearest_word(std::string(10'000, 'a'), known), std::nullopt);
}

TEST(Hash, OfPiecesIsTheHashOfTheWhole) {
  // XXH3 of nothing: the value published with xxHash.
  EXPECT_EQ(hash_hex(""), "2d06800538d394c2");
  Hasher hasher;
  hasher.add(std::as_bytes(std::span(std::string_view("which"))));
  hasher.add(std::as_bytes(std::span(std::string_view("first"))));
  EXPECT_EQ(hasher.hex(), hash_hex("whichfirst"));
}

TEST(Lengths, AreNumbersOfDigitsAloneWithAnXBetween) {
  EXPECT_THAT(parse_lengths("3x32x48"), testing::Optional(testing::ElementsAre(3, 32, 48)));
  EXPECT_THAT(parse_lengths("0"), testing::Optional(testing::ElementsAre(0)));
  for (const char* text :
       {"", "x", "3x", "x3", "3xx3", "-3x3", "+3", "3 x3", "3X3", "3.0", "18446744073709551616"}) {
    EXPECT_EQ(parse_lengths(text), std::nullopt) << text;
  }
}

TEST(Check, NamesThePlaceOfOurMistake) {
  EXPECT_NO_THROW(check(true, "fine"));
  try {
    check(false, "two is three");
    FAIL();
  } catch (const std::logic_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("two is three"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("text_test.cpp"));
  }
}

}  // namespace
}  // namespace whichfirst
