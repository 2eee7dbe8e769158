#include "data/npz_archive.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <array>

#include "base/error.h"
#include "data/input_file.h"
#include "data/limits.h"

namespace whichfirst::data {
namespace {

std::string file_of(const std::string& name) { return name + ".npy"; }

}  // namespace

void NpzArchive::Discard::operator()(zip* file) const { zip_discard(file); }

NpzArchive::NpzArchive(const std::filesystem::path& path, const std::vector<std::string>& names)
    : path_(path.string()), file_bytes_(regular_file_size(path)) {
  int code = 0;
  zip_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (zip_ == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error(fmt::format("{}: expected a .npz archive, cannot open it: {}", path_, reason));
  }
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (zip_name_locate(zip_.get(), file_of(name).c_str(), 0) < 0) missing.push_back(name);
  }
  if (!missing.empty()) {
    throw Error(
        fmt::format("{}: expected the arrays {}, did not find {}; save it with "
                    "numpy.savez(file, {}=..., ...)",
                    path_, fmt::join(names, ", "), fmt::join(missing, ", "), names[0]));
  }
}

void NpzArray::Close::operator()(zip_file* file) const { zip_fclose(file); }

NpzArray::NpzArray(const NpzArchive& archive, const std::string& name)
    : where_(archive.path() + ": " + name) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  check(zip_stat(archive.zip_.get(), file_of(name).c_str(), 0, &stat) == 0 &&
            (stat.valid & kNeeded) == kNeeded,
        "the array is in the archive and libzip knows its sizes");
  if (stat.encryption_method != ZIP_EM_NONE ||
      (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)) {
    throw Error(where_ + ": packed in a way that numpy does not use; save it with numpy.savez");
  }
  const std::uint64_t ratio = stat.comp_method == ZIP_CM_STORE ? 1 : kDeflateRatio;
  if (stat.comp_size > archive.file_bytes_ || stat.size / ratio > stat.comp_size) {
    throw Error(
        fmt::format("{}: expected {} bytes as the archive says, found {} in a file of {}, "
                    "which cannot hold as many; fetch or save it again",
                    where_, stat.size, stat.comp_size, archive.file_bytes_));
  }
  bytes_ = stat.size;
  file_.reset(zip_fopen_index(archive.zip_.get(), stat.index, 0));
  if (file_ == nullptr) {
    throw Error(fmt::format("{}: damaged ({}); fetch or save it again", where_,
                            zip_strerror(archive.zip_.get())));
  }
  read_header();
}

void NpzArray::read_header() {
  std::array<std::uint8_t, kNpyPreambleBytes> preamble{};
  if (bytes_ < preamble.size()) {
    throw Error(fmt::format("{}: expected an array, found {} bytes", where_, bytes_));
  }
  read_exactly(preamble);
  const NpyLengths lengths = parse_npy_preamble(where_, preamble);
  header_bytes_ = lengths.preamble + lengths.text;
  if (header_bytes_ > bytes_ || header_bytes_ < preamble.size()) {
    throw Error(
        fmt::format("{}: expected a header of {} bytes as it says, found {} bytes in all; "
                    "save it again",
                    where_, header_bytes_, bytes_));
  }
  // Version 1 has a preamble of 10 bytes: the last two that were read belong to the text.
  std::string text(preamble.begin() + lengths.preamble, preamble.end());
  const std::size_t known = text.size();
  text.resize(lengths.text);
  read_exactly({reinterpret_cast<std::uint8_t*>(text.data()) + known, text.size() - known});
  header_ = parse_npy_text(where_, text);
  if (header_.fortran_order) {
    throw Error(where_ +
                ": stored in Fortran order; save it with numpy.ascontiguousarray(...) around it");
  }
}

std::string NpzArray::shape_text() const {
  return fmt::format("({}{})", fmt::join(header_.shape, ", "),
                     header_.shape.size() == 1 ? "," : "");
}

void NpzArray::require_values(std::uint64_t values, int bytes_per_value) const {
  const std::uint64_t expected = values * static_cast<std::uint64_t>(bytes_per_value);
  if (bytes_ - header_bytes_ != expected) {
    throw Error(fmt::format("{}: expected {} bytes of numbers for the shape {}, found {}", where_,
                            expected, shape_text(), bytes_ - header_bytes_));
  }
}

std::size_t NpzArray::read(std::span<std::uint8_t> into) {
  const zip_int64_t bytes = zip_fread(file_.get(), into.data(), into.size());
  if (bytes < 0) {
    throw Error(fmt::format("{}: damaged ({}); fetch or save it again", where_,
                            zip_file_strerror(file_.get())));
  }
  return static_cast<std::size_t>(bytes);
}

void NpzArray::read_exactly(std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const std::size_t got = read(into);
    if (got == 0) throw Error(where_ + ": shorter than the archive says; fetch or save it again");
    into = into.subspan(got);
  }
}

void NpzArray::expect_end() {
  std::uint8_t beyond = 0;
  if (read({&beyond, 1}) > 0) {
    throw Error(where_ + ": longer than the archive says; fetch or save it again");
  }
}

}  // namespace whichfirst::data
