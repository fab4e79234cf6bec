#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches and compiles what the client tests run, into build/clients and build/peer. Fast when
# nothing changed.
#
# Each language has a mark, build/clients/<name>.installed: the digest of the files that it was made
# from. A tool that is missing is named on standard error, and the status is 1; the rest is still
# installed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/build/clients
mkdir -p "$build"
status=0

# once NAME TOOL FUNCTION FILE…: calls FUNCTION unless NAME was installed from exactly these files.
once() {
  local name=$1 tool=$2 function=$3 digest
  shift 3
  digest=$(cat "$@" | sha256sum)
  [ "$(cat "$build/$name.installed" 2> /dev/null)" != "$digest" ] || return 0
  if ! command -v "$tool" > /dev/null; then
    echo "install.sh: $name needs $tool, which is missing (tools/packages-test.txt)" >&2
    status=1
    return 0
  fi
  echo "installing $name" >&2
  if "$function"; then
    echo "$digest" > "$build/$name.installed"
  else
    echo "install.sh: $name could not be installed" >&2
    status=1
  fi
}

# What `once` calls: steps joined by &&, for `set -e` does not hold inside a condition.

old_jars() {
  rm -rf "$build/old-jars" &&
    mvn --quiet --batch-mode -Dstyle.color=never --file "$here/java/old/pom.xml" \
      dependency:copy-dependencies -DoutputDirectory="$build/old-jars"
}

old_tools() {
  rm -rf "$build/old-tools" &&
    mvn --quiet --batch-mode -Dstyle.color=never --file "$here/console/pom.xml" \
      dependency:copy-dependencies -DoutputDirectory="$build/old-tools"
}

# compile NAME CLASSPATH DIRECTORY: the shared sources with those of one version of the client.
compile() {
  rm -rf "${build:?}/$1" &&
    javac -Xlint:all,-deprecation,-processing,-try -Werror -cp "$2" -d "$build/$1" \
      "$here"/java/common/*.java "$3"/*.java
}

current_classes() {
  compile java-current "$("$root/tests/peer/apache-kafka" classpath)" "$here/java/current"
}

old_classes() { compile java-old "$build/old-jars/*" "$here/java/old"; }

python_packages() {
  rm -rf "$build/venv" && python3 -m venv "$build/venv" &&
    "$build/venv/bin/pip" install --quiet --disable-pip-version-check \
      --requirement "$here/python/requirements.txt"
}

go_programme() { (cd "$here/go" && go build -o "$build/go-client" .); }

node_packages() {
  rm -rf "$build/node" && mkdir -p "$build/node" &&
    cp "$here"/node/package*.json "$build/node" &&
    (cd "$build/node" && npm ci --no-audit --no-fund --loglevel=error > /dev/null)
}

# Confluent's package has no binary on npm: the librdkafka that it carries is built, two jobs at a
# time, and its binding against it (its own way of building starts as many jobs as there are files).
node_confluent() {
  local to=$build/node-confluent
  local package=$to/node_modules/@confluentinc/kafka-javascript
  rm -rf "$to" && mkdir -p "$to" &&
    cp "$here"/node/confluent/package*.json "$to" &&
    (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null) &&
    (build_librdkafka "$package/deps/librdkafka" "$to/librdkafka" &&
      build_binding "$package" "$to/librdkafka") > "$to/build.log" 2>&1
}

build_librdkafka() {
  cd "$1" && ./configure --prefix="$2" --disable-debug-symbols --disable-gssapi &&
    make -j2 libs install-subdirs
}

build_binding() {
  local gyp
  gyp=$(npm root --global)/npm/node_modules/node-gyp/bin/node-gyp.js
  [ -e "$gyp" ] || gyp=/usr/share/nodejs/node-gyp/bin/node-gyp.js # Debian's
  # Before the directories of the system's librdkafka, which the binding names itself.
  cd "$1" && BUILD_LIBRDKAFKA=0 CXX="g++ -I$2/include/librdkafka -I$2/include" \
    LDFLAGS="-L$2/lib -Wl,-rpath,$2/lib" node "$gyp" rebuild --nodedir=/usr -j 2
}

php_has_ffi() {
  php -d ffi.enable=1 -r 'FFI::cdef("const char *rd_kafka_version_str();", "librdkafka.so.1");'
}

rust_programme() {
  cargo build --quiet --release --locked --manifest-path "$here/rust/Cargo.toml" \
    --target-dir "$build/rust"
}

"$root/tests/peer/apache-kafka" install
once old-jars mvn old_jars "$here/java/old/pom.xml"
once old-tools mvn old_tools "$here/console/pom.xml"
once java-current javac current_classes "$here"/java/{common,current}/*.java \
  "$root/tests/peer/pom.xml"
once java-old javac old_classes "$here"/java/{common,old}/*.java "$here/java/old/pom.xml"
once python python3 python_packages "$here/python/requirements.txt"
once go go go_programme "$here"/go/*.go "$here"/go/go.{mod,sum}
once php php php_has_ffi "$here/php/rdkafka.h"
once rust cargo rust_programme "$here"/rust/Cargo.* "$here"/rust/src/*.rs
once node npm node_packages "$here"/node/package*.json
once node-confluent npm node_confluent "$here"/node/confluent/package*.json
exit $status
