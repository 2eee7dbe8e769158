// A whole run with trials that only pretend: who runs when, what is told, what a stop leaves.
#include "study/run.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "base/error.h"
#include "record/atomic_file.h"
#include "record/temporary_folder.h"
#include "study/prepared.h"
#include "study/scheduler.h"

namespace whichfirst::study {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// Writes down what it is told, an event a line.
class Diary : public Listener {
 public:
  std::vector<std::string> lines;
  std::vector<std::string> notices;
  std::vector<std::string> beforehand;
  std::vector<TrialId> finished;

  void on_notice(const Notice& notice) override {
    auto& list = notice.kind == Notice::Kind::beforehand ? beforehand : notices;
    list.push_back(notice.text);
  }
  void on_resume(const Trials& found, const std::filesystem::path&) override {
    lines.push_back("resume " + std::to_string(found.size()));
  }
  void on_phase(const Phase& phase, const Experiment&, const Trials& before) override {
    lines.push_back((phase.is_tuning ? "tune " : "compare ") + phase.metric + ' ' +
                    std::to_string(phase.arms.size()) + 'x' + std::to_string(phase.replicates) +
                    " after " + std::to_string(before.size()));
  }
  void on_start(const TrialId& id) override { lines.push_back("start " + name_of(id)); }
  void on_progress(const TrialId& id, const train::Progress&) override {
    lines.push_back("progress " + name_of(id));
  }
  void on_look(std::size_t comparison, const report::LookProgress& look) override {
    lines.push_back("look " + std::to_string(comparison) + ' ' + std::to_string(look.pairs) +
                    (look.verdict ? " decided" : ""));
  }
  void on_finish(const TrialId& id, const record::TrialRecord&) override {
    lines.push_back("finish " + name_of(id));
    finished.push_back(id);
  }
  void on_end(const record::VerdictRecord& verdict) override {
    lines.push_back("end " + std::string(record::name(verdict.stop)));
  }

 private:
  static std::string name_of(const TrialId& id) {
    return std::to_string(id.arm) + '/' + record::replicate_name(id.replicate);
  }
};

class RunTest : public ::testing::TestWithParam<std::tuple<Settings, int>> {
 protected:
  /// Rates near 0.1 suit bn-first, near 0.01 act-first; bn-first is 10 points ahead.
  record::TrialRecord pretend(const Arm& arm, std::uint64_t replicate) const {
    const bool is_first = arm.order_name == "bn-first";
    record::TrialRecord record;
    const double accuracy = 60 + (is_first ? 10 : 0) + static_cast<double>(replicate * 7 % 5);
    if (record::is_tuning(replicate)) {
      record.metrics.val_accuracy = accuracy - 100 * std::abs(arm.lr - (is_first ? 0.1 : 0.01));
    } else {
      record.metrics.test_accuracy = accuracy;
      record.right_answers.assign(100, 0);
      std::fill_n(record.right_answers.begin(), static_cast<int>(accuracy), std::uint8_t{1});
    }
    record.hashes = {.data = data_hash, .data_order = "o", .initial_weights = "w"};
    record.machine = {.isa = isa, .kernels = kernels};
    record.timings.seconds = 10;
    return record;
  }

  /// Every trial pretends, until `trials_before_stop` have ended.
  Runner pretending() {
    return [this](const Arm& arm, std::uint64_t replicate, const std::stop_token&,
                  const train::Observer& observe) -> std::optional<record::TrialRecord> {
      if (trials_before_stop-- == 0) {
        stop.request_stop();
        return std::nullopt;
      }
      observe({.epoch = 1, .share = 1, .finished_epoch = record::EpochMetrics{}});
      return pretend(arm, replicate);
    };
  }

  record::VerdictRecord finish(const Settings& overrides, RunOptions options = {}) {
    Experiment experiment = prepared(overrides);
    data_hash = experiment.material.hash;
    isa = experiment.platform.isa;
    kernels = experiment.platform.library;
    diary = {};
    stop = {};
    options.folder = folder / "run";
    if (!options.runner) options.runner = pretending();
    study::Run run(std::move(experiment), std::move(options), diary);
    return run.finish(stop.get_token());
  }
  std::string complaint(const Settings& overrides, RunOptions options = {}) {
    try {
      finish(overrides, std::move(options));
    } catch (const std::exception& error) {
      return error.what();
    }
    return "no error";
  }
  std::string saved(const char* file) const { return record::content_of(folder / "run" / file); }
  bool has_verdict() const { return std::filesystem::exists(folder / "run/verdict.json"); }

  const record::TemporaryFolder folder;
  std::string data_hash, isa, kernels;
  std::atomic<int> trials_before_stop = -1;  // below 0: never
  std::stop_source stop;
  Diary diary;
};

TEST_F(RunTest, TellsOfEverythingInItsOrder) {
  const record::VerdictRecord verdict = finish({"plan.seeds=2"});
  EXPECT_THAT(diary.lines,
              ElementsAre("compare test_accuracy 2x2 after 0",        //
                          "start 0/1", "progress 0/1", "finish 0/1",  //
                          "start 1/1", "progress 1/1", "finish 1/1",  //
                          "start 1/2", "progress 1/2", "finish 1/2",  //
                          "start 0/2", "progress 0/2", "finish 0/2", "end fixed"));
  EXPECT_THAT(diary.notices, IsEmpty());
  EXPECT_EQ(saved("verdict.json"), record::to_json(verdict));
  EXPECT_THAT(verdict.comparisons[0].sentence, HasSubstr("300 images of shapes10"));
  EXPECT_THAT(verdict.ledger_orders, ElementsAre("bn-first", "act-first"));
  EXPECT_THAT(verdict.ledger, Not(IsEmpty()));
}

// Stopped after any trial and resumed, a run ends with the bytes of one that was left alone.
TEST_P(RunTest, StoppedAndResumedGivesTheSameVerdict) {
  const auto& [settings, trials] = GetParam();
  finish(settings);
  const std::string whole = saved("verdict.json");
  const std::vector<TrialId> order = diary.finished;
  std::filesystem::remove_all(folder / "run");

  trials_before_stop = trials;
  const record::VerdictRecord half = finish(settings);
  EXPECT_EQ(half.stop, record::Stop::interrupted);
  EXPECT_EQ(diary.lines.back(), "end interrupted");
  EXPECT_FALSE(has_verdict());
  for (const record::ComparisonResult& result : half.comparisons) {
    EXPECT_EQ(result.comparison.verdict, stats::Verdict::undecided);
  }
  std::vector<TrialId> trained = diary.finished;
  EXPECT_THAT(trained, SizeIs(static_cast<std::size_t>(trials)));

  trials_before_stop = -1;
  finish(settings);
  EXPECT_EQ(saved("verdict.json"), whole);
  trained.insert(trained.end(), diary.finished.begin(), diary.finished.end());
  EXPECT_EQ(trained, order) << "nothing is trained twice";
  EXPECT_THAT(diary.lines.front(),
              StartsWith(trials > 0 ? "resume " + std::to_string(trials) : "compare"));

  finish(settings);
  EXPECT_THAT(diary.lines,
              ElementsAre("resume " + std::to_string(order.size()), StartsWith("end")));
  EXPECT_EQ(saved("verdict.json"), whole);
}

const Settings kFixed = {"plan.seeds=6"};
const Settings kAutomatic = {"plan.seeds=auto", "plan.max-seeds=12"};
const Settings kTuned = {"plan.seeds=6", "recipe.lr=[0.01, 0.1]"};
INSTANTIATE_TEST_SUITE_P(Fixed, RunTest,
                         ::testing::Combine(::testing::Values(kFixed),
                                            ::testing::Values(0, 1, 11)));
INSTANTIATE_TEST_SUITE_P(Automatic, RunTest,
                         ::testing::Combine(::testing::Values(kAutomatic),
                                            ::testing::Values(2, 11)));
INSTANTIATE_TEST_SUITE_P(Tuned, RunTest,
                         ::testing::Combine(::testing::Values(kTuned),
                                            ::testing::Values(3, 8, 15)));

TEST_F(RunTest, TriesRatesFirstAndComparesEachOrderAtItsBest) {
  const record::VerdictRecord verdict = finish(kTuned);
  EXPECT_THAT(diary.lines, AllOf(Contains("tune val_accuracy 4x2 after 0"),
                                 Contains("compare test_accuracy 2x6 after 8")));
  EXPECT_EQ(diary.finished[7].replicate, record::kTuningReplicates + 2);
  EXPECT_EQ(diary.finished[8].replicate, 1U);
  EXPECT_EQ(verdict.tuning[0].best, 0.1);
  EXPECT_EQ(verdict.tuning[1].best, 0.01);
  EXPECT_EQ(verdict.orders[0].lr, 0.1);
  EXPECT_EQ(verdict.orders[1].lr, 0.01);
  EXPECT_EQ(verdict.comparisons[0].comparison.verdict, stats::Verdict::better);
}

TEST_F(RunTest, LooksAfterEveryTrialUntilTheAnswerIsThere) {
  EXPECT_EQ(finish(kAutomatic).stop, record::Stop::decided);
  EXPECT_THAT(diary.finished, SizeIs(12)) << "six pairs of twelve";
  EXPECT_THAT(std::vector(diary.lines.end() - 3, diary.lines.end()),
              ElementsAre("look 0 6 decided", "finish 0/6", "end decided"));
}

TEST_F(RunTest, RunsSideBySideEachTrialOnceOnThatManyThreads) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const record::VerdictRecord verdict = finish(
      {"plan.seeds=10"},
      {.jobs = 3, .runner = [&](const Arm& arm, std::uint64_t replicate, const auto&, const auto&) {
         const int now = ++running;
         int seen = most;
         while (now > seen && !most.compare_exchange_weak(seen, now)) {
         }
         std::this_thread::sleep_for(std::chrono::milliseconds(5));
         --running;
         const std::lock_guard lock(mutex);
         threads.insert(std::this_thread::get_id());
         return std::optional(pretend(arm, replicate));
       }});
  EXPECT_THAT(std::set(diary.finished.begin(), diary.finished.end()), SizeIs(20));
  EXPECT_THAT(diary.finished, SizeIs(20));
  EXPECT_THAT(threads, SizeIs(3));
  EXPECT_LE(most, 3);
  EXPECT_GE(most, 2);
  EXPECT_EQ(verdict.comparisons[0].comparison.pairs, 10);
}

TEST_F(RunTest, OurOwnMistakeEndsTheRunAndKeepsWhatIsDone) {
  const Runner mistaken = [&](const Arm& arm, std::uint64_t replicate, const auto&, const auto&) {
    if (replicate == 2) throw std::logic_error("two is three");
    return std::optional(pretend(arm, replicate));
  };
  EXPECT_EQ(complaint(kFixed, {.runner = mistaken}), "two is three");
  EXPECT_THAT(diary.finished, ElementsAre(TrialId{0, 1}, TrialId{1, 1}));
  EXPECT_FALSE(has_verdict());
  finish(kFixed);
  EXPECT_EQ(diary.lines.front(), "resume 2");
}

TEST_F(RunTest, AResultThatCannotBeWrittenEndsTheRunLoudly) {
  std::filesystem::create_directory(folder / "run");
  std::ofstream(folder / "run/trials") << "no folder";
  EXPECT_THAT(complaint({"plan.seeds=50"}), HasSubstr("trials"));
  EXPECT_THAT(diary.finished, IsEmpty());
}

TEST_F(RunTest, GoesOnAroundATrialThatFailed) {
  const Runner failing = [&](const Arm& arm, std::uint64_t replicate, const auto&, const auto&) {
    record::TrialRecord record = pretend(arm, replicate);
    if (replicate == 2 && arm.name == "bn-first") {
      record.status = record::Status::failed;
      record.reason = "the disk is on fire";
      record.metrics = {};
      record.right_answers.clear();
    }
    return std::optional(record);
  };
  const record::VerdictRecord verdict = finish(kFixed, {.runner = failing});
  EXPECT_EQ(verdict.orders[0].failed, 1);
  EXPECT_EQ(verdict.comparisons[0].comparison.pairs, 5);
  EXPECT_THAT(
      verdict.comparisons[0].sentence,
      HasSubstr("their pairs do not count: bn-first 0 diverged, 1 failed; act-first none."));
}

TEST_F(RunTest, TrialsOfOtherDataOrKernelsAreNotMixedOnResume) {
  trials_before_stop = 3;
  finish(kFixed);
  const std::filesystem::path file = folder / "run/trials/bn-first/1.json";
  const std::string content = record::content_of(file);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = content;
    changed.replace(changed.find(from), from.size(), to);
    std::ofstream(file) << changed;
    return complaint(kFixed);
  };
  EXPECT_THAT(with(data_hash, "0123456789abcdef"),
              AllOf(HasSubstr("bn-first/1.json"), HasSubstr("trained on other data")));
  EXPECT_THAT(with(kernels, "oneDNN 0.1"), HasSubstr("it was trained with oneDNN 0.1, found"));
  EXPECT_EQ(with("{", "}"), "no error");
  EXPECT_THAT(diary.notices, ElementsAre(AllOf(HasSubstr("1.json"), HasSubstr("trained again"))));
  EXPECT_EQ(diary.lines.front(), "resume 2");
  EXPECT_TRUE(has_verdict());
}

/// Two runs in one folder at once, as two processes are: locks belong to open files.
TEST_F(RunTest, TwoAtOnceShareTheWorkAndComeToTheSame) {
  for (const Settings& settings : {kFixed, kAutomatic, kTuned}) {
    finish(settings);
    const std::string whole = saved("verdict.json");
    const std::size_t trials = diary.finished.size();
    std::filesystem::remove_all(folder / "run");
    std::mutex mutex;
    std::multiset<std::string> trained;
    const Runner counting = [&](const Arm& arm, std::uint64_t replicate, const auto&, const auto&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const std::lock_guard lock(mutex);
      trained.insert(arm.name + '/' + record::replicate_name(replicate));
      return std::optional(pretend(arm, replicate));
    };
    Diary diaries[2];
    {
      std::vector<std::jthread> processes;
      for (Diary& own : diaries) {
        processes.emplace_back([&] {
          study::Run run(prepared(settings), {.folder = folder / "run", .runner = counting}, own);
          EXPECT_NE(run.finish({}).stop, record::Stop::interrupted);
        });
      }
    }
    EXPECT_THAT(std::set(trained.begin(), trained.end()), SizeIs(trained.size())) << "none twice";
    EXPECT_GE(trained.size(), trials);
    EXPECT_LE(trained.size(), trials + 1) << "one may be under way when it is decided";
    EXPECT_THAT(diaries[0].finished, SizeIs(testing::Ge(trials)));
    EXPECT_THAT(diaries[1].lines, Contains(StartsWith("start"))) << "both had a share";
    EXPECT_THAT(diaries[0].lines, Contains(StartsWith("start")));
    if (settings != kAutomatic) {
      EXPECT_EQ(saved("verdict.json"), whole);
    }
    std::filesystem::remove_all(folder / "run");
  }
}

TEST_F(RunTest, GoesOnWithoutItsProgressFile) {
  std::filesystem::create_directories(folder / "run" /
                                      ("progress-" + record::writer_name() + ".jsonl"));
  EXPECT_EQ(finish(kFixed).comparisons[0].comparison.pairs, 6);
  EXPECT_THAT(diary.notices, ElementsAre(HasSubstr(".jsonl: cannot be opened"))) << "said once";
}

TEST_F(RunTest, WhatSaysNothingOfAnOrderEndsTheRunAndLeavesNoTrial) {
  const Runner starved = [](const auto&, auto, const auto&,
                            const auto&) -> std::optional<record::TrialRecord> {
    throw std::bad_alloc();
  };
  EXPECT_THROW(finish(kFixed, {.runner = starved}), std::bad_alloc);
  finish(kFixed);
  EXPECT_THAT(diary.finished, SizeIs(12)) << "no trial had a file";
}

TEST_F(RunTest, ATrialThatContradictsItselfIsNamedAndTrainedAgain) {
  finish(kFixed);
  const std::filesystem::path file = folder / "run/trials/bn-first/1.json";
  const std::string content = record::content_of(file);
  record::TrialRecord trial = record::trial_from_json(content, "");
  const auto retrained = [&](const std::function<void(record::TrialRecord&)>& change) {
    record::TrialRecord changed = trial;
    change(changed);
    record::put(file, record::to_json(changed));
    finish(kFixed);
    EXPECT_EQ(record::content_of(file), content) << diary.notices.size();
    EXPECT_THAT(diary.finished, ElementsAre(TrialId{0, 1}));
    return diary.notices.empty() ? "" : diary.notices[0];
  };
  using Trial = record::TrialRecord;
  EXPECT_THAT(retrained([](Trial& t) { t.metrics.test_accuracy = 130; }), HasSubstr("up to 100"));
  EXPECT_THAT(retrained([](Trial& t) { t.metrics.train_loss = -1; }), HasSubstr("train_loss of 0"));
  EXPECT_THAT(retrained([](Trial& t) { t.metrics.test_accuracy = {}; }),
              HasSubstr("expected the test_accuracy of a trial that is done"));
  EXPECT_THAT(retrained([](Trial& t) { t.status = record::Status::diverged; }),
              HasSubstr("expected no test_accuracy of a trial that is diverged"));
  EXPECT_THAT(retrained([](Trial& t) { t.right_answers.resize(90); }), HasSubstr("found 90"));
  EXPECT_THAT(retrained([](Trial& t) { t.right_answers.front() ^= 1; }), HasSubstr("its answers"));
  EXPECT_THAT(retrained([](Trial& t) { t.order = "bn conv relu"; }), HasSubstr("expected order"));
  EXPECT_THAT(retrained([](Trial& t) { t.lr = 7; }), HasSubstr("expected lr 0.05, found 7"));
}

TEST_F(RunTest, AFailureOfTheEngineIsTriedAgainOnResume) {
  Runner failing = [&](const Arm& arm, std::uint64_t replicate, const auto&, const auto&) {
    record::TrialRecord record = pretend(arm, replicate);
    record.status = record::Status::failed;
    record.reason = "std::bad_alloc";
    record.metrics = {};
    record.right_answers.clear();
    return std::optional(record);
  };
  finish({"plan.seeds=1"}, {.runner = failing});
  finish({"plan.seeds=1"}, {.runner = failing});
  EXPECT_THAT(diary.finished, IsEmpty()) << "what a user's script did stays";
  diary = {};
  study::Run run(prepared({"plan.seeds=1"}), {.folder = folder / "run"}, diary);
  EXPECT_EQ(run.finish({}).orders[0].failed, 0);
  EXPECT_THAT(diary.finished, SizeIs(2));
}

TEST_F(RunTest, AFinishedRunIsReadFromAFolderThatCannotBeWritten) {
  finish(kFixed);
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  std::filesystem::permissions(folder / "run", std::filesystem::perms(0555));
  EXPECT_EQ(finish(kFixed).comparisons[0].comparison.pairs, 6);
  std::filesystem::permissions(folder / "run", std::filesystem::perms(0755));
}

TEST_F(RunTest, AsManyTrialsAsMemoryHolds) {
  const Experiment& experiment = prepared(kFixed);
  std::int64_t bytes = 0;
  for (const Arm& arm : experiment.arms) {
    bytes = std::max(bytes, trial_bytes(arm, experiment.study.recipe));
  }
  const auto jobs = [&](const RunOptions& options) {
    diary = {};
    return study::Run(experiment, options, diary).plan().jobs;
  };
  EXPECT_EQ(jobs({.cores = 4, .free_bytes = 2 * bytes}), 2);
  EXPECT_THAT(diary.notices, ElementsAre(StartsWith("running 2 trials in parallel instead of 4")));
  EXPECT_EQ(jobs({.cores = 4, .free_bytes = 10 * bytes}), 4);
  EXPECT_EQ(jobs({.cores = 100}), 12) << "there are no more trials";
  EXPECT_THAT(diary.notices, IsEmpty());
  EXPECT_THROW(jobs({.free_bytes = bytes - 1}), Error);
  EXPECT_THAT(complaint(kFixed, {.jobs = 4, .free_bytes = 3 * bytes}),
              AllOf(HasSubstr("--jobs 4"), HasSubstr("of memory are free: 3 fit")));
}

TEST_F(RunTest, WarnsOfOrdersThatComeToTheSame) {
  const auto notices = [&](const Settings& orders) {
    diary = {};
    const study::Run run(prepared(orders), {}, diary);
    return diary.notices;
  };
  EXPECT_THAT(notices({}), IsEmpty());
  EXPECT_THAT(notices({"orders.a=conv bn", "orders.b=bn"}),
              ElementsAre("a and b train to the same numbers: both build the same network"));
  EXPECT_THAT(notices({"orders.a=conv relu maxpool(2)", "orders.b=conv maxpool(2) relu"}),
              ElementsAre(StartsWith("a and b train to the same numbers: the largest of several")));
}

}  // namespace
}  // namespace whichfirst::study
