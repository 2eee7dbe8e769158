#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "notation/print.h"
#include "record/given_value.h"
#include "record/study_file.h"
#include "record/study_keys.h"
#include "record/version.h"

namespace whichfirst::record {
namespace {

std::string canonical_order(const NamedOrder& order) {
  return notation::print(notation::parse(order.text, notation::Context::order));
}

bool is_hashed(const StudyKey& key, const Study& study, const std::string& value) {
  const bool is_open = study.plan.horizon == stats::Horizon::open;
  return key.hashed == Hashed::always || (key.hashed == Hashed::with_closed_horizon && !is_open) ||
         (key.hashed == Hashed::unless_default && value != key.print(Study{}));
}

/// Every key that is hashed, and every order, with its value in canonical form.
std::vector<std::pair<std::string, std::string>> canonical_values(const Study& study) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const StudyKey& key : study_keys()) {
    if (!key.applies(study)) continue;
    const std::string value =
        key.name == "network" ? toml_string(canonical_network(study.network)) : key.print(study);
    if (is_hashed(key, study, value)) values.emplace_back(key.name, value);
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
    if (!key.applies(study)) continue;
    text += fmt::format("{} = {}\n", key.name.substr(dot == std::string_view::npos ? 0 : dot + 1),
                        key.print(study));
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
  const auto find = [](const auto& values, const std::string& key) {
    return std::find_if(values.begin(), values.end(),
                        [&](const auto& value) { return value.first == key; });
  };
  std::vector<std::string> differences;
  for (const auto& [key, value] : there) {
    const auto other = find(here, key);
    const std::string found = other == here.end() ? "missing" : other->second;
    if (found != value)
      differences.push_back(fmt::format("{} ({} there, {} here)", key, value, found));
  }
  for (const auto& [key, value] : here) {
    if (find(there, key) != there.end()) continue;
    differences.push_back(fmt::format("{} (missing there, {} here)", key, value));
  }
  return differences;
}

}  // namespace whichfirst::record
