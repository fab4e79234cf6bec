# SPDX-License-Identifier: Apache-2.0
# The libraries outside the project: Debian packages, listed for installation in tools/packages.txt.

find_package(Threads REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 EXACT REQUIRED)
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_package(benchmark REQUIRED)
find_library(SNAPPY_LIBRARY snappy REQUIRED)
find_library(ISAL_LIBRARY isal REQUIRED)
