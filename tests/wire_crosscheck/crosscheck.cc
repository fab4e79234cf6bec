// SPDX-License-Identifier: Apache-2.0
// Our side of the cross-check with Kafka's codec (crosscheck.py tells the whole).
//
//   crosscheck generate SEED COUNT FILE   COUNT random messages of every type and version
//   crosscheck verify FILE                decodes and encodes every message and compares the bytes
//
// A file is a sequence of entries: kind and name (each uint16 size, text), int16 version, int32
// size, bytes.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "wire/api.h"
#include "wire/codec.h"
#include "wire/testing/random_message.h"

namespace {

using namespace odradek;
using namespace odradek::wire;

using AnyMessage = std::unique_ptr<void, void (*)(void*)>;

[[noreturn]] void give_up(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  std::exit(2);
}

void write_text(Writer& writer, std::string_view text) {
  writer.write_uint16(static_cast<std::uint16_t>(text.size()));
  writer.write(base::as_bytes(text));
}

void write_entry(std::ofstream& file, const MessageType& type, Version version,
                 base::ByteView bytes) {
  Writer writer;
  write_text(writer, type.kind);
  write_text(writer, type.name);
  writer.write_int16(version);
  writer.write_int32(static_cast<std::int32_t>(bytes.size()));
  writer.write(bytes);
  base::SharedBytes entry = wire::testing::flatten(writer.finish());
  file << base::as_text(entry);
}

base::SharedBytes encode(const MessageType& type, const void* message, Version version) {
  Writer writer;
  auto encoded = encode_message(type.layout(), message, writer, version);
  if (!encoded) give_up(encoded.error().message);
  return wire::testing::flatten(writer.finish());
}

int generate(std::uint64_t seed, int count, const char* path) {
  std::mt19937_64 random(seed);
  std::ofstream file(path, std::ios::binary);
  for (const MessageType& type : all_message_types()) {
    const VersionRange& versions = type.layout().versions;
    for (Version version = versions.low; version <= versions.high; ++version) {
      for (int i = 0; i < count; ++i) {
        AnyMessage message(type.create(), type.destroy);
        wire::testing::fill_with_random_values(type.layout(), message.get(), version, random);
        write_entry(file, type, version, encode(type, message.get(), version));
      }
    }
  }
  file.close();
  if (!file) give_up(std::string(path) + " cannot be written");
  return 0;
}

const MessageType& find_type(std::string_view name) {
  for (const MessageType& type : all_message_types())
    if (type.name == name) return type;
  give_up("no message " + std::string(name));
}

// Empty: the bytes are the same.
std::string check(const MessageType& type, Version version, const base::SharedBytes& bytes) {
  AnyMessage message(type.create(), type.destroy);
  Reader reader(bytes);
  auto decoded = decode_message(type.layout(), message.get(), reader, version);
  if (!decoded) return decoded.error().message;
  auto end = reader.expect_end();
  if (!end) return end.error().message;
  return encode(type, message.get(), version) == bytes ? "" : "encodes differently";
}

int verify(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  Reader reader(base::SharedBytes::copy(base::as_bytes(content)));
  reader.set_memory_limit(content.size());
  int passed = 0;
  int failed = 0;
  std::set<std::pair<std::string, Version>> printed;
  while (reader.ok() && reader.remaining() > 0) {
    reader.read_text(reader.read_uint16());
    std::string name = reader.read_text(reader.read_uint16());
    Version version = reader.read_int16();
    base::SharedBytes bytes = reader.read_shared(reader.read_uint32());
    if (!reader.ok()) break;
    std::string problem = check(find_type(name), version, bytes);
    problem.empty() ? ++passed : ++failed;
    if (!problem.empty() && printed.insert({name, version}).second)
      std::printf("%s version %d: %s\n", name.c_str(), version, problem.c_str());
  }
  if (!reader.ok()) give_up(std::string(path) + ": " + reader.error().message);
  std::printf("we read and wrote: %d passed, %d failed\n", passed, failed);
  return passed > 0 && failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "generate" && argc == 5)
    return generate(std::strtoull(argv[2], nullptr, 10), std::atoi(argv[3]), argv[4]);
  if (command == "verify" && argc == 3) return verify(argv[2]);
  give_up("usage: crosscheck generate SEED COUNT FILE | verify FILE");
}
