// Folders of PNG and JPEG pictures, a folder a class.
//
//   train/CLASS/*  test/CLASS/*    or    CLASS/*
//
// Every class of train/ is a class, sorted bytewise by name, which gives the labels; a class of
// test/ is one of them. Of the second form a stratified 20 % drawn by the seed becomes the test
// set. Hidden files are passed over; nothing deeper than CLASS/FILE is read, and links to folders
// are not followed.
#pragma once

#include <filesystem>

#include "data/dataset.h"

namespace whichfirst::data {

/// Whether `folder` has a sub-folder that is not hidden.
bool holds_class_folders(const std::filesystem::path& folder);

/// Reads all pictures, twice: first their headers, which decide on the size and on colour (three
/// channels if any picture has them), then their pixels, each picture brought to the set's size at
/// once. With options.skip_broken the first time decodes them too, so that the set is the one that
/// would be without the broken files. The pictures stand class by class, then by the names of their
/// files. Notes say what was resized, made colour, skipped, passed over or drawn. Throws Error
/// naming the file or folder: no or a single class, a class without a training picture (or with one
/// picture, where the test set is drawn from it), a picture that cannot be read, an unknown class
/// in test/, sizes and counts beyond the limits.
Dataset load_image_folder(const std::filesystem::path& folder, const ReadOptions& options);

}  // namespace whichfirst::data
