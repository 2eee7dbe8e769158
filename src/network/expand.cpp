#include "network/expand.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/error.h"
#include "network/lookup.h"
#include "notation/print.h"

namespace whichfirst::network {
namespace {

using notation::Item;
using notation::Overload;
using notation::Sequence;

/// The max-pool of a unit with `pool=`.
notation::MaxPool unit_pool(const notation::Unit& unit) {
  return {.kernel = *unit.pool, .stride = {}, .padding = 0};
}

/// Writes out repetitions, units and residuals.
class Expansion {
 public:
  Expansion(const Sequence& order, std::vector<Placed>& placed)
      : order_(complete_order(order)),
        order_pools_(contains<notation::PoolPlace>(order_)),
        placed_(placed) {}

  void add_all(const Sequence& sequence) {
    for (const Item& item : sequence.items) {
      std::visit(Overload{[&](const notation::Repeat& repeat) {
                            for (int i = 0; i < repeat.times; ++i) add_all(repeat.body);
                          },
                          [&](const notation::Residual& residual) { add_residual(residual); },
                          [&](const notation::Unit& unit) { add_unit(unit); },
                          [&](const notation::PoolPlace&) {
                            if (unit_->pool) add(Mark::stage, unit_pool(*unit_));
                          },
                          [&](const notation::Conv& conv) { add_weights(conv); },
                          [&](const auto& stage) { add(Mark::stage, stage); }},
                 item.stage);
    }
  }

 private:
  void add_unit(const notation::Unit& unit) {
    unit_ = &unit;
    is_first_weight_ = true;
    add_all(order_);
    if (unit.pool && !order_pools_) add(Mark::stage, unit_pool(unit));
    unit_ = nullptr;
    ++units_;
  }

  void add_residual(const notation::Residual& residual) {
    add(Mark::begin_residual, residual);
    add_all(residual.body);
    add(Mark::end_residual, residual);
  }

  /// A unit says what its order leaves open: width, kernel, padding, stride, kind of weights.
  void add_weights(notation::Conv conv) {
    if (unit_ == nullptr) return add(Mark::stage, conv);
    if (unit_->weight == notation::WeightKind::fc) {
      if (conv.kernel || conv.padding || conv.stride != 1) {
        throw Error(
            "{}: the order's {} says how to move over a picture, and this unit reads vectors; "
            "leave out k, s and p",
            notation::print(*unit_), notation::print(conv));
      }
      return add(Mark::stage,
                 notation::FullyConnected{.features = unit_->width, .bias = conv.bias});
    }
    conv.channels = unit_->width;
    if (!conv.kernel) {
      conv.kernel = unit_->kernel;
      if (!conv.padding) conv.padding = unit_->padding;
    }
    if (is_first_weight_) conv.stride *= unit_->stride;
    is_first_weight_ = false;
    add(Mark::stage, conv);
  }

  void add(Mark mark, const notation::Stage& stage) {
    if (placed_.size() == kMaxBuiltStages) {
      throw Error("the network has more than {} stages; use fewer units or a shorter order",
                  kMaxBuiltStages);
    }
    placed_.push_back({.mark = mark, .stage = stage, .unit = {}});
    if (unit_ != nullptr) placed_.back().unit = units_;
  }

  Sequence order_;
  bool order_pools_;
  std::vector<Placed>& placed_;
  const notation::Unit* unit_ = nullptr;  // the one that is being written out
  bool is_first_weight_ = true;
  int units_ = 0;
};

}  // namespace

std::vector<Placed> expand(const Sequence& body, const Sequence& order) {
  std::vector<Placed> placed;
  Expansion(order, placed).add_all(body);
  return placed;
}

std::vector<std::string> name_places(
    const std::vector<std::pair<std::optional<int>, std::string>>& words) {
  std::map<std::pair<std::optional<int>, std::string>, int> totals;
  for (const auto& word : words) ++totals[word];
  std::map<std::pair<std::optional<int>, std::string>, int> seen;
  std::vector<std::string> names;
  for (const auto& [unit, word] : words) {
    const int number = seen[{unit, word}]++;
    std::string name = unit ? fmt::format("units.{}.{}", *unit, word) : "body." + word;
    if (!unit || totals[{unit, word}] > 1) name += fmt::format(".{}", number);
    names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> name_stages(const std::vector<Placed>& placed) {
  std::vector<std::pair<std::optional<int>, std::string>> words;
  for (const Placed& p : placed) {
    if (p.mark != Mark::begin_residual) words.emplace_back(p.unit, notation::word(p.stage));
  }
  std::vector<std::string> names = name_places(words);
  for (std::size_t i = 0; i < placed.size(); ++i) {
    if (placed[i].mark != Mark::begin_residual) continue;
    names.insert(names.begin() + static_cast<std::ptrdiff_t>(i), std::string());
  }
  return names;
}

namespace {

bool is_unpadded_pool(const notation::Stage& stage) {
  const auto* largest = as<notation::MaxPool>(stage);
  const auto* average = as<notation::AveragePool>(stage);
  return (largest && largest->padding == 0) || (average && average->padding == 0);
}

}  // namespace

bool bias_is_redundant(const std::vector<Placed>& placed, std::size_t index) {
  for (std::size_t next = index + 1; next < placed.size(); ++next) {
    if (placed[next].mark != Mark::stage) return false;
    if (!is_unpadded_pool(placed[next].stage)) return centres_channels(placed[next].stage);
  }
  return false;
}

Sequence complete_order(const Sequence& order) {
  if (contains<notation::Conv>(order)) return order;
  Sequence completed;
  completed.items.push_back(Item{notation::Conv{}, 0});
  completed.items.insert(completed.items.end(), order.items.begin(), order.items.end());
  return completed;
}

bool has_unit(const Sequence& body) { return contains<notation::Unit>(body); }

}  // namespace whichfirst::network
