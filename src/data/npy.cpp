#include "data/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

#include "base/error.h"
#include "data/input_file.h"

namespace whichfirst::data {
namespace {

constexpr std::array<std::uint8_t, 6> kMagic = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/// A strict reader of the little Python that NumPy writes: one dict of strings, booleans and a
/// tuple of numbers. It never recurses and never looks further than the text.
class DictReader {
 public:
  DictReader(std::string_view where, std::string_view text) : where_(where), text_(text) {}

  NpyHeader read() {
    expect('{');
    while (!accept('}')) {
      read_entry();
      if (!accept(',') && peek() != '}') refuse("',' or '}'");
    }
    if (peek() != '\0') refuse("the end of the header");
    if (!descr_) refuse("the key 'descr'");
    if (!fortran_order_) refuse("the key 'fortran_order'");
    if (!shape_) refuse("the key 'shape'");
    return NpyHeader{.descr = *descr_, .fortran_order = *fortran_order_, .shape = *shape_};
  }

 private:
  void read_entry() {
    const std::string key = read_string();
    expect(':');
    if (key == "descr" && !descr_) {
      descr_ = read_string();
    } else if (key == "fortran_order" && !fortran_order_) {
      fortran_order_ = read_boolean();
    } else if (key == "shape" && !shape_) {
      shape_ = read_tuple();
    } else {
      refuse("the keys descr, fortran_order and shape, each once");
    }
  }

  std::string read_string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') refuse("a quoted word");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) refuse("a closing quote");
    const std::string word(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return word;
  }

  bool read_boolean() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    refuse("True or False");
  }

  std::vector<std::uint64_t> read_tuple() {
    std::vector<std::uint64_t> numbers;
    expect('(');
    while (!accept(')')) {
      if (numbers.size() == kMostNpyAxes) refuse("at most 32 axes");
      numbers.push_back(read_number());
      // A tuple of one is written with a comma: (3,).
      if (!accept(',') && (peek() != ')' || numbers.size() == 1)) refuse("',' or ')'");
    }
    return numbers;
  }

  std::uint64_t read_number() {
    peek();
    std::uint64_t number = 0;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (error != std::errc()) refuse("a number of 64 bits");
    at_ = static_cast<std::size_t>(end - text_.data());
    return number;
  }

  /// The next character that is not white space, or 0 at the end.
  char peek() {
    at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) refuse(fmt::format("'{}'", wanted));
  }

  [[noreturn]] void refuse(std::string_view expected) const {
    throw Error("{}: not a header that numpy writes: expected {} at byte {}", where_, expected,
                at_);
  }

  std::string_view where_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<std::string> descr_;
  std::optional<bool> fortran_order_;
  std::optional<std::vector<std::uint64_t>> shape_;
};

}  // namespace

NpyLengths parse_npy_preamble(std::string_view where, std::span<const std::uint8_t> preamble) {
  if (preamble.size() < kNpyPreambleBytes ||
      !std::equal(kMagic.begin(), kMagic.end(), preamble.begin())) {
    throw Error("{}: expected an array as numpy.save writes it, found other bytes", where);
  }
  const int version = preamble[6];
  if (version < 1 || version > 3 || preamble[7] != 0) {
    throw Error("{}: expected .npy version 1.0 to 3.0, found {}.{}", where, version,
                int{preamble[7]});
  }
  std::size_t text = std::size_t{preamble[8]} | std::size_t{preamble[9]} << 8;
  if (version > 1) text |= std::size_t{preamble[10]} << 16 | std::size_t{preamble[11]} << 24;
  if (text > kMostNpyTextBytes) {
    throw Error("{}: expected at most {} bytes of header, found {}", where, kMostNpyTextBytes,
                text);
  }
  return NpyLengths{.preamble = version > 1 ? 12U : 10U, .text = text};
}

NpyHeader parse_npy_text(std::string_view where, std::string_view text) {
  return DictReader(where, text).read();
}

std::optional<NpyType> parse_npy_type(std::string_view descr) {
  if (descr.size() != 3) return std::nullopt;
  const char order = descr[0];
  const char kind = descr[1];
  const int bytes = descr[2] - '0';
  if (order != '<' && order != '>' && !(order == '|' && bytes == 1)) return std::nullopt;
  const bool integer =
      (kind == 'u' || kind == 'i') && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8);
  const bool real = kind == 'f' && (bytes == 4 || bytes == 8);
  if (!integer && !real) return std::nullopt;
  return NpyType{.kind = kind, .bytes = bytes, .big_endian = order == '>'};
}

double npy_number(const NpyType& type, const std::uint8_t* bytes) {
  std::uint64_t bits = 0;
  for (int i = 0; i < type.bytes; ++i) {
    bits = bits << 8 | bytes[type.big_endian ? i : type.bytes - 1 - i];
  }
  if (type.kind == 'f') {
    if (type.bytes == 8) return std::bit_cast<double>(bits);
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  }
  if (type.kind == 'u') return static_cast<double>(bits);
  const int unused_bits = 64 - 8 * type.bytes;  // shifted out and in again, with the sign
  return static_cast<double>(static_cast<std::int64_t>(bits << unused_bits) >> unused_bits);
}

NpyArray read_npy(const std::filesystem::path& path, std::uint64_t most) {
  const std::string where = path.string();
  InputFile file(path);
  std::vector<std::uint8_t> bytes(kNpyPreambleBytes);
  bytes.resize(file.read(bytes));
  const NpyLengths lengths = parse_npy_preamble(where, bytes);
  const auto refuse = [&](const std::string& found, std::string_view remedy) {
    throw Error("{}: expected one array of numbers in C order, found {}; {}", where, found, remedy);
  };
  constexpr std::string_view kSaveAgain = "save it again";
  // Version 1 has the first bytes of the text in those of a preamble.
  const std::size_t had = bytes.size();
  bytes.resize(lengths.preamble + lengths.text);
  if (bytes.size() < had) refuse("a header cut short", kSaveAgain);
  const std::span<std::uint8_t> rest = std::span(bytes).subspan(had);
  if (file.read(rest) != rest.size()) refuse("a header cut short", kSaveAgain);
  const NpyHeader header = parse_npy_text(
      where, {reinterpret_cast<const char*>(bytes.data()) + lengths.preamble, lengths.text});
  // A truth value is a byte, 0 or 1.
  const auto type = parse_npy_type(header.descr == "|b1" ? "|u1" : header.descr);
  if (!type) {
    refuse(fmt::format("the type '{}'", header.descr),
           "numpy.save(file, array.astype('float64')) writes a type that is read");
  }
  if (header.fortran_order && header.shape.size() > 1) {
    refuse("Fortran order", "numpy.save(file, numpy.ascontiguousarray(array)) writes C order");
  }
  NpyArray array{.shape = header.shape, .values = {}};
  std::uint64_t count = 1;
  for (const std::uint64_t length : header.shape) {
    if (length == 0 || length > most / count) {
      refuse(fmt::format("{} numbers", fmt::join(header.shape, " x ")),
             fmt::format("1 to {} are read: save a part of it, such as array[:100]", most));
    }
    count *= length;
  }
  const auto size = static_cast<std::size_t>(type->bytes);
  file.require_room_for(bytes.size() + count * size);
  std::vector<std::uint8_t> numbers(count * size);
  if (file.read(numbers) != numbers.size() || file.count_rest() != 0) {
    refuse("a file of another length than its header says", kSaveAgain);
  }
  for (std::size_t i = 0; i < count; ++i) {
    array.values.push_back(npy_number(*type, numbers.data() + i * size));
  }
  return array;
}

std::string write_npy(std::span<const double> values) {
  constexpr std::size_t kAlignment = 64;
  std::string text =
      fmt::format("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}", values.size());
  constexpr std::size_t kPreamble = 10;
  text.append(kAlignment - 1 - (kPreamble + text.size()) % kAlignment, ' ');
  text += '\n';
  std::string file(kMagic.begin(), kMagic.end());
  file += {1, 0, static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  file += text;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int i = 0; i < 8; ++i) file += static_cast<char>(bits >> (8 * i) & 0xff);
  }
  return file;
}

}  // namespace whichfirst::data
