// Runs that take days: several processes, closed terminals, full disks, a look from outside.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/run_program.h"
#include "record/safetensors.h"

namespace whichfirst::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::string> small(const std::string& verb, const std::vector<std::string>& more = {}) {
  return joined({verb, "network=unit(8, pool=2) gap fc(classes)", "data.train=400", "data.test=200",
                 "recipe.epochs=1", "plan.seeds=6"},
                more);
}

/// Whether `holds` within a minute.
bool wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 6000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

std::size_t count_trials(const std::filesystem::path& run) {
  std::size_t count = 0;
  std::error_code none;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run / "trials", none)) {
    const auto path = entry.path();
    count += path.extension() == ".json" && !path.filename().string().starts_with(".") ? 1 : 0;
  }
  return count;
}

/// How often each trial came to the end of its only epoch, by the progress files of all writers.
std::map<std::string, int> trained(const std::filesystem::path& run) {
  std::map<std::string, int> times;
  for (const auto& entry : std::filesystem::directory_iterator(run)) {
    if (!entry.path().filename().string().starts_with("progress-")) continue;
    std::ifstream lines(entry.path());
    for (std::string line; std::getline(lines, line);) {
      const json epoch = json::parse(line);
      EXPECT_THAT(std::string(epoch["time"]), ::testing::MatchesRegex("20..-..-..T..:..:..Z"));
      ++times[std::string(epoch["arm"]) + '/' + epoch["replicate"].dump()];
    }
  }
  return times;
}

json verdict_of(const std::filesystem::path& run) {
  json verdict = json::parse(content_of(run / "verdict.json"));
  verdict.erase("timings");
  return verdict;
}

TEST(LongRuns, TwoProcessesTrainEachTrialOnce) {
  const Scratch folder;
  const auto compare = small("compare", {"--quiet", "--jobs", "2", "--out", "run"});
  const Program first(folder, compare);
  const Program second(folder, compare);
  EXPECT_EQ(first.wait().status, 0);
  EXPECT_EQ(second.wait().status, 0);
  EXPECT_THAT(trained(folder / "run"), AllOf(SizeIs(12), Each(testing::Pair(testing::_, 1))));
}

// scripts/two_processes.py does the same at many random moments.
TEST(LongRuns, KilledItLosesItsOwnTrialsInFlightAndTheOtherGoesOn) {
  const Scratch folder;
  const auto compare = [](const char* out) {
    return small("compare", {"--quiet", "--jobs", "1", "--out", out});
  };
  const Program killed(folder, compare("run"));
  const Program other(folder, compare("run"));
  ASSERT_TRUE(wait_until([&] { return count_trials(folder / "run") >= 3; }));
  killed.send(SIGKILL);
  killed.wait();
  EXPECT_EQ(other.wait().status, 0);
  int times = 0;
  for (const auto& [trial, count] : trained(folder / "run")) times += count;
  EXPECT_GE(times, 12);
  EXPECT_LE(times, 13) << "the one in flight is trained again";
  ASSERT_EQ(run(folder, compare("whole")).status, 0);
  EXPECT_EQ(verdict_of(folder / "run"), verdict_of(folder / "whole"));
  EXPECT_EQ(run(folder, compare("run")).status, 0);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "run")) {
    EXPECT_NE(entry.path().extension(), ".claim");
  }
}

TEST(LongRuns, AnIgnoredHangUpStaysIgnored) {
  const Scratch folder;
  const Program program(folder, small("compare", {"recipe.epochs=500", "--out", "run"}), {},
                        [] { std::signal(SIGHUP, SIG_IGN); });
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(folder / "run/study.toml"); }));
  program.send(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  program.send(SIGINT);
  const Ended ended = program.wait();
  EXPECT_EQ(ended.status, 130) << "only one of the two signals came through: " << ended.err;
}

TEST(LongRuns, StderrMayDieAndStdoutMayNot) {
  const Scratch folder;
  const auto with = [&](const std::function<void()>& before) {
    return Program(folder, small("compare", {"--out", "run"}), {}, before).wait().status;
  };
  const auto full = [](int descriptor) {
    return [descriptor] { dup2(open("/dev/full", O_WRONLY), descriptor); };
  };
  EXPECT_EQ(with(full(STDERR_FILENO)), 0);
  EXPECT_EQ(with([] { close(STDERR_FILENO); }), 0);
  EXPECT_EQ(with(full(STDOUT_FILENO)), 2);
  EXPECT_THAT(content_of(folder / "stderr.txt"), HasSubstr("stdout: not everything"));
  EXPECT_EQ(with([] {
              int ends[2];
              if (pipe(ends) != 0) _exit(97);
              dup2(ends[1], STDERR_FILENO);
              close(ends[0]);
              close(ends[1]);
            }),
            0);
  std::filesystem::remove_all(folder / "run");
  EXPECT_EQ(with([] {
              close(STDIN_FILENO);
              close(STDOUT_FILENO);
              close(STDERR_FILENO);
            }),
            2)
      << "nobody can read the document";
  EXPECT_EQ(count_trials(folder / "run"), 12U);
  EXPECT_EQ(verdict_of(folder / "run")["stop"], "fixed") << "no document in another file";
}

TEST(LongRuns, AFileBeyondTheLimitIsAnErrorAndNoTrial) {
  const Scratch folder;
  const Ended ended =
      Program(folder, small("compare", {"recipe.epochs=2", "--quiet", "--out", "run"}), {}, [] {
        const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
        setrlimit(RLIMIT_FSIZE, &limit);
      }).wait();
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, HasSubstr("File too large"));
  EXPECT_EQ(count_trials(folder / "run"), 0U);
}

TEST(LongRuns, OutputsGoWhereTheyPoint) {
  const Scratch folder;
  std::filesystem::create_directory(folder / "there");
  std::filesystem::create_symlink("there/w.safetensors", folder / "link");
  const auto train = small("train", {"--order", "bn-first", "--replicate", "1"});
  EXPECT_EQ(run(folder, joined(train, {"--save", "link", "--save-init", "/dev/null"})).status, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_THAT(record::read_safetensors(folder / "there/w.safetensors").tensors, Not(SizeIs(0)));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_EQ(run(folder, joined(train, {"--save", "there"})).status, 2);
  EXPECT_EQ(run(folder, small("compare", {"--out", ""})).status, 2);
}

TEST(LongRuns, AreListedAndToldOfFromOutside) {
  const Scratch folder;
  ASSERT_EQ(run(folder, small("compare", {"name=done", "--quiet"})).status, 0);
  const auto long_one = small(
      "compare", {"name=long", "recipe.epochs=40", "--quiet", "--jobs", "1", "--out", "runs/long"});
  const auto listed = [&] {
    std::map<std::string, json> runs;
    const json list = printed(folder, {"list", "--json"});
    for (const json& each : list["runs"]) {
      runs[std::string(each["study"])] = each;
    }
    return runs;
  };
  const Program program(folder, long_one);
  ASSERT_TRUE(wait_until([&] { return count_trials(folder / "runs/long") >= 2; }));
  EXPECT_EQ(listed()["long"]["state"], "running");
  const json now = printed(folder, {"status", "runs/long", "--json"});
  program.send(SIGINT);
  EXPECT_EQ(program.wait().status, 130);
  EXPECT_EQ(now["state"], "running");
  EXPECT_EQ(now["most_trials"], 12);
  EXPECT_EQ(now["comparisons"][0]["verdict"], "undecided");
  EXPECT_GE(now["comparisons"][0]["pairs"].get<int>(), 1);
  EXPECT_EQ(now["comparisons"][0]["more_pairs"].get<int>(),
            6 - now["comparisons"][0]["pairs"].get<int>());
  EXPECT_GT(now["seconds_left"].get<double>(), 0);
  EXPECT_THAT(now["under_way"], SizeIs(testing::Le(1U)));

  EXPECT_EQ(listed()["long"]["state"], "stopped");
  EXPECT_EQ(listed()["done"]["state"], "finished");
  EXPECT_EQ(listed()["done"]["trials"], 12);
  EXPECT_THAT(listed()["done"]["verdicts"], SizeIs(1));
  EXPECT_THAT(run(folder, {"list"}).out,
              AllOf(HasSubstr("runs/long"), HasSubstr("stopped"), HasSubstr("12 of 12")));
  EXPECT_THAT(run(folder, {"status", "runs/long"}).out,
              AllOf(StartsWith("runs/long: stopped, "), HasSubstr(" left on one core."),
                    HasSubstr("The same command as before resumes it.")));
  const std::string done = listed()["done"]["run"];
  EXPECT_THAT(run(folder, {"status", done}).out, StartsWith(done + ": finished, 12 of 12 trials"));

  const json report = printed(folder, {"report", "runs/long", "--json"});
  EXPECT_EQ(report["stop"], "interrupted");
  EXPECT_EQ(report["notices"][0]["kind"], "unfinished");
  EXPECT_EQ(report["comparisons"][0]["verdict"], "undecided");
  EXPECT_EQ(report["condition"]["test"], 200);
  EXPECT_EQ(run(folder, {"report", "runs/long"}).status, 0);
  EXPECT_EQ(run(folder, {"status", "runs"}).status, 2);
  EXPECT_THAT(run(folder, {"list", "nowhere"}).err, HasSubstr("nowhere: "));
}

TEST(LongRuns, KeepTheWeightsOfTheBestOrOfAll) {
  const Scratch folder;
  ASSERT_EQ(
      run(folder, small("compare", {"--quiet", "--out", "run", "--save-weights", "best"})).status,
      0);
  const auto weights = folder / "run/weights";
  const json verdict = verdict_of(folder / "run");
  for (const json& order : verdict["orders"]) {
    const std::vector<double> values = order["values"];
    const auto best = std::max_element(values.begin(), values.end()) - values.begin() + 1;
    const std::string name = order["name"];
    auto kept = record::read_safetensors(weights / name / "best.safetensors");
    EXPECT_EQ(kept.metadata["replicate"], std::to_string(best));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(weights / name), {}), 1);
    const auto train = small("train", {"--order", name, "--replicate", std::to_string(best),
                                       "--save", "again.safetensors"});
    ASSERT_EQ(run(folder, train).status, 0);
    EXPECT_EQ(record::read_safetensors(folder / "again.safetensors").tensors, kept.tensors);
  }
  const Ended late = run(folder, small("compare", {"--out", "run", "--save-weights", "all"}));
  EXPECT_THAT(late.err, HasSubstr("bn-first: no weights of replicate 1, 2, 3, 4, 5, 6, which an "
                                  "earlier command trained"));
  ASSERT_EQ(
      run(folder, small("compare", {"--quiet", "--out", "all", "--save-weights", "all"})).status,
      0);
  for (int i = 1; i <= 6; ++i) {
    EXPECT_TRUE(std::filesystem::exists(
        folder / ("all/weights/act-first/" + std::to_string(i) + ".safetensors")));
  }
}

TEST(LongRuns, TrainTakesTheBestRateOfTheTuning) {
  const Scratch folder;
  const std::vector<std::string> tuned = {"recipe.lr=[0.001, 0.05]", "plan.seeds=2"};
  const auto train =
      joined(small("train", {"--order", "bn-first", "--replicate", "1", "--json"}), tuned);
  const Ended before = run(folder, train);
  EXPECT_EQ(before.status, 2);
  EXPECT_THAT(before.err, HasSubstr("its best learning rate is not known"));
  const json verdict = printed(folder, joined(small("compare", {"--quiet", "--json"}), tuned));
  const Ended after = run(folder, train);
  ASSERT_EQ(after.status, 0) << after.err;
  EXPECT_EQ(json::parse(after.out)["lr"], verdict["tuning"][0]["best"]);
  EXPECT_EQ(json::parse(after.out)["metrics"]["test_accuracy"], verdict["orders"][0]["values"][0]);
  EXPECT_THAT(after.err, HasSubstr("the best of its tuning"));
}

}  // namespace
}  // namespace whichfirst::cli
