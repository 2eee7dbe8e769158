// The IDX format of MNIST and its kin: a big-endian header, then bytes. Plain or gzip.
//
//   images   00 00 08 03  count height width            height*width bytes a picture
//            00 00 08 04  count channels height width   channel by channel
//   labels   00 00 08 01  count                         a byte a label
//
// Each size is a 32-bit number. Source: the MNIST page of LeCun, Cortes and Burges.
#pragma once

#include <filesystem>

#include "data/dataset.h"

namespace whichfirst::data {

/// One set from its two files. Throws Error naming the file that is at fault: not IDX or not the
/// expected kind, longer or shorter than its header says, damaged, or with another count of labels
/// than of images.
Images read_idx(const std::filesystem::path& images_file, const std::filesystem::path& labels_file);

/// Whether `folder`, or its sub-folder raw/, has any of the files that load_idx_folder reads.
bool holds_idx(const std::filesystem::path& folder);

/// The four IDX files of `folder`: train-images-idx3-ubyte, train-labels-idx1-ubyte and the same
/// two with t10k or test for train; idx4 for idx3, a dot before idx and .gz at the end are fine (of
/// a plain file and its .gz the plain one is read). Looks in `folder`, then in folder/raw as
/// torchvision stores them. Throws Error with the missing ones.
Dataset load_idx_folder(const std::filesystem::path& folder);

}  // namespace whichfirst::data
