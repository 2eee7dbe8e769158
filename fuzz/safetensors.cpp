#include "record/safetensors.h"

#include "harness.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::refuse_or([&] {
    const record::Weights weights =
        record::parse_safetensors(fuzz::text_of(bytes, size), "fuzz.safetensors");
    for (const record::Tensor& tensor : weights.tensors) {
      std::size_t product = 1;
      for (const std::int64_t length : tensor.shape) product *= static_cast<std::size_t>(length);
      fuzz::require(tensor.values.size() == product, "a tensor has the size of its shape");
    }
  });
  return 0;
}
