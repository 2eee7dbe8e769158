#include "report/lab_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "json/printable.h"
#include "report/wording.h"

namespace whichfirst::report {
namespace {

constexpr int kMostPictureSide = 48;  // of more, every so many-th pixel is shown
constexpr int kMostPictureChannels = 3;
constexpr std::size_t kMostCurvePoints = 1500;
constexpr std::size_t kMostChannelRows = 64;
constexpr std::size_t kMostDrawnStages = 60;  // 12 orders of 4, and the input

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>whichfirst lab</title>
<style>
:root { color-scheme: light dark; --ink: #1c1d20; --soft: #667; --page: #fff; --line: #ccd; --low: #2166ac; --mark: #0a6b8a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6ea; --soft: #9aa; --page: #16171a; --line: #3a3d44; --low: #6ab0f3; --mark: #5cc8e8; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 78rem; margin: 2rem auto; padding: 0 1rem; }
.orders { display: flex; flex-wrap: wrap; gap: 2rem; }
.orders > section { flex: 1 1 24rem; min-width: 0; }
figure { margin: 0 0 1.5rem; padding-top: .5rem; border-top: 1px solid var(--line); }
figcaption { font-weight: 600; }
svg { display: block; max-width: 100%; height: auto; margin: .3rem 0; }
.curve { fill: none; stroke: var(--mark); stroke-width: 1.3; vector-effect: non-scaling-stroke; }
.bar { fill: var(--mark); } .axis { stroke: var(--line); } text { fill: var(--soft); font-size: 10px; }
.high { fill: #c2410c; } .low { fill: var(--low); } .none { fill: var(--ink); }
.frame { fill: none; stroke: var(--line); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .1rem .6rem .1rem 0; text-align: right; } td { border-top: 1px solid var(--line); }
dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; } .soft { color: var(--soft); }
</style>
</head>
<body>
)";

/// The first image, a square a pixel: the further from 0, the stronger; red above, blue below.
std::string print_picture(const lab::StageValues& stage) {
  const Shape& shape = stage.values.shape;
  const measure::Summary& summary = stage.all.summary;
  if (shape.pixels() < 2 || !summary.least()) return {};
  const double strongest = std::max(std::abs(*summary.least()), std::abs(*summary.largest()));
  const int step = (std::max(shape.height, shape.width) - 1) / kMostPictureSide + 1;
  const int rows = (shape.height - 1) / step + 1;
  const int columns = (shape.width - 1) / step + 1;
  const int size = std::clamp(160 / std::max(rows, columns), 3, 18);
  std::string text;
  for (int c = 0; c < std::min(shape.channels, kMostPictureChannels); ++c) {
    text += fmt::format(
        "<svg role=\"img\" aria-label=\"channel {2} of the first image\" width=\"{0}\" "
        "height=\"{1}\" viewBox=\"0 0 {0} {1}\">",
        columns * size, rows * size, c);
    for (int row = 0; row < rows; ++row) {
      for (int column = 0; column < columns; ++column) {
        const double value = stage.values.at(0, c, row * step, column * step);
        const double share = strongest > 0 ? std::abs(value) / strongest : 0;
        text += fmt::format(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\" "
            "fill-opacity=\"{:.2f}\"/>",
            column * size, row * size, size, size,
            std::isnan(value) ? "none"
            : value < 0       ? "low"
                              : "high",
            std::isfinite(value) ? share : 1.0);
      }
    }
    text += fmt::format("<rect class=\"frame\" width=\"{}\" height=\"{}\"/></svg>\n",
                        columns * size, rows * size);
  }
  if (step > 1) text += fmt::format("<p class=\"soft\">one pixel in {} each way</p>\n", step);
  return text;
}

constexpr double kWidth = 420;
constexpr double kHeight = 110;

/// Value against flattened index, as many points as a page bears; gaps where it is not finite.
std::string print_curve(const lab::StageValues& stage) {
  const measure::Summary& summary = stage.all.summary;
  if (!summary.least()) return {};
  const double least = *summary.least();
  const double half_range = *summary.largest() / 2 - least / 2;
  const auto height_of = [&](double value) {
    return kHeight * (1 - (half_range > 0 ? (value / 2 - least / 2) / half_range : 0.5));
  };
  const std::vector<double>& values = stage.values.values;
  const std::size_t count = std::min(values.size(), kMostCurvePoints);
  std::string path;
  bool is_open = false;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = values[i * values.size() / count];
    const double x =
        count > 1 ? kWidth * static_cast<double>(i) / static_cast<double>(count - 1) : 0;
    if (std::isfinite(value)) {
      path += fmt::format("{}{:.1f} {:.1f}", is_open ? "L" : "M", x, height_of(value));
    }
    is_open = std::isfinite(value);
  }
  std::string zero;
  if (least < 0 && *summary.largest() > 0) {
    zero = fmt::format("<line class=\"axis\" x1=\"0\" x2=\"{0}\" y1=\"{1:.1f}\" y2=\"{1:.1f}\"/>",
                       kWidth, height_of(0));
  }
  return fmt::format(
      "<svg role=\"img\" aria-label=\"values in order\" width=\"{0}\" height=\"{1}\" viewBox=\"0 "
      "-12 "
      "{0} {1}\">{2}<path class=\"curve\" d=\"{3}\"/><text x=\"0\" y=\"-2\">{4}</text><text "
      "x=\"0\" y=\"{5}\">{6}</text></svg>\n",
      kWidth, kHeight + 26, zero, path, lab_number(summary.largest()), kHeight + 11,
      lab_number(summary.least()));
}

std::string print_histogram(const lab::StageValues& stage) {
  const measure::Histogram& histogram = stage.all.histogram;
  const auto fullest = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  if (fullest == 0) return {};
  const double width = kWidth / static_cast<double>(histogram.counts.size());
  std::string bars;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    const double height =
        kHeight * static_cast<double>(histogram.counts[i]) / static_cast<double>(fullest);
    bars += fmt::format(
        "<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
        width * static_cast<double>(i), kHeight - height, width - 1, height);
  }
  return fmt::format(
      "<svg role=\"img\" aria-label=\"histogram\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\">{2}<text x=\"0\" y=\"{3}\">{4}</text><text x=\"{0}\" y=\"{3}\" "
      "text-anchor=\"end\">{5}</text></svg>\n",
      kWidth, kHeight + 14, bars, kHeight + 11, lab_number(histogram.edges.front()),
      lab_number(histogram.edges.back()));
}

/// "bn.1: bn(eps=0.001)", or the tap alone where the stage reads the same.
std::string caption_of(const lab::StageValues& stage) {
  if (stage.text.empty() || stage.text == stage.tap) return escape_html(stage.tap);
  return escape_html(fmt::format("{}: {}", stage.tap, stage.text));
}

std::string print_row(std::string_view name, const measure::Summary& summary) {
  return fmt::format(
      "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
      "<td>{}</td><td>{}</td></tr>\n",
      name, lab_number(summary.mean()), lab_number(summary.sd()), lab_number(summary.skewness()),
      lab_number(summary.kurtosis()), lab_number(summary.least()), lab_number(summary.largest()),
      lab_percent(summary.zero_share()), summary.nan_count() + summary.infinite_count());
}

/// The figure of the page's stage number `place`.
std::string print_stage(const lab::StageValues& stage, std::size_t place) {
  std::string text = fmt::format("<figure>\n<figcaption>{}</figcaption>\n", caption_of(stage));
  if (place < kMostDrawnStages) {
    text += print_picture(stage) + print_curve(stage) + print_histogram(stage);
  } else {
    text += fmt::format("<p class=\"soft\">not drawn: {} stages of the page are</p>\n",
                        kMostDrawnStages);
  }
  text +=
      "<table>\n<tr><th></th><th>mean</th><th>sd</th><th>skewness</th><th>kurtosis</th>"
      "<th>min</th><th>max</th><th>zeros</th><th>not finite</th></tr>\n";
  text += print_row("all", stage.all.summary);
  const std::size_t shown =
      stage.channels.size() < 2 ? 0 : std::min(stage.channels.size(), kMostChannelRows);
  for (std::size_t c = 0; c < shown; ++c) {
    text += print_row(fmt::format("channel {}", c), stage.channels[c].summary);
  }
  text += "</table>\n";
  if (shown < stage.channels.size() && stage.channels.size() > 1) {
    text += fmt::format("<p class=\"soft\">{} of {} channels</p>\n", shown, stage.channels.size());
  }
  return text + "</figure>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  constexpr std::pair<char, const char*> kEntities[] = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  std::string escaped;
  for (const char c : json::printable(text, std::numeric_limits<std::size_t>::max())) {
    const auto* const entity =
        std::find_if(std::begin(kEntities), std::end(kEntities),
                     [&](const auto& candidate) { return candidate.first == c; });
    if (entity != std::end(kEntities)) {
      escaped += entity->second;
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string print_lab_html(const lab::Inspection& inspection) {
  std::string text(kHead);
  text += fmt::format("<h1>What orders do to values</h1>\n<p>Input: {}</p>\n<dl>\n",
                      escape_html(inspection.input_name));
  for (const lab::Claim& claim : inspection.claims) {
    const char* answer = !claim.answer ? "Cannot be told" : *claim.answer ? "Yes" : "No";
    text += fmt::format("<dt>{}</dt><dd>{}: {}.</dd>\n", escape_html(claim.question), answer,
                        escape_html(claim.text));
  }
  std::size_t place = 0;
  text += "</dl>\n" + print_stage(inspection.input, place++) + "<div class=\"orders\">\n";
  for (const lab::OrderValues& order : inspection.orders) {
    text += fmt::format("<section>\n<h2>{}</h2>\n", escape_html(order.name));
    for (const lab::StageValues& stage : order.stages) text += print_stage(stage, place++);
    text += "</section>\n";
  }
  return text + "</div>\n</body>\n</html>\n";
}

}  // namespace whichfirst::report
