// What the name of a metric says of its numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stats/verdict.h"

namespace whichfirst::table {

/// The parts of a name in small letters: "val/testAcc5" is val, test, acc and testacc; digits at
/// the end of a part are left out, but for those of a known name such as f1.
std::vector<std::string> parts_of(std::string_view name);

/// The direction that a part of the name means: lower for err, error, loss, mse, nll, wer, ...;
/// higher for acc, accuracy, f1, auc, iou, ... nullopt where none is known ("clean_top1", "score"),
/// and where parts contradict each other ("accuracy_drop").
std::optional<stats::Direction> direction_of(std::string_view name);

/// Whether the name may be of a share, in [0, 1] or in percent: nothing without a bound, such as a
/// loss or a time.
bool may_be_share(std::string_view name);

/// Whether a column of this name counts rows within one run or one data set and so can tell no
/// replicates apart: epoch, step, iteration, batch, fold, ... The word of it, in small letters.
std::optional<std::string> counter_word(std::string_view name);

/// Whether such a column counts the folds of a cross-validation.
bool is_fold(std::string_view name);

/// Whether a name is of a row or column that sums up others: "mean", "Std.", "25%".
bool is_summary(std::string_view name);

/// Whether a word is of a part of the data or of training: test, val, best, last, ...
bool is_phase(std::string_view word);

}  // namespace whichfirst::table
