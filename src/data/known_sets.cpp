#include "data/known_sets.h"

#include <array>

#include "data/shapes10.h"

namespace whichfirst::data {
namespace {

constexpr std::array<std::string_view, 10> kDigits = {"0", "1", "2", "3", "4",
                                                      "5", "6", "7", "8", "9"};
constexpr std::array<std::string_view, 10> kClothes = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
constexpr std::array<std::string_view, 10> kCifar10 = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

constexpr std::string_view kIdxFiles =
    "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
    "t10k-labels-idx1-ubyte (.gz too)";
constexpr std::string_view kCifarPage = "https://www.cs.toronto.edu/~kriz/cifar.html";

constexpr std::array<KnownSet, 6> kSets = {
    KnownSet{.name = "mnist",
             .description = "handwritten digits, 60,000 and 10,000 gray pictures of 28x28",
             .classes = 10,
             .class_names = kDigits,
             .files = kIdxFiles,
             .source = "https://ossci-datasets.s3.amazonaws.com/mnist"},
    KnownSet{.name = "fashion-mnist",
             .description = "pieces of clothing, 60,000 and 10,000 gray pictures of 28x28",
             .classes = 10,
             .class_names = kClothes,
             .files = kIdxFiles,
             .source = "https://github.com/zalandoresearch/fashion-mnist"},
    KnownSet{.name = "cifar-10",
             .description = "animals and vehicles, 50,000 and 10,000 colour pictures of 32x32",
             .classes = 10,
             .class_names = kCifar10,
             .files = "data_batch_1.bin to data_batch_5.bin and test_batch.bin (.gz too)",
             .source = kCifarPage},
    KnownSet{.name = "cifar-100",
             .description = "100 kinds of things, 50,000 and 10,000 colour pictures of 32x32",
             .classes = 100,
             .files = "train.bin, test.bin (.gz too) and fine_label_names.txt",
             .source = kCifarPage},
    KnownSet{.name = "cifar-10-small",
             .description = "a part of cifar-10, 10,000 and 2,000 colour pictures of 32x32",
             .classes = 10,
             .class_names = kCifar10,
             .files = "x_train, y_train (data_batch_1) and x_test, y_test (the first 2,000 of "
                      "test_batch)",
             .source = kCifarPage,
             .ending = ".npz"},
    KnownSet{.name = kShapes10Name,
             .description = "drawn shapes, 10,000 and 2,000 gray pictures of 28x28; needs no file",
             .classes = 10,
             .class_names = kShapes10ClassNames}};

}  // namespace

std::span<const KnownSet> known_sets() { return kSets; }

const KnownSet* find_known(std::string_view name) {
  for (const KnownSet& known : kSets) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

}  // namespace whichfirst::data
