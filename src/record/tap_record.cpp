#include "record/tap_record.h"

#include <fmt/format.h>

#include "record/tap_fields.h"

namespace whichfirst::record {
namespace {

using json::field;
using measure::Moments;

constexpr std::uint64_t kMostValues = std::uint64_t{1} << 40;
using Count = json::WholeNumber<std::int64_t, kMostValues>;
using PlaceText = json::PrintableText<200>;

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

/// A number of moments, which may not exist; a share lies in [0, 1].
enum class NumberKind { any, share };
template <double Moments::*kMember, bool (*kExists)(const Moments&),
          NumberKind kKind = NumberKind::any>
json::Field<Moments> number_where(std::string_view key, std::string_view meaning) {
  return json::custom<Moments>(
      key, "number or null", meaning,
      [](const Moments& moments, json::Writer& writer) {
        kExists(moments) ? writer.number_or_null(moments.*kMember) : writer.null();
      },
      [](Moments& moments, const json::Value& value) {
        const double number = value.optional_number().value_or(0);
        if (kKind == NumberKind::share && !(number >= 0 && number <= 1)) {
          value.fail_expected("a share from 0 to 1");
        }
        moments.*kMember = number;
      });
}

/// One for each of kTapQuantiles, or none.
struct Quantiles : json::Codec<std::vector<double>> {
  static std::vector<double> read(const json::Value& value) {
    std::vector<double> numbers = json::Codec<std::vector<double>>::read(value);
    if (!numbers.empty() && numbers.size() != kTapQuantiles.size()) {
      value.fail(fmt::format("expected {} numbers or none", kTapQuantiles.size()));
    }
    return numbers;
  }
};

struct Bins {
  std::uint64_t first = 0;
  std::vector<std::int64_t> counts;
};
const json::Fields<Bins> kBins = {
    field<&Bins::first, json::WholeNumber<std::uint64_t, measure::FloatHistogram::kBins>>(
        "first", "bin that holds something (measure/float_histogram.h)"),
    field<&Bins::counts, json::ListOf<std::int64_t, Count>>("counts", "of it and those behind it"),
};

const json::Fields<ValueTap> kValueTap = {
    field<&ValueTap::place, PlaceText>("place", "`units.3.conv`, `.norm`, `.act`, `.pool`"),
    json::among<&ValueTap::moments>(kMoments),
    field<&ValueTap::quantiles, Quantiles>("quantiles", "at 1, 5, 25, 50, 75, 95 and 99 %"),
    field<&ValueTap::histogram, HistogramForm>(
        "histogram", "8 bins per octave on both sides of 0: [lab.md](lab.md)"),
    field<&ValueTap::saturation>("saturation", "mean of the size / the largest size"),
    field<&ValueTap::channel_skewness>("channel_skewness", "mean over channels, without sign"),
    field<&ValueTap::dead_share>("dead_share", "channels that hold one value everywhere"),
    field<&ValueTap::condition>("condition", "largest / mean eigenvalue of what weights read"),
    field<&ValueTap::mean_gap>("mean_gap", "of a bn: batch against running mean"),
    field<&ValueTap::variance_gap>("variance_gap", "of a bn: batch against running variance"),
};

const json::Fields<WeightTap> kWeightTap = {
    field<&WeightTap::place, PlaceText>("place", "`units.3.conv`"),
    field<&WeightTap::weight_norm>("weight_norm", "over all numbers"),
    field<&WeightTap::gradient_norm>("gradient_norm", "of the probe's mean loss, without decay"),
    field<&WeightTap::update_ratio>("update_ratio", "change / weights, in the epoch's middle step"),
};

}  // namespace

std::span<const TapStatistic> tap_statistics() { return kStatistics; }

void HistogramForm::write(const measure::FloatHistogram& histogram, json::Writer& writer) {
  const auto& counts = histogram.counts();
  std::size_t first = 0;
  std::size_t end = counts.size();
  while (end > 0 && counts[end - 1] == 0) --end;
  while (first < end && counts[first] == 0) ++first;
  Bins bins{.first = first, .counts = {}};
  for (std::size_t i = first; i < end; ++i) bins.counts.push_back(counts[i]);
  json::write_object(kBins.list, &bins, writer);
}

measure::FloatHistogram HistogramForm::read(const json::Value& value) {
  Bins bins;
  json::read_object(kBins.list, &bins, value);
  const std::size_t most = measure::FloatHistogram::kBins - bins.first;
  if (bins.counts.size() > most) {
    value.at("counts").fail(fmt::format("expected at most {} bins", most));
  }
  measure::FloatHistogram histogram;
  for (std::size_t i = 0; i < bins.counts.size(); ++i) {
    histogram.set_count(bins.first + i, bins.counts[i]);
  }
  return histogram;
}

const json::Fields<Moments> kMoments = {
    field<&Moments::count, Count>("count", "finite values"),
    field<&Moments::nan_count, Count>("nan_count", "values that are NaN"),
    field<&Moments::infinite_count, Count>("infinite_count", "values that are infinite"),
    number_where<&Moments::mean, has_values>("mean", "of the finite values, as what follows"),
    number_where<&Moments::sd, has_values>("sd", "standard deviation"),
    number_where<&Moments::skewness, has_spread>("skewness", "m3 / m2^1.5"),
    number_where<&Moments::kurtosis, has_spread>("kurtosis", "m4 / m2^2"),
    number_where<&Moments::least, has_values>("min", "the smallest"),
    number_where<&Moments::largest, has_values>("max", "the largest"),
    number_where<&Moments::zero_share, has_values, NumberKind::share>("zero_share", "zeros"),
    number_where<&Moments::negative_share, has_values, NumberKind::share>("negative_share",
                                                                          "below zero"),
};

const json::Fields<EpochTaps> kEpochTaps = {
    field<&EpochTaps::epoch>("epoch", "from 1"),
    field<&EpochTaps::training_loss>("training_loss", "of the probe, with its own statistics"),
    field<&EpochTaps::evaluation_loss>("evaluation_loss", "of the probe, with running statistics"),
    field<&EpochTaps::values>("values", kValueTap, "what stages make of the probe's pictures"),
    field<&EpochTaps::weights>("weights", kWeightTap, "of the stages that have any"),
};

}  // namespace whichfirst::record
