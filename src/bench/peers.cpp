#include "bench/peers.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "bench/peer_script.h"
#include "json/fields.h"
#include "network/lookup.h"

namespace whichfirst::bench {
namespace {

constexpr int kAnswerDepth = 4;
constexpr std::size_t kLongestWords = 300;
constexpr double kFastest = 1e12;  // images a second
// Seconds: PyTorch is loaded, and perhaps compiles, before the first answer of each process.
constexpr double kPatience = 300;

/// A stage as the script makes a module of it.
struct Spoken {
  const char* kind = "";
  std::vector<std::pair<const char*, double>> options = {};  // a truth is 1 or 0
};

Spoken spoken(const network::Stage& stage) {
  const int in = stage.input.channels;
  const int out = stage.output.channels;
  const auto pool = [](const char* kind, const auto& of) {
    return Spoken{kind, {{"kernel", of.kernel}, {"stride", of.stride}, {"padding", of.padding}}};
  };
  return std::visit(
      notation::Overload{[&](const network::Conv& conv) {
                           return Spoken{"conv",
                                         {{"in", in},
                                          {"out", out},
                                          {"kernel", conv.kernel},
                                          {"stride", conv.stride},
                                          {"padding", conv.padding},
                                          {"bias", conv.bias}}};
                         },
                         [&](const network::BatchNorm& bn) {
                           return Spoken{"bn",
                                         {{"in", in},
                                          {"out", out},
                                          {"is_vector", stage.input.is_vector},
                                          {"affine", bn.affine},
                                          {"eps", bn.eps},
                                          {"momentum", bn.momentum}}};
                         },
                         [&](const network::GroupNorm& norm) {
                           return Spoken{"gn",
                                         {{"in", in},
                                          {"out", out},
                                          {"groups", norm.groups},
                                          {"affine", norm.affine},
                                          {"eps", norm.eps}}};
                         },
                         [](const network::Activation& activation) {
                           return Spoken{"activation", {{"alpha", activation.alpha}}};
                         },
                         [&](const network::MaxPool& of) { return pool("maxpool", of); },
                         [&](const network::AveragePool& of) { return pool("avgpool", of); },
                         [](const network::GlobalAveragePool&) { return Spoken{"gap"}; },
                         [](const network::Flatten&) { return Spoken{"flatten"}; },
                         [](const network::Dropout& drop) {
                           return Spoken{"drop", {{"rate", drop.rate}}};
                         },
                         [&](const network::FullyConnected& fc) {
                           return Spoken{"fc", {{"in", in}, {"out", out}, {"bias", fc.bias}}};
                         },
                         [](const network::Add&) { return Spoken{"add"}; }},
      stage.operation);
}

void write(const network::Stage& stage, json::Writer& writer) {
  const Spoken words = spoken(stage);
  writer.begin_object();
  writer.key("kind");
  writer.text(words.kind);
  writer.key("source");
  writer.whole(std::int64_t{stage.source});
  if (network::is<network::Activation>(stage)) {
    writer.key("activation");
    writer.text(stage.text.substr(0, stage.text.find('(')));
  }
  if (stage.shortcut) {
    writer.key("shortcut");
    writer.whole(std::int64_t{*stage.shortcut});
  }
  for (const auto& [name, value] : words.options) {
    writer.key(name);
    writer.number(value);
  }
  writer.end_object();
}

void write(const network::Network& network, json::Writer& writer) {
  writer.begin_object();
  writer.key("input");
  json::Codec<std::vector<int>>::write(
      {network.input.channels, network.input.height, network.input.width}, writer);
  writer.key("classes");
  writer.whole(std::int64_t{network.classes});
  writer.key("stages");
  writer.begin_list();
  for (const network::Stage& stage : network.stages) write(stage, writer);
  writer.end_list();
  writer.end_object();
}

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

std::vector<std::string> command_of(const PeerOptions& options) {
  if (options.script.empty()) return {options.python, "-c", kPeerScript};
  return {options.python, options.script};
}

}  // namespace

std::string task_line(const std::vector<network::Network>& networks, const record::Recipe& recipe,
                      int cores) {
  json::Writer writer(-1);
  const auto of = [&writer](const char* key) -> json::Writer& {
    writer.key(key);
    return writer;
  };
  writer.begin_object();
  of("cores").whole(std::int64_t{cores});
  of("batch").whole(std::int64_t{recipe.batch});
  of("optimizer").text(recipe.optimizer == engine::Optimizer::adamw ? "adamw" : "sgd");
  of("momentum").number(recipe.momentum);
  of("nesterov").truth(recipe.nesterov);
  of("decay").number(recipe.decay);
  of("decay_all").truth(recipe.decay_all);
  of("label_smoothing").number(recipe.label_smoothing);
  of("networks").begin_list();
  for (const network::Network& network : networks) write(network, writer);
  writer.end_list();
  writer.end_object();
  return "task " + writer.take() + '\n';
}

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

Peers::Peers(const PeerOptions& options, const std::vector<network::Network>& networks,
             const record::Recipe& recipe, int cores) try
    : child_(command_of(options)) {
  offer_ = read_offer(child_.ask(task_line(networks, recipe, cores), kPatience), "--peers");
  for (const std::string& configuration : offer_.configurations) {
    settings_.push_back({.configuration = configuration, .processes = cores, .threads = 1});
    if (cores > 1) {
      settings_.push_back({.configuration = configuration, .processes = 1, .threads = cores});
    }
  }
} catch (const Error& error) {
  throw Error(
      "{}; --peers needs a Python with PyTorch: name one with --python (on Debian: apt install "
      "python3-torch, and --python /usr/bin/python3)",
      error.what());
}

double Peers::measure(std::size_t index, const PeerSetting& setting, double seconds) {
  if (!lost_.empty()) throw Error(lost_);
  std::string answer;
  try {
    answer = child_.ask(fmt::format("run {} {} {}x{} {}\n", index, setting.configuration,
                                    setting.processes, setting.threads, seconds),
                        seconds + kPatience);
  } catch (const Error& error) {
    lost_ = error.what();
    throw;
  }
  return read_speed(answer, "--peers");
}

}  // namespace whichfirst::bench
