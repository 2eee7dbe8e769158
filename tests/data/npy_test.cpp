#include "data/npy.h"

#include <gmock/gmock.h>

#include <array>
#include <limits>

#include "data/test_files.h"

namespace whichfirst::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string refusal(const std::string& text) {
  return complaint_of([&] { parse_npy_text("a.npz: x", text); });
}

TEST(Npy, ReadsTheHeaderThatNumpyWrites) {
  const NpyHeader header = parse_npy_text(
      "", "{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }          \n");
  EXPECT_EQ(header.descr, "<f4");
  EXPECT_FALSE(header.fortran_order);
  EXPECT_THAT(header.shape, ElementsAre(60000, 28, 28));
}

TEST(Npy, ReadsKeysInAnyOrderAndEitherQuote) {
  const NpyHeader header =
      parse_npy_text("", "{\"shape\":(7,),\"fortran_order\":True,\"descr\":\"|u1\"}");
  EXPECT_EQ(header.descr, "|u1");
  EXPECT_TRUE(header.fortran_order);
  EXPECT_THAT(header.shape, ElementsAre(7));
  EXPECT_THAT(parse_npy_text("", "{'descr': '|u1', 'fortran_order': False, 'shape': (), }").shape,
              IsEmpty());
}

TEST(Npy, RefusesAnythingElse) {
  for (const std::string text :
       {"",
        "{",
        "{}",
        "{'descr'",
        "{'descr': }",
        "{'descr': 'u1",
        "{'descr': '|u1'}",
        "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3L,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} and more",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (3,)}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'more': 1}",
        "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (3,)}"}) {
    EXPECT_THAT(refusal(text), HasSubstr("a.npz: x: not a header that numpy writes: expected"))
        << text;
  }
  EXPECT_EQ(refusal("{'descr': exit()}"),
            "a.npz: x: not a header that numpy writes: expected a quoted word at byte 10");
}

TEST(Npy, RefusesMoreAxesThanNumpyHas) {
  std::string axes;
  for (int i = 0; i < 33; ++i) axes += "1, ";
  EXPECT_THAT(refusal("{'descr': '|u1', 'fortran_order': False, 'shape': (" + axes + ")}"),
              HasSubstr("expected at most 32 axes"));
}

TEST(Npy, KnowsTheVersionsOfThePreamble) {
  const auto lengths = [](std::array<std::uint8_t, 6> rest) {
    std::vector<std::uint8_t> preamble = {0x93, 'N', 'U', 'M', 'P', 'Y'};
    preamble.insert(preamble.end(), rest.begin(), rest.end());
    return parse_npy_preamble("a.npz: x", preamble);
  };
  EXPECT_EQ(lengths({1, 0, 0x76, 0x01, '{', '\''}).preamble, 10U);
  EXPECT_EQ(lengths({1, 0, 0x76, 0x01, '{', '\''}).text, 0x176U);
  EXPECT_EQ(lengths({3, 0, 0x76, 0x01, 0, 0}).preamble, 12U);
  EXPECT_EQ(lengths({3, 0, 0x76, 0x01, 0, 0}).text, 0x176U);
  EXPECT_EQ(complaint_of([&] {
              lengths({4, 0, 0, 0, 0, 0});
            }),
            "a.npz: x: expected .npy version 1.0 to 3.0, found 4.0");
  EXPECT_EQ(complaint_of([&] {
              lengths({2, 0, 0, 0, 0, 0xff});
            }),
            "a.npz: x: expected at most 65536 bytes of header, found 4278190080");
}

TEST(Npy, NamesTheTypesItReads) {
  ASSERT_TRUE(parse_npy_type("|u1"));
  ASSERT_TRUE(parse_npy_type(">f8"));
  EXPECT_TRUE(parse_npy_type(">f8")->big_endian);
  EXPECT_EQ(parse_npy_type("<i8")->bytes, 8);
  for (const char* other :
       {"", "O", "|O", "<f2", "<c8", "|b1", "<U3", "|V2", "|i4", "=i4", "<i3", "<i16", "<u"}) {
    EXPECT_FALSE(parse_npy_type(other)) << other;
  }
}

TEST(Npy, ReadsNumbersOfEveryTypeInBothOrders) {
  const auto number = [](const char* descr, std::vector<std::uint8_t> bytes) {
    return npy_number(*parse_npy_type(descr), bytes.data());
  };
  EXPECT_EQ(number("|u1", {200}), 200);
  EXPECT_EQ(number("|i1", {200}), -56);
  EXPECT_EQ(number("<u2", {0x01, 0x02}), 0x201);
  EXPECT_EQ(number(">u2", {0x01, 0x02}), 0x102);
  EXPECT_EQ(number("<i4", {0xfe, 0xff, 0xff, 0xff}), -2);
  EXPECT_EQ(number(">i8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}), -2);
  EXPECT_EQ(number("<u8", {0, 0, 0, 0, 0, 0, 0, 0x80}), 0x1p63);
  EXPECT_EQ(number("<f4", {0, 0, 0xc0, 0x3f}), 1.5);
  EXPECT_EQ(number(">f8", {0xbf, 0xf8, 0, 0, 0, 0, 0, 0}), -1.5);
}

}  // namespace
}  // namespace whichfirst::data
