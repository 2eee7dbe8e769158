#include "harness.h"
#include "record/verdict_record.h"
#include "report/verdict_text.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::refuse_or([&] {
    const record::VerdictRecord verdict =
        record::verdict_from_json(fuzz::text_of(bytes, size), "fuzz.json");
    const std::string page = report::print_verdict(verdict, {}, report::Detail::brief) +
                             report::print_verdict(verdict, {}, report::Detail::all) +
                             report::print_markdown(verdict) + report::print_latex(verdict) +
                             record::to_json(verdict);
    fuzz::require(page.find('\x1b') == page.npos, "nothing reaches a terminal as a command");
  });
  return 0;
}
