#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "data/dataset.h"
#include "data/npy.h"
#include "lab/inspect.h"
#include "notation/parse.h"
#include "record/atomic_file.h"
#include "report/lab_html.h"
#include "report/lab_text.h"

namespace whichfirst::cli {
namespace {

struct LabOptions {
  std::string image;
  std::optional<std::string> values;
  std::optional<std::string> normal;
  lab::Gaussian gaussian;
  lab::ChainParameters parameters;
  std::vector<std::string> orders = {"bn relu", "relu bn"};
  std::string then = "maxpool(2)";
  std::string html;
  std::string values_out;
  bool json = false;
};

/// The input; of --normal count and shape only, as its numbers are drawn when the orders are
/// known to fit.
lab::Input read_input(const LabOptions& options) {
  const int given = int{!options.image.empty()} + int{options.values.has_value()} +
                    int{options.normal.has_value()};
  if (given > 1) {
    throw Error("expected one of IMAGE, --values and --normal, found several; choose one");
  }
  if (options.values) return lab::parse_values(*options.values);
  if (options.normal) {
    return lab::plan_normal(*options.normal, options.gaussian, options.parameters.seed);
  }
  if (options.image.empty()) return lab::built_in_picture();
  return lab::read_input(options.image, data::search_folders());
}

void refuse_unfit(const LabOptions& options) {
  const auto require = [](bool holds, const char* message) {
    if (!holds) throw Error(message);
  };
  const lab::ChainParameters& parameters = options.parameters;
  for (const auto* list : {&parameters.scale, &parameters.offset, &parameters.given_mean,
                           &parameters.given_variance}) {
    for (const double number : *list) {
      require(std::isfinite(number),
              "--scale, --offset, --given-mean, --given-variance: expected finite numbers");
    }
  }
  for (const double variance : parameters.given_variance) {
    require(variance >= 0, "--given-variance: expected numbers from 0 on, found a negative one");
  }
  require(!parameters.eps || (*parameters.eps >= 1e-12 && *parameters.eps <= 1),
          "--eps: expected a number from 1e-12 to 1");
  require(options.normal || (options.gaussian.mean == 0 && options.gaussian.sd == 1),
          "--mean and --sd are of generated values; give --normal NxCxHxW with them");
}

int run(const LabOptions& options) {
  refuse_unfit(options);
  std::vector<notation::Sequence> orders;
  for (const std::string& order : options.orders) {
    orders.push_back(notation::parse(order, notation::Context::order));
  }
  notation::Sequence then;
  if (options.then != "none") then = notation::parse(options.then, notation::Context::order);
  lab::Question question{.input = read_input(options),
                         .orders = std::move(orders),
                         .then = std::move(then),
                         .parameters = options.parameters};
  if (options.normal) {
    lab::require_buildable(question);
    question.input = lab::draw_normal(*options.normal, options.gaussian, options.parameters.seed);
  }
  const lab::Inspection inspection = lab::inspect(question);
  if (!options.html.empty()) {
    record::write_output(options.html, report::print_lab_html(inspection));
  }
  if (!options.values_out.empty()) {
    record::write_output(options.values_out, data::write_npy(lab::all_values(inspection)));
  }
  constexpr std::size_t kElsewhere = 100;  // two orders of a 5x5 picture side by side
  fmt::print("{}", options.json
                       ? to_json(inspection)
                       : report::print_lab(inspection, columns_of(STDOUT_FILENO, kElsewhere)));
  return kDone;
}

}  // namespace

Verb lab_verb() {
  auto options = std::make_shared<LabOptions>();
  lab::ChainParameters& parameters = options->parameters;
  const auto list = [](const char* name, std::vector<double>& numbers, const char* what) {
    const auto read = [name, &numbers](const std::string& text) {
      numbers = lab::parse_numbers(name, text);
    };
    return Option{name, read, what, typed("X[,X...]")};
  };
  return {
      .name = "lab",
      .help = "Show what orders do to values, stage by stage",
      .options =
          {{"image", &options->image,
            "A picture file, a .npy file, or a picture of a set such as fashion-mnist:17; "
            "default: a built-in 5x5 picture",
            typed("IMAGE")},
           {"--values", &options->values, "Numbers, rows separated by ';'"},
           {"--normal", &options->normal, "Normal random numbers", typed("NxCxHxW")},
           {"--mean", &options->gaussian.mean, "Mean of --normal", kShowsDefault},
           {"--sd", &options->gaussian.sd, "Standard deviation of --normal", kShowsDefault},
           {"--seed", &parameters.seed, "Seed of --normal, weights and dropout", kShowsDefault},
           {"--orders", &options->orders, "Default: \"bn relu\" \"relu bn\"", typed("ORDER ...")},
           {"--then", &options->then, "Stages after each order, or none", kShowsDefault},
           list("--scale", parameters.scale,
                "Scale of every normaliser: one number, or one per channel; default 1"),
           list("--offset", parameters.offset, "Offset of every normaliser, likewise; default 0"),
           {"--eps", &parameters.eps, "eps of every normaliser"},
           list("--given-mean", parameters.given_mean,
                "bn subtracts this instead of the batch's mean, as at test time"),
           list("--given-variance", parameters.given_variance,
                "bn divides by the root of this instead of the batch's"),
           {"--html", &options->html, "Write a page with curves, histograms and pictures",
            typed("FILE")},
           {"--values-out", &options->values_out,
            "Write all values, stage after stage, as one array", typed("FILE.npy")},
           json_option(options->json)},
      .footer =
          "Examples:\n"
          "  whichfirst lab\n"
          "  whichfirst lab --values \"1 2 3; 4 -5 6\" --then none\n"
          "  whichfirst lab fashion-mnist:17 --html lab.html\n"
          "  whichfirst lab --normal 64x32x28x28 --mean 0.5 --orders \"bn relu\" \"relu bn\" "
          "\"tanh bn\"",
      .run = [options] { return run(*options); }};
}

}  // namespace whichfirst::cli
