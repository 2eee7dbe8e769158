// Pictures of all kinds, told apart by their first bytes.
#include "data/picture.h"

#include "harness.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::refuse_or([&] {
    const Shape told = data::decode_picture_header("fuzz", {bytes, size}).shape;
    if (told.size() > (1 << 24)) return;  // within the limits, and slow
    const data::Picture picture = data::decode_picture("fuzz", {bytes, size});
    fuzz::require(picture.shape == told, "a picture has the shape that its header tells");
    fuzz::require(picture.pixels.size() == static_cast<std::size_t>(told.size()),
                  "a picture is whole");
  });
  return 0;
}
