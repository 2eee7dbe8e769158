#include "record/study_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/suggest.h"
#include "record/atomic_file.h"
#include "record/given_value.h"
#include "record/metrics.h"
#include "record/study_keys.h"
#include "stats/repeated_ranks.h"

namespace whichfirst::record {
namespace {

constexpr std::string_view kSections[] = {"orders", "data", "recipe", "plan"};
constexpr std::string_view kOrdersPrefix = "orders.";
/// What an override's value is parsed as: VALUE behind this.
constexpr std::string_view kValueEquals = "value = ";

/// Everything that was given: keys by their dotted name, orders in the order of the file.
struct Given {
  std::map<std::string, GivenValue> keys;
  std::vector<std::pair<std::string, GivenValue>> orders;
  bool has_orders = false;
};

json::Place place_of(const toml::source_position& position) {
  return {std::max<std::size_t>(position.line, 1), std::max<std::size_t>(position.column, 1)};
}

std::string_view leaf_of(std::string_view key) { return key.substr(key.rfind('.') + 1); }

/// What other programs call our keys.
constexpr std::pair<std::string_view, std::string_view> kKeySpellings[] = {
    {"learning-rate", "recipe.lr"},
    {"batch-size", "recipe.batch"},
    {"weight-decay", "recipe.decay"},
    {"wd", "recipe.decay"},
    {"num-epochs", "recipe.epochs"},
    {"max-epochs", "recipe.epochs"},
    {"scheduler", "recipe.schedule"},
    {"lr-scheduler", "recipe.schedule"},
    {"warmup-epochs", "recipe.warmup"},
    {"dtype", "recipe.precision"},
    {"dataset", "data.name"},
    {"data", "data.path"},
    {"model", "network"},
    {"arch", "network"},
    {"num-seeds", "plan.seeds"},
    {"repeats", "plan.seeds"},
    {"image-size", "data.size"},
    {"resize", "data.size"},
    {"val-split", "data.validation"},
    {"threshold", "plan.margin"}};

}  // namespace

/// One in another section, one written a little differently, or both.
std::optional<std::string> nearest_key(std::string_view written) {
  std::string key(written);
  std::replace(key.begin(), key.end(), '_', '-');
  for (const auto& [spelling, name] : kKeySpellings) {
    if (leaf_of(key) == spelling) return std::string(name);
  }
  std::vector<std::string_view> names(std::begin(kSections), std::end(kSections));
  for (const StudyKey& known : study_keys()) names.push_back(known.name);
  const auto find_leaf = [&](std::string_view leaf) -> std::optional<std::string> {
    for (const std::string_view name : names) {
      if (leaf_of(name) == leaf) return std::string(name);
    }
    return std::nullopt;
  };
  if (const auto same_leaf = find_leaf(leaf_of(key))) return same_leaf;
  if (const auto near = nearest_word(key, names)) return near;
  std::vector<std::string_view> leaves;
  for (const std::string_view name : names) leaves.push_back(leaf_of(name));
  const auto near_leaf = nearest_word(leaf_of(key), leaves);
  return near_leaf ? find_leaf(*near_leaf) : std::nullopt;
}

namespace {

[[noreturn]] void fail_unknown(const Origin& origin, json::Place place, const std::string& key) {
  const auto near = nearest_key(key);
  origin.fail(place, fmt::format("unknown key '{}'{}", json::printable(key),
                                 near ? fmt::format(", did you mean '{}'?", *near)
                                      : "; docs/study.md lists the keys"));
}

void check_known(const GivenValue& value) {
  const auto keys = study_keys();
  if (std::none_of(keys.begin(), keys.end(),
                   [&](const StudyKey& known) { return known.name == value.key; })) {
    fail_unknown(*value.origin, value.key_place, value.key);
  }
}

toml::table parse_toml(const Origin& origin) {
  if (origin.text.size() > kMaxStudyBytes) {
    throw Error("{}: expected at most {} bytes, found {}", json::printable(origin.label),
                kMaxStudyBytes, origin.text.size());
  }
  if (std::count(origin.text.begin(), origin.text.end(), '.') > kMaxStudyDots) {
    throw Error("{}: expected at most {} dots, found more: this is no study file",
                json::printable(origin.label), kMaxStudyDots);
  }
  try {
    return toml::parse(origin.text);
  } catch (const toml::parse_error& error) {
    const json::Place place = place_of(error.source().begin);
    const bool is_open = error.description().find("string") != std::string_view::npos;
    origin.fail(place, json::printable(error.description(), 400) +
                           (is_open ? "; is the quote at its end missing?" : ""));
  }
}

GivenValue value_in_file(const Origin& origin, const toml::key& key, const toml::node& node) {
  GivenValue value;
  value.origin = &origin;
  value.node = &node;
  value.key = key.str();
  value.key_place = place_of(key.source().begin);
  // Tables made by a dotted key or a header begin there; a list or a string where it is written.
  value.place = place_of(node.source().begin);
  return value;
}

void take_orders(const Origin& origin, const toml::table& table, Given& given) {
  for (const auto& [key, node] : table) {
    const GivenValue value = value_in_file(origin, key, node);
    if (node.is_table()) {
      value.fail(
          "expected the order as a string, found a table; a name with a dot is written in "
          "quotes");
    }
    given.orders.emplace_back(value.key, value);
  }
  // toml++ sorts by name; the place in the file tells which came first.
  std::sort(given.orders.begin(), given.orders.end(),
            [](const auto& a, const auto& b) { return a.second.key_place < b.second.key_place; });
}

void take_file(const Origin& origin, const toml::table& file, Given& given) {
  const auto take = [&](GivenValue value) {
    check_known(value);
    std::string key = value.key;
    given.keys.emplace(std::move(key), std::move(value));
  };
  for (const auto& [key, node] : file) {
    const GivenValue value = value_in_file(origin, key, node);
    if (value.key.find('.') != std::string::npos) {  // a quoted key is not a dotted one
      fail_unknown(origin, value.key_place, value.key);
    }
    if (std::find(std::begin(kSections), std::end(kSections), value.key) == std::end(kSections)) {
      take(value);
      continue;
    }
    const toml::table* section = node.as_table();
    if (section == nullptr) value.fail_expected("a table of keys");
    if (value.key == "orders") {
      given.has_orders = true;
      take_orders(origin, *section, given);
      continue;
    }
    for (const auto& [inner_key, inner_node] : *section) {
      GivenValue inner = value_in_file(origin, inner_key, inner_node);
      inner.key = fmt::format("{}.{}", value.key, inner.key);
      take(std::move(inner));
    }
  }
}

/// One `key=value` of the command line. Holds what its value points to.
struct Override {
  Origin origin;
  toml::table parsed;
  GivenValue value;
};

/// The table {value = VALUE}, or nothing where VALUE is no TOML.
std::optional<toml::table> parse_value(std::string_view text) {
  try {
    toml::table parsed = toml::parse(fmt::format("{}{}", kValueEquals, text));
    if (parsed.size() == 1) return parsed;
  } catch (const toml::parse_error&) {
  }
  return std::nullopt;
}

void read_override(const std::string& text, Override& override) {
  override.origin.text = text;
  const std::size_t equals = text.find('=');
  const std::size_t key_begin = text.find_first_not_of(' ');
  if (equals == std::string::npos || key_begin == equals || text.size() > kMaxStudyBytes) {
    throw Error("{}: expected KEY=VALUE, such as recipe.lr=0.1", json::printable(text));
  }
  GivenValue& value = override.value;
  value.origin = &override.origin;
  value.key = text.substr(key_begin, text.find_last_not_of(' ', equals - 1) + 1 - key_begin);
  value.raw = std::string_view(override.origin.text).substr(equals + 1);
  value.place.column = json::count_characters(text.substr(0, equals)) + 2;
  const bool may_nest = std::count(value.raw.begin(), value.raw.end(), '.') <= kMaxStudyDots;
  if (auto parsed = may_nest ? parse_value(value.raw) : std::nullopt) {
    override.parsed = *std::move(parsed);
    const json::Place inner = place_of(override.parsed.get("value")->source().begin);
    value.place.line = inner.line;
    value.place.column += inner.column - kValueEquals.size() - 1;
  } else if (auto as_string = parse_value(toml_string(value.raw))) {
    override.parsed = *std::move(as_string);
  } else {
    value.fail("expected text in UTF-8");
  }
  value.node = override.parsed.get("value");
}

void take_override(const GivenValue& value, Given& given) {
  if (value.key.starts_with(kOrdersPrefix)) {
    const std::string name = value.key.substr(kOrdersPrefix.size());
    const auto same = std::find_if(given.orders.begin(), given.orders.end(),
                                   [&](const auto& order) { return order.first == name; });
    if (same != given.orders.end()) {
      same->second = value;
    } else {
      given.orders.emplace_back(name, value);
    }
    given.has_orders = true;
    return;
  }
  if (std::find(std::begin(kSections), std::end(kSections), value.key) != std::end(kSections)) {
    value.fail(fmt::format("expected one key of {0}, such as {0}.{1}=...", value.key,
                           value.key == "orders" ? "bn-first" : "NAME"));
  }
  check_known(value);
  given.keys.insert_or_assign(value.key, value);
}

void check_order_name(const std::string& name, const GivenValue& value) {
  if (!name.empty() && name.size() <= kMaxOrderName && name[0] != '.' && name[0] != '-' &&
      std::all_of(name.begin(), name.end(), is_name_character)) {
    return;
  }
  value.origin->fail(
      value.key_place,
      fmt::format("expected an order's name of 1 to {} letters, digits and . _ - that begins with "
                  "none of . -, found '{}'",
                  kMaxOrderName, json::printable(name)));
}

std::vector<NamedOrder> read_orders(const Given& given) {
  std::vector<NamedOrder> orders;
  for (const auto& [name, value] : given.orders) {
    check_order_name(name, value);
    if (orders.size() == kMaxOrders) {
      value.origin->fail(value.key_place,
                         fmt::format("expected at most {} orders, found more", kMaxOrders));
    }
    orders.push_back({name, value.notation(notation::Context::order)});
  }
  return orders;
}

/// data.name and data.path stand for each other: together they are a contradiction, unless the
/// command line overrules the file.
void settle_source_of_data(Given& given) {
  const auto name = given.keys.find("data.name");
  const auto path = given.keys.find("data.path");
  if (name == given.keys.end() || path == given.keys.end()) return;
  const bool is_name_typed = name->second.origin->is_command_line();
  const bool is_path_typed = path->second.origin->is_command_line();
  if (is_name_typed == is_path_typed) {
    path->second.fail("expected data.name or data.path, found both; remove one");
  }
  given.keys.erase(is_name_typed ? path : name);
}

using FailAt = std::function<void(const char* key, const std::string& message)>;

void check_plan(const Plan& plan, const FailAt& fail) {
  const std::string_view rule = rule_word(plan.rule);
  if (plan.guard && plan.rule != stats::Location::mean) {
    fail("plan.guard", fmt::format("is of plan.rule = \"student\", found \"{}\"", rule));
  }
  if (plan.horizon != stats::Horizon::open && plan.seeds) {
    fail("plan.horizon",
         fmt::format("expected plan.seeds = \"auto\" with it, found {}", *plan.seeds));
  }
  constexpr int kMostRanked = stats::RepeatedSignedRank::kMostPairs;
  if (!plan.seeds && plan.rule == stats::Location::pseudo_median && plan.max_seeds > kMostRanked) {
    fail("plan.max-seeds", fmt::format("expected at most {} with plan.rule = \"{}\", found {}",
                                       kMostRanked, rule, plan.max_seeds));
  }
  if (plan.equivalence == stats::EquivalenceShare::full) {
    if (!plan.margin) fail("plan.equivalence", "expected a plan.margin with it, found none");
    if (plan.confidence <= 0.5) {
      fail("plan.equivalence",
           fmt::format("expected a plan.confidence above 0.5 with it, found {}", plan.confidence));
    }
  }
}

/// What a value says about keys that were not given.
void settle_dependents(Study& study, const Given& given) {
  if (study.data.path) study.data.name.clear();
  if (!is_accuracy(study.plan.metric) && !given.keys.contains("plan.margin")) {
    study.plan.margin.reset();
  }
  if (study.recipe.optimizer == Optimizer::adamw) {  // which has neither
    study.recipe.momentum = Recipe{}.momentum;
    study.recipe.nesterov = false;
  }
}

/// Values that are right alone and wrong together. The one that was given is at fault.
void check_together(const Study& study, const Given& given) {
  const Recipe& recipe = study.recipe;
  const auto fail = [&](const char* key, const std::string& message) {
    const auto found = given.keys.find(key);
    check(found != given.keys.end(), "defaults do not contradict each other");
    found->second.fail(message);
  };
  check_plan(study.plan, fail);
  if (recipe.warmup > 0 && recipe.warmup >= recipe.epochs) {
    fail(given.keys.contains("recipe.warmup") ? "recipe.warmup" : "recipe.epochs",
         fmt::format("expected a warm-up shorter than the training, found {} of {} epochs",
                     recipe.warmup, recipe.epochs));
  }
  if (recipe.optimizer == Optimizer::adamw) {
    // A file's momentum is silent where the command line takes another optimizer.
    const auto chosen = given.keys.find("recipe.optimizer");
    for (const char* key : {"recipe.momentum", "recipe.nesterov"}) {
      const auto found = given.keys.find(key);
      if (found == given.keys.end()) continue;
      const bool is_typed = found->second.origin->is_command_line();
      if (is_typed || !chosen->second.origin->is_command_line()) {
        fail(key, "is of sgd, and recipe.optimizer is adamw; remove it");
      }
    }
  } else if (recipe.nesterov && recipe.momentum == 0) {
    fail("recipe.nesterov", "expected a recipe.momentum above 0 with it, found 0");
  }
}

}  // namespace

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

StudySource read_study_source(const std::filesystem::path& path) {
  return {.text = read_file(path, kMaxStudyBytes),
          .label = path.string(),
          .default_name = path.stem().string()};
}

Study resolve_study(const std::optional<StudySource>& source,
                    std::span<const std::string> overrides, const DefaultOrders& default_orders) {
  Study study;
  Given given;
  Origin origin;
  toml::table file;
  if (source) {
    origin = {.label = source->label.empty() ? "study" : source->label, .text = source->text};
    file = parse_toml(origin);
    take_file(origin, file, given);
    if (!source->default_name.empty()) study.name = json::printable(source->default_name);
  }
  std::list<Override> typed;  // values point into it
  for (const std::string& text : overrides) {
    read_override(text, typed.emplace_back());
    take_override(typed.back().value, given);
  }
  settle_source_of_data(given);
  for (const StudyKey& key : study_keys()) {
    const auto found = given.keys.find(std::string(key.name));
    if (found != given.keys.end()) key.set(study, found->second);
  }
  settle_dependents(study, given);
  check_together(study, given);
  if (given.has_orders) {
    study.orders = read_orders(given);
  } else if (default_orders) {
    study.orders = default_orders(study.network);
  }
  return study;
}

std::string arm_name(const Study& study, std::string_view order, double lr) {
  return is_tuned(study) ? fmt::format("{}@{}", order, lr) : std::string(order);
}

void require_orders(const Study& study, std::size_t least) {
  if (study.orders.size() >= least) return;
  throw Error(
      "study '{}': expected at least {} orders, found {}; name them under "
      "[orders] or as orders.NAME=\"conv bn relu\"",
      json::printable(study.name), least, study.orders.size());
}

}  // namespace whichfirst::record
