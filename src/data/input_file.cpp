#include "data/input_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "data/limits.h"

namespace whichfirst::data {
namespace {

constexpr unsigned kBufferBytes = 256 * 1024;
constexpr std::size_t kMostBytesARead = std::size_t{1} << 30;  // gzread returns an int

gzFile as_gz(void* file) { return static_cast<gzFile>(file); }

}  // namespace

std::uint64_t regular_file_size(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error) throw Error("{}: {}", path.string(), error.message());
  if (std::filesystem::is_directory(status)) {
    throw Error("{}: expected a file, found a folder", path.string());
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw Error("{}: expected a regular file", path.string());
  }
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) throw Error("{}: {}", path.string(), error.message());
  return bytes;
}

void InputFile::Close::operator()(void* file) const { gzclose_r(as_gz(file)); }

InputFile::InputFile(const std::filesystem::path& path)
    : path_(path.string()), file_bytes_(regular_file_size(path)) {
  errno = 0;
  file_.reset(gzopen(path.c_str(), "rb"));
  if (file_ == nullptr) {
    throw Error("{}: {}", path_, std::strerror(errno != 0 ? errno : ENOMEM));
  }
  gzbuffer(as_gz(file_.get()), kBufferBytes);
}

void InputFile::require_room_for(std::uint64_t bytes) const {
  const bool plain = gzdirect(as_gz(file_.get())) != 0;
  if (plain && bytes != file_bytes_) {
    throw Error("{}: expected {} bytes as its header says, found {}; fetch it again", path_, bytes,
                file_bytes_);
  }
  if (!plain && bytes / kDeflateRatio > file_bytes_) {
    throw Error(
        "{}: expected {} bytes as its header says, found {} bytes of gzip, which "
        "cannot hold as many; fetch it again",
        path_, bytes, file_bytes_);
  }
}

std::size_t InputFile::read(std::span<std::uint8_t> into) {
  std::size_t got = 0;
  while (got < into.size()) {
    const auto want = static_cast<unsigned>(std::min(into.size() - got, kMostBytesARead));
    errno = 0;
    const int bytes = gzread(as_gz(file_.get()), into.data() + got, want);
    const int system_error = errno;
    int code = Z_OK;
    const std::string reason = gzerror(as_gz(file_.get()), &code);
    if (code == Z_BUF_ERROR) {
      throw Error("{}: its gzip data are cut short; fetch it again", path_);
    }
    if (code == Z_ERRNO) throw Error("{}: {}", path_, std::strerror(system_error));
    if (bytes < 0 || code != Z_OK) {
      // zlib puts the path before its reason.
      const auto colon = reason.rfind(": ");
      throw Error("{}: its gzip data are damaged ({}); fetch it again", path_,
                  colon == std::string::npos ? reason : reason.substr(colon + 2));
    }
    if (bytes == 0) break;
    got += static_cast<std::size_t>(bytes);
  }
  return got;
}

std::uint64_t InputFile::count_rest() {
  std::array<std::uint8_t, 64 * 1024> scratch;
  std::uint64_t rest = 0;
  while (const std::size_t got = read(scratch)) rest += got;
  return rest;
}

}  // namespace whichfirst::data
