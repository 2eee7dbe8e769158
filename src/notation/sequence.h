// Stages in order, as a person writes them: the plain result of parsing, before any shape is known.
//
// Widths may be missing here (the unit or the data gives them); src/network resolves them.
#pragma once

#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

namespace whichfirst::notation {

struct Item;

/// Stages in order.
struct Sequence {
  std::vector<Item> items;
  bool operator==(const Sequence&) const;
};

/// Whether a weight stage has a bias: by the rule of its place, or as written.
enum class BiasRule { automatic, on, off };

/// Convolution. No channels: the width of the unit it stands in. No kernel: the unit's, else
/// kDefaultKernel. No padding: (kernel - 1) / 2, which keeps the picture's size at stride 1 and odd
/// kernels.
struct Conv {
  std::optional<int> channels;
  std::optional<int> kernel;
  int stride = 1;
  std::optional<int> padding;
  BiasRule bias = BiasRule::automatic;
  bool operator==(const Conv&) const = default;
};
inline constexpr int kDefaultKernel = 3;

/// Normalises each channel over N, H, W, as torch.nn.BatchNorm2d (BatchNorm1d on vectors):
/// population variance in training; running statistics move by `momentum` and take the unbiased
/// variance.
struct BatchNorm {
  bool affine = true;
  double eps = 1e-5;
  double momentum = 0.1;
  bool operator==(const BatchNorm&) const = default;
};

/// Normalisation of each image alone, over a group's channels and pixels, by population variance;
/// scale and offset by channel; the same in training and evaluation. `in`: channel by channel
/// (torch.nn.InstanceNorm2d with affine, no running statistics), `gn`: over groups of C / groups
/// channels (GroupNorm), `ln`: over all channels (GroupNorm of one group; on vectors LayerNorm).
enum class GroupKind { instance, group, layer };
struct GroupNorm {
  GroupKind kind = GroupKind::group;
  int groups = 0;  // as written, of `gn` only
  bool affine = true;
  double eps = 1e-5;
  bool operator==(const GroupNorm&) const = default;
};

/// Functions of one number; the slope of `prelu` is trained, one per channel. Formulas:
/// reference/stages.h.
enum class ActivationKind {
  relu,
  leaky,
  prelu,
  elu,
  gelu,
  silu,
  tanh,
  sigmoid,
  softsign,
  hardswish,
  mish,
  softplus,
  sign,
};
struct Activation {
  ActivationKind kind = ActivationKind::relu;
  double alpha = 0;  // the slope of `leaky`, the initial one of `prelu`, the scale of `elu`; else 0
  bool operator==(const Activation&) const = default;
};
inline constexpr double kLeakySlope = 0.01;
inline constexpr double kPreluSlope = 0.25;  // as torch.nn.PReLU
inline constexpr double kEluScale = 1;
/// What `alpha` is where the text does not say; 0 for a kind without one.
double default_alpha(ActivationKind kind);

/// Pooling. No stride: the kernel. Padded pixels never win a maximum and never count in a mean.
struct MaxPool {
  int kernel = 2;
  std::optional<int> stride;
  int padding = 0;
  bool operator==(const MaxPool&) const = default;
};
struct AveragePool {
  int kernel = 2;
  std::optional<int> stride;
  int padding = 0;
  bool operator==(const AveragePool&) const = default;
};

/// Inverted dropout: in training each number is 0 with probability `rate`, else divided by 1 -
/// rate. Which are 0 is a function of (seed, replicate, role, step, place in the N x C x H x W
/// array).
struct Dropout {
  double rate = 0.5;
  bool operator==(const Dropout&) const = default;
};

/// The mean over all pixels of a channel: picture -> vector.
struct GlobalAveragePool {
  bool operator==(const GlobalAveragePool&) const = default;
};

/// C x H x W numbers as one vector, in that order.
struct Flatten {
  bool operator==(const Flatten&) const = default;
};

/// Fully connected layer. No features: the number of classes.
struct FullyConnected {
  std::optional<int> features;
  BiasRule bias = BiasRule::automatic;
  bool operator==(const FullyConnected&) const = default;
};

/// The word `pool` in an order: where a unit with `pool=` pools.
struct PoolPlace {
  bool operator==(const PoolPlace&) const = default;
};

/// The unit under test at some width. `conv` in its order stands for its weight stage.
enum class WeightKind { conv, fc };
struct Unit {
  int width = 0;
  std::optional<int> pool;     // the kernel of its max-pool, if it pools
  int stride = 1;              // of its first convolution
  std::optional<int> kernel;   // of the convolutions whose order does not say
  std::optional<int> padding;  // likewise
  WeightKind weight = WeightKind::conv;
  bool operator==(const Unit&) const = default;
};

/// `times` copies of `body`, one after the other.
struct Repeat {
  int times = 1;
  Sequence body;
  bool operator==(const Repeat&) const = default;
};

/// What `body` reads plus what it makes. Where the two differ in shape, what it reads goes through
/// a projection: a convolution with kernel 1 and the strides of the body, without bias.
struct Residual {
  Sequence body;
  bool operator==(const Residual&) const = default;
};

using Stage =
    std::variant<Conv, BatchNorm, GroupNorm, Activation, MaxPool, AveragePool, GlobalAveragePool,
                 Dropout, Flatten, FullyConnected, PoolPlace, Unit, Repeat, Residual>;

/// A stage and where it stood in the text (bytes from the start), which plays no part in equality.
struct Item {
  Stage stage;
  std::size_t offset = 0;
  bool operator==(const Item& other) const { return stage == other.stage; }
};

inline bool Sequence::operator==(const Sequence& other) const { return items == other.items; }

/// Calls the one function of `functions` that takes the alternative held.
template <class... Functions>
struct Overload : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
Overload(Functions...) -> Overload<Functions...>;

}  // namespace whichfirst::notation
