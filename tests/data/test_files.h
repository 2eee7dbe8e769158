// Files that the tests of src/data write and read, and the errors they meet.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "complaint.h"

namespace whichfirst::data {

/// A folder of its own for each test, removed afterwards.
class InFolder : public ::testing::Test {
 protected:
  InFolder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("whichfirst-") + test->test_suite_name() + "-" + test->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~InFolder() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }

  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

inline std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  check(deflateInit2(&stream, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK,
        "zlib is ready");
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  std::string source = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(source.data());
  stream.avail_in = static_cast<uInt>(source.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib packs everything");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(WHICHFIRST_FIXTURES) / "data" / name;
}

/// Where the published sets are, if anywhere: $WHICHFIRST_DATA, else beside the checkout.
inline std::filesystem::path published_sets() {
  const char* folder = std::getenv("WHICHFIRST_DATA");
  return folder != nullptr && *folder != '\0' ? folder : WHICHFIRST_SHARED_DATA;
}

#define SKIP_WITHOUT(file)                                                                  \
  if (!std::filesystem::exists(published_sets() / (file))) {                                \
    GTEST_SKIP() << "NOT TESTED: " << (published_sets() / (file)).string()                  \
                 << " is missing; set WHICHFIRST_DATA to the folder that holds " << (file); \
  }                                                                                         \
  static_assert(true)

}  // namespace whichfirst::data
