#include "record/run_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
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
              HasSubstr("file: the folder cannot be created: something else has its name"));
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

TEST(RunFolder, RefusesTrialsOfAnotherInstructionSet) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  run.save_trial(trial_of(demo(), "bn-first", 1));
  EXPECT_EQ(complaint_of([&] { run.load_trials("avx512_core"); }),
            run.trial_path("bn-first", 1).string() +
                ": expected instruction set 'avx512_core', found 'avx2'; finish the run on a "
                "processor of that kind, or start anew with --out and another folder");
  EXPECT_NO_THROW(run.load_trials(std::nullopt));
  EXPECT_THROW(run.save_trial(trial_of(demo({"seed=1"}), "bn-first", 1)), std::logic_error);
}

// Whatever lies at a trial's place is named, hangs nobody, and makes way for the trial.
TEST(RunFolder, WhatIsNoTrialOfItsPlaceIsNamedAndMakesWay) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  const std::filesystem::path file = run.trial_path("bn-first", 1);
  std::filesystem::create_directories(file.parent_path());
  const TrialRecord good = trial_of(demo(), "bn-first", 1);
  const auto planted = [&](const std::function<void()>& plant, const std::string& says) {
    std::filesystem::remove_all(file);
    plant();
    const LoadedTrials loaded = run.load_trials("avx2");
    EXPECT_THAT(loaded.done, IsEmpty()) << says;
    EXPECT_THAT(loaded.damaged, ElementsAre(HasSubstr("bn-first/1.json: " + says)));
    EXPECT_TRUE(run.take("bn-first", 1, "avx2").claim.has_value()) << says;
    run.save_trial(good);
    EXPECT_THAT(run.load_trials("avx2").done, ElementsAre(Pair(Pair("bn-first", 1U), good)));
  };
  planted([&] { put(file, to_json(trial_of(demo(), "bn-first", 2))); },
          "expected replicate '1', found '2'");
  planted([&] { put(file, to_json(trial_of(demo(), "act-first", 1))); }, "expected arm 'bn-first'");
  planted([&] { put(file, to_json(trial_of(demo({"seed=1"}), "bn-first", 1))); },
          "expected study '");
  planted([&] { put(file / "inside", ""); }, "expected a file");
  planted([&] { std::filesystem::create_symlink(file, file); }, "expected a file, found a link");
  planted([&] { std::filesystem::create_symlink("nowhere", file); },
          "expected a file, found a link");
  planted([&] { ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0); }, "expected a file");
  planted([&] { put(file, std::string(kMaxTrialBytes + 1, ' ')); }, "expected at most");
  const TemporaryFolder elsewhere;
  put(elsewhere / "victim", "mine");
  planted([&] { std::filesystem::create_symlink(elsewhere / "victim", file); }, "expected JSON");
  EXPECT_EQ(content_of(elsewhere / "victim"), "mine");
}

TEST(RunFolder, NeverWritesThroughAPlantedLink) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  put(elsewhere / "victim", "mine");
  RunFolder run(folder.path(), demo());
  std::filesystem::create_symlink(elsewhere / "victim",
                                  folder / ("progress-" + writer_name() + ".jsonl"));
  EXPECT_THAT(complaint_of([&] { run.append_progress("{}\n"); }), HasSubstr("cannot be opened"));
  std::filesystem::create_directories(folder / "trials/bn-first");
  std::filesystem::create_symlink(elsewhere / "victim", folder / "trials/bn-first/1.claim");
  EXPECT_TRUE(run.take("bn-first", 1, "avx2").claim.has_value());
  std::filesystem::create_symlink(elsewhere.path(), folder / "trials/act-first");
  EXPECT_THAT(complaint_of([&] { run.save_trial(trial_of(demo(), "act-first", 1)); }),
              HasSubstr("trials/act-first: expected a folder, found a link"));
  EXPECT_EQ(content_of(elsewhere / "victim"), "mine");
}

TEST(RunFolder, IsMissedWhereItWasRemovedWhileRunning) {
  const TemporaryFolder folder;
  RunFolder run(folder / "run", demo());
  std::filesystem::remove_all(folder / "run");
  const auto save = [&] { run.save_trial(trial_of(demo(), "bn-first", 1)); };
  EXPECT_THAT(complaint_of(save), HasSubstr("run: the run folder was removed or replaced"));
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  std::filesystem::create_directory(folder / "run");
  EXPECT_THAT(complaint_of([&] { run.take("bn-first", 1, "avx2"); }), HasSubstr("removed"));
}

TEST(RunFolder, OfTwoStudiesAtOnceOneGetsTheFolder) {
  for (int times = 0; times < 20; ++times) {
    const TemporaryFolder folder;
    std::vector<std::string> complaints(4);
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          complaints[i] = complaint_of(
              [&] { RunFolder(folder / "a/b/run", demo({"seed=" + std::to_string(i)})); });
        });
      }
    }
    EXPECT_EQ(std::count(complaints.begin(), complaints.end(), "no error"), 1);
    std::sort(complaints.begin(), complaints.end());
    EXPECT_THAT(complaints.front(), HasSubstr("found another in seed ("));
  }
}

TEST(RunFolder, ATrialIsClaimedByOneAndFreeAgainWhenItEnds) {
  const TemporaryFolder folder;
  RunFolder one(folder.path(), demo());
  RunFolder two(folder.path(), demo());
  {
    const Turn first = one.take("bn-first", 1, "avx2");
    EXPECT_TRUE(first.claim.has_value());
    EXPECT_EQ(holder_of(folder / "trials/bn-first/1.claim"), writer_name());
    const Turn second = two.take("bn-first", 1, "avx2");
    EXPECT_FALSE(second.claim.has_value() || second.done.has_value());
    EXPECT_TRUE(two.take("bn-first", 2, "avx2").claim.has_value());
    one.save_trial(trial_of(demo(), "bn-first", 1));
  }
  EXPECT_EQ(holder_of(folder / "trials/bn-first/1.claim"), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(folder / "trials/bn-first/1.claim"));
  EXPECT_EQ(two.take("bn-first", 1, "avx2").done, trial_of(demo(), "bn-first", 1));
  EXPECT_TRUE(two.take("bn-first", 1, "avx2", /*again=*/true).claim.has_value());
}

// A dead writer of this machine at once; of another machine, whose lock may be unseen here, by age.
TEST(RunFolder, AClaimOutlivesItsWriterOnlyUntilThatIsKnown) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  const auto claim = folder / "trials/bn-first/1.claim";
  const auto is_taken = [&](const std::string& writer, std::chrono::seconds age) {
    put(claim, writer);
    std::filesystem::last_write_time(claim, std::filesystem::file_time_type::clock::now() - age);
    const bool is_held = holder_of(claim).has_value();
    const bool is_free = run.take("bn-first", 1, "avx2").claim.has_value();
    EXPECT_NE(is_held, is_free);
    return is_free;
  };
  EXPECT_TRUE(is_taken(writer_name(), std::chrono::seconds(0)));
  EXPECT_FALSE(is_taken("elsewhere-1", std::chrono::seconds(kStaleSeconds / 2)));
  EXPECT_TRUE(is_taken("elsewhere-1", std::chrono::seconds(2 * kStaleSeconds)));
  EXPECT_FALSE(std::filesystem::exists(claim)) << "given up again";
}

TEST(RunFolder, RemovesWhatDeadWritersLeftAndNothingOfTheLiving) {
  const TemporaryFolder folder;
  RunFolder run(folder.path(), demo());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  const std::string host = writer_name().substr(0, writer_name().rfind('-') + 1);
  const std::string dead = ".whichfirst-tmp-" + host + std::to_string(child) + "-0";
  const std::string living = ".whichfirst-tmp-" + writer_name() + "-123456";
  for (const std::filesystem::path& inside : {folder.path(), folder / "trials/bn-first"}) {
    put(inside / dead, "left");
    put(inside / living, "in use");
    put(inside / ".whichfirst-tmp-elsewhere-1-0", "who knows");
  }
  put(folder / "trials/bn-first/7.claim", host + std::to_string(child));
  const Turn held = run.take("bn-first", 8, "avx2");
  const RunFolder next(folder.path(), demo());
  for (const std::filesystem::path& inside : {folder.path(), folder / "trials/bn-first"}) {
    EXPECT_FALSE(std::filesystem::exists(inside / dead));
    EXPECT_TRUE(std::filesystem::exists(inside / living));
    EXPECT_TRUE(std::filesystem::exists(inside / ".whichfirst-tmp-elsewhere-1-0"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "trials/bn-first/7.claim"));
  EXPECT_TRUE(std::filesystem::exists(folder / "trials/bn-first/8.claim"));
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
