#include "harness.h"
#include "network/network.h"
#include "notation/parse.h"
#include "notation/print.h"

using namespace whichfirst;

namespace {

/// The text as a body or as an order, built and matched with another.
void build(const notation::Sequence& text, notation::Context context) {
  const bool is_body = context == notation::Context::body;
  const auto body =
      is_body ? text
              : notation::parse("unit(4, s=2) unit(8) gap fc(classes)", notation::Context::body);
  const auto other = notation::parse("conv relu bn", notation::Context::order);
  const Shape input{.channels = 2, .height = 9, .width = 12};
  const network::Blueprint first{
      .body = body, .order = is_body ? other : text, .input = input, .classes = 3};
  const network::Blueprint second{.body = body, .order = other, .input = input, .classes = 3};
  for (const auto& built :
       network::build_matched({first, second}, {.bias = true, .affine = true, .ends = true})) {
    for (std::size_t i = 0; i < built.stages.size(); ++i) {
      fuzz::require(built.stages[i].source < static_cast<int>(i), "a stage reads an earlier one");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (const auto context : {notation::Context::order, notation::Context::body}) {
    fuzz::refuse_or([&] {
      const notation::Sequence once = notation::parse(fuzz::text_of(bytes, size), context);
      const std::string canonical = notation::print(once);
      if (canonical.size() > notation::kMaxTextBytes) return;
      fuzz::require(notation::parse(canonical, context) == once, "parse(print(s)) == s");
      build(once, context);
    });
  }
  return 0;
}
