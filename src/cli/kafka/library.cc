// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/library.h"

#include <dlfcn.h>
#include <fmt/core.h>

namespace odradek::cli {
namespace {

RdKafka loaded;

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

base::Result<> load_rdkafka() {
  void* library = ::dlopen("librdkafka.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return base::fail(base::ErrorCode::kUnknownServerError,
                      fmt::format("producing and consuming need librdkafka (Debian: librdkafka1): "
                                  "{}",
                                  ::dlerror()));
  }
#define ODRADEK_RDKAFKA_FIND(name)                                         \
  if (!find(library, "rd_kafka_" #name, loaded.name)) {                    \
    return base::fail(base::ErrorCode::kUnknownServerError,                \
                      "librdkafka is too old: it has no rd_kafka_" #name); \
  }
  ODRADEK_RDKAFKA_FUNCTIONS(ODRADEK_RDKAFKA_FIND)
#undef ODRADEK_RDKAFKA_FIND
  if (!find(library, "rd_kafka_new", loaded.create)) {
    return base::fail(base::ErrorCode::kUnknownServerError, "librdkafka has no rd_kafka_new");
  }
  return {};
}

const RdKafka& rdkafka() { return loaded; }

}  // namespace odradek::cli
