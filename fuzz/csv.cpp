#include "harness.h"
#include "record/results_csv.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::refuse_or([&] {
    const record::Results results =
        record::parse_results(fuzz::text_of(bytes, size), "fuzz.csv", {});
    fuzz::require(results.orders.size() >= 2, "there are orders to compare");
    for (const auto& order : results.orders) {
      fuzz::require(order.values.size() == results.orders[0].values.size(),
                    "every order has a place for every pair");
    }
  });
  return 0;
}
