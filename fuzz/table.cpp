#include "harness.h"
#include "table/results.h"

using namespace whichfirst;

namespace {

/// As a table of any form is asked for: the first byte chooses, the rest is the file.
table::Question question_of(std::uint8_t choice) {
  table::Question question;
  question.choice = static_cast<table::RowChoice>(choice % 3);
  if ((choice & 4) != 0) question.where = {"state=ok"};
  if ((choice & 8) != 0) question.wide = "a,b";
  if ((choice & 16) != 0) question.runs = "{order}-{seed}";
  if ((choice & 32) != 0) question.pair = "seed,part";
  if ((choice & 64) != 0) question.direction = stats::Direction::lower_is_better;
  return question;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  fuzz::refuse_or([&] {
    const table::Results results =
        table::parse_results(fuzz::text_of(bytes + 1, size - 1), "fuzz.csv", question_of(bytes[0]));
    fuzz::require(results.orders.size() >= 2, "there are orders to compare");
    for (const auto& order : results.orders) {
      fuzz::require(order.values.size() == results.table.pairs.size(),
                    "every order has a place for every pair");
    }
    for (const auto& notice : results.notices) {
      fuzz::require(notice.text.size() > 10, "a notice says something");
    }
  });
  return 0;
}
