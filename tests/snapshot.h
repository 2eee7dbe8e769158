// Whole outputs beside files in fixtures/report. To write the files anew, then look at what
// changed:
//   WHICHFIRST_UPDATE_SNAPSHOTS=1 ctest --preset release -R Snapshot; git diff
//   tests/fixtures/report
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <sstream>
#include <string>

#include "record/temporary_folder.h"

namespace whichfirst {

inline std::filesystem::path report_fixture(const std::string& name) {
  return std::filesystem::path(WHICHFIRST_FIXTURES) / "report" / name;
}

/// That `text` is the content of fixtures/report/`file`; else shows the first line that differs.
inline void expect_snapshot(const std::string& file, const std::string& text) {
  if (getenv("WHICHFIRST_UPDATE_SNAPSHOTS") != nullptr) record::put(report_fixture(file), text);
  const std::string expected = record::content_of(report_fixture(file));
  if (text == expected) return;
  std::istringstream expected_lines(expected);
  std::istringstream lines(text);
  std::string wanted;
  std::string found;
  int number = 0;
  do {
    ++number;
    wanted = found = "(no line)";
    std::getline(expected_lines, wanted);
    std::getline(lines, found);
  } while (wanted == found && (expected_lines || lines));
  ADD_FAILURE() << file << ":" << number << ": snapshot and output\n" << wanted << "\n" << found;
}

}  // namespace whichfirst
