# One target per folder of src/, which links only what docs/design.md allows it to use.
#
#   whichfirst_folder(NAME [USES folder...] [PRIVATE library...])
#
# makes the static library wf_NAME from every .cpp in the folder and in the rooms below it. USES are the
# other folders that it may include, which scripts/check_includes compares with docs/design.md; PRIVATE
# libraries are the folder's secret. Neither is seen by who uses the folder: they are linked, and no more.
add_library(whichfirst_flags INTERFACE)
target_include_directories(whichfirst_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(whichfirst_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  # GCC 12 warns of its own std::string (PR 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # The same expression gives the same bits in every build: no contraction into fused operations.
  -ffp-contract=off)
if(WHICHFIRST_WERROR)
  target_compile_options(whichfirst_flags INTERFACE -Werror)
endif()
if(WHICHFIRST_SANITIZE)
  target_compile_options(whichfirst_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(whichfirst_flags INTERFACE -fsanitize=address,undefined)
endif()

if(WHICHFIRST_FUZZ)
  target_compile_options(whichfirst_flags INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer)
  target_link_options(whichfirst_flags INTERFACE -fsanitize=address,undefined)
endif()

function(whichfirst_folder name)
  cmake_parse_arguments(FOLDER "" "" "USES;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  add_library(wf_${name} STATIC ${sources})
  list(TRANSFORM FOLDER_USES PREPEND wf_)
  target_link_libraries(wf_${name} PUBLIC whichfirst_flags fmt::fmt
    PRIVATE ${FOLDER_USES} ${FOLDER_PRIVATE})
endfunction()

# A header-only or plain library found by path, as a target that brings no warnings of its own.
function(whichfirst_external name)
  cmake_parse_arguments(EXTERNAL "" "INCLUDE" "LINK" ${ARGN})
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${EXTERNAL_INCLUDE})
  target_link_libraries(${name} INTERFACE ${EXTERNAL_LINK})
endfunction()

whichfirst_external(random123 INCLUDE ${RANDOM123_INCLUDE_DIR})
whichfirst_external(xxhash INCLUDE ${XXHASH_INCLUDE_DIR})
whichfirst_external(libcsv INCLUDE ${CSV_INCLUDE_DIR} LINK ${CSV_LIBRARY})
whichfirst_external(boost_math INCLUDE ${BOOST_MATH_INCLUDE_DIR})
whichfirst_external(onednn INCLUDE ${DNNL_INCLUDE_DIR} LINK ${DNNL_LIBRARY} ${GOMP_LIBRARY})
