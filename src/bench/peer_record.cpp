#include "bench/peer_record.h"

#include <fmt/format.h>

#include "record/json_reader.h"
#include "record/json_writer.h"
#include "record/printable.h"

namespace whichfirst::bench {
namespace {

constexpr int kAnswerDepth = 4;
constexpr std::size_t kLongestWords = 300;
constexpr double kFastest = 1e12;  // images a second

nlohmann::ordered_json to_json(const PeerStage& stage) {
  nlohmann::ordered_json json = {{"kind", stage.kind}, {"source", stage.source}};
  if (!stage.activation.empty()) json["activation"] = stage.activation;
  if (stage.shortcut) json["shortcut"] = *stage.shortcut;
  for (const auto& [name, value] : stage.values) json[name] = record::finite(value);
  return json;
}

/// The answer, which is an object and no error.
nlohmann::json read_answer(std::string_view line, const std::string& label) {
  nlohmann::json answer = record::parse_json(line, label, kAnswerDepth);
  if (answer.is_object() && answer.contains("error")) {
    throw Error(fmt::format(
        "{}: {}", label,
        record::printable(record::JsonValue(answer, label).at("error").text(), kLongestWords)));
  }
  return answer;
}

}  // namespace

std::string task_line(const PeerTask& task) {
  nlohmann::ordered_json networks = nlohmann::ordered_json::array();
  for (const PeerNetwork& network : task.networks) {
    nlohmann::ordered_json stages = nlohmann::ordered_json::array();
    for (const PeerStage& stage : network.stages) stages.push_back(to_json(stage));
    networks.push_back(
        {{"input", {network.input.channels, network.input.height, network.input.width}},
         {"classes", network.classes},
         {"stages", stages}});
  }
  return "task " + record::print_json({{"cores", task.cores},
                                       {"batch", task.batch},
                                       {"optimizer", task.optimizer},
                                       {"momentum", task.momentum},
                                       {"nesterov", task.nesterov},
                                       {"decay", task.decay},
                                       {"decay_all", task.decay_all},
                                       {"label_smoothing", task.label_smoothing},
                                       {"networks", networks}},
                                      -1);
}

PeerOffer read_offer(std::string_view line, const std::string& label) {
  const nlohmann::json answer = read_answer(line, label);
  const record::JsonValue value(answer, label);
  PeerOffer offer;
  offer.library = "PyTorch " + record::printable(value.at("torch").text());
  const record::JsonValue configurations = value.at("configurations");
  for (std::size_t i = 0; i < configurations.size(); ++i) {
    const std::string name = configurations.at(i).text();
    // It becomes a word of a request.
    if (name.empty() ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
      configurations.at(i).fail_expected("a name of small letters, digits and '_'");
    }
    offer.configurations.push_back(name);
  }
  const record::JsonValue missing = value.at("missing");
  for (std::size_t i = 0; i < missing.size(); ++i) {
    offer.missing.push_back(
        {.configuration = record::printable(missing.at(i).at("configuration").text()),
         .reason = record::printable(missing.at(i).at("reason").text(), kLongestWords)});
  }
  return offer;
}

double read_speed(std::string_view line, const std::string& label) {
  const nlohmann::json answer = read_answer(line, label);
  const record::JsonValue speed = record::JsonValue(answer, label).at("images_per_second");
  if (!(speed.number() > 0 && speed.number() <= kFastest)) {
    speed.fail_expected("a number above 0, at most 1e12");
  }
  return speed.number();
}

}  // namespace whichfirst::bench
