#include "engine/step_census.h"

namespace whichfirst::engine {
namespace {

TEST(StepCensus, IsTheCommittedOne) { expect_committed_census(fp32_precisions()); }

TEST(StepCensus, AStepAllocatesWhatOneDnnDoesAndNoMore) {
  expect_committed_allocations(fp32_precisions());
}

}  // namespace
}  // namespace whichfirst::engine
