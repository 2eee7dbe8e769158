// The last 64 bytes are the label file, what is before them the picture file.
#include <algorithm>
#include <limits>

#include "data/readers.h"
#include "harness.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const fuzz::ScratchFolder folder;
  constexpr std::size_t kLabelBytes = 64;
  const std::string_view text = fuzz::text_of(bytes, size);
  const std::size_t split = size - std::min(size, kLabelBytes);
  const auto images = folder.write("images", text.substr(0, split));
  // The count of labels ends the file: zeros behind it are cut off.
  std::string_view label_bytes = text.substr(split);
  while (!label_bytes.empty() && label_bytes.back() == '#') label_bytes.remove_suffix(1);
  const auto labels = folder.write("labels", label_bytes);
  fuzz::refuse_or([&] {
    const data::Images set = data::read_idx(images, labels);
    fuzz::require_whole(set, std::numeric_limits<int>::max());
  });
  return 0;
}
