// The input is every file of the set in turn: CIFAR-10's if its length is even, else CIFAR-100's.
#include "data/readers.h"
#include "harness.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const fuzz::ScratchFolder ten;
  static const fuzz::ScratchFolder hundred;
  const std::string_view text = fuzz::text_of(bytes, size);
  const bool is_ten = size % 2 == 0;
  const fuzz::ScratchFolder& folder = is_ten ? ten : hundred;
  for (const char* name :
       is_ten ? std::initializer_list<const char*>{"data_batch_1.bin", "test_batch.bin"}
              : std::initializer_list<const char*>{"train.bin", "test.bin"}) {
    folder.write(name, text);
  }
  fuzz::refuse_or([&] {
    const data::Dataset set = data::load_cifar_folder(folder.path());
    fuzz::require_whole(set.train, set.classes);
    fuzz::require_whole(set.test, set.classes);
  });
  return 0;
}
