// The readers of each format of a data set, each a function from a file or folder to a Dataset.
// load_path tries them; what each refuses it refuses with an Error that begins with the path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/images.h"

namespace whichfirst::data {

// The IDX format of MNIST and its kin: a big-endian header, then bytes. Plain or gzip.
//
//   images   00 00 08 03  count height width            height*width bytes a picture
//            00 00 08 04  count channels height width   channel by channel
//   labels   00 00 08 01  count                         a byte a label
//            00 00 0c 02  count columns                 four bytes a number, the label first
//
// Each size is a 32-bit number. Source: the MNIST page of LeCun, Cortes and Burges.

/// One set from its two files. Throws Error naming the file that is at fault: not IDX or not the
/// expected kind, longer or shorter than its header says, damaged, or with another count of labels
/// than of images.
Images read_idx(const std::filesystem::path& images_file, const std::filesystem::path& labels_file);

/// Whether `path` is a folder that, itself or in raw/ or gzip/, has any of the files that load_idx
/// reads, or is a file of training pictures by its name.
bool is_idx(const std::filesystem::path& path);

/// The four IDX files of a folder: train-images-idx3-ubyte, train-labels-idx1-ubyte and the same
/// two with t10k or test for train; idx4 for idx3, idx2-int for the labels, a dot before idx and
/// .gz at the end are fine (of a plain file and its .gz the plain one is read). Something may stand
/// before all four, such as qmnist- or emnist-letters-. Looks in the folder, then in raw/ as
/// torchvision stores them and in gzip/ as EMNIST's archive does. `path` may also be the file of
/// the training pictures, which says which of several sets it is. EMNIST's pictures are put upright
/// and a note says so. Throws Error with the missing ones.
Dataset load_idx(const std::filesystem::path& path);

// The binary files of CIFAR-10 and CIFAR-100, plain or gzip: one record a picture.
//
//   CIFAR-10    data_batch_1.bin ... data_batch_5.bin, test_batch.bin    label, pixels
//   CIFAR-100   train.bin, test.bin                        coarse label, label, pixels
//
// A label is a byte; the pixels are 3 x 32 x 32 bytes, channel by channel (red, green, blue).
// Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".

/// Whether `folder`, or its sub-folder cifar-10-batches-bin/ or cifar-100-binary/, has any of the
/// files above, or one of them with .gz at its end.
bool holds_cifar(const std::filesystem::path& folder);

/// CIFAR-10 where there is any of its files, else CIFAR-100. The training batches are those there
/// are, from 1 on without a gap; a note says where there are fewer pictures than were published.
/// Class names come from batches.meta.txt or fine_label_names.txt where that is there. Throws Error
/// naming the file: missing, not a whole number of records, an impossible label, damaged gzip,
/// another number of class names.
Dataset load_cifar_folder(const std::filesystem::path& folder);

/// Where `folder`, or its sub-folder cifar-10-batches-py/ or cifar-100-python/, holds CIFAR's
/// pickles for Python, which can run any code when they are read: a command that makes a .npz file
/// of them.
std::optional<std::string> conversion_of_pickles(const std::filesystem::path& folder);

// NumPy archives: a zip of arrays, as numpy.savez and savez_compressed write them.
//
//   x_train x_test   pixels, uint8 or float32 or float64, either byte order, C order
//                    (N, H, W), (N, H, W, C) or (N, C, H, W)
//   y_train y_test   labels, whole numbers from 0 on of any type, (N,) or (N, 1)
//
// train_images, train_labels and so on, as MedMNIST names them, are the same. Capitals do not
// matter. Where there is no test part, the validation part (x_val, val_images) is it, which is
// noted. Four axes are NHWC when the last has 1, 3 or 4 entries, NCHW when the second has; a shape
// that fits both or neither is refused. Other arrays in the file are not read.

/// Throws Error naming file and array. Doubles are rounded to float; a number that is not finite as
/// a float is refused with its index.
Dataset load_npz(const std::filesystem::path& path);

// Folders of pictures, one folder per class.
//
//   train/CLASS/*  test/CLASS/*    or    CLASS/*
//
// Capitals do not matter, and training, training_set, testing, val, valid and their like are known
// too; the validation pictures are the test set where there is no other. Every class of train/ is a
// class, sorted bytewise by name, which gives the labels; a class of test/ is one of them. Of the
// second form a stratified 20 % drawn by the seed becomes the test set. Where a folder holds one
// folder of folders and no other, that one is read in its place. Files as in folder.h; nothing
// deeper than CLASS/FILE is read. Links are followed, but no folder is read twice.

/// Whether `folder` has a sub-folder that is not hidden.
bool holds_class_folders(const std::filesystem::path& folder);

/// Reads all pictures, twice: first their headers, which decide on the size and on colour (three
/// channels if any picture has them), then their pixels, each picture brought to the set's size at
/// once. With options.skip_broken the first time decodes them too, so that the set is the one that
/// would be without the broken files. The pictures stand class by class, then by the names of their
/// files. Notes say what was resized, made colour, skipped, passed over or drawn. Throws Error
/// naming the file or folder: no or a single class, a class without a training picture (or with one
/// picture, where the test set is drawn from it), a picture that cannot be read, an unknown class
/// in test/, a link that leads nowhere or to a folder that is read already, sizes and counts beyond
/// the limits.
Dataset load_image_folder(const std::filesystem::path& folder, const ReadOptions& options);

}  // namespace whichfirst::data
