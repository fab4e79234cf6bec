# SPDX-License-Identifier: Apache-2.0
import re

from case import HERE, Case, Native

LOG_FILES = HERE / "log_files"
SEGMENT = "00000000000000000000"


def dump(arguments, **special):
    return Case("kafka-dump-log", arguments, **special)


def files(topic, *suffixes):
    return "--files " + ",".join(f"{{directory}}/{topic}-0/{SEGMENT}.{suffix}"
                                 for suffix in suffixes)


def bytes_of(name):
    return (LOG_FILES / name).read_bytes()


def damaged():
    """A segment whose second batch does not match its CRC, with the beginning of another one at its
    end; indexes that point elsewhere."""
    log = bytearray(bytes_of(f"plain-0/{SEGMENT}.log"))
    second = 12 + int.from_bytes(log[8:12], "big")
    log[second + 30] ^= 1
    index = bytearray(bytes_of(f"plain-0/{SEGMENT}.index"))
    index[3] += 1
    times = bytearray(bytes_of(f"plain-0/{SEGMENT}.timeindex"))
    times[7] += 1
    times[35] += 1
    return {"log": log + log[:40], "index": index, "timeindex": times}


FILES = {
    **{str(path.relative_to(LOG_FILES)): path
       for path in sorted(LOG_FILES.rglob("*")) if path.is_file()},
    **{f"damaged-0/{SEGMENT}.{suffix}": content for suffix, content in damaged().items()},
    f"zeros-0/{SEGMENT}.log": bytes(100),
    f"short-0/{SEGMENT}.index": bytes_of(f"plain-0/{SEGMENT}.index")[:-3],
    f"short-0/{SEGMENT}.log": bytes_of(f"plain-0/{SEGMENT}.log"),
    f"short-0/{SEGMENT}.timeindex": bytes_of(f"plain-0/{SEGMENT}.timeindex")[:-3],
    f"short-0/{SEGMENT}.snapshot": bytes_of("txn-0/00000000000000000009.snapshot")[:-1] + b"x",
    "leader-epoch-checkpoint": "0\n0\n",
}

CASES = [
    dump(files("plain", "log")),
    dump(files("plain", "log") + " --deep-iteration"),
    dump(files("plain", "log") + " --print-data-log"),
    dump(files("plain", "log") + " --print-data-log --skip-record-metadata"),
    dump(files("plain", "log") + " --print-data-log --max-bytes 400"),
    dump(files("plain", "log") + " --max-bytes 0"),
    dump(files("plain", "index", "timeindex")),
    dump(files("plain", "index", "timeindex") + " --verify-index-only"),
    dump(files("plain", "index", "timeindex") + " --index-sanity-check"),
    dump("--files {directory}/plain-0/00000000000000000046.snapshot"),
    dump(files("stamped", "log", "index", "timeindex") + " --print-data-log"),
    dump(files("txn", "log", "index", "timeindex", "txnindex") + " --print-data-log"),
    dump("--files {directory}/txn-0/00000000000000000009.snapshot,"
         "{directory}/stamped-0/00000000000000000003.snapshot"),
    dump(files("__consumer_offsets", "log") + " --offsets-decoder"),
    dump(files("__consumer_offsets", "log") + " --offsets-decoder --skip-record-metadata"),
    dump(files("__transaction_state", "log") + " --transaction-log-decoder"),
    dump(files("__share_group_state", "log") + " --share-group-state-decoder"),
    dump(files("__cluster_metadata", "log") + " --cluster-metadata-decoder"),
    dump(files("__cluster_metadata", "log") + " --cluster-metadata-decoder "
         "--skip-record-metadata"),
    dump("--files {directory}/__cluster_metadata-0/@SNAPSHOT@ --cluster-metadata-decoder"
         .replace("@SNAPSHOT@", next(path.name for path in sorted(LOG_FILES.rglob("*.checkpoint"))
                                     if "-" in path.name))),
    dump("--files {directory}/bootstrap.checkpoint --cluster-metadata-decoder"),
    # Not what the decoder is for.
    dump(files("plain", "log") + " --cluster-metadata-decoder"),
    dump(files("__cluster_metadata", "log") + " --offsets-decoder"),
    dump(files("__consumer_offsets", "log") + " --transaction-log-decoder"),
    dump(files("damaged", "log", "index", "timeindex")),
    dump(files("damaged", "index", "timeindex") + " --verify-index-only"),
    dump(files("zeros", "log")),
    dump(files("short", "index") + " --index-sanity-check"),
    dump(files("short", "timeindex") + " --index-sanity-check"),
    dump("--files {directory}/leader-epoch-checkpoint,{directory}/plain-0/x.unknown"),
    dump("--print-data-log"),
    dump("--files"),
    dump("--files x --no-such-flag"),
]

REPLACED = [(re.compile(r"/\S*/(?=[\w.-]+(?:\s|$))", re.M), "DIRECTORY/")]

NATIVE = [
    # Kafka's tool finds out after it has begun.
    Native(f"dump-log {{directory}}/plain-0/{SEGMENT}.log --max-bytes many", "^$",
           "Cannot parse argument 'many' of option max-bytes", 1, needs_server=False),
    Native(f"dump-log {{directory}}/plain-0/{SEGMENT}.log", "compresscodec: zstd",
           needs_server=False),
    Native(f"dump-log {{directory}}/nowhere/{SEGMENT}.log", stderr="nowhere", exit=1,
           needs_server=False),
    Native(f"dump-log {{directory}}/short-0/{SEGMENT}.snapshot", stderr="CRC",
           needs_server=False),
    Native(f"dump-log {{directory}}/plain-0/{SEGMENT}.log --value-decoder-class my.Own",
           stderr="my.Own", exit=1, needs_server=False),
]
