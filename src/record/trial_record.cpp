#include "record/trial_record.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "record/inference_json.h"
#include "record/json_reader.h"
#include "record/json_writer.h"
#include "record/tap_json.h"
#include "record/version.h"

namespace whichfirst::record {
namespace {

using nlohmann::ordered_json;

constexpr const char* kVerdict = "verdict";
constexpr const char* kTuning = "tuning";
constexpr int kMaxDepth = 8;
constexpr std::uint64_t kMostWhole = std::numeric_limits<std::int64_t>::max();
constexpr std::array kStatuses = {Status::done, Status::diverged, Status::failed};
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string to_hex_bits(const std::vector<std::uint8_t>& flags) {
  std::string hex((flags.size() + 7) / 8 * 2, '0');
  for (std::size_t i = 0; i < flags.size(); i += 4) {
    unsigned digit = 0;
    for (std::size_t bit = 0; bit < 4; ++bit) {
      digit = digit << 1 | (i + bit < flags.size() && flags[i + bit] != 0 ? 1U : 0U);
    }
    hex[i / 4] = kHexDigits[digit];
  }
  return hex;
}

std::vector<std::uint8_t> from_hex_bits(const JsonValue& json) {
  json.expect_only({"count", "bits"});
  const std::string hex = json.at("bits").text();
  const std::uint64_t count = json.at("count").whole(hex.size() * 4);
  if ((count + 7) / 8 * 2 != hex.size()) {
    json.fail(fmt::format("expected {} hexadecimal digits for {} answers, found {}",
                          (count + 7) / 8 * 2, count, hex.size()));
  }
  std::vector<std::uint8_t> flags(hex.size() * 4);
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const std::size_t digit = kHexDigits.find(hex[i / 4]);
    if (digit == std::string_view::npos) json.at("bits").fail_expected("hexadecimal digits");
    flags[i] = static_cast<std::uint8_t>(digit >> (3 - i % 4) & 1U);
    if (i >= count && flags[i] != 0) json.at("bits").fail_expected("0 behind the last answer");
  }
  flags.resize(count);
  return flags;
}

ordered_json json_of(const EpochMetrics& epoch) {
  return {{"epoch", epoch.epoch},
          {"lr", finite(epoch.lr)},
          {"train_loss", or_null(epoch.train_loss)},
          {"train_accuracy", or_null(epoch.train_accuracy)},
          {"val_loss", or_null(epoch.val_loss)},
          {"val_accuracy", or_null(epoch.val_accuracy)}};
}

EpochMetrics epoch_from(const JsonValue& json) {
  json.expect_only({"epoch", "lr", "train_loss", "train_accuracy", "val_loss", "val_accuracy"});
  return {.epoch = json.at("epoch").small_whole(),
          .lr = json.at("lr").number(),
          .train_loss = json.at("train_loss").optional_number(),
          .train_accuracy = json.at("train_accuracy").optional_number(),
          .val_loss = json.at("val_loss").optional_number(),
          .val_accuracy = json.at("val_accuracy").optional_number()};
}

Status status_from(const JsonValue& json) {
  const std::string word = json.text();
  for (const Status status : kStatuses) {
    if (name(status) == word) return status;
  }
  json.fail_expected("done, diverged or failed");
}

std::optional<DivergedAt> diverged_at_from(const JsonValue& json) {
  if (json.is_null()) return std::nullopt;
  json.expect_only({"epoch", "step", "stage"});
  return DivergedAt{.epoch = json.at("epoch").small_whole(),
                    .step = static_cast<std::int64_t>(json.at("step").whole(kMostWhole)),
                    .stage = json.at("stage").text()};
}

Metrics metrics_from(const JsonValue& json) {
  json.expect_only(
      {"test_accuracy", "test_loss", "train_accuracy", "train_loss", "val_accuracy", "val_loss"});
  Metrics metrics;
  for (const MetricName& metric : kMetricNames) {
    metrics.*metric.member = json.at(metric.name).optional_number();
  }
  return metrics;
}

Timings timings_from(const JsonValue& json) {
  json.expect_only({"seconds", "train_seconds", "evaluate_seconds", "tap_seconds",
                    "images_per_second", "started", "inference"});
  return {.seconds = json.at("seconds").number(),
          .train_seconds = json.at("train_seconds").number(),
          .evaluate_seconds = json.at("evaluate_seconds").number(),
          .tap_seconds = json.has("tap_seconds") ? json.at("tap_seconds").number() : 0,
          .images_per_second = json.at("images_per_second").optional_number(),
          .started = json.at("started").text(),
          .inference =
              json.has("inference") ? inference_timings_from(json.at("inference")) : std::nullopt};
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::done:
      return "done";
    case Status::diverged:
      return "diverged";
    case Status::failed:
      return "failed";
  }
  check(false, "a status is one of three");
  return "";
}

std::optional<double> metric_value(const Metrics& metrics, std::string_view metric) {
  for (const MetricName& known : kMetricNames) {
    if (known.name == metric) return metrics.*known.member;
  }
  check(false, "a metric has one of the known names");
  return std::nullopt;
}

std::string replicate_name(std::uint64_t replicate) {
  return is_tuning(replicate) ? fmt::format("tuning-{}", replicate - kTuningReplicates)
                              : std::to_string(replicate);
}

std::string to_json(const TrialRecord& record) {
  const bool tunes = is_tuning(record.replicate);
  ordered_json diverged_at = nullptr;
  if (record.diverged_at) {
    diverged_at = {{"epoch", record.diverged_at->epoch},
                   {"step", record.diverged_at->step},
                   {"stage", record.diverged_at->stage}};
  }
  ordered_json metrics;
  for (const MetricName& metric : kMetricNames) {
    metrics[std::string(metric.name)] = or_null(record.metrics.*metric.member);
  }
  ordered_json epochs = ordered_json::array();
  for (const EpochMetrics& epoch : record.epochs) epochs.push_back(json_of(epoch));
  const Timings& timings = record.timings;
  const ordered_json json = {
      {"format", kFormatVersion},
      {"version", record.version},
      {"study", record.study},
      {"arm", record.arm},
      {"order", record.order},
      {"lr", finite(record.lr)},
      {"purpose", tunes ? kTuning : kVerdict},
      {"replicate", tunes ? record.replicate - kTuningReplicates : record.replicate},
      {"status", name(record.status)},
      {"reason", or_null(record.reason)},
      {"diverged_at", diverged_at},
      {"metrics", metrics},
      {"epochs", epochs},
      {"hashes",
       {{"data", record.hashes.data},
        {"data_order", record.hashes.data_order},
        {"initial_weights", record.hashes.initial_weights}}},
      {"right_answers",
       {{"count", record.right_answers.size()}, {"bits", to_hex_bits(record.right_answers)}}},
      {"taps", document(record.taps)},
      {"inference", document(record.inference)},
      {"machine", {{"isa", record.machine.isa}, {"kernels", record.machine.kernels}}},
      {"timings",
       {{"seconds", finite(timings.seconds)},
        {"train_seconds", finite(timings.train_seconds)},
        {"evaluate_seconds", finite(timings.evaluate_seconds)},
        {"tap_seconds", finite(timings.tap_seconds)},
        {"images_per_second", or_null(timings.images_per_second)},
        {"started", timings.started},
        {"inference", document(timings.inference)}}}};
  return print_json(json, 1);
}

TrialRecord from_json(std::string_view text, const std::string& label) {
  const nlohmann::json document = parse_json(text, label, kMaxDepth);
  const JsonValue json(document, label);
  // The form comes first: of another form nothing else is known.
  if (json.at("format").whole(kMostWhole) != kFormatVersion) {
    json.at("format").fail_expected(
        fmt::format("{}, the form that this version reads and writes", kFormatVersion));
  }
  json.expect_only({"format", "version", "study", "arm", "order", "lr", "purpose", "replicate",
                    "status", "reason", "diverged_at", "metrics", "epochs", "hashes",
                    "right_answers", "taps", "inference", "machine", "timings"});
  TrialRecord record;
  record.version = json.at("version").text();
  record.study = json.at("study").text();
  record.arm = json.at("arm").text();
  record.order = json.at("order").text();
  record.lr = json.at("lr").number();
  record.replicate = json.at("replicate").whole(kTuningReplicates);
  const std::string purpose = json.at("purpose").text();
  if (purpose == kTuning) {
    record.replicate += kTuningReplicates;
  } else if (purpose != kVerdict) {
    json.at("purpose").fail_expected("verdict or tuning");
  }
  record.status = status_from(json.at("status"));
  if (!json.at("reason").is_null()) record.reason = json.at("reason").text();
  record.diverged_at = diverged_at_from(json.at("diverged_at"));
  record.metrics = metrics_from(json.at("metrics"));
  record.epochs = list_of<EpochMetrics>(json.at("epochs"), epoch_from);
  const JsonValue hashes = json.at("hashes");
  hashes.expect_only({"data", "data_order", "initial_weights"});
  record.hashes = {.data = hashes.at("data").text(),
                   .data_order = hashes.at("data_order").text(),
                   .initial_weights = hashes.at("initial_weights").text()};
  record.right_answers = from_hex_bits(json.at("right_answers"));
  // Trials of versions that did not look inside have none.
  if (json.has("taps")) record.taps = taps_from(json.at("taps"));
  if (json.has("inference")) record.inference = inference_from(json.at("inference"));
  const JsonValue machine = json.at("machine");
  machine.expect_only({"isa", "kernels"});
  record.machine = {.isa = machine.at("isa").text(), .kernels = machine.at("kernels").text()};
  record.timings = timings_from(json.at("timings"));
  return record;
}

std::string progress_line(std::string_view arm, std::uint64_t replicate,
                          const EpochMetrics& epoch) {
  ordered_json json = {{"arm", arm}, {"replicate", replicate}};
  if (is_tuning(replicate)) json["replicate"] = replicate_name(replicate);
  json.update(json_of(epoch));
  return print_json(json, -1);
}

}  // namespace whichfirst::record
