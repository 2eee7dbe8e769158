#include "harness.h"
#include "notation/parse.h"
#include "notation/print.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (const auto context : {notation::Context::order, notation::Context::body}) {
    fuzz::refuse_or([&] {
      const notation::Sequence once = notation::parse(fuzz::text_of(bytes, size), context);
      const std::string canonical = notation::print(once);
      if (canonical.size() > notation::kMaxTextBytes) return;
      fuzz::require(notation::parse(canonical, context) == once, "parse(print(s)) == s");
    });
  }
  return 0;
}
