#include "json/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "json/printable.h"

namespace whichfirst::json {
namespace {

bool is_known(const std::vector<AnyField>& fields, std::string_view key) {
  return std::any_of(fields.begin(), fields.end(), [&](const AnyField& field) {
    return field.key.empty() ? is_known(field.all_parts(), key) : field.key == key;
  });
}

void read_field(const AnyField& field, void* record, const Value& value) {
  if (field.read == nullptr) return;
  if (field.key.empty()) {
    field.read(field, record, value);
  } else if (!field.may_be_absent || value.has(field.key)) {
    field.read(field, record, value.at(field.key));
  }
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
  for (const std::string& key : value.keys()) {
    if (value.reading().ignores_unknown_keys || is_known(fields, key)) continue;
    value.fail(fmt::format("unknown key '{}'", printable(key)));
  }
  for (const AnyField& field : fields) {
    if (field.key != kForm) read_field(field, record, value);
  }
}

std::string print_table(const std::vector<AnyField>& fields, const std::string& prefix) {
  std::string table;
  for (const AnyField& field : fields) {
    if (field.key.empty()) {
      table += print_table(field.all_parts(), prefix);
      continue;
    }
    const std::string path = prefix + std::string(field.key);
    table += fmt::format("| `{}` | {} | {} |\n", path, field.type, field.meaning);
    table += print_table(field.all_parts(), path + (field.type.starts_with("list") ? "[]." : "."));
  }
  return table;
}

std::string one_of(const std::vector<std::string_view>& words) {
  std::string text(words.front());
  for (std::size_t i = 1; i < words.size(); ++i) {
    text += fmt::format("{}{}", i + 1 < words.size() ? ", " : " or ", words[i]);
  }
  return text;
}

}  // namespace whichfirst::json
