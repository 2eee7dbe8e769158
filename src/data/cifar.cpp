#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/folder.h"
#include "data/input_file.h"
#include "data/limits.h"
#include "data/readers.h"

namespace whichfirst::data {
namespace {

constexpr int kSide = 32;
constexpr std::size_t kPixelBytes = std::size_t{3} * kSide * kSide;
constexpr std::size_t kMostNameBytes = 64 * 1024;

constexpr std::array<std::string_view, 5> kCifar10Train = {
    "data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"};
constexpr std::array<std::string_view, 1> kCifar100Train = {"train"};

/// One of the two sets.
struct Kind {
  std::string_view name;
  std::string_view sub_folder;
  std::span<const std::string_view> train;
  std::string_view test;
  std::string_view class_names;
  std::span<const int> label_limits;  ///< of each label byte; the last one counts
  std::int64_t published_train;
  std::int64_t published_test;

  std::size_t record_bytes() const { return label_limits.size() + kPixelBytes; }
};

constexpr std::array<int, 1> kCifar10Labels = {10};
constexpr std::array<int, 2> kCifar100Labels = {20, 100};
constexpr std::array<Kind, 2> kKinds = {
    Kind{"CIFAR-10", "cifar-10-batches-bin", kCifar10Train, "test_batch", "batches.meta.txt",
         kCifar10Labels, 50'000, 10'000},
    Kind{"CIFAR-100", "cifar-100-binary", kCifar100Train, "test", "fine_label_names.txt",
         kCifar100Labels, 50'000, 10'000}};

/// `stem`.bin or `stem`.bin.gz in `folder`.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               std::string_view stem) {
  for (const char* ending : {".bin", ".bin.gz"}) {
    auto path = folder / (std::string(stem) + ending);
    if (is_there(path)) return path;
  }
  return std::nullopt;
}

/// A folder with files of a kind.
struct Place {
  const Kind* kind;
  std::filesystem::path folder;
};

std::optional<Place> find_place(const std::filesystem::path& folder) {
  for (const Kind& kind : kKinds) {
    for (const auto& place : {folder, folder / kind.sub_folder}) {
      bool is_there = find_file(place, kind.test).has_value();
      for (const std::string_view stem : kind.train) {
        is_there = is_there || find_file(place, stem).has_value();
      }
      if (is_there) return Place{.kind = &kind, .folder = place};
    }
  }
  return std::nullopt;
}

/// Appends the records of `path` to `images`.
void read_records(const std::filesystem::path& path, const Kind& kind, Images& images) {
  InputFile file(path);
  auto& pixels = std::get<std::vector<std::uint8_t>>(images.pixels);
  std::vector<std::uint8_t> record(kind.record_bytes());
  std::uint64_t records = 0;
  while (const std::size_t got = file.read(record)) {
    if (got != record.size()) {
      throw Error(
          "{}: expected whole records of {} bytes, such as {} or {}, found {} bytes; "
          "fetch it again",
          file.path(), record.size(), records * record.size(), (records + 1) * record.size(),
          records * record.size() + got);
    }
    for (std::size_t i = 0; i < kind.label_limits.size(); ++i) {
      if (record[i] < kind.label_limits[i]) continue;
      throw Error("{}: record {}: expected a label from 0 to {} in byte {}, found {}", file.path(),
                  records, kind.label_limits[i] - 1, i, record[i]);
    }
    if (pixels.size() + kPixelBytes > kMostContentBytes) {
      throw Error("{}: expected at most {} bytes of pixels", file.path(), kMostContentBytes);
    }
    const auto first_pixel = record.begin() + static_cast<std::ptrdiff_t>(kind.label_limits.size());
    images.labels.push_back(*(first_pixel - 1));
    pixels.insert(pixels.end(), first_pixel, record.end());
    ++records;
  }
  if (records == 0) {
    throw Error("{}: expected records of {} bytes, found an empty file", file.path(),
                record.size());
  }
}

Images read_files(const std::vector<std::filesystem::path>& files, const Kind& kind) {
  Images images{.shape = {.channels = 3, .height = kSide, .width = kSide},
                .pixels = std::vector<std::uint8_t>(),
                .labels = {}};
  for (const auto& file : files) read_records(file, kind, images);
  return images;
}

/// The training files there are: a run from the first on.
std::vector<std::filesystem::path> train_files(const Place& place) {
  std::vector<std::filesystem::path> files;
  std::string_view missing;
  for (const std::string_view stem : place.kind->train) {
    const auto path = find_file(place.folder, stem);
    if (!path && missing.empty()) missing = stem;
    if (path && !missing.empty()) {
      throw Error("{}: expected {}.bin (.gz too) next to {}, which is there", place.folder.string(),
                  missing, path->filename().string());
    }
    if (path) files.push_back(*path);
  }
  if (files.empty()) {
    throw Error("{}: expected {}.bin (.gz too), which is missing", place.folder.string(),
                place.kind->train[0]);
  }
  return files;
}

/// One name a line; empty where there is no such file.
std::vector<std::string> read_class_names(const Place& place) {
  const auto path = place.folder / place.kind->class_names;
  if (!is_there(path)) return {};
  InputFile file(path);
  std::vector<std::uint8_t> bytes(kMostNameBytes);
  bytes.resize(file.read(bytes));
  std::vector<std::string> names(1);
  for (const std::uint8_t byte : bytes) {
    if (byte == '\n') {
      names.emplace_back();
    } else if (byte != '\r') {
      names.back() += static_cast<char>(byte);
    }
  }
  std::erase(names, "");
  const auto classes = static_cast<std::size_t>(place.kind->label_limits.back());
  if (names.size() != classes) {
    throw Error("{}: expected {} class names, one per line, found {}", file.path(), classes,
                names.size());
  }
  return names;
}

}  // namespace

bool holds_cifar(const std::filesystem::path& folder) { return find_place(folder).has_value(); }

Dataset load_cifar_folder(const std::filesystem::path& folder) {
  const auto place = find_place(folder);
  check(place.has_value(), "the folder holds CIFAR files");
  const Kind& kind = *place->kind;
  const auto train = train_files(*place);
  const auto test = find_file(place->folder, kind.test);
  if (!test) {
    throw Error("{}: expected {}.bin (.gz too), which is missing", place->folder.string(),
                kind.test);
  }
  std::vector<std::string> class_names = read_class_names(*place);
  Dataset dataset = join(folder.string(), read_files(train, kind), read_files({*test}, kind),
                         kind.label_limits.back());
  dataset.class_names = std::move(class_names);
  if (dataset.train.count() != kind.published_train ||
      dataset.test.count() != kind.published_test) {
    dataset.notes.push_back(
        fmt::format("{} training and {} test pictures were found; {} as published has {} and {}",
                    dataset.train.count(), dataset.test.count(), kind.name, kind.published_train,
                    kind.published_test));
  }
  return dataset;
}

std::optional<std::string> conversion_of_pickles(const std::filesystem::path& folder) {
  struct Pickles {
    std::string_view sub_folder, first, test, labels, train, result;
  };
  constexpr std::array<Pickles, 2> kPickles = {
      Pickles{"cifar-10-batches-py", "data_batch_1", "test_batch", "labels",
              "['data_batch_%d'%i for i in range(1,6)]", "cifar-10.npz"},
      Pickles{"cifar-100-python", "train", "test", "fine_labels", "['train']", "cifar-100.npz"}};
  for (const Pickles& pickles : kPickles) {
    for (const auto& place : {folder, folder / pickles.sub_folder}) {
      std::error_code ignored;
      const auto file = place / pickles.first;
      if (!std::filesystem::is_regular_file(file, ignored)) continue;
      constexpr std::uint8_t kProtocol = 0x80;  // what a pickle begins with
      std::uint8_t first = 0;
      if (InputFile(file).read({&first, 1}) != 1 || first != kProtocol) continue;
      return fmt::format(
          "python3 -c \"import pickle,sys,numpy as n; r=lambda f: "
          "pickle.load(open(sys.argv[1]+'/'+f,'rb'),encoding='bytes'); "
          "g=lambda fs: (n.concatenate([r(f)[b'data'] for f in fs]).reshape(-1,3,32,32), "
          "n.concatenate([r(f)[b'{}'] for f in fs])); (a,b),(c,d)=g({}),g(['{}']); "
          "n.savez_compressed('{}',x_train=a,y_train=b,x_test=c,y_test=d)\" '{}'",
          pickles.labels, pickles.train, pickles.test, pickles.result, place.string());
    }
  }
  return std::nullopt;
}

}  // namespace whichfirst::data
