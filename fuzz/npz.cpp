#include "data/readers.h"
#include "harness.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const fuzz::ScratchFolder folder;
  const auto path = folder.write("fuzz.npz", fuzz::text_of(bytes, size));
  fuzz::refuse_or([&] {
    const data::Dataset set = data::load_npz(path);
    fuzz::require_whole(set.train, set.classes);
    fuzz::require_whole(set.test, set.classes);
  });
  return 0;
}
