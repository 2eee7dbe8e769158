// What is asked of some orders, and what their values and the claims about them turned out to be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "measure/histogram.h"
#include "measure/summary.h"
#include "network/network.h"
#include "notation/sequence.h"
#include "reference/pass.h"

namespace whichfirst::lab {

/// Numbers of an input, at most: images, channels and pixels together.
inline constexpr std::int64_t kMostInputNumbers = std::int64_t{1} << 24;

/// A normal distribution.
struct Gaussian {
  double mean = 0;
  double sd = 1;
};

struct Input {
  std::string name;                       ///< what it is, in words or as the user named it
  reference::Tensor values;               ///< any numbers, NaN and infinities too
  std::optional<Gaussian> gaussian = {};  ///< what all values were drawn from, independently
};

/// 5x5 with negative and positive numbers, some of them between 0 and their mean.
Input built_in_picture();

/// Numbers separated by spaces or commas, one or more. Throws Error beginning with `where`.
std::vector<double> parse_numbers(std::string_view where, std::string_view text);

/// Rows separated by `;`, numbers by spaces or commas: "1 2 3; 4 -5 nan". One channel. Throws Error
/// naming the row and the number: no number, rows of different lengths, too many.
Input parse_values(std::string_view text);

/// draw_normal()'s input before the numbers are drawn: `values` has count and shape only. Throws
/// Error as it does.
Input plan_normal(std::string_view shape, const Gaussian& gaussian, std::uint64_t seed);

/// `shape` is NxCxHxW, CxHxW or HxW; number i (row-major) is a function of (seed, i). Throws Error:
/// another form, too many numbers, an sd that is not above 0, a mean or sd that is not finite.
Input draw_normal(std::string_view shape, const Gaussian& gaussian, std::uint64_t seed);

/// A PNG or JPEG picture (values 0 to 1: byte / 255), a .npy array of 1 to 4 axes (W, HxW, CxHxW,
/// NxCxHxW), or SET:NUMBER, a training picture of a known set or of a path that holds one, from 0
/// (bytes / 255, floats as they are). `search` is where known sets are looked for. Throws Error
/// naming the word.
Input read_input(const std::string& word, const std::vector<std::filesystem::path>& search);

/// What running stages once takes. Counted as doubles, which no absurd order overflows.
struct Work {
  double numbers = 0;  ///< that the stages make, their parameters included
  double flops = 0;    ///< multiplications and additions
};

/// What the stages' parameters are. Lists hold one number for all channels, or one for each.
struct ChainParameters {
  std::uint64_t seed = 0;      ///< of weights and dropout
  std::vector<double> scale;   ///< of every normaliser; empty: 1
  std::vector<double> offset;  ///< likewise; empty: 0
  std::optional<double> eps;   ///< of every normaliser, instead of its own; above 0
  /// Where either is given, bn normalises by these instead of the batch's own and drop drops
  /// nothing, as a trained network at test time. Empty: 0 and 1.
  std::vector<double> given_mean;
  std::vector<double> given_variance;

  bool has_given_statistics() const { return !given_mean.empty() || !given_variance.empty(); }
};

/// The numbers that are given for parameters of one kind, and the option that gives them.
struct ParameterList {
  network::ParameterKind kind;
  const std::vector<double>* numbers;
  std::string_view option;
};
std::array<ParameterList, 4> lists_of(const ChainParameters& parameters);

struct Chain {
  network::Network network;       ///< `classes` means nothing here
  reference::Arrays values = {};  ///< of its parameters
  reference::Mode mode = reference::Mode::training;
  network::DropoutStep step;
};

/// The stages of a parsed order for `images`, of which count and shape are read: a conv keeps the
/// number of channels, `pool` is maxpool(2). Throws Error naming the stage that cannot be built.
network::Network build_stages(const notation::Sequence& order, const reference::Tensor& images,
                              const ChainParameters& parameters);

Work work_of(const network::Network& network, int images);

/// build_stages() with parameters. Throws Error as it does, and for a list that has another number
/// of entries than a normaliser has channels.
Chain build_chain(const notation::Sequence& order, const reference::Tensor& images,
                  const ChainParameters& parameters);

/// Throws Error where a bn has a single value a channel.
reference::ForwardPass run_chain(const Chain& chain, const reference::Tensor& images);

inline constexpr std::size_t kMostOrders = 12;
/// What the stages of all orders together make and take, at most.
inline constexpr Work kMostWork{.numbers = 0x1p27, .flops = 0x1p38};
/// Channels that are described one by one; of a stage with more none is.
inline constexpr int kMostDescribedChannels = 1024;
inline constexpr int kHistogramBins = 32;
/// Values of one stage that are written as JSON; of a stage with more they are null.
inline constexpr std::size_t kMostWrittenValues = 4096;
/// The shares of the quantiles that are shown.
inline constexpr double kQuantileShares[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

/// What some values are like.
struct Description {
  measure::Summary summary;
  /// At kQuantileShares. Empty where no value is finite, and of all channels together where each is
  /// described.
  std::vector<double> quantiles;
  measure::Histogram histogram;  ///< kHistogramBins bins over the finite values of the stage
};

/// The values after one stage, or of the input.
struct StageValues {
  std::string tap;   ///< "bn", "bn.1" where the order has several, "input"
  std::string text;  ///< the stage as built: "conv(16, bias=on)"; empty for the input
  reference::Tensor values = {};
  Description all = {};
  std::vector<Description> channels = {};  ///< empty beyond kMostDescribedChannels
  std::size_t offset = 0;                  ///< of its values in all_values
};

struct OrderValues {
  std::string name;  ///< canonical notation, without the stages that follow
  std::vector<StageValues> stages = {};
  std::size_t own_stages = 0;  ///< of them the order's; the others follow in every order
};

/// A question about one order or a pair, measured.
struct Claim {
  std::string a;
  std::string b = {};  ///< empty where the question is about one order
  std::string about;   ///< only-scale-differs, same-cut, same-zeros, as-in-theory, pool-commutes
  std::string question;
  std::optional<bool> answer = {};  ///< missing where the values cannot tell
  std::string text = {};            ///< the answer in a sentence, with the numbers
  std::vector<std::pair<std::string, double>> numbers = {};
};

struct Inspection {
  std::string input_name;
  StageValues input;
  std::string then;  ///< the stages that follow every order, in notation; empty for none
  std::vector<OrderValues> orders = {};
  std::vector<Claim> claims = {};
};

/// What is asked.
struct Question {
  Input input;
  std::vector<notation::Sequence> orders;  ///< 1 to kMostOrders, none empty
  notation::Sequence then;                 ///< stages that follow each; may be empty
  ChainParameters parameters;
};

}  // namespace whichfirst::lab
