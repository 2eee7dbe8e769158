#include "record/trial_record.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"
#include "record/inference_fields.h"
#include "record/tap_fields.h"
#include "record/version.h"

namespace whichfirst::record {
namespace {

using json::field;

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

/// A bit for each image, in an object with their count.
struct Bits {
  std::uint64_t count = 0;
  std::string bits;
};
const json::Fields<Bits> kBits = {
    field<&Bits::count>("count", "test images"),
    field<&Bits::bits>("bits", "hexadecimal; image i is bit 7 - i % 8 of byte i / 8"),
};

struct RightAnswers {
  static void write(const std::vector<std::uint8_t>& flags, json::Writer& writer) {
    const Bits bits{.count = flags.size(), .bits = to_hex_bits(flags)};
    json::write_object(kBits.list, &bits, writer);
  }
  static std::vector<std::uint8_t> read(const json::Value& value) {
    Bits form;
    json::read_object(kBits.list, &form, value);
    const std::string& hex = form.bits;
    const std::uint64_t count = value.at("count").whole(hex.size() * 4);
    if ((count + 7) / 8 * 2 != hex.size()) {
      value.fail(fmt::format("expected {} hexadecimal digits for {} answers, found {}",
                             (count + 7) / 8 * 2, count, hex.size()));
    }
    std::vector<std::uint8_t> flags(hex.size() * 4);
    for (std::size_t i = 0; i < flags.size(); ++i) {
      const std::size_t digit = kHexDigits.find(hex[i / 4]);
      if (digit == std::string_view::npos) value.at("bits").fail_expected("hexadecimal digits");
      flags[i] = static_cast<std::uint8_t>(digit >> (3 - i % 4) & 1U);
      if (i >= count && flags[i] != 0) value.at("bits").fail_expected("0 behind the last answer");
    }
    flags.resize(count);
    return flags;
  }
  static std::string type() { return "object"; }
};

const json::Fields<EpochMetrics> kEpoch = {
    field<&EpochMetrics::epoch>("epoch", "from 1"),
    field<&EpochMetrics::lr>("lr", "learning rate of the epoch's last step"),
    field<&EpochMetrics::train_loss>("train_loss", "mean over the epoch's batches"),
    field<&EpochMetrics::train_accuracy>("train_accuracy", "in percent"),
    field<&EpochMetrics::val_loss>("val_loss", "on the validation part"),
    field<&EpochMetrics::val_accuracy>("val_accuracy", "in percent"),
};

const json::Fields<DivergedAt> kDivergedAt = {
    field<&DivergedAt::epoch>("epoch", "from 1"),
    field<&DivergedAt::step>("step", "from 1, over all epochs"),
    field<&DivergedAt::stage>("stage", "its path, or `loss`"),
};

const json::Fields<Metrics> kMetrics = {
    field<&Metrics::test_accuracy>("test_accuracy", "in percent"),
    field<&Metrics::test_loss>("test_loss", "mean cross-entropy"),
    field<&Metrics::train_accuracy>("train_accuracy", "of the last epoch"),
    field<&Metrics::train_loss>("train_loss", "of the last epoch"),
    field<&Metrics::val_accuracy>("val_accuracy", "of the last epoch"),
    field<&Metrics::val_loss>("val_loss", "of the last epoch"),
};

const json::Fields<TrialHashes> kHashes = {
    field<&TrialHashes::data>("data", "of the selected pictures and labels"),
    field<&TrialHashes::data_order>("data_order", "of all epochs"),
    field<&TrialHashes::initial_weights>("initial_weights", "of the shared roles"),
};

const json::Fields<Machine> kMachine = {
    field<&Machine::isa>("isa", "instruction set that the kernels use"),
    field<&Machine::kernels>("kernels", "library and version"),
};

const json::Fields<Timings> kTimings = {
    field<&Timings::seconds>("seconds", "of the whole trial"),
    field<&Timings::train_seconds>("train_seconds", "of training"),
    field<&Timings::evaluate_seconds>("evaluate_seconds", "of evaluation"),
    field<&Timings::tap_seconds>("tap_seconds", "of looking inside").absent_in_older(),
    field<&Timings::images_per_second>("images_per_second", "of training"),
    field<&Timings::started>("started", "ISO 8601, UTC"),
    field<&Timings::inference>("inference", kInferenceTimings, "of a folded trial")
        .absent_in_older(),
};

/// In memory replicates for tuning are those above kTuningReplicates.
const auto kPurpose = json::custom<TrialRecord>(
    "purpose", "verdict or tuning", "what the trial is for",
    [](const TrialRecord& record, json::Writer& writer) {
      writer.text(is_tuning(record.replicate) ? "tuning" : "verdict");
    },
    [](TrialRecord& record, const json::Value& value) {
      const std::string purpose = value.text();
      if (purpose != "tuning" && purpose != "verdict") value.fail_expected("verdict or tuning");
      record.replicate = purpose == "tuning" ? kTuningReplicates : 0;
    });
const auto kReplicate = json::custom<TrialRecord>(
    "replicate", "whole number", "from 1, among those of this purpose",
    [](const TrialRecord& record, json::Writer& writer) {
      writer.whole(is_tuning(record.replicate) ? record.replicate - kTuningReplicates
                                               : record.replicate);
    },
    [](TrialRecord& record, const json::Value& value) {
      record.replicate += value.whole(kTuningReplicates);
    });

}  // namespace

const json::Fields<TrialRecord> kTrialFields = {
    json::form_version<TrialRecord, kFormatVersion>(),
    field<&TrialRecord::version>("version", "of the program"),
    field<&TrialRecord::study>("study", "hash of the study"),
    field<&TrialRecord::arm>("arm", "name of the order, with its rate where there are several"),
    field<&TrialRecord::order>("order", "canonical notation"),
    field<&TrialRecord::lr>("lr", "learning rate of the recipe"),
    kPurpose,
    kReplicate,
    field<&TrialRecord::status, json::Words<Status::done, Status::diverged, Status::failed>>(
        "status", "how it ended"),
    field<&TrialRecord::reason>("reason", "why it is not done"),
    field<&TrialRecord::diverged_at>("diverged_at", kDivergedAt,
                                     "where the first number was not finite"),
    field<&TrialRecord::metrics>("metrics", kMetrics,
                                 "final ones; of training the means over the last epoch as it ran"),
    field<&TrialRecord::epochs>("epochs", kEpoch, "one for each"),
    field<&TrialRecord::hashes>("hashes", kHashes, "what both trials of a pair must share"),
    field<&TrialRecord::right_answers, RightAnswers>(
        "right_answers", "1 where a test image is right, the first image in the highest bit"),
    field<&TrialRecord::taps>("taps", kEpochTaps, "what was seen inside: [lab.md](lab.md)")
        .absent_in_older(),
    field<&TrialRecord::inference>("inference", kInferenceFields,
                                   "the network with its bn folded; null where it was not tested")
        .absent_in_older(),
    field<&TrialRecord::machine>("machine", kMachine, "what it ran on"),
    field<&TrialRecord::timings>("timings", kTimings, "the only part that may differ between runs"),
};

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

std::string to_json(const TrialRecord& record) { return json::print(kTrialFields, record); }

TrialRecord trial_from_json(std::string_view text, const std::string& label) {
  return json::parse(kTrialFields, text, label);
}

std::string trial_table() { return json::print_table(kTrialFields.list); }

namespace {

/// The beginning of a progress line, behind its time.
std::string progress_place(std::string_view arm, std::uint64_t replicate) {
  json::Writer writer(-1);
  writer.begin_object();
  writer.key("arm");
  writer.text(arm);
  writer.key("replicate");
  is_tuning(replicate) ? writer.text(replicate_name(replicate)) : writer.whole(replicate);
  writer.end_object();
  std::string text = writer.take();
  return text.substr(1, text.size() - 2);
}

}  // namespace

std::string progress_line(std::string_view time, std::string_view arm, std::uint64_t replicate,
                          const EpochMetrics& epoch) {
  json::Writer writer(-1);
  writer.begin_object();
  json::write_parts(kEpoch.list, &epoch, writer);
  writer.end_object();
  return fmt::format("{{\"time\":\"{}\",{},{}\n", time, progress_place(arm, replicate),
                     writer.take().substr(1));
}

int last_epoch(std::string_view lines, std::string_view arm, std::uint64_t replicate) {
  const std::string place = progress_place(arm, replicate) + ",\"epoch\":";
  const std::size_t found = lines.rfind(place);
  if (found == std::string_view::npos) return 0;
  int epoch = 0;
  const std::string_view digits = lines.substr(found + place.size());
  std::from_chars(digits.data(), digits.data() + digits.size(), epoch);
  return epoch;
}

}  // namespace whichfirst::record
