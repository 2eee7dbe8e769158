#include "record/run_folder.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "record/atomic_file.h"
#include "temporary_folder.h"

namespace whichfirst::record {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Pair;

Study demo(std::vector<std::string> overrides = {}) {
  return resolve_study(StudySource{"", "demo.toml", "demo"}, overrides);
}

TrialRecord trial_of(const Study& study, const std::string& arm, std::uint64_t replicate) {
  TrialRecord trial;
  trial.arm = arm;
  trial.replicate = replicate;
  trial.study = study_hash(study);
  trial.machine.isa = "avx2";
  trial.metrics.test_accuracy = 90.0 + static_cast<double>(replicate);
  return trial;
}

TEST(RunFolder, IsNamedAfterStudyAndHash) {
  const std::string hash = study_hash(demo()).substr(0, 8);
  EXPECT_EQ(default_run_folder(demo()), "runs/demo-" + hash);
  EXPECT_EQ(default_run_folder(demo({"name=../../my study: ü"})), "runs/my-study-----" + hash);
  EXPECT_EQ(default_run_folder(demo({"name=../..-"})), "runs/study-" + hash);
  EXPECT_THAT(default_run_folder(demo({"name=" + std::string(500, 'x')})).string(),
              MatchesRegex("runs/x+-[0-9a-f]+"));
  EXPECT_LT(default_run_folder(demo({"name=" + std::string(500, 'x')})).string().size(), 80U);
}

TEST(RunFolder, HoldsTheResolvedStudy) {
  const TemporaryFolder folder;
  const RunFolder run(folder / "a/b", demo());
  EXPECT_EQ(content_of(folder / "a/b/study.toml"), print_study(demo()));
  EXPECT_EQ(resolve_study(read_study_source(folder / "a/b/study.toml")), demo());
}

TEST(RunFolder, OpensAgainForTheSameStudyUnderAnyName) {
  const TemporaryFolder folder;
  RunFolder(folder / "run", demo());
  EXPECT_NO_THROW(RunFolder(folder / "run", demo()));
  EXPECT_NO_THROW(RunFolder(folder / "run", demo({"name=other"})));
}

TEST(RunFolder, RefusesAnotherStudyAndNamesTheKeys) {
  const TemporaryFolder folder;
  RunFolder(folder / "run", demo());
  EXPECT_EQ(complaint_of([&] {
              RunFolder(folder / "run", demo({"recipe.lr=0.1", "seed=1"}));
            }),
            (folder / "run/study.toml").string() +
                ": expected the study of this run, found another in seed (0 there, 1 here), "
                "recipe.lr (0.05 there, 0.1 here); run it with --out and another folder");
  EXPECT_EQ(content_of(folder / "run/study.toml"), print_study(demo())) << "untouched";
}

TEST(RunFolder, RefusesAStudyFileThatDoesNotRead) {
  const TemporaryFolder folder;
  put(folder / "run/study.toml", "seed = ");
  EXPECT_THAT(complaint_of([&] { RunFolder(folder / "run", demo()); }),
              HasSubstr("run/study.toml:1:"));
  put(folder / "file", "");
  EXPECT_THAT(complaint_of([&] { RunFolder(folder / "file", demo()); }),
              HasSubstr("file: the folder cannot be created: "));
  EXPECT_THAT(complaint_of([&] { RunFolder(folder / "file/run", demo()); }),
              HasSubstr("file/run: the folder cannot be created: Not a directory"));
}

TEST(RunFolder, GivesBackTheTrialsThatWereSaved) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  EXPECT_THAT(run.load_trials("avx2").done, IsEmpty());
  const TrialRecord first = trial_of(demo(), "bn-first", 1);
  const TrialRecord second = trial_of(demo(), "act-first", 8);
  run.save_trial(first);
  run.save_trial(second);
  EXPECT_TRUE(std::filesystem::exists(folder / "trials/bn-first/1.json"));
  const LoadedTrials loaded = RunFolder(folder.path(), demo()).load_trials("avx2");
  EXPECT_THAT(loaded.damaged, IsEmpty());
  EXPECT_THAT(loaded.done,
              ElementsAre(Pair(Pair("act-first", 8U), second), Pair(Pair("bn-first", 1U), first)));
}

TEST(RunFolder, ADamagedTrialCountsAsNeverRunAndIsReported) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  run.save_trial(trial_of(demo(), "bn-first", 1));
  run.save_trial(trial_of(demo(), "bn-first", 2));
  const std::string text = content_of(run.trial_path("bn-first", 1));
  put(run.trial_path("bn-first", 1), text.substr(0, text.size() / 2));
  const LoadedTrials loaded = run.load_trials("avx2");
  EXPECT_EQ(loaded.done.size(), 1U);
  EXPECT_THAT(loaded.damaged, ElementsAre(HasSubstr("bn-first/1.json: expected JSON")));
  run.save_trial(trial_of(demo(), "bn-first", 1));
  EXPECT_EQ(run.load_trials("avx2").done.size(), 2U);
}

TEST(RunFolder, IgnoresWhatIsNoTrialOfThePlan) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  put(folder / "trials/bn-first/.whichfirst-tmp-host-1-0", "{\"format");
  put(folder / "trials/bn-first/31.json", "beyond the seeds");
  put(folder / "trials/bn-first/tuning-1.json", "nothing is tuned");
  put(folder / "trials/other/1.json", "no arm");
  put(folder / ".whichfirst-tmp-host-1-0", "seed = ");
  const LoadedTrials loaded = run.load_trials(std::nullopt);
  EXPECT_THAT(loaded.done, IsEmpty());
  EXPECT_THAT(loaded.damaged, IsEmpty());
}

TEST(RunFolder, RefusesTrialsWhoseNumbersAreNotToBeCompared) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  const std::string file = run.trial_path("bn-first", 1).string();
  const auto complaint = [&](const TrialRecord& trial) {
    put(file, to_json(trial));
    return complaint_of([&] { run.load_trials("avx512_core"); });
  };
  EXPECT_EQ(complaint(trial_of(demo(), "bn-first", 1)),
            file +
                ": expected instruction set 'avx512_core', found 'avx2'; finish the run on a "
                "processor of that kind, or start anew with --out and another folder");
  EXPECT_NO_THROW(run.load_trials(std::nullopt));
  EXPECT_EQ(complaint(trial_of(demo(), "bn-first", 2)),
            file +
                ": expected replicate '1', found '2'; it was not written here; remove it, and it "
                "is run again");
  EXPECT_THAT(complaint(trial_of(demo(), "act-first", 1)), HasSubstr("expected arm 'bn-first'"));
  EXPECT_THAT(complaint(trial_of(demo({"seed=1"}), "bn-first", 1)), HasSubstr("expected study '"));
  EXPECT_THROW(run.save_trial(trial_of(demo({"seed=1"}), "bn-first", 1)), std::logic_error);
}

TEST(RunFolder, ProgressIsOneFileAWriterMadeByTheFirstLine) {
  const TemporaryFolder folder;
  const auto file = folder / ("progress-" + writer_name() + ".jsonl");
  RunFolder run(folder.path(), demo());
  EXPECT_FALSE(std::filesystem::exists(file));
  run.append_progress("{\"a\":1}\n");
  EXPECT_EQ(content_of(file), "{\"a\":1}\n") << "at once";
  RunFolder(folder.path(), demo()).append_progress("{\"a\":2}\n");
  EXPECT_EQ(content_of(file), "{\"a\":1}\n{\"a\":2}\n");
  EXPECT_THROW(run.append_progress("no line"), std::logic_error);
  EXPECT_THROW(run.append_progress("two\nlines\n"), std::logic_error);
  EXPECT_THROW(run.append_progress(""), std::logic_error);
}

TEST(RunFolder, LinesOfSeveralThreadsDoNotMix) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  const std::string line = std::string(5000, 'x') + '\n';
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int times = 0; times < 50; ++times) run.append_progress(line);
      });
    }
  }
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += line;
  EXPECT_EQ(content_of(folder / ("progress-" + writer_name() + ".jsonl")), expected);
}

TEST(RunFolder, SaysWhichProgressFileCannotBeWritten) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  std::filesystem::create_directory(folder / ("progress-" + writer_name() + ".jsonl"));
  EXPECT_THAT(complaint_of([&] { run.append_progress("x\n"); }),
              EndsWith(".jsonl: cannot be opened: Is a directory"));
}

TEST(RunFolder, KeepsTheVerdict) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  run.save_verdict("{}\n");
  EXPECT_EQ(content_of(folder / "verdict.json"), "{}\n");
}

}  // namespace
}  // namespace whichfirst::record
