#include "bench/peer_record.h"

#include <fmt/format.h>

#include "base/error.h"
#include "json/fields.h"
#include "json/printable.h"

namespace whichfirst::bench {
namespace {

constexpr int kAnswerDepth = 4;
constexpr std::size_t kLongestWords = 300;
constexpr double kFastest = 1e12;  // images a second

void write(const PeerStage& stage, json::Writer& writer) {
  const auto text = [&](std::string_view key, const std::string& value) {
    writer.key(key);
    writer.text(value);
  };
  writer.begin_object();
  text("kind", stage.kind);
  writer.key("source");
  writer.whole(std::int64_t{stage.source});
  if (!stage.activation.empty()) text("activation", stage.activation);
  if (stage.shortcut) {
    writer.key("shortcut");
    writer.whole(std::int64_t{*stage.shortcut});
  }
  for (const auto& [name, value] : stage.values) {
    writer.key(name);
    writer.number(value);
  }
  writer.end_object();
}

const json::Fields<PeerNetwork> kNetwork = {
    json::derived<PeerNetwork>("input", "C, H, W",
                               [](const PeerNetwork& network) {
                                 return std::vector<int>{network.input.channels,
                                                         network.input.height, network.input.width};
                               }),
    json::field<&PeerNetwork::classes>("classes", "of the data"),
    json::custom<PeerNetwork>(
        "stages", "list of objects", "in the order in which they run",
        [](const PeerNetwork& network, json::Writer& writer) {
          writer.begin_list();
          for (const PeerStage& stage : network.stages) write(stage, writer);
          writer.end_list();
        },
        [](PeerNetwork&, const json::Value&) {}),
};

const json::Fields<PeerTask> kTask = {
    json::field<&PeerTask::cores>("cores", "that may be used"),
    json::field<&PeerTask::batch>("batch", "pictures of a step"),
    json::field<&PeerTask::optimizer>("optimizer", "sgd, adamw"),
    json::field<&PeerTask::momentum>("momentum", "of sgd"),
    json::field<&PeerTask::nesterov>("nesterov", "of sgd"),
    json::field<&PeerTask::decay>("decay", "of weights"),
    json::field<&PeerTask::decay_all>("decay_all", "of biases, scales and offsets too"),
    json::field<&PeerTask::label_smoothing>("label_smoothing", "in training"),
    json::field<&PeerTask::networks>("networks", kNetwork, "one for each order"),
};

/// Passes `use` the answer, which is an object and no error.
template <class Use>
auto with_answer(std::string_view line, const std::string& label, Use use) {
  const json::Document answer(line, label, {.most_levels = kAnswerDepth});
  const json::Value root = answer.root();
  if (root.has("error")) {
    throw Error("{}: {}", label, root.at("error").printable_text(kLongestWords));
  }
  return use(root);
}

}  // namespace

std::string task_line(const PeerTask& task) { return "task " + json::print(kTask, task, -1); }

PeerOffer read_offer(std::string_view line, const std::string& label) {
  return with_answer(line, label, [](const json::Value& value) {
    PeerOffer offer;
    offer.library = "PyTorch " + value.at("torch").printable_text(80);
    const json::Value configurations = value.at("configurations");
    for (std::size_t i = 0; i < configurations.size(); ++i) {
      const std::string name = configurations.at(i).text();
      // It becomes a word of a request.
      if (name.empty() ||
          name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
        configurations.at(i).fail_expected("a name of small letters, digits and '_'");
      }
      offer.configurations.push_back(name);
    }
    const json::Value missing = value.at("missing");
    for (std::size_t i = 0; i < missing.size(); ++i) {
      offer.missing.push_back(
          {.configuration = missing.at(i).at("configuration").printable_text(80),
           .reason = missing.at(i).at("reason").printable_text(kLongestWords)});
    }
    return offer;
  });
}

double read_speed(std::string_view line, const std::string& label) {
  return with_answer(line, label, [](const json::Value& value) {
    const json::Value speed = value.at("images_per_second");
    if (!(speed.number() > 0 && speed.number() <= kFastest)) {
      speed.fail_expected("a number above 0, at most 1e12");
    }
    return speed.number();
  });
}

}  // namespace whichfirst::bench
