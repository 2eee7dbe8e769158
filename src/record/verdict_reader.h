// verdict.json -> VerdictRecord: so that a report can be made of a run folder without its data.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "record/verdict_record.h"

namespace whichfirst::record {

inline constexpr std::size_t kMostVerdictBytes = std::size_t{256} << 20;

/// The record that to_json(VerdictRecord) wrote, but for what is not written: Comparison's
/// replicates and goes_on. Keys that are not known are ignored, so that a later version may add
/// some. Throws Error beginning with `label` where the text is no such document.
VerdictRecord parse_verdict(std::string_view text, const std::string& label);

/// parse_verdict of `folder`/verdict.json. Throws Error where there is none, with what to do.
VerdictRecord read_verdict(const std::filesystem::path& folder);

}  // namespace whichfirst::record
