#include "harness.h"
#include "record/study_file.h"

using namespace whichfirst;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(fuzz::text_of(bytes, size));
  fuzz::refuse_or([&] {
    const record::StudySource source{.text = text, .label = "fuzz.toml", .default_name = "fuzz"};
    const record::Study study = record::resolve_study(source);
    const record::StudySource printed{
        .text = record::print_study(study), .label = "printed.toml", .default_name = "fuzz"};
    fuzz::require(record::resolve_study(printed) == study, "a printed study is the same study");
  });
  fuzz::refuse_or([&] {
    const std::string overrides[] = {text};
    record::resolve_study({}, overrides);
  });
  return 0;
}
