#include "report/lab_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "json/printable.h"
#include "report/document.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kCurveWidth = 36;
// Up to these sizes a picture is shown as numbers.
constexpr int kMostGridSide = 8;
constexpr int kMostGridChannels = 3;
constexpr std::size_t kMostChannelLines = 8;

constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

/// The block for `share` in [0, 1].
const char* block(double share) {
  const auto level = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * 7));
  return kBlocks[level];
}

/// One image as numbers, channels below each other, columns aligned.
Lines grid_of(const reference::Tensor& tensor) {
  std::vector<std::string> cells;
  std::size_t width = 0;
  for (const double value : tensor.values) {
    cells.push_back(std::abs(value) < 5e-4 ? "0" : fmt::format("{:.3f}", value));
    if (value == std::round(value)) cells.back() = fmt::format("{:.0f}", value + 0.0);
    width = std::max(width, cells.back().size());
  }
  Lines lines;
  const auto columns = static_cast<std::size_t>(tensor.shape.width);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto pixels = static_cast<std::size_t>(tensor.shape.pixels());
    if (i % pixels == 0 && i > 0) lines.emplace_back();
    if (i % columns == 0) lines.emplace_back();
    lines.back() += fmt::format("{}{:>{}}", i % columns == 0 ? "" : " ", cells[i], width);
  }
  return lines;
}

bool fits_grid(const reference::Tensor& tensor) {
  return tensor.count == 1 && tensor.shape.channels <= kMostGridChannels &&
         std::max(tensor.shape.height, tensor.shape.width) <= kMostGridSide;
}

Lines describe(const lab::Description& description) {
  const measure::Summary& summary = description.summary;
  Lines lines = {
      fmt::format("mean {}  sd {}", lab_number(summary.mean()), lab_number(summary.sd())),
      fmt::format("skewness {}  kurtosis {}", lab_number(summary.skewness()),
                  lab_number(summary.kurtosis())),
      fmt::format("zeros {}  below 0 {}", lab_percent(summary.zero_share()),
                  lab_percent(summary.negative_share())),
      fmt::format("{} .. {}  {}", lab_number(summary.least()), lab_number(summary.largest()),
                  spark_histogram(description.histogram))};
  const std::int64_t others = summary.nan_count() + summary.infinite_count();
  if (others > 0) {
    lines.push_back(fmt::format("{} NaN, {} infinite, left out of these", summary.nan_count(),
                                summary.infinite_count()));
  }
  return lines;
}

std::string shape_words(const reference::Tensor& tensor) {
  const Shape& shape = tensor.shape;
  const std::string one = shape.is_vector
                              ? fmt::format("vector of {}", shape.channels)
                              : fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
  return tensor.count == 1 ? one : fmt::format("{} of {}", tensor.count, one);
}

/// A stage as lines: its name, the numbers where they are few, the curve, the statistics.
Lines block_of(const lab::StageValues& stage) {
  Lines lines = {fmt::format("{} ({})", stage.tap, shape_words(stage.values))};
  if (fits_grid(stage.values)) {
    for (std::string& line : grid_of(stage.values)) lines.push_back(std::move(line));
  }
  lines.push_back(spark_curve(stage.values.values, kCurveWidth));
  for (std::string& line : describe(stage.all)) lines.push_back(std::move(line));
  const std::size_t channels = stage.channels.size();
  if (channels < 2) return lines;
  for (std::size_t c = 0; c < std::min(channels, kMostChannelLines); ++c) {
    const measure::Summary& summary = stage.channels[c].summary;
    lines.push_back(fmt::format("channel {}: mean {} sd {} zeros {}", c, lab_number(summary.mean()),
                                lab_number(summary.sd()), lab_percent(summary.zero_share())));
  }
  if (channels > kMostChannelLines) {
    lines.push_back(fmt::format("... {} channels in --json and --html", channels));
  }
  return lines;
}

std::size_t width_of(const Lines& lines) {
  std::size_t width = 0;
  for (const std::string& line : lines) width = std::max(width, json::count_characters(line));
  return width;
}

/// Blocks beside each other in columns of `column` characters, three spaces apart.
std::string print_beside(const std::vector<Lines>& blocks, std::size_t column) {
  std::size_t height = 0;
  for (const Lines& block : blocks) height = std::max(height, block.size());
  std::string text;
  for (std::size_t row = 0; row < height; ++row) {
    std::string line;
    for (const Lines& block : blocks) {
      const std::string cell = row < block.size() ? block[row] : "";
      line += cell + std::string(column + 3 - json::count_characters(cell), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text + '\n';
}

}  // namespace

std::string spark_curve(std::span<const double> values, std::size_t most) {
  std::vector<double> points;
  const std::size_t count = std::min(values.size(), most);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t first = i * values.size() / count;
    const std::size_t end = (i + 1) * values.size() / count;
    double sum = 0;
    for (std::size_t j = first; j < end; ++j) sum += values[j] / static_cast<double>(end - first);
    points.push_back(sum);
  }
  const measure::Summary summary{std::span<const double>(points)};
  const double least = summary.least().value_or(0);
  const double half_range = summary.largest().value_or(0) / 2 - least / 2;
  std::string curve;
  for (const double point : points) {
    if (!std::isfinite(point)) {
      curve += "·";
    } else {
      curve += block(half_range > 0 ? (point / 2 - least / 2) / half_range : 0);
    }
  }
  return curve;
}

std::string spark_histogram(const measure::Histogram& histogram) {
  std::vector<std::int64_t> counts((histogram.counts.size() + 1) / 2);
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) counts[i / 2] += histogram.counts[i];
  const std::int64_t fullest = *std::max_element(counts.begin(), counts.end());
  std::string bars;
  for (const std::int64_t count : counts) {
    bars += count == 0 ? " " : block(static_cast<double>(count) / static_cast<double>(fullest));
  }
  return bars;
}

std::string print_lab(const lab::Inspection& inspection, std::size_t width) {
  std::string text = fmt::format("input: {}\n\n", json::printable(inspection.input_name, 400));
  text += fmt::format("{}\n\n", fmt::join(block_of(inspection.input), "\n"));
  std::vector<std::vector<Lines>> orders;  // by order, then by stage
  std::size_t column = 0;
  std::size_t longest = 0;
  for (const lab::OrderValues& order : inspection.orders) {
    std::vector<Lines>& blocks = orders.emplace_back();
    blocks.push_back({fmt::format("== {} ==", order.name)});
    for (const lab::StageValues& stage : order.stages) blocks.push_back(block_of(stage));
    for (const Lines& block : blocks) column = std::max(column, width_of(block));
    longest = std::max(longest, blocks.size());
  }
  const bool is_beside = orders.size() * (column + 3) <= width + 3;
  if (is_beside) {
    for (std::size_t stage = 0; stage < longest; ++stage) {
      std::vector<Lines> row;
      for (const auto& blocks : orders) {
        row.push_back(stage < blocks.size() ? blocks[stage] : Lines{});
      }
      text += print_beside(row, column);
    }
  } else {
    for (const auto& blocks : orders) {
      for (const Lines& block : blocks) text += print_beside({block}, column);
    }
  }
  for (const lab::Claim& claim : inspection.claims) {
    const char* answer = !claim.answer ? "cannot be told" : *claim.answer ? "yes" : "no";
    text +=
        wrap("", fmt::format("{} {}: {}.", claim.question, answer, claim.text), width, 2) + "\n";
  }
  return text;
}

}  // namespace whichfirst::report
