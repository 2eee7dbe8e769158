// A checked network: sequence + input shape -> stages with shapes, parameters, FLOPs, roles, paths.
//
// Everything downstream (reference, engine, ledger, summary) reads this and nothing else about a
// network. Stages stand in the order in which they run; each says which one it reads, because the
// two ways through a `res( )` part and meet again. Letters as in base/shape.h.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/shape.h"
#include "notation/sequence.h"

namespace whichfirst::network {

/// Convolution, NCHW with KCRS weights, R = S = kernel. As torch.nn.Conv2d (cross-correlation).
struct Conv {
  int kernel = 3;
  int stride = 1;
  int padding = 1;
  bool bias = false;
  /// The bias differs by output position, its parameter is K x P x Q (output). Made by fold only.
  bool has_bias_map = false;
};

// What a shape leaves as it is written. A built GroupNorm has its number of groups: C of `in`, 1 of
// `ln`.
using notation::Activation;
using notation::ActivationKind;
using notation::BatchNorm;
using notation::Dropout;
using notation::Flatten;
using notation::GlobalAveragePool;
using notation::GroupNorm;

/// Output size floor((H + 2 padding - kernel) / stride) + 1; padded pixels never win; of equal
/// values the first in row-major order gets the gradient.
struct MaxPool {
  int kernel = 2;
  int stride = 2;
  int padding = 0;
};

/// Sizes as of MaxPool; the mean of those pixels of the window that the picture has.
struct AveragePool {
  int kernel = 2;
  int stride = 2;
  int padding = 0;
};

/// y = x W^T + b, weights K x C.
struct FullyConnected {
  bool bias = true;
};

/// The end of a `res( )`: what Stage::source made plus what Stage::shortcut made.
struct Add {};

using Operation = std::variant<Conv, BatchNorm, GroupNorm, Activation, MaxPool, AveragePool,
                               GlobalAveragePool, Dropout, Flatten, FullyConnected, Add>;

/// Stands for the network's input where a stage is named by its place.
inline constexpr int kInput = -1;

/// The kinds whose members are counted to give roles: the 4th conv has role {conv, 3}.
enum class RoleKind : std::uint8_t { conv = 1, projection = 2, fc = 3, bn = 4, drop = 5 };

/// The place of a stage among its own kind, from 0. Orders of one study share what belongs to equal
/// roles of equal shape.
struct Role {
  RoleKind kind = RoleKind::conv;
  int number = 0;
  bool operator==(const Role&) const = default;
};

struct Stage {
  Operation operation;
  int source = kInput;          // the stage whose output it reads: one before it, or kInput
  std::optional<int> shortcut;  // likewise; of Add, and of nothing else
  std::string path;  // "units.3.bn", "units.3.conv.0" where a unit has several, "body.fc.0"
  std::string text;  // the resolved stage in notation: "conv(16, bias=on)"
  Shape input;
  Shape output;
  std::optional<Role> role;
  std::optional<int> unit;           // the unit it stands in
  std::vector<int> parameters;       // indices into Network::parameters
  std::int64_t parameter_count = 0;  // trainable numbers
  std::int64_t flops_per_image = 0;  // forward; a multiply and an add are 2
};

enum class ParameterKind { weight, bias, scale, offset, slope, running_mean, running_variance };

/// One named array of numbers that belongs to a stage, with PyTorch's name and layout.
struct Parameter {
  std::string name;  // "units.3.conv.weight", "units.3.bn.running_mean"
  ParameterKind kind = ParameterKind::weight;
  std::vector<std::int64_t> dimensions;  // KCRS, K x C, or one length
  int stage = 0;

  std::int64_t size() const;
  bool is_trained() const {
    return kind != ParameterKind::running_mean && kind != ParameterKind::running_variance;
  }
};

/// One array of values for each of Network::parameters, in that order and in those layouts.
using Values = std::vector<std::vector<float>>;

struct Network {
  Shape input;
  int classes = 0;
  std::vector<Stage> stages;  // the last one makes the logits
  std::vector<Parameter> parameters;

  std::int64_t parameter_count() const;
  std::int64_t flops_per_image() const;
  /// Which of `parameters` is this stage's of this kind; nullopt where it has none.
  std::optional<std::size_t> find_parameter(const Stage& stage, ParameterKind kind) const;
};

/// The how many-th stage of a kind in its unit, from 0; the body counts as a unit of its own. All
/// normalisers are of the kind bn.
struct Place {
  static constexpr int kBody = -1;
  int unit = kBody;
  RoleKind kind = RoleKind::conv;
  int number = 0;
  auto operator<=>(const Place&) const = default;
};

/// What a network is built from. `body` is a parsed network, `order` what is in its units; both
/// outlive nothing but the call.
struct Blueprint {
  notation::Sequence body;
  notation::Sequence order;
  Shape input;
  int classes = 0;
  /// For all convolutions and all weight stages of units whose text does not say. automatic: no
  /// bias where the next stage, unpadded pools skipped, subtracts each channel's own mean.
  notation::BiasRule bias = notation::BiasRule::automatic;
  /// Whether the stages at these places have a bias, or scale and offset, whatever the text says
  /// (Match).
  std::map<Place, bool> biased = {};
  std::map<Place, bool> affine = {};
};

// Limits of what is built.
inline constexpr int kMaxBuiltStages = 4000;
inline constexpr std::int64_t kMaxParametersPerStage = std::int64_t{1} << 28;
inline constexpr std::int64_t kMaxActivationsPerStage = std::int64_t{1} << 28;  // of one image

/// Throws Error naming the stage that cannot be built and why.
Network build(const Blueprint& blueprint);

/// The order with its conv, which stands first where the text leaves it out.
notation::Sequence complete_order(const notation::Sequence& order);

/// Whether a unit stands anywhere in a body.
bool has_unit(const notation::Sequence& body);

/// A stage as built, in notation: its number of channels or features and its bias written in.
std::string describe_operation(const Stage& stage);

/// Whether a stage has weights that are drawn at random: conv, fc, projections.
bool has_weights(const Stage& stage);
/// Whether a stage is a bn, in, ln or gn.
bool is_normaliser(const Stage& stage);

/// Initial values: convolution weights normal with variance 2 / fan-in, fully connected weights
/// normal with variance 1 / fan-in, biases and offsets 0, scales 1, slopes as written, running
/// statistics 0 and 1. A number depends on (seed, replicate, role, place in the KCRS array) alone.
/// Source: He et al. 2015 (conv); LeCun et al. 1998 (fc).
Values initial_values(const Network& network, std::uint64_t seed, std::uint64_t replicate);

/// The step of a trial for which dropout draws, from 0.
struct DropoutStep {
  std::uint64_t seed = 0;
  std::uint64_t replicate = 0;
  std::uint64_t step = 0;
};

/// The key of a Dropout's coins in one step; number (n, c, h, w) of the batch is dropped where the
/// coin of index ((n C + c) H + h) W + w shows heads at the stage's rate (base/random.h).
RandomKey dropout_key(const Stage& stage, const DropoutStep& step);

/// Hash of the initial values that are drawn at random, for the roles in `roles`, in that order.
std::string hash_weights(const Network& network, const Values& values,
                         const std::vector<Role>& roles);

/// The roles with random weights that have the same shape in all networks: what a pair shares.
std::vector<Role> shared_roles(const std::vector<Network>& networks);

/// bias: the n-th convolution (or fc) of a unit has a bias where that of any order has it.
/// affine: likewise scale and offset of its n-th normaliser.
/// ends: every order begins with its first weight stage (what stands before it, outside of a
/// residual with weights, moves to the order's end: the same cycle, cut elsewhere), so that the
/// first weights read the picture in all; and where some orders end with a normaliser, the others
/// get a bn behind the last unit, so that the head reads normalised values in all - unless the body
/// normalises there anyway, or the last unit stands in a residual of the body, whose sum the head
/// reads in all.
struct Match {
  bool bias = false;
  bool affine = false;
  bool ends = false;
  bool operator==(const Match&) const = default;
};

/// The networks of `blueprints`, which differ in their orders, matched. Throws as build() does;
/// `place` of what is thrown is lost, so build() each alone first to name the order at fault.
std::vector<Network> build_matched(std::vector<Blueprint> blueprints, const Match& match);

/// The order that `ends` makes of a complete one: with its first weight stage in front.
notation::Sequence begin_with_weights(const notation::Sequence& order);

}  // namespace whichfirst::network
