#include "record/tap_record.h"

#include <fmt/format.h>

#include <limits>

#include "record/json_writer.h"
#include "record/printable.h"
#include "record/tap_json.h"

namespace whichfirst::record {
namespace {

using measure::Moments;
using nlohmann::ordered_json;

constexpr std::uint64_t kMostValues = std::uint64_t{1} << 40;
constexpr std::size_t kLongestPlace = 200;

std::string place_from(const JsonValue& json) {
  return printable(json.at("place").text(), kLongestPlace);
}

bool has_values(const Moments& moments) { return moments.count > 0; }
bool has_spread(const Moments& moments) { return moments.count > 0 && moments.sd > 0; }

std::optional<double> if_any(const ValueTap& tap, double value) {
  return has_values(tap.moments) ? std::optional(value) : std::nullopt;
}
std::optional<double> if_spread(const ValueTap& tap, double value) {
  return has_spread(tap.moments) ? std::optional(value) : std::nullopt;
}

constexpr TapStatistic kStatistics[] = {
    {"mean", "mean", [](const ValueTap& t) { return if_any(t, t.moments.mean); }},
    {"sd", "standard deviation", [](const ValueTap& t) { return if_any(t, t.moments.sd); }},
    {"skewness", "skewness", [](const ValueTap& t) { return if_spread(t, t.moments.skewness); }},
    {"kurtosis", "kurtosis", [](const ValueTap& t) { return if_spread(t, t.moments.kurtosis); }},
    {"zero_share", "share of zeros",
     [](const ValueTap& t) { return if_any(t, t.moments.zero_share); }},
    {"negative_share", "share below zero",
     [](const ValueTap& t) { return if_any(t, t.moments.negative_share); }},
    {"median", "median",
     [](const ValueTap& t) {
       return t.quantiles.empty() ? std::nullopt : std::optional(t.quantiles[3]);
     }},
    {"saturation", "saturation", [](const ValueTap& t) { return t.saturation; }},
    {"channel_skewness", "skewness by channel",
     [](const ValueTap& t) { return t.channel_skewness; }},
    {"dead_share", "share of dead channels",
     [](const ValueTap& t) { return if_any(t, t.dead_share); }},
    {"condition", "condition of what is read", [](const ValueTap& t) { return t.condition; }},
    {"mean_gap", "batch mean against running mean", [](const ValueTap& t) { return t.mean_gap; }},
    {"variance_gap", "batch variance against running variance",
     [](const ValueTap& t) { return t.variance_gap; }},
    {"weight_norm", "norm of the weights", nullptr,
     [](const WeightTap& t) { return t.weight_norm; }},
    {"gradient_norm", "norm of the gradient", nullptr,
     [](const WeightTap& t) { return t.gradient_norm; }},
    {"update_ratio", "update against weights", nullptr,
     [](const WeightTap& t) { return t.update_ratio; }},
};

ordered_json document(const ValueTap& tap) {
  ordered_json json = {{"place", tap.place}};
  json.update(record::document(tap.moments));
  json["quantiles"] = tap.quantiles;
  json["histogram"] = record::document(tap.histogram);
  json["saturation"] = or_null(tap.saturation);
  json["channel_skewness"] = or_null(tap.channel_skewness);
  json["dead_share"] = tap.dead_share;
  json["condition"] = or_null(tap.condition);
  json["mean_gap"] = or_null(tap.mean_gap);
  json["variance_gap"] = or_null(tap.variance_gap);
  return json;
}

ValueTap value_tap_from(const JsonValue& json) {
  json.expect_only({"place",      "count",     "nan_count",  "infinite_count",
                    "mean",       "sd",        "skewness",   "kurtosis",
                    "min",        "max",       "zero_share", "negative_share",
                    "quantiles",  "histogram", "saturation", "channel_skewness",
                    "dead_share", "condition", "mean_gap",   "variance_gap"});
  ValueTap tap{.place = place_from(json),
               .moments = moments_from(json),
               .histogram = histogram_from(json.at("histogram")),
               .quantiles = {},
               .saturation = json.at("saturation").optional_number(),
               .channel_skewness = json.at("channel_skewness").optional_number(),
               .dead_share = json.at("dead_share").number(),
               .condition = json.at("condition").optional_number(),
               .mean_gap = json.at("mean_gap").optional_number(),
               .variance_gap = json.at("variance_gap").optional_number()};
  const JsonValue quantiles = json.at("quantiles");
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    tap.quantiles.push_back(quantiles.at(i).number());
  }
  if (!tap.quantiles.empty() && tap.quantiles.size() != kTapQuantiles.size()) {
    quantiles.fail(fmt::format("expected {} numbers or none", kTapQuantiles.size()));
  }
  return tap;
}

ordered_json document(const WeightTap& tap) {
  return {{"place", tap.place},
          {"weight_norm", or_null(tap.weight_norm)},
          {"gradient_norm", or_null(tap.gradient_norm)},
          {"update_ratio", or_null(tap.update_ratio)}};
}

WeightTap weight_tap_from(const JsonValue& json) {
  json.expect_only({"place", "weight_norm", "gradient_norm", "update_ratio"});
  return {.place = place_from(json),
          .weight_norm = json.at("weight_norm").optional_number(),
          .gradient_norm = json.at("gradient_norm").optional_number(),
          .update_ratio = json.at("update_ratio").optional_number()};
}

EpochTaps epoch_taps_from(const JsonValue& json) {
  json.expect_only({"epoch", "training_loss", "evaluation_loss", "values", "weights"});
  return {.epoch = json.at("epoch").small_whole(),
          .training_loss = json.at("training_loss").optional_number(),
          .evaluation_loss = json.at("evaluation_loss").optional_number(),
          .values = list_of<ValueTap>(json.at("values"), value_tap_from),
          .weights = list_of<WeightTap>(json.at("weights"), weight_tap_from)};
}

template <class Element>
ordered_json list_document(const std::vector<Element>& elements) {
  ordered_json list = ordered_json::array();
  for (const Element& element : elements) list.push_back(document(element));
  return list;
}

}  // namespace

std::span<const TapStatistic> tap_statistics() { return kStatistics; }

ordered_json document(const Moments& moments) {
  const auto if_values = [&](double value) -> ordered_json {
    return has_values(moments) ? or_null(std::optional(value)) : nullptr;
  };
  const auto if_spread = [&](double value) -> ordered_json {
    return has_spread(moments) ? or_null(std::optional(value)) : nullptr;
  };
  return {{"count", moments.count},
          {"nan_count", moments.nan_count},
          {"infinite_count", moments.infinite_count},
          {"mean", if_values(moments.mean)},
          {"sd", if_values(moments.sd)},
          {"skewness", if_spread(moments.skewness)},
          {"kurtosis", if_spread(moments.kurtosis)},
          {"min", if_values(moments.least)},
          {"max", if_values(moments.largest)},
          {"zero_share", if_values(moments.zero_share)},
          {"negative_share", if_values(moments.negative_share)}};
}

ordered_json document(const measure::FloatHistogram& histogram) {
  const auto& counts = histogram.counts();
  std::size_t first = 0;
  std::size_t end = counts.size();
  while (end > 0 && counts[end - 1] == 0) --end;
  while (first < end && counts[first] == 0) ++first;
  ordered_json json = {{"first", first}, {"counts", ordered_json::array()}};
  for (std::size_t i = first; i < end; ++i) json["counts"].push_back(counts[i]);
  return json;
}

measure::FloatHistogram histogram_from(const JsonValue& json) {
  json.expect_only({"first", "counts"});
  const auto first = json.at("first").whole(measure::FloatHistogram::kBins);
  const JsonValue counts = json.at("counts");
  if (counts.size() > measure::FloatHistogram::kBins - first) {
    counts.fail(fmt::format("expected at most {} bins", measure::FloatHistogram::kBins - first));
  }
  measure::FloatHistogram histogram;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    histogram.set_count(first + i, static_cast<std::int64_t>(counts.at(i).whole(kMostValues)));
  }
  return histogram;
}

Moments moments_from(const JsonValue& json) {
  const auto number = [&](std::string_view key) {
    return json.at(key).optional_number().value_or(0);
  };
  const auto share = [&](std::string_view key) {
    const double value = number(key);
    if (!(value >= 0 && value <= 1)) json.at(key).fail_expected("a share from 0 to 1");
    return value;
  };
  const auto count = [&](std::string_view key) {
    return static_cast<std::int64_t>(json.at(key).whole(kMostValues));
  };
  return {.count = count("count"),
          .nan_count = count("nan_count"),
          .infinite_count = count("infinite_count"),
          .mean = number("mean"),
          .sd = number("sd"),
          .skewness = number("skewness"),
          .kurtosis = number("kurtosis"),
          .least = number("min"),
          .largest = number("max"),
          .zero_share = share("zero_share"),
          .negative_share = share("negative_share")};
}

ordered_json document(const std::vector<EpochTaps>& taps) {
  ordered_json list = ordered_json::array();
  for (const EpochTaps& epoch : taps) {
    list.push_back({{"epoch", epoch.epoch},
                    {"training_loss", or_null(epoch.training_loss)},
                    {"evaluation_loss", or_null(epoch.evaluation_loss)},
                    {"values", list_document(epoch.values)},
                    {"weights", list_document(epoch.weights)}});
  }
  return list;
}

std::vector<EpochTaps> taps_from(const JsonValue& json) {
  return list_of<EpochTaps>(json, epoch_taps_from);
}

}  // namespace whichfirst::record
