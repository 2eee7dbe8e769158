// The tables of fields in docs/documents.md are those of the code. To write them anew:
//   WHICHFIRST_UPDATE_SNAPSHOTS=1 build/release/tests/test_report --gtest_filter='Documents.*'
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "algebra/explain.h"
#include "bench/bench_record.h"
#include "data/description.h"
#include "lab/inspect.h"
#include "network/summary.h"
#include "record/run_status.h"
#include "record/trial_record.h"
#include "record/verdict_record.h"
#include "snapshot.h"

namespace whichfirst {
namespace {

TEST(Documents, AreDescribedAsTheyAreWritten) {
  const std::filesystem::path file =
      std::filesystem::path(WHICHFIRST_FIXTURES) / "../../docs/documents.md";
  std::string manual = record::content_of(file);
  const std::pair<std::string, std::string> tables[] = {
      {"Verdict", record::verdict_table()},   {"Trial", record::trial_table()},
      {"Summary", network::summary_table()},  {"Known set", data::known_set_table()},
      {"Data set", data::dataset_table()},    {"Explanation", algebra::explanation_table()},
      {"Run list", record::run_list_table()}, {"Run status", record::run_details_table()},
      {"Lab", lab::inspection_table()},       {"Bench", bench::bench_table()}};
  for (const auto& [title, table] : tables) {
    const std::size_t section = manual.find("\n## " + title + " ");
    ASSERT_NE(section, manual.npos) << title;
    const std::string head = "| field | type | holds |\n| --- | --- | --- |\n";
    const std::size_t begin = manual.find(head, section) + head.size();
    ASSERT_LE(begin, manual.find("\n## ", section + 1)) << title;
    const std::size_t end = std::min(manual.find("\n\n", begin - 1), manual.size() - 1) + 1;
    if (getenv("WHICHFIRST_UPDATE_SNAPSHOTS") != nullptr) {
      manual.replace(begin, end - begin, table);
    } else {
      EXPECT_EQ(manual.substr(begin, end - begin), table) << title;
    }
  }
  if (getenv("WHICHFIRST_UPDATE_SNAPSHOTS") != nullptr) record::put(file, manual);
}

}  // namespace
}  // namespace whichfirst
