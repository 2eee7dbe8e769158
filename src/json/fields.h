// Documents as lists of fields. A list describes a struct once; from it the struct is written and
// read, and the table of its fields in the manual is printed.
//
//   const json::Fields<Machine> kMachine = {
//       field<&Machine::isa>("isa", "instruction set that decided on the kernels"),
//       field<&Machine::kernels>("kernels", "library and version"),
//   };
//   std::string to_json(const Machine& machine) { return json::print(kMachine, machine); }
//
// Fields are written in the order of the list, always all of them. A document that is read holds
// them all and no other key, unless its Reading says otherwise. A list refers to the lists of its
// parts, which may be in another source.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/shape.h"
#include "json/value.h"

namespace whichfirst::json {

/// A field without the type of its struct, which Field<Record> knows: what is not a template is
/// compiled once.
struct AnyFields;
struct AnyField {
  std::string_view key = {};  ///< empty: its parts stand among the fields of this object
  std::string type = {};      ///< in words, "number or null"
  std::string_view meaning = {};
  void (*write)(const AnyField& self, const void* record, Writer& writer) = nullptr;
  /// nullptr: follows from the other fields, and is not read.
  void (*read)(const AnyField& self, void* record, const Value& value) = nullptr;
  const AnyFields* parts = nullptr;                  ///< of a struct with a list of its own
  std::vector<AnyField> own_parts = {};              ///< of a group or a run of fields
  bool (*is_written)(const void* record) = nullptr;  ///< nullptr: always
  bool may_be_absent = false;

  const std::vector<AnyField>& all_parts() const;
};
struct AnyFields {
  std::vector<AnyField> list;
};
inline const std::vector<AnyField>& AnyField::all_parts() const {
  return parts ? parts->list : own_parts;
}

void write_parts(const std::vector<AnyField>& fields, const void* record, Writer& writer);
void write_object(const std::vector<AnyField>& fields, const void* record, Writer& writer);
void read_parts(const std::vector<AnyField>& fields, void* record, const Value& value);
void read_object(const std::vector<AnyField>& fields, void* record, const Value& value);
std::string print_object(const std::vector<AnyField>& fields, const void* record, int indent);

/// The table of the manual: a line of Markdown for each field, with its path ("epochs[].lr"). The
/// fields of a struct that comes again are not listed again.
std::string print_table(const std::vector<AnyField>& fields);

template <class Record>
struct Field : AnyField {
  /// Files of older versions do not have it; the struct keeps its default.
  Field absent_in_older() && {
    may_be_absent = true;
    return std::move(*this);
  }
  /// Written where `Predicate` holds for the record, and never read.
  template <class Predicate>
  Field only_if(Predicate) && {
    is_written = [](const void* record) {
      return Predicate{}(*static_cast<const Record*>(record));
    };
    read = nullptr;
    return std::move(*this);
  }
};

template <class Record>
struct Fields : AnyFields {
  Fields(std::initializer_list<Field<Record>> fields) : AnyFields{{fields.begin(), fields.end()}} {}
};

/// The document, ended with a line break.
template <class Record>
std::string print(const Fields<Record>& fields, const Record& record, int indent = 1) {
  return print_object(fields.list, &record, indent) + '\n';
}

/// The record in `text`. Throws Error beginning with `label` where it does not fit.
template <class Record>
Record parse(const Fields<Record>& fields, std::string_view text, const std::string& label,
             const Reading& reading = {}) {
  const Document document(text, label, reading);
  Record record{};
  read_object(fields.list, &record, document.root());
  return record;
}

// Codecs: how a value of a type stands in JSON. A member's type chooses one, or the field names
// one: a struct with write, read and type, which need only exist as far as they are used.

template <class T>
struct Codec;

template <>
struct Codec<bool> {
  static void write(bool value, Writer& writer) { writer.truth(value); }
  static bool read(const Value& value) { return value.truth(); }
  static std::string type() { return "true or false"; }
};

/// A whole number from 0 to kMost.
template <class T, std::uint64_t kMost>
struct WholeNumber {
  static void write(T value, Writer& writer) {
    using Widest = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    writer.whole(static_cast<Widest>(value));
  }
  static T read(const Value& value) { return static_cast<T>(value.whole(kMost)); }
  static std::string type() { return "whole number"; }
};

template <std::integral T>
struct Codec<T> : WholeNumber<T, std::uint64_t{std::numeric_limits<T>::max()}> {};

/// A number that is finite, which is checked.
template <>
struct Codec<double> {
  static void write(double value, Writer& writer) { writer.number(value); }
  static double read(const Value& value) { return value.number(); }
  static std::string type() { return "number"; }
};

/// A double that may be not finite: null, and NaN when it is read.
struct NumberOrNull {
  static void write(double value, Writer& writer) { writer.number_or_null(value); }
  static double read(const Value& value) {
    return value.optional_number().value_or(std::numeric_limits<double>::quiet_NaN());
  }
  static std::string type() { return "number or null"; }
};

template <>
struct Codec<std::string> {
  static void write(const std::string& value, Writer& writer) { writer.text(value); }
  static std::string read(const Value& value) { return value.text(); }
  static std::string type() { return "text"; }
};

template <>
struct Codec<std::string_view> {
  static void write(std::string_view value, Writer& writer) { writer.text(value); }
  static std::string type() { return "text"; }
};

/// Printable whatever the Reading says, and cut after about kLongest bytes.
template <std::size_t kLongest>
struct PrintableText : Codec<std::string> {
  static std::string read(const Value& value) { return value.printable_text(kLongest); }
};

/// A text that is null where it is empty.
struct TextOrNull {
  static void write(std::string_view value, Writer& writer) {
    value.empty() ? writer.null() : writer.text(value);
  }
  static std::string read(const Value& value) { return value.is_null() ? "" : value.text(); }
  static std::string type() { return "text or null"; }
};

/// The value or null.
template <class T, class Inner = Codec<T>>
struct OrNull {
  static void write(const std::optional<T>& value, Writer& writer) {
    value ? Inner::write(*value, writer) : writer.null();
  }
  static std::optional<T> read(const Value& value) {
    if (value.is_null()) return std::nullopt;
    return Inner::read(value);
  }
  static std::string type() { return Inner::type() + " or null"; }
};

template <class T>
struct Codec<std::optional<T>> : OrNull<T> {};

template <>
struct Codec<std::optional<double>> {
  static void write(const std::optional<double>& value, Writer& writer) {
    value ? writer.number_or_null(*value) : writer.null();
  }
  static std::optional<double> read(const Value& value) { return value.optional_number(); }
  static std::string type() { return "number or null"; }
};

/// "list of numbers", "list of (number or null)"
std::string list_of(const std::string& type);

template <class T, class Inner = Codec<T>>
struct ListOf {
  static void write(const std::vector<T>& list, Writer& writer) {
    writer.begin_list();
    for (const T& item : list) Inner::write(item, writer);
    writer.end_list();
  }
  static std::vector<T> read(const Value& value) {
    std::vector<T> list;
    const std::size_t size = value.size();
    for (std::size_t i = 0; i < size; ++i) list.push_back(Inner::read(value.at(i)));
    return list;
  }
  static std::string type() { return list_of(Inner::type()); }
};

template <class T>
struct Codec<std::vector<T>> : ListOf<T> {};

/// The extents of a picture or vector.
struct Extents {
  static void write(const Shape& shape, Writer& writer) {
    Codec<std::vector<int>>::write(shape.extents(), writer);
  }
  static std::string type() { return list_of("whole number"); }
};

/// "a, b or c"
std::string one_of(const std::vector<std::string_view>& words);

/// One of kValues by its word, name(value).
template <auto kFirst, auto... kOthers>
struct Words {
  using Word = decltype(kFirst);
  static void write(Word value, Writer& writer) { writer.text(name(value)); }
  static Word read(const Value& value) {
    const std::string word = value.text();
    for (const Word known : {kFirst, kOthers...}) {
      if (name(known) == word) return known;
    }
    value.fail_expected(type());
  }
  static std::string type() { return one_of({name(kFirst), name(kOthers)...}); }
};

template <class>
struct MemberTraits;
template <class S, class T>
struct MemberTraits<T S::*> {
  using Record = S;
  using Type = T;
};
template <class S, class T>
struct MemberTraits<T (S::*)() const> {
  using Record = S;
};
template <auto kMember>
using RecordOf = typename MemberTraits<decltype(kMember)>::Record;
template <auto kMember>
using TypeOf = typename MemberTraits<decltype(kMember)>::Type;

/// A member written and read by a codec.
template <auto kMember, class Coded = Codec<TypeOf<kMember>>>
Field<RecordOf<kMember>> field(std::string_view key, std::string_view meaning) {
  using Record = RecordOf<kMember>;
  constexpr auto kRead = [] {
    using Reader = void (*)(const AnyField&, void*, const Value&);
    if constexpr (requires(const Value& value) { Coded::read(value); }) {
      return Reader{[](const AnyField&, void* record, const Value& value) {
        static_cast<Record*>(record)->*kMember = Coded::read(value);
      }};
    } else {
      return Reader{nullptr};
    }
  }();
  return {{.key = key,
           .type = Coded::type(),
           .meaning = meaning,
           .write =
               [](const AnyField&, const void* record, Writer& writer) {
                 Coded::write(static_cast<const Record*>(record)->*kMember, writer);
               },
           .read = kRead}};
}

// A member that is a struct, an optional struct or a list of structs.

template <class Member>
concept IsList = requires(Member& member) {
  member.emplace_back();
};
template <class Member>
concept IsOptional = requires(Member& member) {
  member.emplace();
}
&&!IsList<Member>;

template <class Member>
constexpr const char* part_type() {
  return IsList<Member> ? "list of objects" : IsOptional<Member> ? "object or null" : "object";
}

template <class Member>
void write_part(const std::vector<AnyField>& fields, const Member& member, Writer& writer) {
  if constexpr (IsList<Member>) {
    writer.begin_list();
    for (const auto& part : member) write_object(fields, &part, writer);
    writer.end_list();
  } else if constexpr (IsOptional<Member>) {
    member ? write_object(fields, &*member, writer) : writer.null();
  } else {
    write_object(fields, &member, writer);
  }
}

template <class Member>
void read_part(const std::vector<AnyField>& fields, Member& member, const Value& value) {
  if constexpr (IsList<Member>) {
    member.clear();
    const std::size_t size = value.size();
    for (std::size_t i = 0; i < size; ++i) read_object(fields, &member.emplace_back(), value.at(i));
  } else if constexpr (IsOptional<Member>) {
    member.reset();
    if (!value.is_null()) read_object(fields, &member.emplace(), value);
  } else {
    read_object(fields, &member, value);
  }
}

template <auto kMember, class Part>
Field<RecordOf<kMember>> field(std::string_view key, const Fields<Part>& parts,
                               std::string_view meaning) {
  using Record = RecordOf<kMember>;
  return {{.key = key,
           .type = part_type<TypeOf<kMember>>(),
           .meaning = meaning,
           .write =
               [](const AnyField& self, const void* record, Writer& writer) {
                 write_part(self.parts->list, static_cast<const Record*>(record)->*kMember, writer);
               },
           .read =
               [](const AnyField& self, void* record, const Value& value) {
                 read_part(self.parts->list, static_cast<Record*>(record)->*kMember, value);
               },
           .parts = &parts}};
}

/// Fields of a member that stand among those of the struct that holds it.
template <auto kMember>
Field<RecordOf<kMember>> among(std::initializer_list<Field<TypeOf<kMember>>> fields) {
  using Record = RecordOf<kMember>;
  return {{.write =
               [](const AnyField& self, const void* record, Writer& writer) {
                 write_parts(self.all_parts(), &(static_cast<const Record*>(record)->*kMember),
                             writer);
               },
           .read =
               [](const AnyField& self, void* record, const Value& value) {
                 read_parts(self.all_parts(), &(static_cast<Record*>(record)->*kMember), value);
               },
           .own_parts = {fields.begin(), fields.end()}}};
}
template <auto kMember>
Field<RecordOf<kMember>> among(const Fields<TypeOf<kMember>>& fields) {
  Field<RecordOf<kMember>> run = among<kMember>({});
  run.parts = &fields;
  return run;
}

/// All fields of another list for the same struct.
template <class Record>
Field<Record> also(const Fields<Record>& fields) {
  return {{.write = [](const AnyField& self, const void* record,
                       Writer& writer) { write_parts(self.parts->list, record, writer); },
           .read = [](const AnyField& self, void* record,
                      const Value& value) { read_parts(self.parts->list, record, value); },
           .parts = &fields}};
}

/// An object in the document whose fields are members of the struct itself.
template <class Record>
Field<Record> group(std::string_view key, std::string_view meaning,
                    std::initializer_list<Field<Record>> fields) {
  return {{.key = key,
           .type = "object",
           .meaning = meaning,
           .write = [](const AnyField& self, const void* record,
                       Writer& writer) { write_object(self.own_parts, record, writer); },
           .read = [](const AnyField& self, void* record,
                      const Value& value) { read_object(self.own_parts, record, value); },
           .own_parts = {fields.begin(), fields.end()}}};
}

/// What follows from other fields: `Get` gives it for a record. It is not read.
template <class Record, class Get>
Field<Record> derived(std::string_view key, std::string_view meaning, Get) {
  using Coded = Codec<std::remove_cvref_t<std::invoke_result_t<Get, const Record&>>>;
  return {{.key = key,
           .type = Coded::type(),
           .meaning = meaning,
           .write = [](const AnyField&, const void* record, Writer& writer) {
             Coded::write(Get{}(*static_cast<const Record*>(record)), writer);
           }}};
}

/// What a member function says.
template <auto kGet>
Field<RecordOf<kGet>> derived(std::string_view key, std::string_view meaning) {
  using Record = RecordOf<kGet>;
  return derived<Record>(key, meaning, [](const Record& record) { return (record.*kGet)(); });
}

/// The same of a struct, an optional struct or a list of structs.
template <class Record, class Part, class Get>
Field<Record> derived(std::string_view key, const Fields<Part>& parts, std::string_view meaning,
                      Get) {
  return {{.key = key,
           .type = part_type<std::remove_cvref_t<std::invoke_result_t<Get, const Record&>>>(),
           .meaning = meaning,
           .write =
               [](const AnyField& self, const void* record, Writer& writer) {
                 write_part(self.parts->list, Get{}(*static_cast<const Record*>(record)), writer);
               },
           .parts = &parts}};
}

/// A form of its own: `Write` of (const Record&, Writer&), `Read` of (Record&, const Value&).
/// Without the latter it is not read.
template <class Record, class Write>
Field<Record> custom(std::string_view key, std::string_view type, std::string_view meaning, Write) {
  return {{.key = key,
           .type = std::string(type),
           .meaning = meaning,
           .write = [](const AnyField&, const void* record, Writer& writer) {
             Write{}(*static_cast<const Record*>(record), writer);
           }}};
}
template <class Record, class Write, class Read>
Field<Record> custom(std::string_view key, std::string_view type, std::string_view meaning,
                     Write write, Read) {
  Field<Record> field = custom<Record>(key, type, meaning, write);
  field.read = [](const AnyField&, void* record, const Value& value) {
    Read{}(*static_cast<Record*>(record), value);
  };
  return field;
}

/// The first field of a document that is read again: its form, kVersion and no other.
inline constexpr std::string_view kForm = "format";
template <class Record, int kVersion>
Field<Record> form_version() {
  return custom<Record>(
      kForm, "whole number", "form of the document; it grows when a field changes its meaning",
      [](const Record&, Writer& writer) { writer.whole(std::int64_t{kVersion}); },
      [](Record&, const Value& value) {
        if (Codec<std::int64_t>::read(value) == kVersion) return;
        value.fail_expected(std::to_string(kVersion) +
                            ", the form that this version reads and writes");
      });
}

}  // namespace whichfirst::json
