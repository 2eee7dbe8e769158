#pragma once

#include <gtest/gtest.h>

#include "base/error.h"
#include "engine/platform.h"

#define SKIP_WITHOUT_BF16()                      \
  try {                                          \
    use_precision(Precision::bf16);              \
  } catch (const Error& error) {                 \
    GTEST_SKIP() << "SKIPPED: " << error.what(); \
  }
