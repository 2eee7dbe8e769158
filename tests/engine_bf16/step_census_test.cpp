#include "engine/step_census.h"

#include "engine_bf16/skip.h"

namespace whichfirst::engine {
namespace {

TEST(Bf16StepCensus, IsTheCommittedOne) {
  SKIP_WITHOUT_BF16();
  expect_committed_census({Precision::bf16});
}

TEST(Bf16StepCensus, AStepAllocatesWhatOneDnnDoesAndNoMore) {
  SKIP_WITHOUT_BF16();
  expect_committed_allocations({Precision::bf16});
}

}  // namespace
}  // namespace whichfirst::engine
