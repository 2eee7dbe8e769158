#include "json/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "json/printable.h"

namespace whichfirst::json {
namespace {

void list_keys(const std::vector<AnyField>& fields, std::vector<std::string_view>& keys) {
  for (const AnyField& field : fields) {
    field.key.empty() ? list_keys(field.all_parts(), keys) : keys.push_back(field.key);
  }
}

void read_field(const AnyField& field, void* record, const Value& value) {
  if (field.read == nullptr) return;
  if (field.key.empty()) {
    field.read(field, record, value);
  } else if (!field.may_be_absent || value.has(field.key)) {
    field.read(field, record, value.at(field.key));
  }
}

/// `listed`: where the fields of a struct stand already.
std::string print_rows(const std::vector<AnyField>& fields, const std::string& prefix,
                       std::map<const AnyFields*, std::string>& listed) {
  std::string rows;
  for (const AnyField& field : fields) {
    const std::string path = prefix + std::string(field.key);
    const auto [known, is_new] = listed.emplace(field.parts, path);
    const bool is_again = field.parts != nullptr && !is_new;
    if (field.key.empty() && is_again) {
      std::vector<std::string_view> keys;
      list_keys(field.all_parts(), keys);
      rows += fmt::format("| `{}*` | as `{}*` | `{}` to `{}` |\n", prefix, known->second,
                          keys.front(), keys.back());
      continue;
    }
    if (field.key.empty()) {
      rows += print_rows(field.all_parts(), prefix, listed);
      continue;
    }
    std::string meaning(field.meaning);
    if (is_again) {
      const std::string& first = known->second;
      meaning +=
          fmt::format("; fields as of `{}`", first.substr(0, first.find_last_not_of('.') + 1));
    }
    rows += fmt::format("| `{}` | {} | {} |\n", path, field.type, meaning);
    if (is_again) continue;
    rows += print_rows(field.all_parts(), path + (field.type.starts_with("list") ? "[]." : "."),
                       listed);
  }
  return rows;
}

}  // namespace

void write_parts(const std::vector<AnyField>& fields, const void* record, Writer& writer) {
  for (const AnyField& field : fields) {
    if (field.is_written != nullptr && !field.is_written(record)) continue;
    if (!field.key.empty()) writer.key(field.key);
    field.write(field, record, writer);
  }
}

void write_object(const std::vector<AnyField>& fields, const void* record, Writer& writer) {
  writer.begin_object();
  write_parts(fields, record, writer);
  writer.end_object();
}

std::string print_object(const std::vector<AnyField>& fields, const void* record, int indent) {
  Writer writer(indent);
  write_object(fields, record, writer);
  return writer.take();
}

void read_parts(const std::vector<AnyField>& fields, void* record, const Value& value) {
  for (const AnyField& field : fields) read_field(field, record, value);
}

void read_object(const std::vector<AnyField>& fields, void* record, const Value& value) {
  // The form comes first: of another form nothing else is known.
  if (!fields.empty() && fields.front().key == kForm) read_field(fields.front(), record, value);
  std::vector<std::string_view> known;
  list_keys(fields, known);
  for (const std::string& key : value.keys()) {
    if (value.reading().ignores_unknown_keys || std::count(known.begin(), known.end(), key))
      continue;
    value.fail(fmt::format("unknown key '{}'", printable(key)));
  }
  for (const AnyField& field : fields) {
    if (field.key != kForm) read_field(field, record, value);
  }
}

std::string print_table(const std::vector<AnyField>& fields) {
  std::map<const AnyFields*, std::string> listed;
  return print_rows(fields, "", listed);
}

std::string list_of(const std::string& type) {
  return type.find(" or ") == type.npos ? "list of " + type + "s" : "list of (" + type + ")";
}

std::string one_of(const std::vector<std::string_view>& words) {
  std::string text(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) {
    text += fmt::format("{}{}", i + 1 < words.size() ? ", " : " or ", words[i]);
  }
  return text;
}

}  // namespace whichfirst::json
