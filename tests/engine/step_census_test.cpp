// What a step consists of, counted against a committed list: a primitive, a reorder or an
// allocation more is seen without a clock.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <new>

#include "engine/networks.h"
#include "engine/platform.h"
#include "network/preset.h"

namespace {

std::atomic<std::int64_t> allocations{0};

void* allocate(std::size_t size) {
  ++allocations;
  if (void* place = std::malloc(size == 0 ? 1 : size)) return place;
  throw std::bad_alloc();
}

}  // namespace

// Every `new` of this program and of the libraries it loads.
void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete[](void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }
void operator delete[](void* place, std::size_t) noexcept { std::free(place); }

namespace whichfirst::engine {
namespace {

using ::testing::Contains;

const std::string kList = std::string(WHICHFIRST_FIXTURES) + "/engine/step_census.txt";

struct Subject {
  std::string network;
  std::string order;
  Precision precision = Precision::fp32;

  /// "article-15, conv bn relu".
  std::string label() const {
    return network + ", " + order + (precision == Precision::fp32 ? "" : ", fp32-fast");
  }
};

const std::vector<Subject> kSubjects = {
    {"article-15", "conv bn relu"},
    {"article-15", "conv relu bn"},
    {"resnet-20", "res(conv bn relu conv bn) relu"},
    {"resnet-20", "res(bn relu conv bn relu conv)"},
    {"article-15", "conv bn relu", Precision::fp32_fast},
    {"article-15", "conv relu bn", Precision::fp32_fast},
};

network::Network network_of(const Subject& subject) {
  return network::build(
      {.body = notation::parse(std::string(network::find_preset(subject.network)->body),
                               notation::Context::body),
       .order = notation::parse(subject.order, notation::Context::order),
       .input = {3, 32, 32},
       .classes = 10});
}

/// "avx2, article-15, conv bn relu, training: 15 forward; 3 reorder weights" for training and
/// evaluation.
std::vector<std::string> census_lines(const Subject& subject, const std::string& isa) {
  const Plan made = plan(network_of(subject), {.batch = 32, .precision = subject.precision});
  std::vector<std::string> lines;
  for (const auto& [title, list] :
       {std::pair("training", made.training), std::pair("evaluation", made.evaluation)}) {
    std::map<std::string, int> counts;
    for (const PlannedPrimitive& primitive : list) ++counts[primitive.what];
    std::string line = fmt::format("{}, {}, {}:", isa, subject.label(), title);
    for (const auto& [what, count] : counts) line += fmt::format(" {} {};", count, what);
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> committed_lines() {
  std::ifstream file(kList);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

bool has_line(const std::vector<std::string>& lines, const std::string& beginning) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.starts_with(beginning); });
}

TEST(StepCensus, IsTheCommittedOne) {
  const std::vector<std::string> committed = committed_lines();
  const std::string isa = describe_platform().isa;
  if (!has_line(committed, isa + ", ")) {
    GTEST_SKIP() << "SKIPPED: " << kList << " has no list for " << isa;
  }
  for (const Subject& subject : kSubjects) {
    for (const std::string& line : census_lines(subject, isa)) {
      EXPECT_THAT(committed, Contains(line));
    }
  }
}

/// What one training step allocates, after the first.
std::int64_t allocations_of_a_step(const Subject& subject) {
  const network::Network network = network_of(subject);
  constexpr int kBatch = 4;
  Trainer trainer(network, network::initial_values(network, 1, 1),
                  {.batch = kBatch, .precision = subject.precision});
  const std::vector<float> images = random_images(network.input, kBatch, 1);
  const std::vector<std::int32_t> labels = random_labels(network.classes, kBatch, 1);
  std::int64_t before = 0;
  for (int step = 0; step < 2; ++step) {
    std::copy(images.begin(), images.end(), trainer.images().begin());
    std::copy(labels.begin(), labels.end(), trainer.labels().begin());
    before = allocations;
    EXPECT_FALSE(trainer.step(0.01).non_finite);
  }
  return allocations - before;
}

/// oneDNN makes its own bookkeeping anew for every primitive; nothing of ours comes on top.
TEST(StepCensus, AStepAllocatesWhatOneDnnDoesAndNoMore) {
  const std::vector<std::string> committed = committed_lines();
  const Platform platform = describe_platform();
  const std::string key = fmt::format("{}, {}, ", platform.library, platform.isa);
  if (!has_line(committed, key)) GTEST_SKIP() << "SKIPPED: " << kList << " has none for " << key;
  for (const Subject& subject : kSubjects) {
    EXPECT_THAT(committed, Contains(fmt::format("{}{}, a step: {} allocations", key,
                                                subject.label(), allocations_of_a_step(subject))));
  }
}

}  // namespace
}  // namespace whichfirst::engine
