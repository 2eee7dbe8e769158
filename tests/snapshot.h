// Whole outputs beside files in fixtures/report. To write the files anew, then look at what
// changed:
//   WHICHFIRST_UPDATE_SNAPSHOTS=1 ctest --preset release -R Snapshot; git diff
//   tests/fixtures/report
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "record/temporary_folder.h"

namespace whichfirst {

inline std::filesystem::path report_fixture(const std::string& name) {
  return std::filesystem::path(WHICHFIRST_FIXTURES) / "report" / name;
}

/// That `text` is the content of fixtures/report/`file`; what differs is shown line by line.
inline void expect_snapshot(const std::string& file, const std::string& text) {
  if (getenv("WHICHFIRST_UPDATE_SNAPSHOTS") != nullptr) record::put(report_fixture(file), text);
  EXPECT_EQ(record::content_of(report_fixture(file)), text) << file;
}

}  // namespace whichfirst
