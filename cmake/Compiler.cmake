# SPDX-License-Identifier: Apache-2.0
# How every translation unit is compiled: strict warnings, hardening, a preset's sanitizers.

set(ODRADEK_SANITIZE "" CACHE STRING "Sanitizers, comma-separated, for all code")
option(ODRADEK_FUZZ "Build the fuzz targets with libFuzzer (needs clang)" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_QUICK "-O1")

find_program(CCACHE ccache)
if(CCACHE)
  # Paths relative to the checkout, so that every checkout of it shares one cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(odradek_flags INTERFACE)
target_compile_options(odradek_flags INTERFACE
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual -Wvla -Werror
  -fno-strict-aliasing -fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-array-bounds -fcf-protection>
  # libstdc++ 12's stable_partition calls a function that it declares deprecated itself.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-error=deprecated-declarations>)
if(CMAKE_BUILD_TYPE STREQUAL Release)
  target_compile_options(odradek_flags INTERFACE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
  target_link_options(odradek_flags INTERFACE -Wl,-z,relro,-z,now -pie)
endif()
if(ODRADEK_SANITIZE)
  # Without vptr: that check needs a free descriptor, which some tests take away.
  target_compile_options(odradek_flags INTERFACE -fsanitize=${ODRADEK_SANITIZE}
    -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(odradek_flags INTERFACE -fsanitize=${ODRADEK_SANITIZE})
endif()
if(ODRADEK_SANITIZE STREQUAL thread)
  # ThreadSanitizer does not know fences; Asio has locks instead.
  target_compile_definitions(odradek_flags INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(ODRADEK_FUZZ)
  target_compile_options(odradek_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
