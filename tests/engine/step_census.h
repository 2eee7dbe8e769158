// What a step consists of, counted against a committed list: a primitive, a reorder or an
// allocation more is seen without a clock. Counts every `new` of the program that includes this:
// for one source file of a test program.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <new>

#include "base/error.h"
#include "committed_lines.h"
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

const std::string kList = "engine/step_census.txt";

struct Subject {
  std::string network;
  std::string order;
  Precision precision = Precision::fp32;

  /// "article-15, conv bn relu".
  std::string label() const {
    const char* words[] = {"", ", fp32-fast", ", bf16"};
    return network + ", " + order + words[static_cast<int>(precision)];
  }
};

/// Both networks in both orders, in every one of `precisions`.
std::vector<Subject> subjects(const std::vector<Precision>& precisions) {
  std::vector<Subject> all;
  for (const Precision precision : precisions) {
    for (const char* order : {"conv bn relu", "conv relu bn"}) {
      all.push_back({"article-15", order, precision});
    }
    for (const char* order : {"res(conv bn relu conv bn) relu", "res(bn relu conv bn relu conv)"}) {
      all.push_back({"resnet-20", order, precision});
    }
  }
  return all;
}

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

void expect_committed(const std::vector<std::string>& found, const std::string& beginning) {
  const std::vector<std::string> committed = committed_lines(kList, beginning);
  const std::string text = fmt::format("{}", fmt::join(found, "\n"));
  if (committed.empty()) {
    GTEST_SKIP() << "SKIPPED: " << kList << " has none for " << beginning << "they would be\n"
                 << text;
  }
  EXPECT_EQ(text, fmt::format("{}", fmt::join(committed, "\n")));
}

void expect_committed_census(const std::vector<Precision>& precisions) {
  const std::string isa = describe_platform(precisions.front()).isa;
  std::vector<std::string> found;
  for (const Subject& subject : subjects(precisions)) {
    for (const std::string& line : census_lines(subject, isa)) found.push_back(line);
  }
  expect_committed(found, isa + ", ");
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
void expect_committed_allocations(const std::vector<Precision>& precisions) {
  const Platform platform = describe_platform(precisions.front());
  const std::string key = fmt::format("{}, {}, ", platform.library, platform.isa);
  std::vector<std::string> found;
  for (const Subject& subject : subjects(precisions)) {
    found.push_back(fmt::format("{}{}, a step: {} allocations", key, subject.label(),
                                allocations_of_a_step(subject)));
  }
  expect_committed(found, key);
}

}  // namespace
}  // namespace whichfirst::engine
