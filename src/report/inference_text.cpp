#include "report/inference_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace whichfirst::report {
namespace {

using record::FoldCounts;
using record::InferenceResult;

std::int64_t folded_of(const FoldCounts& counts) {
  return std::int64_t{counts.backward} + counts.forward;
}
std::int64_t bns_of(const FoldCounts& counts) { return folded_of(counts) + counts.kept; }

std::string folded_cell(const FoldCounts& counts) {
  if (bns_of(counts) == 0) return "no bn";
  return fmt::format("{} of {}", folded_of(counts), bns_of(counts));
}

std::string latency_cell(const InferenceResult& result) {
  if (!result.timings) return "-";
  return fmt::format("{:.3g} -> {:.3g} ms", 1e3 * result.timings->trained.latency_seconds,
                     1e3 * result.timings->folded.latency_seconds);
}

std::string rate_cell(const InferenceResult& result) {
  if (!result.timings) return "-";
  return fmt::format("{:.0f} -> {:.0f}", result.timings->trained.images_per_second,
                     result.timings->folded.images_per_second);
}

std::string memory_cell(const InferenceResult& result) {
  return fmt::format("{:.3g} -> {:.3g} MB", 1e-6 * static_cast<double>(result.trained.bytes),
                     1e-6 * static_cast<double>(result.folded.bytes));
}

std::string difference_cell(const InferenceResult& result) {
  if (!result.max_difference || !result.max_logit) return "-";
  return fmt::format("{:.1e} of {:.3g}", *result.max_difference, *result.max_logit);
}

/// "9 because it reads a sum, and relu reads it; 1 because ...".
std::string reasons_words(const InferenceResult& result) {
  std::vector<std::string> reasons;
  for (const record::KeptReason& kept : result.reasons) {
    reasons.push_back(fmt::format("{} because {}", kept.bns, kept.reason));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

}  // namespace

const char* const kInferenceTitle =
    "Inference on one core: as trained -> with bn folded into the weights";

Table inference_table(const record::VerdictRecord& verdict) {
  Table table({"order", "bn folded", "one picture", "pictures/s", "memory", "largest difference"},
              {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right});
  for (const InferenceResult& result : verdict.inference) {
    table.add({result.name, folded_cell(result.counts), latency_cell(result), rate_cell(result),
               memory_cell(result), difference_cell(result)});
  }
  return table;
}

std::vector<std::string> inference_remarks(const record::VerdictRecord& verdict) {
  std::vector<std::string> remarks;
  for (const InferenceResult& result : verdict.inference) {
    const FoldCounts& counts = result.counts;
    if (counts.bias_maps > 0) {
      remarks.push_back(fmt::format(
          "{} folds forward: {} of {} convolutions need a bias by position, because they pad.",
          result.name, counts.bias_maps, counts.convolutions));
    }
    if (counts.kept > 0) {
      remarks.push_back(fmt::format("{} keeps {} of {} bn: {}.", result.name, counts.kept,
                                    bns_of(counts), reasons_words(result)));
    }
  }
  return remarks;
}

std::string inference_part(const record::VerdictRecord& verdict) {
  if (verdict.inference.empty()) return "";
  std::string text = fmt::format("\n{}\n{}", kInferenceTitle, inference_table(verdict).print(2));
  for (const std::string& remark : inference_remarks(verdict)) text += "  " + remark + "\n";
  return text;
}

}  // namespace whichfirst::report
