# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka's own DumpLogSegments over every file that a server wrote, after a clean stop."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness.programmes import LIGHT, QUIET
from harness.servers import ROOT

TOOL = "org.apache.kafka.tools.DumpLogSegments"
SUFFIXES = {".log", ".index", ".timeindex", ".txnindex", ".snapshot", ".checkpoint"}
CODECS = {"none", "gzip", "snappy", "lz4", "zstd"}
DELETED = "-delete"  # the end of the name of a partition directory that waits for its deletion
METADATA_TOPIC = "__cluster_metadata"
OFFSETS_TOPIC = "__consumer_offsets"

# What the tool says of sound files; every other line is a finding.
SOUND = re.compile(
    "|".join(
        (
            r"Dumping .*",
            r"Log starting offset: \d+",
            r"KRaft bootstrap snapshot",
            r"Snapshot end offset: .*",
            r"baseOffset: .* compresscodec: (?P<codec>\w+) .*isvalid: true",
            r"\| offset: .*",
            r"(version: \d+ )?producerId: .*",  # of a .snapshot, of a .txnindex
            r".* passed sanity check\.",
            r".* is empty\.",
        )
    )
)
# The tool expects every segment to begin with offset 0, and says so of each that does not.
JUMP_IN = re.compile(r"Non-consecutive offsets in .*/(?P<base>\d{20})\.log")
JUMP = re.compile(r"  (?P<before>-?\d+) is followed by (?P<after>\d+)")
UNDECODED = re.compile(r'"unknown"|Could not decode|Error at offset')


def dump(work, label, files, *options):
    """Runs the tool over the files; returns (findings, codecs seen, batches seen)."""
    arguments = Path(work) / f"dump-{label}.arguments"
    out = Path(work) / f"dump-{label}.out"
    words = [
        *LIGHT,
        QUIET,
        "-cp",
        f"{ROOT}/build/peer/jars/*",
        TOOL,
        *options,
        "--files",
        ",".join(map(str, files)),
    ]
    arguments.write_text("\n".join(f'"{word}"' for word in words))
    with open(out, "wb") as stdout:
        done = subprocess.run(
            ["java", f"@{arguments}"], stdout=stdout, stderr=subprocess.STDOUT, check=False
        )
    findings, codecs, batches = [], set(), 0
    if done.returncode != 0:
        findings.append(f"the tool ended with status {done.returncode}")
    segment = None
    with open(out, encoding="utf-8", errors="replace") as lines:
        for line in map(str.rstrip, lines):
            sound = SOUND.fullmatch(line)
            segment = JUMP_IN.fullmatch(line) or segment
            if segment and (JUMP_IN.fullmatch(line) or begins(segment, JUMP.fullmatch(line))):
                continue
            if not sound or UNDECODED.search(line):
                findings.append(line.strip())
            elif sound["codec"]:
                codecs.add(sound["codec"])
                batches += 1
    return findings, codecs, batches


def begins(segment, jump):
    """Whether this jump is no more than the beginning of the segment at its base offset."""
    return jump and int(jump["before"]) == -1 and int(jump["after"]) == int(segment["base"])


def without_indexes(files):
    """Segments beside which an index is missing: after a clean stop every segment has both."""
    names = set(files)
    return [
        str(log)
        for log in files
        if log.suffix == ".log"
        and not {log.with_suffix(".index"), log.with_suffix(".timeindex")} <= names
    ]


def check(results, work, name, data, codecs=frozenset(CODECS), optional=()):
    """All files under the data directory; `codecs` are those of which batches must be found,
    `optional` the kinds of files that need not be there.
    """
    work.mkdir()
    there = sorted(
        path
        for path in Path(data).rglob("*")
        if path.suffix in SUFFIXES and not path.parent.name.endswith(DELETED)
    )
    files = [path for path in there if path.stat().st_size > 0]
    metadata = [path for path in files if path.parent.name.startswith(METADATA_TOPIC)]
    offsets = [path for path in files if path.parent.name.startswith(OFFSETS_TOPIC)]
    others = [path for path in files if path not in {*metadata, *offsets}]
    indexes = [path for path in files if path.suffix in {".index", ".timeindex"}]
    thorough = ("--deep-iteration", "--index-sanity-check")
    runs = {
        "data": (others, *thorough),
        "metadata": (metadata, "--cluster-metadata-decoder", *thorough),
        "offsets": (offsets, "--offsets-decoder", *thorough),
        "index entries": (indexes, "--verify-index-only"),
    }

    def run(item):
        label, (subset, *options) = item
        return (
            label,
            subset,
            dump(work, label.replace(" ", "-"), subset, *options) if subset else None,
        )

    seen = set()
    with ThreadPoolExecutor(2) as pool:
        for label, subset, outcome in pool.map(run, runs.items()):
            title = f"{name}: DumpLogSegments, {label}"
            if outcome is None:
                if label not in optional:
                    results.add(title, f"no such file under {data}")
                continue
            findings, found, batches = outcome
            seen |= found
            if not findings and batches == 0 and label != "index entries":
                findings = [f"no batch in {len(subset)} files"]
            results.add(
                title, f"{len(findings)} findings, first: {findings[0]}" if findings else None
            )
    lone = without_indexes(there)
    results.add(f"{name}: every segment has its indexes", f"not {lone[0]}" if lone else None)
    if codecs:
        missing = sorted(codecs - seen)
        results.add(f"{name}: batches of every codec", f"none of {missing}" if missing else None)
    clean = (Path(data) / ".kafka_cleanshutdown").is_file()
    results.add(f"{name}: marked as cleanly stopped", None if clean else "no .kafka_cleanshutdown")
