#include "record/atomic_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "temporary_folder.h"

namespace whichfirst::record {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

std::size_t count_files(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) count += entry.exists();
  return count;
}

TEST(AtomicFile, ReplacesTheWholeFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "a long first content");
  write_file_atomically(folder / "a", std::string("b\0\n", 3));
  EXPECT_EQ(content_of(folder / "a"), std::string("b\0\n", 3));
  write_file_atomically(folder / "a", "");
  EXPECT_EQ(content_of(folder / "a"), "");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, WritesANameWithoutFolderIntoTheWorkingFolder) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_file_atomically("b", "text");
  std::filesystem::current_path(before);
  EXPECT_EQ(content_of(folder / "b"), "text");
}

TEST(AtomicFile, AReaderNeverSeesHalfAFile) {
  const TemporaryFolder folder;
  const std::string contents[] = {std::string(300'000, 'a'), std::string(200'000, 'b')};
  write_file_atomically(folder / "f", contents[0]);
  std::vector<std::jthread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&, i] {
      for (int times = 0; times < 20; ++times) write_file_atomically(folder / "f", contents[i]);
    });
  }
  for (int times = 0; times < 50; ++times) {
    const std::string seen = read_file(folder / "f", 1'000'000);
    EXPECT_TRUE(seen == contents[0] || seen == contents[1]);
  }
  writers.clear();
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, IsNotStoppedByTheTemporaryOfADeadProcessOfTheSameNumber) {
  const TemporaryFolder folder;
  for (int i = 0; i < 2000; ++i) {
    put(folder / (".whichfirst-tmp-" + writer_name() + "-" + std::to_string(i)), "left");
  }
  write_file_atomically(folder / "a", "new");
  EXPECT_EQ(content_of(folder / "a"), "new");
}

TEST(AtomicFile, NamesFileAndReasonWhereItCannotWrite) {
  const TemporaryFolder folder;
  EXPECT_EQ(complaint_of([&] { write_file_atomically(folder / "none/a", "x"); }),
            (folder / "none/a").string() + ": cannot be written: No such file or directory");
  std::filesystem::create_directory(folder / "taken");
  EXPECT_EQ(
      complaint_of([&] { write_file_atomically(folder / "taken", "x"); }),
      (folder / "taken").string() + ": cannot be replaced by its new content: Is a directory");
  EXPECT_EQ(count_files(folder.path()), 1U) << "the temporary is removed";
}

TEST(AtomicFile, CreatesButNeverReplaces) {
  const TemporaryFolder folder;
  EXPECT_TRUE(create_file_atomically(folder / "a", "first"));
  EXPECT_FALSE(create_file_atomically(folder / "a", "second"));
  EXPECT_EQ(content_of(folder / "a"), "first");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(Output, KeepsTheModeAndFollowsLinksToTheirEnd) {
  const TemporaryFolder folder;
  put(folder / "there/file", "old");
  std::filesystem::permissions(folder / "there/file", std::filesystem::perms(0640));
  std::filesystem::create_symlink("there/file", folder / "link");
  std::filesystem::create_symlink("link", folder / "second");
  std::filesystem::create_symlink("there/new", folder / "dangling");
  write_output(folder / "second", "new");
  write_output(folder / "dangling", "made");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "second"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(content_of(folder / "there/file"), "new");
  EXPECT_EQ(content_of(folder / "there/new"), "made");
  EXPECT_EQ(std::filesystem::status(folder / "there/file").permissions(),
            std::filesystem::perms(0640));
  EXPECT_EQ(count_files(folder / "there"), 2U);
}

TEST(Output, GoesThroughAFifoInPlace) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  std::string got;
  {
    const std::jthread reader([&] { got = read_file(folder / "fifo", 100); });
    write_output(folder / "fifo", "text");
  }
  EXPECT_EQ(got, "text");
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "fifo"));
  write_output("/dev/null", "text");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(Output, IsRefusedBeforeTheLongPart) {
  const TemporaryFolder folder;
  EXPECT_EQ(complaint_of([&] { require_output("--save", folder / "a"); }), "no error");
  EXPECT_EQ(complaint_of([&] { require_output("--save", "/dev/null"); }), "no error");
  EXPECT_THAT(complaint_of([&] { require_output("--save", folder.path()); }),
              EndsWith(": expected a file, found a folder"));
  EXPECT_THAT(complaint_of([&] { require_output("--save", folder / "none/a"); }),
              StartsWith("--save " + (folder / "none/a").string()));
}

TEST(AtomicFile, ReadsWholeFilesUpToTheBound) {
  const TemporaryFolder folder;
  put(folder / "f", std::string(100'000, 'x'));
  EXPECT_EQ(read_file(folder / "f", 100'000), std::string(100'000, 'x'));
  EXPECT_EQ(complaint_of([&] { read_file(folder / "f", 99'999); }),
            (folder / "f").string() + ": expected at most 99999 bytes, found more");
  EXPECT_THAT(complaint_of([] { read_file("/dev/zero", 1000); }),
              EndsWith("expected at most 1000 bytes, found more"));
  EXPECT_THAT(complaint_of([&] { read_file(folder.path(), 10); }), EndsWith("Is a directory"));
  EXPECT_THAT(complaint_of([&] { read_file(folder / "none", 10); }),
              EndsWith("cannot be opened: No such file or directory"));
  put(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty", 0), "");
}

TEST(WriterName, IsFitForAFileName) {
  EXPECT_THAT(writer_name(), testing::MatchesRegex("[A-Za-z0-9-]+"));
  EXPECT_THAT(writer_name(), EndsWith("-" + std::to_string(::getpid())));
}

}  // namespace
}  // namespace whichfirst::record
