// What is asked of some orders, and what their values and the claims about them turned out to be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/input.h"
#include "measure/histogram.h"
#include "measure/summary.h"
#include "network/network.h"
#include "notation/sequence.h"
#include "reference/pass.h"

namespace whichfirst::lab {

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
