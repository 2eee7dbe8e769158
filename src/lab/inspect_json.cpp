#include <fmt/format.h>

#include "json/fields.h"
#include "lab/inspect.h"

namespace whichfirst::lab {
namespace {

using json::among;
using json::custom;
using json::derived;
using json::field;
using json::Fields;
using json::Writer;
using measure::Summary;
using Numbers = json::ListOf<double, json::NumberOrNull>;

const Fields<Summary> kSummaryFields = {
    derived<&Summary::mean>("mean", "of the finite values, as all that follows"),
    derived<&Summary::sd>("sd", "divides by n"),
    derived<&Summary::skewness>("skewness", "null where all values are equal"),
    derived<&Summary::kurtosis>("kurtosis", "3 for a Gaussian; null likewise"),
    derived<&Summary::least>("min", "smallest value"),
    derived<&Summary::largest>("max", "largest value"),
    derived<&Summary::zero_share>("zero_share", "zeros, in [0, 1]"),
    derived<&Summary::negative_share>("negative_share", "values below 0, in [0, 1]"),
    derived<&Summary::count>("count", "finite values"),
    derived<&Summary::nan_count>("nan_count", "NaN goes through the stages as in PyTorch"),
    derived<&Summary::infinite_count>("infinite_count", "infinite values"),
};

const Fields<measure::Histogram> kHistogramFields = {
    field<&measure::Histogram::edges, Numbers>("edges", "over the stage's range"),
    field<&measure::Histogram::counts>("counts", "of 32 bins"),
};

const Fields<Description> kDescriptionFields = {
    among<&Description::summary>(kSummaryFields),
    custom<Description>("quantiles", "object of numbers",
                        "by share, between two values in proportion, as `numpy.quantile`",
                        [](const Description& description, Writer& writer) {
                          writer.begin_object();
                          for (std::size_t i = 0; i < description.quantiles.size(); ++i) {
                            writer.key(fmt::format("{:g}", kQuantileShares[i]));
                            writer.number_or_null(description.quantiles[i]);
                          }
                          writer.end_object();
                        }),
    field<&Description::histogram>("histogram", kHistogramFields, "of the finite values"),
};

std::vector<int> shape_of(const StageValues& stage) {
  std::vector<int> shape = stage.values.shape.extents();
  if (stage.values.count > 1) shape.insert(shape.begin(), stage.values.count);
  return shape;
}

const Fields<StageValues> kValuesFields = {
    derived<StageValues>("shape", "C, H, W, of several images N, C, H, W; of vectors (N,) C",
                         [](const StageValues& stage) { return shape_of(stage); }),
    custom<StageValues>("values", "list of (number or null)", "null in whole beyond 4,096 of them",
                        [](const StageValues& stage, Writer& writer) {
                          const std::vector<double>& values = stage.values.values;
                          values.size() > kMostWrittenValues ? writer.null()
                                                             : Numbers::write(values, writer);
                        }),
    field<&StageValues::offset>("values_offset", "of the first one in the file of `--values-out`"),
    field<&StageValues::all>("all", kDescriptionFields, "all values together"),
    custom<StageValues>("channels", "list of (object or null)", "the same by channel, up to 1,024",
                        [](const StageValues& stage, Writer& writer) {
                          stage.channels.empty()
                              ? writer.null()
                              : json::write_part(kDescriptionFields.list, stage.channels, writer);
                        }),
};

const Fields<StageValues> kStageFields = {
    field<&StageValues::tap>("tap", "`bn`, or `bn.1` where the order has several"),
    field<&StageValues::text>("stage", "as built: `conv(16, bias=on)`"),
    json::also(kValuesFields),
};

const Fields<OrderValues> kOrderFields = {
    field<&OrderValues::name>("name", "the order in notation"),
    field<&OrderValues::stages>("stages", kStageFields, "of the order and of what follows it"),
};

const Fields<Claim> kClaimFields = {
    field<&Claim::a>("a", "an order"),
    field<&Claim::b, json::TextOrNull>("b", "another; null where the claim is about one"),
    field<&Claim::about>("about", "see below"),
    field<&Claim::question>("question", "in words"),
    derived<Claim>("answer", "`yes` or `no`; null where the values cannot tell",
                   [](const Claim& claim) {
                     return claim.answer ? std::optional<std::string>(*claim.answer ? "yes" : "no")
                                         : std::nullopt;
                   }),
    field<&Claim::text>("text", "the answer in a sentence, with the numbers"),
    custom<Claim>("numbers", "object of numbers", "what was measured, by name",
                  [](const Claim& claim, Writer& writer) {
                    writer.begin_object();
                    for (const auto& [name, number] : claim.numbers) {
                      writer.key(name);
                      writer.number_or_null(number);
                    }
                    writer.end_object();
                  }),
};

const Fields<Inspection> kInspectionFields = {
    json::group<Inspection>("input", "what the orders read",
                            {field<&Inspection::input_name>("name", "in words"),
                             among<&Inspection::input>(kValuesFields)}),
    field<&Inspection::then>("then", "stages that follow every order, in notation"),
    field<&Inspection::orders>("orders", kOrderFields, "one by one"),
    field<&Inspection::claims>("claims", kClaimFields, "measured"),
};

}  // namespace

std::string to_json(const Inspection& inspection) {
  return json::print(kInspectionFields, inspection, -1);
}

std::string inspection_table() { return json::print_table(kInspectionFields.list); }

std::vector<double> all_values(const Inspection& inspection) {
  std::vector<double> values = inspection.input.values.values;
  for (const OrderValues& order : inspection.orders) {
    for (const StageValues& stage : order.stages) {
      values.insert(values.end(), stage.values.values.begin(), stage.values.values.end());
    }
  }
  return values;
}

}  // namespace whichfirst::lab
