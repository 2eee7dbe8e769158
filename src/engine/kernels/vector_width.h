// Compiles a function once for each width of vectors and chooses when the program starts. Clang 14
// cannot do that for templates; the numbers are the same without, because every lane does the same
// operations in the same order and nothing is contracted (cmake/Folders.cmake).
#pragma once

#ifdef __clang__
#define WHICHFIRST_FOR_EACH_WIDTH
#else
#define WHICHFIRST_FOR_EACH_WIDTH __attribute__((target_clones("avx2", "default")))
#endif
