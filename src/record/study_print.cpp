#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "notation/print.h"
#include "record/study_file.h"
#include "record/study_keys.h"
#include "record/version.h"

namespace whichfirst::record {
namespace {

std::string canonical_order(const NamedOrder& order) {
  return notation::print(notation::parse(order.text, notation::Context::order));
}

/// Keys that came after runs had been hashed without them.
constexpr std::string_view kYoungerKeys[] = {"plan.rule", "plan.equivalence", "plan.horizon",
                                             "recipe.taps"};

/// Whether a key plays no part in what was asked: the name; the maximum of seeds that may be
/// raised; a younger key with the default that was always meant.
bool is_free(const StudyKey& key, const Study& study, const std::string& value) {
  if (key.name == "plan.max-seeds") return study.plan.horizon == stats::Horizon::open;
  const bool is_younger = std::find(std::begin(kYoungerKeys), std::end(kYoungerKeys), key.name) !=
                          std::end(kYoungerKeys);
  return key.name == "name" || (is_younger && value == key.print(Study{}));
}

/// Every key that is not free, and every order, with its value in canonical form.
std::vector<std::pair<std::string, std::string>> canonical_values(const Study& study) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const StudyKey& key : study_keys()) {
    const std::string value =
        key.name == "network" ? toml_string(canonical_network(study.network)) : key.print(study);
    if (!value.empty() && !is_free(key, study, value)) values.emplace_back(key.name, value);
  }
  std::string names;
  for (const NamedOrder& order : study.orders) {
    values.emplace_back("orders." + order.name, toml_string(canonical_order(order)));
    names += (names.empty() ? "" : " ") + order.name;
  }
  values.emplace_back("orders", toml_string(names));  // which of a pair is a
  return values;
}

}  // namespace

std::string print_study(const Study& study) {
  std::string text =
      fmt::format("# The study as whichfirst {} resolved it: it runs again to the same numbers.\n",
                  kProgramVersion);
  std::string section;
  const auto print_orders = [&] {
    text += "\n[orders]\n";
    for (const NamedOrder& order : study.orders) {
      const bool has_dot = order.name.find('.') != std::string::npos;
      text += fmt::format("{} = {}\n", has_dot ? toml_string(order.name) : order.name,
                          toml_string(order.text));
    }
  };
  for (const StudyKey& key : study_keys()) {
    const std::size_t dot = key.name.find('.');
    const std::string of_section(dot == std::string_view::npos ? "" : key.name.substr(0, dot));
    if (of_section != section) {
      if (section.empty()) print_orders();
      text += fmt::format("\n[{}]\n", of_section);
      section = of_section;
    }
    const std::string value = key.print(study);
    if (value.empty()) continue;
    text += fmt::format("{} = {}\n", key.name.substr(dot == std::string_view::npos ? 0 : dot + 1),
                        value);
  }
  return text;
}

std::string study_hash(const Study& study) {
  std::string text;
  for (const auto& [key, value] : canonical_values(study)) {
    text += fmt::format("{} = {}\n", key, value);
  }
  return hash_hex(text);
}

std::vector<std::string> differing_keys(const Study& a, const Study& b) {
  const auto there = canonical_values(a);
  const auto here = canonical_values(b);
  const auto value_of = [](const auto& values, const std::string& key) -> std::string {
    for (const auto& [name, value] : values) {
      if (name == key) return value;
    }
    return "missing";
  };
  std::vector<std::string> differences;
  const auto compare_key = [&](const std::string& key) {
    const std::string old_value = value_of(there, key);
    const std::string new_value = value_of(here, key);
    if (old_value == new_value) return;
    differences.push_back(fmt::format("{} ({} there, {} here)", key, old_value, new_value));
  };
  for (const auto& [key, value] : there) compare_key(key);
  for (const auto& [key, value] : here) {
    if (value_of(there, key) == "missing") compare_key(key);
  }
  return differences;
}

}  // namespace whichfirst::record
