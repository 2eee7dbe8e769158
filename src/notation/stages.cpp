#include "notation/stages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "base/words.h"

namespace whichfirst::notation {
namespace {

constexpr std::array<std::pair<std::string_view, ActivationKind>, 13> kActivations = {{
    {"relu", ActivationKind::relu},
    {"leaky", ActivationKind::leaky},
    {"prelu", ActivationKind::prelu},
    {"elu", ActivationKind::elu},
    {"gelu", ActivationKind::gelu},
    {"silu", ActivationKind::silu},
    {"tanh", ActivationKind::tanh},
    {"sigmoid", ActivationKind::sigmoid},
    {"softsign", ActivationKind::softsign},
    {"hardswish", ActivationKind::hardswish},
    {"mish", ActivationKind::mish},
    {"softplus", ActivationKind::softplus},
    {"sign", ActivationKind::sign},
}};

constexpr std::array<std::pair<std::string_view, GroupKind>, 3> kGroupNorms = {{
    {"in", GroupKind::instance},
    {"ln", GroupKind::layer},
    {"gn", GroupKind::group},
}};

/// Words people use for our stages; the suggestion names ours.
constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
    {"conv2d", "conv"},
    {"convolution", "conv"},
    {"batchnorm", "bn"},
    {"batchnorm2d", "bn"},
    {"batch_norm", "bn"},
    {"batchnormalization", "bn"},
    {"instancenorm", "in"},
    {"instance_norm", "in"},
    {"layernorm", "ln"},
    {"layer_norm", "ln"},
    {"groupnorm", "gn"},
    {"group_norm", "gn"},
    {"activation", "relu"},
    {"leakyrelu", "leaky"},
    {"leaky_relu", "leaky"},
    {"lrelu", "leaky"},
    {"parametricrelu", "prelu"},
    {"swish", "silu"},
    {"logistic", "sigmoid"},
    {"hard_swish", "hardswish"},
    {"hswish", "hardswish"},
    {"maxpool2d", "maxpool"},
    {"max_pool", "maxpool"},
    {"avgpool2d", "avgpool"},
    {"averagepool", "avgpool"},
    {"avg_pool", "avgpool"},
    {"pooling", "pool"},
    {"globalavgpool", "gap"},
    {"global_pool", "gap"},
    {"dropout", "drop"},
    {"dropout2d", "drop"},
    {"dense", "fc"},
    {"linear", "fc"},
    {"fully_connected", "fc"},
    {"block", "unit"},
    {"residual", "res"},
    {"shortcut", "res"},
    {"skip", "res"},
};

constexpr std::string_view kStageWords[] = {
    "conv",    "bn",      "in",   "ln",      "gn",       "relu",      "leaky", "prelu",    "elu",
    "gelu",    "silu",    "tanh", "sigmoid", "softsign", "hardswish", "mish",  "softplus", "sign",
    "maxpool", "avgpool", "gap",  "drop",    "flatten",  "fc",        "res"};

/// What people may look for and will not find, by kind: nothing else is "meant" by these words.
constexpr std::string_view kAbsentActivations[] = {
    "selu",       "celu",       "relu6",      "rrelu",      "hardtanh", "hardsigmoid",
    "logsigmoid", "softmax",    "logsoftmax", "softshrink", "glu",      "swiglu",
    "geglu",      "tanhshrink", "maxout",     "threshold",  "crelu",    "hardshrink"};
constexpr std::string_view kAbsentNormalisers[] = {
    "lrn", "rmsnorm", "rms_norm", "weightnorm", "spectralnorm", "syncbn", "syncbatchnorm", "frn"};
constexpr std::string_view kAbsentLayers[] = {
    "conv1d", "conv3d",    "deconv", "convtranspose", "dwconv", "depthwise", "attention", "lstm",
    "gru",    "embedding", "rnn",    "upsample",      "se",     "groupconv", "mha",       "concat"};

/// "; the activations are relu leaky ..." where `word` is one that is not there.
std::string absent_words(std::string_view word) {
  const auto holds = [&](const auto& list) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
  };
  std::string names;
  const auto list = [&](const auto& known) {
    for (const auto& entry : known) names += fmt::format(" {}", entry.first);
  };
  if (holds(kAbsentActivations)) {
    list(kActivations);
    return "; it is not among the activations:" + names;
  }
  if (holds(kAbsentNormalisers)) {
    list(kGroupNorms);
    return "; it is not among the normalisers: bn" + names;
  }
  if (!holds(kAbsentLayers)) return "";
  return fmt::format("; it is not among the stages: {}", fmt::join(kStageWords, " "));
}

std::string suggestion_for(const std::string& lower) {
  if (const std::string absent = absent_words(lower); !absent.empty()) return absent;
  std::vector<std::string_view> spellings(std::begin(kStageWords), std::end(kStageWords));
  spellings.insert(spellings.end(), {"pool", "unit", "norm", "act"});
  for (const auto& [spelling, ours] : kSpellings) spellings.push_back(spelling);
  const auto near = nearest_word(lower, spellings);
  if (!near) {
    return fmt::format("; the stages are {}, and unit in a network", fmt::join(kStageWords, " "));
  }
  std::string_view meant = *near;
  for (const auto& [spelling, ours] : kSpellings) {
    if (spelling == *near) meant = ours;
  }
  return fmt::format(", did you mean '{}'?", meant);
}

class StageMaker {
 public:
  StageMaker(const PlacedWord& place, Context context, std::vector<Argument> arguments)
      : place_(place),
        context_(context),
        arguments_(place.text, place.word, std::move(arguments)) {}

  Stage make() {
    Stage stage = build();
    arguments_.finish();
    return stage;
  }

 private:
  [[noreturn]] void fail(std::string message) const {
    throw SyntaxError(place_.text, place_.offset, std::move(message));
  }

  Stage build() {
    const std::string word = lower_case(place_.word);
    if (word == "conv") return conv();
    if (word == "bn" || word == "norm") return batch_norm();
    for (const auto& [name, kind] : kGroupNorms) {
      if (word == name) return group_norm(kind);
    }
    if (word == "act") return Activation{};
    for (const auto& [name, kind] : kActivations) {
      if (word == name) return activation(kind);
    }
    if (word == "maxpool") return pooling<MaxPool>();
    if (word == "avgpool") return pooling<AveragePool>();
    if (word == "gap") return GlobalAveragePool{};
    if (word == "drop") return dropout();
    if (word == "flatten") return Flatten{};
    if (word == "fc") return fc();
    if (word == "unit") return unit();
    if (word == "pool" && context_ == Context::body) return MaxPool{};
    if (word == "pool") return PoolPlace{};
    fail(fmt::format("unknown stage '{}'{}", place_.word, suggestion_for(word)));
  }

  Conv conv() {
    Conv conv;
    conv.channels = arguments_.integer("", {1, kMaxWidth}, "the number of channels");
    if (context_ == Context::order && conv.channels) {
      fail("a conv in an order takes its width from unit( ); write conv without a width");
    }
    if (context_ == Context::body && !conv.channels) {
      fail("a conv in a network needs its number of channels, such as conv(16)");
    }
    conv.kernel = arguments_.integer("k", {1, kMaxKernel});
    // In a body no unit stands behind, so that the default needs no mention.
    if (context_ == Context::body && conv.kernel == kDefaultKernel) conv.kernel.reset();
    conv.stride = arguments_.integer("s", {1, kMaxKernel}).value_or(conv.stride);
    conv.padding = arguments_.integer("p", {0, kMaxKernel});
    conv.bias = arguments_.bias();
    return conv;
  }

  BatchNorm batch_norm() {
    BatchNorm bn;
    bn.affine = arguments_.on_off("affine").value_or(bn.affine);
    bn.eps = arguments_.number("eps", 1e-12, 1).value_or(bn.eps);
    bn.momentum = arguments_.number("momentum", 0, 1).value_or(bn.momentum);
    return bn;
  }

  GroupNorm group_norm(GroupKind kind) {
    GroupNorm norm{.kind = kind};
    if (kind == GroupKind::group) {
      const auto groups = arguments_.integer("", {1, kMaxWidth}, "the number of groups");
      if (!groups) fail("gn needs its number of groups, such as gn(8)");
      norm.groups = *groups;
    }
    norm.affine = arguments_.on_off("affine").value_or(norm.affine);
    norm.eps = arguments_.number("eps", 1e-12, 1).value_or(norm.eps);
    return norm;
  }

  Activation activation(ActivationKind kind) {
    Activation activation{.kind = kind};
    std::optional<double> written;
    if (kind == ActivationKind::leaky) {
      written = arguments_.number("", 0, 1, "the slope of leaky");
    } else if (kind == ActivationKind::prelu) {
      written = arguments_.number("", 0, 1, "the initial slope of prelu");
    } else if (kind == ActivationKind::elu) {
      written = arguments_.number("", 1e-6, 100, "the scale of elu");
    }
    activation.alpha = written.value_or(default_alpha(kind));
    return activation;
  }

  template <class Pool>
  Pool pooling() {
    Pool pool;
    pool.kernel =
        arguments_.integer("", {1, kMaxKernel}, "the size of the pool").value_or(pool.kernel);
    pool.stride = arguments_.integer("s", {1, kMaxKernel});
    pool.padding = arguments_.integer("p", {0, kMaxKernel}).value_or(pool.padding);
    if (2 * pool.padding > pool.kernel) {
      fail(fmt::format("the padding of {} is at most half its size: p={} is more than {}/2",
                       place_.word, pool.padding, pool.kernel));
    }
    if (pool.stride == pool.kernel) pool.stride.reset();
    return pool;
  }

  Dropout dropout() {
    const auto rate = arguments_.number("", 0, 0.999, "the rate of drop");
    if (!rate) fail("drop needs its rate, the share of numbers that become 0, such as drop(0.2)");
    return Dropout{*rate};
  }

  FullyConnected fc() {
    FullyConnected fc;
    const Argument* features = arguments_.find("");
    if (features == nullptr) {
      fail("fc needs its number of features, such as fc(10) or fc(classes)");
    }
    if (features->value != "classes") {
      fc.features = to_integer(place_.text, features->value, features->offset,
                               "the number of features", {1, kMaxWidth});
    }
    fc.bias = arguments_.bias();
    return fc;
  }

  Unit unit() {
    if (context_ != Context::body) fail("a unit belongs in a network, not in an order");
    const auto width = arguments_.integer("", {1, kMaxWidth}, "the width of a unit");
    if (!width) fail("unit needs its width, such as unit(16)");
    Unit unit;
    unit.width = *width;
    unit.pool = arguments_.integer("pool", {1, kMaxKernel});
    unit.stride = arguments_.integer("s", {1, kMaxKernel}).value_or(unit.stride);
    unit.kernel = arguments_.integer("k", {1, kMaxKernel});
    if (unit.kernel == kDefaultKernel) unit.kernel.reset();
    unit.padding = arguments_.integer("p", {0, kMaxKernel});
    if (arguments_.choice("weight", {"conv", "fc"}) == "fc") unit.weight = WeightKind::fc;
    if (unit.weight == WeightKind::fc &&
        (unit.pool || unit.stride != 1 || unit.kernel || unit.padding)) {
      fail("a unit with weight=fc reads vectors: pool, s, k and p have no meaning there");
    }
    return unit;
  }

  const PlacedWord& place_;
  Context context_;
  Arguments arguments_;
};

}  // namespace

Stage make_stage(const PlacedWord& place, Context context, std::vector<Argument> arguments) {
  return StageMaker(place, context, std::move(arguments)).make();
}

std::vector<std::string_view> spell_out(std::string_view written) {
  constexpr std::size_t kLongest = 32;
  constexpr std::pair<char, std::string_view> kLetters[] = {
      {'c', "conv"}, {'b', "bn"}, {'n', "bn"}, {'r', "relu"}, {'a', "relu"}, {'p', "maxpool"}};
  std::vector<std::string_view> words;
  if (written.size() < 2 || written.size() > kLongest) return words;
  const std::string word = lower_case(written);
  if (word == "bn") return words;
  for (const char letter : word) {
    const auto* found = std::find_if(std::begin(kLetters), std::end(kLetters),
                                     [&](const auto& entry) { return entry.first == letter; });
    if (found == std::end(kLetters)) return {};
    words.push_back(found->second);
  }
  return words;
}

double default_alpha(ActivationKind kind) {
  return kind == ActivationKind::leaky   ? kLeakySlope
         : kind == ActivationKind::prelu ? kPreluSlope
         : kind == ActivationKind::elu   ? kEluScale
                                         : 0;
}

std::string_view activation_word(ActivationKind kind) {
  for (const auto& [name, candidate] : kActivations) {
    if (candidate == kind) return name;
  }
  check(false, "every activation has a word");
  return {};
}

std::string_view group_word(GroupKind kind) {
  for (const auto& [name, candidate] : kGroupNorms) {
    if (candidate == kind) return name;
  }
  check(false, "every normaliser has a word");
  return {};
}

}  // namespace whichfirst::notation
