#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes log_files/ anew: the files of a small Apache Kafka that LogFiles.java has used, for the
tools that read files. Record dump-log and metadata-shell again afterwards (record.py).

usage: record_log_files.py [--port PORT]        (the port after PORT is Kafka's controller's)
"""

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

from case import HERE
from record import PEER, running_kafka

SETTINGS = {
    "metadata.max.idle.interval.ms": "0",
    "metadata.log.max.record.bytes.between.snapshots": "2000",
    "log.index.interval.bytes": "200",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
}
SUFFIXES = {".log", ".index", ".timeindex", ".txnindex", ".snapshot", ".checkpoint"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=29092)
    port = parser.parse_args().port
    target = HERE / "log_files"
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as directory:
        with running_kafka(directory, port, SETTINGS) as server:
            subprocess.run([PEER, "tool", HERE / "LogFiles.java", server], check=True)
        data = Path(directory) / "kafka" / "data"
        for path in sorted(data.glob("*-[0-9]/*")):
            if path.suffix in SUFFIXES:
                copy = target / path.relative_to(data)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        shutil.copyfile(data / "bootstrap.checkpoint", target / "bootstrap.checkpoint")


if __name__ == "__main__":
    main()
