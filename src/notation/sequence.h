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

/// Convolution. No channels: the width of the unit it stands in. No padding: (kernel - 1) / 2,
/// which keeps the picture's size at stride 1 and odd kernels.
struct Conv {
  std::optional<int> channels;
  int kernel = 3;
  int stride = 1;
  std::optional<int> padding;
  BiasRule bias = BiasRule::automatic;
  bool operator==(const Conv&) const = default;
};

/// Batch normalisation, as torch.nn.BatchNorm2d (BatchNorm1d on vectors).
struct BatchNorm {
  bool affine = true;
  double eps = 1e-5;
  double momentum = 0.1;
  bool operator==(const BatchNorm&) const = default;
};

struct Relu {
  bool operator==(const Relu&) const = default;
};

struct Tanh {
  bool operator==(const Tanh&) const = default;
};

/// Max-pooling. No stride: the kernel. Padded pixels never win.
struct MaxPool {
  int kernel = 2;
  std::optional<int> stride;
  int padding = 0;
  bool operator==(const MaxPool&) const = default;
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

/// The unit under test at some width; `pool` is the kernel of its max-pool, if it pools.
struct Unit {
  int width = 0;
  std::optional<int> pool;
  bool operator==(const Unit&) const = default;
};

/// `times` copies of `body`, one after the other.
struct Repeat {
  int times = 1;
  Sequence body;
  bool operator==(const Repeat&) const = default;
};

using Stage = std::variant<Conv, BatchNorm, Relu, Tanh, MaxPool, GlobalAveragePool, Flatten,
                           FullyConnected, PoolPlace, Unit, Repeat>;

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
