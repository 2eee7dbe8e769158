// Body and order -> stages one after the other, before shapes: repetitions, units and residuals are
// written out.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/shape.h"
#include "notation/sequence.h"

namespace whichfirst::network {

/// Whether such a stage stands anywhere in `sequence`, in repetitions and residuals too.
template <class Alternative>
bool contains(const notation::Sequence& sequence) {
  return std::any_of(sequence.items.begin(), sequence.items.end(), [](const notation::Item& item) {
    if (const auto* repeat = std::get_if<notation::Repeat>(&item.stage)) {
      return contains<Alternative>(repeat->body);
    }
    if (const auto* residual = std::get_if<notation::Residual>(&item.stage)) {
      return contains<Alternative>(residual->body);
    }
    return std::holds_alternative<Alternative>(item.stage);
  });
}

/// Whether an order makes vectors of what it reads.
inline bool makes_vectors(const notation::Sequence& order, const Shape& input) {
  return input.is_vector || contains<notation::GlobalAveragePool>(order) ||
         contains<notation::Flatten>(order);
}

/// Where a `res( )` begins and where it ends.
enum class Mark { stage, begin_residual, end_residual };

/// One stage of the written-out network, before shapes.
struct Placed {
  Mark mark = Mark::stage;
  notation::Stage stage;  // of a residual's marks: the residual
  std::optional<int> unit;
};

/// The body with the order in its units. Throws Error: more stages than kMaxBuiltStages, an order
/// that says what a unit's vectors have not.
std::vector<Placed> expand(const notation::Sequence& body, const notation::Sequence& order);

/// "units.3.bn", "units.3.conv.0" where the unit has several; "body.fc.0": of words in units, or in
/// none.
std::vector<std::string> name_places(
    const std::vector<std::pair<std::optional<int>, std::string>>& words);
/// Likewise; a residual is named where it ends.
std::vector<std::string> name_stages(const std::vector<Placed>& placed);

/// Whether the stage after `index`, unpadded pools skipped, subtracts each channel's own mean.
/// Where a residual begins or ends the values go another way too.
bool bias_is_redundant(const std::vector<Placed>& placed, std::size_t index);

}  // namespace whichfirst::network
