// The stages of a study's networks as JSON: what `whichfirst summary --json` prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "network/network.h"

namespace whichfirst::network {

struct StageSummary {
  std::string path;                     ///< "units.3.bn"
  std::string stage;                    ///< "conv(16, bias=on)"
  std::vector<std::string> reads = {};  ///< paths of the stages it reads, "input" for the picture
  Shape output;
  std::int64_t parameters = 0;  ///< trained numbers
  std::int64_t flops = 0;       ///< forward, of one image; a multiply and an add are 2
  std::int64_t bytes = 0;       ///< of its output for one image, fp32
};

struct NetworkSummary {
  std::string name;
  std::string order;
  std::vector<StageSummary> stages;
  std::int64_t parameters = 0;
  std::int64_t flops = 0;
  /// What a trial of this order takes beside the data, at the recipe's batch.
  std::int64_t trial_bytes = 0;
};

/// Of all but name, order and trial_bytes.
NetworkSummary summarise(const Network& network);

struct StudySummary {
  std::string study;
  std::string network;
  Shape input;
  int classes = 0;
  int batch = 0;
  std::vector<NetworkSummary> orders;
};

/// The document, ended with a line break.
std::string to_json(const StudySummary& summary);

/// The fields of the document as rows of a table in Markdown, for docs/documents.md.
std::string summary_table();

}  // namespace whichfirst::network
