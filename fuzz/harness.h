// What the harnesses share: a parser may refuse its input with an Error, and nothing else.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "data/dataset.h"

namespace whichfirst::fuzz {

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// Stops the fuzzer: the input is a finding.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Runs `parse`; what it refuses is refused in words.
template <class Parse>
void refuse_or(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    require(std::string_view(error.what()).size() > 10, "an error says what is wrong");
  }
}

/// A folder of this process, removed at its end, for readers that take paths.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "whichfirst-fuzz-XXXXXX").string();
    require(mkdtemp(name.data()) != nullptr, "there is a folder for temporary files");
    path_ = name;
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const char* name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary | std::ios::trunc)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// What every reader of pictures promises.
inline void require_whole(const data::Images& images, int classes) {
  const auto values = std::visit([](const auto& pixels) { return pixels.size(); }, images.pixels);
  require(values == images.labels.size() * static_cast<std::size_t>(images.shape.size()),
          "there are pixels for every label");
  for (const std::int32_t label : images.labels) {
    require(label >= 0 && label < classes, "every label is a class");
  }
}

}  // namespace whichfirst::fuzz
