// SPDX-License-Identifier: Apache-2.0

// A simulated process that is killed cleans nothing up: a parked fetch and its partition keep each
// other. A real process's memory goes with it; here it would be taken for a leak.
#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif
