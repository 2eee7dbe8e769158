#include "record/trial_record.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "record/version.h"
#include "temporary_folder.h"

namespace whichfirst::record {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TrialRecord example() {
  TrialRecord record;
  record.arm = "bn-first";
  record.order = "conv bn relu";
  record.lr = 0.05;
  record.replicate = 3;
  record.metrics.test_accuracy = 90.5;
  record.metrics.train_loss = 0.125;
  record.epochs.resize(2);
  record.epochs[0].epoch = 1;
  record.epochs[0].lr = 0.05;
  record.epochs[0].train_loss = 1.5;
  record.epochs[0].train_accuracy = 40.0;
  record.epochs[1].epoch = 2;
  record.epochs[1].lr = 0.025;
  record.epochs[1].train_loss = 0.5;
  record.epochs[1].val_loss = 0.75;
  record.hashes = {.data = "d", .data_order = "o", .initial_weights = "w"};
  record.right_answers = {1, 0, 1, 1, 0, 0, 0, 1, 1, 1};
  record.machine = {.isa = "avx512_core", .kernels = "oneDNN 2.6.3"};
  record.version = "0.1.0";
  record.study = "0123456789abcdef";
  record.timings = {.seconds = 12.5,
                    .train_seconds = 10,
                    .evaluate_seconds = 2.5,
                    .images_per_second = 950.5,
                    .started = "2024-05-06T07:08:09Z"};
  return record;
}

TrialRecord tapped() {
  TrialRecord record = example();
  EpochTaps taps{
      .epoch = 2, .training_loss = 0.5, .evaluation_loss = {}, .values = {}, .weights = {}};
  const std::vector<float> seen = {-1.5F, 0, 0, 2.25F, 1e-9F, 70000.0F};
  ValueTap value{.place = "units.0.act",
                 .moments = measure::Summary(std::span<const float>(seen)).moments(),
                 .histogram = {},
                 .quantiles = {-1, 0, 0, 0, 1, 2, 3},
                 .saturation = 0.25,
                 .channel_skewness = {},
                 .dead_share = 0.125,
                 .condition = 30.5,
                 .mean_gap = {},
                 .variance_gap = {}};
  value.histogram.add(seen);
  taps.values = {value, {.place = "units.0.conv", .moments = {}, .histogram = {}}};
  taps.weights = {{"units.0.conv", 1.5, 0.25, 0.001}, {"body.fc.0", {}, {}, {}}};
  record.taps = {taps};
  return record;
}

TrialRecord diverged() {
  TrialRecord record = example();
  record.status = Status::diverged;
  record.reason = "a number that is not finite";
  record.diverged_at = DivergedAt{.epoch = 1, .step = 17, .stage = "units.3.bn"};
  record.metrics = {};
  record.right_answers.clear();
  record.timings.images_per_second.reset();
  return record;
}

std::string complaint_about(const std::string& text) {
  return complaint_of([&] { trial_from_json(text, "3.json"); });
}

/// The example's text with one value replaced.
std::string with(const std::string& pointer, const nlohmann::json& value) {
  auto json = nlohmann::ordered_json::parse(to_json(example()));
  json[nlohmann::ordered_json::json_pointer(pointer)] = value;
  return json.dump();
}

TEST(TrialRecord, IsWrittenInOneFixedForm) {
  EXPECT_EQ(to_json(diverged()), R"({
 "format": 1,
 "version": "0.1.0",
 "study": "0123456789abcdef",
 "arm": "bn-first",
 "order": "conv bn relu",
 "lr": 0.05,
 "purpose": "verdict",
 "replicate": 3,
 "status": "diverged",
 "reason": "a number that is not finite",
 "diverged_at": {
  "epoch": 1,
  "step": 17,
  "stage": "units.3.bn"
 },
 "metrics": {
  "test_accuracy": null,
  "test_loss": null,
  "train_accuracy": null,
  "train_loss": null,
  "val_accuracy": null,
  "val_loss": null
 },
 "epochs": [
  {
   "epoch": 1,
   "lr": 0.05,
   "train_loss": 1.5,
   "train_accuracy": 40.0,
   "val_loss": null,
   "val_accuracy": null
  },
  {
   "epoch": 2,
   "lr": 0.025,
   "train_loss": 0.5,
   "train_accuracy": null,
   "val_loss": 0.75,
   "val_accuracy": null
  }
 ],
 "hashes": {
  "data": "d",
  "data_order": "o",
  "initial_weights": "w"
 },
 "right_answers": {
  "count": 0,
  "bits": ""
 },
 "taps": [],
 "inference": null,
 "machine": {
  "isa": "avx512_core",
  "kernels": "oneDNN 2.6.3"
 },
 "timings": {
  "seconds": 12.5,
  "train_seconds": 10.0,
  "evaluate_seconds": 2.5,
  "tap_seconds": 0.0,
  "images_per_second": null,
  "started": "2024-05-06T07:08:09Z",
  "inference": null
 }
}
)");
}

TEST(TrialRecord, ComesBackAsItWas) {
  EXPECT_EQ(trial_from_json(to_json(example()), "x"), example());
  EXPECT_EQ(trial_from_json(to_json(diverged()), "x"), diverged());
  EXPECT_EQ(trial_from_json(to_json(tapped()), "x"), tapped());
  EXPECT_EQ(trial_from_json(to_json(TrialRecord{}), "x"), TrialRecord{});
  TrialRecord failed = example();
  failed.status = Status::failed;
  failed.reason = "quotes \" and \\ and \n and ü";
  failed.replicate = kTuningReplicates + 2;
  EXPECT_EQ(trial_from_json(to_json(failed), "x"), failed);
}

TEST(TrialRecord, NumbersComeBackBitByBit) {
  std::vector<double> numbers = {0.0,     -0.0,
                                 0.1,     1e-310,
                                 5e-324,  1.7976931348623157e308,
                                 1 / 3.0, 1e21,
                                 1e22,    9007199254740993.0,
                                 -1e-7};
  RandomSequence random(RandomKey{.seed = 3});
  while (numbers.size() < 2000) {
    const double number = std::bit_cast<double>(random.next());
    if (std::isfinite(number)) numbers.push_back(number);
  }
  TrialRecord record;
  record.epochs.resize(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) record.epochs[i].lr = numbers[i];
  const TrialRecord back = trial_from_json(to_json(record), "x");
  ASSERT_EQ(back.epochs.size(), numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back.epochs[i].lr),
              std::bit_cast<std::uint64_t>(numbers[i]));
  }
}

TEST(TrialRecord, ANumberThatIsNotFiniteIsNeverWritten) {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    TrialRecord record = example();
    record.metrics.train_loss = bad;
    record.epochs[0].train_loss = bad;
    const TrialRecord back = trial_from_json(to_json(record), "x");
    EXPECT_EQ(back.metrics.train_loss, std::nullopt);
    EXPECT_EQ(back.epochs[0].train_loss, std::nullopt);
    record.timings.seconds = bad;
    EXPECT_THROW(to_json(record), std::logic_error);
  }
}

TEST(TrialRecord, RightAnswersAreBitsInTheOrderOfNumPysPackbits) {
  const auto json = nlohmann::json::parse(to_json(example()));
  // numpy.packbits([1,0,1,1,0,0,0,1,1,1]).tobytes().hex()
  EXPECT_EQ(json["right_answers"]["bits"], "b1c0");
  EXPECT_EQ(json["right_answers"]["count"], 10);
  for (std::size_t count = 0; count < 40; ++count) {
    TrialRecord record;
    for (std::size_t i = 0; i < count; ++i) {
      record.right_answers.push_back(uniform(RandomKey{.seed = count}, i) < 0.5);
    }
    EXPECT_EQ(trial_from_json(to_json(record), "x").right_answers, record.right_answers) << count;
  }
}

TEST(TrialRecord, RefusesRightAnswersThatAreNoBits) {
  const auto complaint = [](const nlohmann::json& value) {
    return complaint_about(with("/right_answers", value));
  };
  EXPECT_EQ(complaint({{"count", 10}, {"bits", "b1c0"}}), "no error");
  EXPECT_EQ(complaint({{"count", 10}, {"bits", "b1c000"}}),
            "3.json: right_answers: expected 4 hexadecimal digits for 10 answers, found 6");
  EXPECT_THAT(complaint({{"count", 17}, {"bits", "b1c0"}}), HasSubstr("from 0 to 16, found 17"));
  EXPECT_THAT(complaint({{"count", 10}, {"bits", "b1c1"}}),
              HasSubstr("expected 0 behind the last answer"));
  EXPECT_THAT(complaint({{"count", 10}, {"bits", "b1C0"}}), HasSubstr("hexadecimal digits"));
  EXPECT_THAT(complaint({{"count", -1}, {"bits", ""}}), HasSubstr("whole number"));
  EXPECT_THAT(complaint({{"count", 1e300}, {"bits", ""}}), HasSubstr("whole number"));
}

TEST(TrialRecord, AFileCutShortIsAnErrorAtEveryByte) {
  for (const TrialRecord& record : {example(), diverged(), tapped()}) {
    const std::string text = to_json(record);
    for (std::size_t length = 0; length + 1 < text.size(); ++length) {
      EXPECT_THAT(complaint_about(text.substr(0, length)), StartsWith("3.json: ")) << length;
    }
  }
}

TEST(TrialRecord, AWrongByteIsAnErrorOrAnotherRecordAndNeverACrash) {
  const std::string text = to_json(example());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char byte : {'\0', '"', '}', '9', '\xff', '\x1b'}) {
      std::string damaged = text;
      damaged[i] = byte;
      EXPECT_THAT(complaint_about(damaged), Not(HasSubstr("\x1b")));
    }
  }
}

TEST(TrialRecord, EveryFieldMustBeThereAndNoOther) {
  const auto json = nlohmann::json::parse(to_json(diverged()));
  const auto flat = json.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    const nlohmann::json::json_pointer place(pointer);
    // Files of older versions do not have these.
    const bool is_young = pointer == "/taps" || pointer == "/timings/tap_seconds" ||
                          pointer == "/inference" || pointer == "/timings/inference";
    if (is_young) continue;
    auto damaged = json;
    auto& parent = damaged[place.parent_pointer()];
    parent.erase(place.back());
    EXPECT_THAT(complaint_about(damaged.dump()), HasSubstr(place.back() + " is missing"));
    parent[place.back() + "x"] = value;
    parent[place.back()] = value;
    EXPECT_THAT(complaint_about(damaged.dump()), HasSubstr("unknown key '" + place.back() + "x'"));
  }
}

TEST(TrialRecord, SaysWhereATypeIsWrong) {
  EXPECT_EQ(complaint_about(with("/epochs/1/lr", "fast")),
            "3.json: epochs[1].lr: expected a number, found \"fast\"");
  EXPECT_EQ(complaint_about(with("/epochs/0/epoch", 1.5)),
            "3.json: epochs[0].epoch: expected a whole number from 0 to 2147483647, found 1.5");
  EXPECT_EQ(complaint_about(with("/metrics/test_loss", true)),
            "3.json: metrics.test_loss: expected a number or null, found true");
  EXPECT_EQ(complaint_about(with("/status", "dead")),
            "3.json: status: expected done, diverged or failed, found \"dead\"");
  EXPECT_EQ(complaint_about(with("/arm", nullptr)), "3.json: arm: expected a string, found null");
  EXPECT_EQ(complaint_about(with("/epochs", 3)), "3.json: epochs: expected a list, found 3");
  EXPECT_EQ(complaint_about(with("/timings", nlohmann::json::array())),
            "3.json: timings: expected an object, found a list");
  EXPECT_EQ(complaint_about(with("/diverged_at", "units.3.bn")),
            "3.json: diverged_at: expected an object, found \"units.3.bn\"");
  EXPECT_EQ(complaint_about(with("/replicate", -1)),
            "3.json: replicate: expected a whole number from 0 to 1000000000, found -1");
}

TEST(TrialRecord, RefusesAnotherForm) {
  EXPECT_EQ(complaint_about("{\"format\": 2}"),
            "3.json: format: expected 1, the form that this version reads and writes, found 2");
  EXPECT_EQ(complaint_about("{}"), "3.json: format is missing");
  EXPECT_EQ(complaint_about("[]"), "3.json: expected an object, found a list");
  EXPECT_EQ(complaint_about("{\"format\": 1, \"format\": 1}"), "3.json: duplicate key 'format'");
  EXPECT_THAT(complaint_about("{\"format\": 1e999}"), StartsWith("3.json: expected JSON: "));
  EXPECT_THAT(complaint_about(to_json(example()) + "{"), StartsWith("3.json: expected JSON: "));
}

TEST(TrialRecord, TakesNoTapsThatCannotBe) {
  const auto complaint_with = [](const std::string& pointer, const nlohmann::json& value) {
    auto json = nlohmann::ordered_json::parse(to_json(tapped()));
    json[nlohmann::ordered_json::json_pointer(pointer)] = value;
    return complaint_about(json.dump());
  };
  EXPECT_THAT(complaint_with("/taps/0/values/0/zero_share", 1.5),
              HasSubstr("taps[0].values[0].zero_share: expected a share from 0 to 1"));
  EXPECT_THAT(complaint_with("/taps/0/values/0/histogram/first", 600), HasSubstr("whole number"));
  EXPECT_THAT(complaint_with("/taps/0/values/0/histogram/counts/0", std::int64_t{1} << 50),
              HasSubstr("whole number"));
  auto json = nlohmann::ordered_json::parse(to_json(tapped()));
  json["taps"][0]["values"][0]["place"] = "\x1b[31mEVIL";
  EXPECT_THAT(trial_from_json(json.dump(), "x").taps[0].values[0].place, Not(HasSubstr("\x1b")));
}

TEST(TrialRecord, RefusesDeepNesting) {
  EXPECT_EQ(complaint_about(std::string(1'000'000, '[')),
            "3.json: expected at most 8 levels, found more");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(complaint_about(objects), "3.json: expected at most 8 levels, found more");
}

TEST(ProgressLine, IsOneLine) {
  EXPECT_EQ(progress_line("2026-03-01T12:00:00Z", "bn-first", 3, example().epochs[1]),
            "{\"time\":\"2026-03-01T12:00:00Z\",\"arm\":\"bn-first\",\"replicate\":3,\"epoch\":2,"
            "\"lr\":0.025,\"train_loss\":0.5,"
            "\"train_accuracy\":null,\"val_loss\":0.75,\"val_accuracy\":null}\n");
}

TEST(ProgressLine, TellsTheLastEpochOfATrialAmongOthers) {
  std::string lines;
  const auto add = [&](const char* arm, std::uint64_t replicate, int epoch) {
    EpochMetrics metrics;
    metrics.epoch = epoch;
    lines += progress_line("t", arm, replicate, metrics);
  };
  for (int epoch = 1; epoch <= 12; ++epoch) {
    add("a", 3, epoch);
    add("a@0.1", 3, 1);
    add("a", kTuningReplicates + 3, 2);
  }
  EXPECT_EQ(last_epoch(lines, "a", 3), 12);
  EXPECT_EQ(last_epoch(lines, "a@0.1", 3), 1);
  EXPECT_EQ(last_epoch(lines, "a", kTuningReplicates + 3), 2);
  EXPECT_EQ(last_epoch(lines, "a", 33), 0);
  add("b", 1, 1);
  EXPECT_EQ(last_epoch(std::string_view(lines).substr(0, lines.find("\"b\"") + 4), "b", 1), 0);
  EXPECT_EQ(last_epoch(lines, "b", 1), 1);
}

TEST(Metrics, AreFoundByTheirNames) {
  const Metrics metrics{1, 2, 3, 4, 5, std::nullopt};
  EXPECT_EQ(metric_value(metrics, "test_accuracy"), 1);
  EXPECT_EQ(metric_value(metrics, "test_loss"), 2);
  EXPECT_EQ(metric_value(metrics, "train_accuracy"), 3);
  EXPECT_EQ(metric_value(metrics, "train_loss"), 4);
  EXPECT_EQ(metric_value(metrics, "val_accuracy"), 5);
  EXPECT_EQ(metric_value(metrics, "val_loss"), std::nullopt);
  EXPECT_THROW(metric_value(metrics, "accuracy"), std::logic_error);
}

}  // namespace
}  // namespace whichfirst::record
