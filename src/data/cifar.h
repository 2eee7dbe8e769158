// The binary files of CIFAR-10 and CIFAR-100, plain or gzip: one record a picture.
//
//   CIFAR-10    data_batch_1.bin ... data_batch_5.bin, test_batch.bin    label, pixels
//   CIFAR-100   train.bin, test.bin                        coarse label, label, pixels
//
// A label is a byte; the pixels are 3 x 32 x 32 bytes, channel by channel (red, green, blue).
// Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
#pragma once

#include <filesystem>

#include "data/dataset.h"

namespace whichfirst::data {

/// Whether `folder`, or its sub-folder cifar-10-batches-bin/ or cifar-100-binary/, has any of the
/// files above, or one of them with .gz at its end.
bool holds_cifar(const std::filesystem::path& folder);

/// CIFAR-10 where there is any of its files, else CIFAR-100. The training batches are those there
/// are, from 1 on without a gap; a note says where there are fewer pictures than were published.
/// Class names come from batches.meta.txt or fine_label_names.txt where that is there. Throws Error
/// naming the file: missing, not a whole number of records, an impossible label, damaged gzip,
/// another number of class names.
Dataset load_cifar_folder(const std::filesystem::path& folder);

}  // namespace whichfirst::data
