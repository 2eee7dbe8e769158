#include "record/safetensors.h"

#include <gmock/gmock.h>

#include <bit>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "temporary_folder.h"

namespace whichfirst::record {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// A file of this header and so many bytes of values.
std::string file_of(const std::string& header, std::size_t value_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + std::string(value_bytes, '\0');
}

std::string complaint_about_bytes(const std::string& bytes) {
  return complaint_of([&] { parse_safetensors(bytes, "w.st"); });
}

std::string complaint_about(const std::string& header, std::size_t value_bytes) {
  return complaint_about_bytes(file_of(header, value_bytes));
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

const Tensor& tensor(const Weights& weights, std::string_view name) {
  for (const Tensor& candidate : weights.tensors) {
    if (candidate.name == name) return candidate;
  }
  throw std::runtime_error("no tensor " + std::string(name));
}

TEST(Safetensors, WritesTheBytesOfTheFormat) {
  const TemporaryFolder folder;
  write_safetensors(folder / "w", {.tensors = {{"b", {1, 2}, {1.0F, -2.0F}}, {"a", {}, {0.5F}}},
                                   .metadata = {{"study", "x"}}});
  const std::string header =
      R"({"__metadata__":{"study":"x"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(content_of(folder / "w"),
            file_of(padded, 0) + std::string("\0\0\x80\x3f\0\0\0\xc0\0\0\0\x3f", 12));
}

TEST(Safetensors, ComesBackAsItWas) {
  const TemporaryFolder folder;
  const Weights weights{
      .tensors = {{"units.0.conv.weight", {2, 1, 2, 1}, {1, 2, 3, 4}},
                  {"scalar", {}, {std::numeric_limits<float>::denorm_min()}},
                  {"empty", {0, 3}, {}},
                  {"ü \"quoted\"", {1}, {std::numeric_limits<float>::infinity()}}},
      .metadata = {{"order", "conv bn relu"}, {"", ""}}};
  write_safetensors(folder / "w", weights);
  EXPECT_EQ(read_safetensors(folder / "w"), weights);
  EXPECT_EQ(content_of(folder / "w").size() % 4, 0U);
  write_safetensors(folder / "w", {});
  EXPECT_EQ(read_safetensors(folder / "w"), Weights{});
}

TEST(Safetensors, KeepsTheBitsOfNaN) {
  const TemporaryFolder folder;
  const float odd = std::bit_cast<float>(0x7fc12345U);
  write_safetensors(folder / "w", {.tensors = {{"x", {1}, {odd}}}, .metadata = {}});
  EXPECT_THAT(bits_of(read_safetensors(folder / "w").tensors[0].values), ElementsAre(0x7fc12345U));
}

TEST(Safetensors, ReadsWhatThePythonPackageWrites) {
  const Weights weights =
      read_safetensors(std::filesystem::path(WHICHFIRST_FIXTURES) / "record/mixed.safetensors");
  EXPECT_EQ(weights.metadata.at("from"), "safetensors 0.5.3");
  for (const char* name : {"half", "brain", "double", "single"}) {
    const Tensor& ours = tensor(weights, name);
    const Tensor& numpys = tensor(weights, std::string(name) + ".expected");
    EXPECT_EQ(ours.shape, numpys.shape) << name;
    EXPECT_GE(ours.values.size(), 6U);
    EXPECT_EQ(bits_of(ours.values), bits_of(numpys.values)) << name;
  }
  EXPECT_THAT(tensor(weights, "double").shape, ElementsAre(2, 3));
  EXPECT_THAT(tensor(weights, "scalar").shape, IsEmpty());
  EXPECT_THAT(tensor(weights, "scalar").values, ElementsAre(2.5F));
  EXPECT_THAT(tensor(weights, "nothing").values, IsEmpty());
  EXPECT_EQ(weights.tensors.size(), 10U) << "the I64 counter is left out";
}

TEST(Safetensors, TensorsComeInTheOrderOfTheirValues) {
  const Weights weights = parse_safetensors(file_of("{" + entry("a", "F32", "[1]", "[4,8]") + "," +
                                                        entry("b", "F32", "[1]", "[0,4]") + "}",
                                                    8),
                                            "w.st");
  EXPECT_EQ(weights.tensors[0].name, "b");
  EXPECT_EQ(weights.tensors[1].name, "a");
}

TEST(Safetensors, RefusesAFileCutShortAtEveryByte) {
  const std::string bytes =
      content_of(std::filesystem::path(WHICHFIRST_FIXTURES) / "record/mixed.safetensors");
  ASSERT_EQ(complaint_about_bytes(bytes), "no error");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THAT(complaint_about_bytes(bytes.substr(0, length)), StartsWith("w.st: ")) << length;
  }
  EXPECT_THAT(complaint_about_bytes(bytes + '\0'), HasSubstr("expected the file to end after"));
}

TEST(Safetensors, AWrongByteNeverCrashes) {
  const std::string bytes =
      file_of("{\"__metadata__\":{\"k\":\"v\"}," + entry("a", "F32", "[2,1]", "[0,8]") + "," +
                  entry("b", "F16", "[1]", "[8,10]") + "}",
              10);
  ASSERT_EQ(complaint_about_bytes(bytes), "no error");
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int byte = 0; byte < 256; byte += 5) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(byte);
      complaint_about_bytes(damaged);
    }
  }
}

TEST(Safetensors, RefusesAHeaderThatDoesNotFit) {
  EXPECT_EQ(complaint_about_bytes(""),
            "w.st: expected a safetensors file of at least 8 bytes, found 0");
  EXPECT_EQ(complaint_about_bytes(std::string(8, '\xff')),
            "w.st: expected a safetensors header of at most 0 bytes, found 18446744073709551615; "
            "the file is cut short or of another kind");
  EXPECT_THAT(complaint_about("", 0), StartsWith("w.st: expected JSON: "));
  EXPECT_EQ(complaint_about("[]", 0), "w.st: expected an object, found a list");
  EXPECT_EQ(complaint_about("{}  ", 0), "no error");
  EXPECT_THAT(complaint_about("{} x", 0), StartsWith("w.st: expected JSON: "));
  EXPECT_EQ(complaint_about(std::string(1'000'000, '['), 0),
            "w.st: expected at most 3 levels, found more");
}

TEST(Safetensors, RefusesHolesAndOverlaps) {
  const std::string a = entry("a", "F32", "[1]", "[0,4]");
  EXPECT_EQ(complaint_about("{" + a + "," + entry("b", "F32", "[1]", "[8,12]") + "}", 12),
            "w.st: b: expected values from byte 4, where the tensor before ends, found 8");
  EXPECT_EQ(complaint_about("{" + a + "," + entry("b", "F32", "[1]", "[0,4]") + "}", 4),
            "w.st: b: expected values from byte 4, where the tensor before ends, found 0");
  EXPECT_EQ(complaint_about("{" + a + "," + entry("b", "F32", "[1]", "[2,6]") + "}", 6),
            "w.st: b: expected values from byte 4, where the tensor before ends, found 2");
  EXPECT_EQ(complaint_about("{" + a + "}", 5),
            "w.st: expected the file to end after 4 bytes of values, found 5");
  EXPECT_EQ(complaint_about("{" + entry("a", "F32", "[1]", "[1,5]") + "}", 5),
            "w.st: a: expected values from byte 0, where the tensor before ends, found 1");
}

TEST(Safetensors, RefusesShapesThatAreNotTheirBytes) {
  EXPECT_EQ(complaint_about("{" + entry("a", "F32", "[3]", "[0,8]") + "}", 8),
            "w.st: a.data_offsets: expected 12 bytes for shape [3] of F32, found 0 to 8");
  EXPECT_THAT(complaint_about("{" + entry("a", "F32", "[2]", "[8,0]") + "}", 8),
              HasSubstr("found 8 to 0"));
  EXPECT_THAT(complaint_about("{" + entry("a", "F32", "[2]", "[0,9]") + "}", 8),
              HasSubstr("a.data_offsets[1]: expected a whole number from 0 to 8, found 9"));
  EXPECT_THAT(complaint_about("{" + entry("a", "F32", "[2]", "[-8,0]") + "}", 8),
              HasSubstr("a.data_offsets[0]: expected a whole number"));
  EXPECT_THAT(complaint_about("{" + entry("a", "F32", "[2]", "[0]") + "}", 8),
              HasSubstr("expected two offsets"));
  // 2^32 x 2^32 x 4 is 0 in 64 bits.
  EXPECT_EQ(complaint_about("{" + entry("a", "F32", "[4294967296,4294967296]", "[0,0]") + "}", 0),
            "w.st: a.shape: expected a shape that fits the file, found a larger one");
  EXPECT_THAT(complaint_about("{" + entry("a", "F32", "[-1]", "[0,4]") + "}", 4),
              HasSubstr("a.shape[0]: expected a whole number"));
  EXPECT_THAT(complaint_about("{" + entry("a", "F32", "[1.0]", "[0,4]") + "}", 4),
              HasSubstr("a.shape[0]: expected a whole number"));
}

TEST(Safetensors, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(complaint_about("{" + entry("a", "I8", "[4]", "[0,4]") + "}", 4),
            "w.st: a.dtype: expected F32, F16, BF16 or F64, found \"I8\"");
  EXPECT_THAT(complaint_about("{" + entry("a", "I64", "[]", "[0,8]") + "}", 8),
              HasSubstr("found \"I64\""));
  EXPECT_EQ(complaint_about("{" + entry("a.num_batches_tracked", "I64", "[]", "[0,8]") + "}", 8),
            "no error");
  EXPECT_EQ(complaint_about("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", 0),
            "w.st: a.data_offsets is missing");
  EXPECT_EQ(complaint_about("{\"a\":{\"order\":\"C\"}}", 0), "w.st: a: unknown key 'order'");
  EXPECT_EQ(complaint_about("{\"a\":3}", 0), "w.st: a: expected an object, found 3");
  EXPECT_EQ(complaint_about("{\"__metadata__\":{\"k\":3}}", 0),
            "w.st: __metadata__.k: expected a string, found 3");
  EXPECT_EQ(complaint_about("{\"__metadata__\":[]}", 0),
            "w.st: __metadata__: expected an object, found a list");
}

TEST(Safetensors, RefusesANameGivenTwice) {
  const std::string a = entry("a", "F32", "[]", "[0,4]");
  EXPECT_EQ(complaint_about("{" + a + "," + a + "}", 4), "w.st: duplicate key 'a'");
  EXPECT_EQ(complaint_about(R"({"a":{"shape":[],"shape":[1]}})", 4), "w.st: duplicate key 'shape'");
  // One key in two objects is no repetition.
  EXPECT_EQ(complaint_about("{" + a + "," + entry("b", "F32", "[]", "[4,8]") + "}", 8), "no error");
}

TEST(Safetensors, RefusesADoubleThatNoFloatHolds) {
  const double numbers[] = {1.0, 1e39};
  std::string bytes = file_of("{" + entry("a", "F64", "[2]", "[0,16]") + "}", 0);
  bytes.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
  EXPECT_EQ(complaint_about_bytes(bytes),
            "w.st: a[1]: expected a number that fits a float, found 1e+39");
}

TEST(Safetensors, NoControlCharacterReachesAMessage) {
  EXPECT_THAT(complaint_about(R"({"\u001b[2J":3})", 0), Not(HasSubstr("\x1b")));
  EXPECT_THAT(complaint_about(R"({"a":{"\u001b":3}})", 0), Not(HasSubstr("\x1b")));
  EXPECT_THAT(complaint_about(R"({"a":{"dtype":"\u001b"}})", 0), Not(HasSubstr("\x1b")));
}

TEST(Safetensors, ChecksWhatItIsGivenToWrite) {
  const TemporaryFolder folder;
  const auto write = [&](std::vector<Tensor> tensors) {
    write_safetensors(folder / "w", {.tensors = std::move(tensors), .metadata = {}});
  };
  EXPECT_THROW(write({{"a", {2}, {1}}}), std::logic_error);
  EXPECT_THROW(write({{"a", {1}, {1}}, {"a", {1}, {1}}}), std::logic_error);
  EXPECT_THROW(write({{"__metadata__", {1}, {1}}}), std::logic_error);
  EXPECT_FALSE(std::filesystem::exists(folder / "w"));
}

TEST(Safetensors, NamesAFileThatIsNotThere) {
  EXPECT_EQ(complaint_of([] { read_safetensors("no/such/file"); }),
            "no/such/file: cannot be opened: No such file or directory");
}

}  // namespace
}  // namespace whichfirst::record
