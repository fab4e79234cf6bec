#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tests bite: with one thing in the server made wrong, they turn red.

mutants.py [--check] [NAME…]

Each mutant is one line of a copy of the tree (build/mutants/tree, with the preset `quick`), or
several where one thing is looked at in several places. The tests that it names must fail with it,
all of them, and pass without. `--check` only looks whether every mutant still fits the code; a
NAME, or a part of it, picks mutants.
"""

import argparse
import filecmp
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build/mutants/tree"
PYTHON = ROOT / "build/clients/venv/bin/python"
SERVER = TREE / "build/quick/odradek"
SECONDS = "20"
# A test that does not end has seen the mutant, too.
LONGEST_S = 900
# A bug of a cluster shows in so many runs of it, most in the first few.
CLUSTER_SEEDS = 60


def unit(programme, cases):
    return [TREE / "build/quick" / programme, f"--gtest_filter={cases}"]


def sim(cases):
    return unit("sim_test", cases)


def campaign(script):
    script = TREE / "tests/faults" / script
    return [PYTHON, "-B", script, "--server", SERVER, "--seconds", SECONDS]


POWER_CUTS = campaign("power_cuts.py")
KILLS = campaign("kills.py")
LOGS = sim("LogPowerCutTest.*")
BROKER = sim("BrokerTest.APowerCut*")

# Whole brokers; three replicas under a controller that is always right; the deciders; the engine.
CLUSTER = ["env", f"ODRADEK_SIM_SEEDS={CLUSTER_SEEDS}", *sim("ClusterTest.KeepsItsPromises*")]
REPLICAS = unit("replica_test", "ReplicationModelTest.*")
CONTROLLER = unit("metadata_test", "ControllerModel*")
ENGINE = unit("quorum_test", "ZookeeperEngineTest.*:ZookeeperEngineFaultsTest.One*")

# name, lines (file, the line as it is as a regular expression, what it becomes), tests that must
# fail
MUTANTS = (
    (
        "acknowledge before the flush",
        [("src/log/partition_log.h",
          r"return writes_are_cached_ \? (answerable_end_offset\(\)) : flushed_end_offset\(\);",
          r"return \1;")],
        (BROKER, POWER_CUTS),
    ),
    (
        "skip the torn-tail cut",
        [("src/log/log_recovery.cc",
          r"const std::uint64_t valid_bytes = reading\.valid_bytes\(\);",
          r"const std::uint64_t valid_bytes = segment.size();")],
        (LOGS, KILLS),
    ),
    (
        "acknowledge before the in-sync set has it",
        [("src/replica/leader/in_sync_set.cc",
          r"    end = std::min\(end, follower\.end\);",
          r"")],
        (REPLICAS, CLUSTER),
    ),
    (
        "a follower asks on before its flush",
        [("src/replica/partition_follower.cc",
          r"\.end = log_->safe_end_offset\(\),",
          r".end = log_->log_end_offset(),")],
        (CLUSTER,),
    ),
    (
        "a leader counts what it has not flushed",
        [("src/replica/partition.cc",
          r"committed_end\(log_->safe_end_offset\(\), ",
          r"committed_end(log_->log_end_offset(), ")],
        (CLUSTER,),
    ),
    (
        "consumers are shown what is not committed",
        [("src/replica/partition.cc",
          r"    until = visible_end_locked\(isolation\);",
          r"    until = isolation == Isolation::kReadUncommitted ? log_->written_end_offset()\n"
          r"                : visible_end_locked(isolation);")],
        (CLUSTER,),
    ),
    (
        "accept what a stale leader sent",
        [("src/replica/partition_follower.cc",
          r"if \(role_ == Role::kFollower && leader_epoch == leader_epoch_\) return \{\};",
          r"if (role_ != Role::kNone) return {};"),
         ("src/broker/replication/replica_fetcher.cc",
          r"if \(found == followed_\.end\(\) \|\| overtaken_\.contains\(key\)\) continue;",
          r"if (found == followed_.end()) continue;")],
        (REPLICAS,),
    ),
    (
        "a follower stamps batches with a time of its own",
        [("src/log/partition_log_append.cc",
          r"    const auto bytes = batches\.subspan\(position, \(\*batch\)->total_size\(\)\);",
          r"\g<0>\n    if (!assigns) {\n"
          r"      record::stamp_max_timestamp(bytes, record::TimestampType::kCreateTime, now());\n"
          r"    }")],
        (CLUSTER,),
    ),
    (
        "a follower stamps batches with the epoch that it follows",
        [("src/log/partition_log_append.cc",
          r"    const auto bytes = batches\.subspan\(position, \(\*batch\)->total_size\(\)\);",
          r"\g<0>\n    record::stamp_leader_epoch(bytes, leader_epoch);")],
        (CLUSTER,),
    ),
    (
        "skip truncation",
        [("src/replica/partition_follower.cc",
          r"return log_->truncate_to\(to\); \}",
          r"(void)to; return base::Result<>{}; }")],
        (REPLICAS, CLUSTER),
    ),
    (
        "a set that is asked to shrink has shrunk",
        [("src/replica/leader/in_sync_set.cc",
          r"if \(contains\(assignment_\.in_sync, broker\)\) return true;",
          r"if (contains(assignment_.in_sync, broker) && !open_) return true;")],
        (REPLICAS,),
    ),
    (
        "whoever is elected has everything committed",
        [("src/replica/partition_leader.cc",
          r"high_watermark_ = std::max\(\{high_watermark_, known, [^;]*;",
          r"(void)known; high_watermark_ = log_->log_end_offset();")],
        (CLUSTER,),
    ),
    (
        "an end is shown before it is known",
        [("src/replica/partition_leader.cc",
          r"return !in_sync_ \|\| high_watermark_ >= epoch_start_;",
          r"return true;")],
        (CLUSTER,),
    ),
    (
        "accept a fenced broker into an in-sync set",
        [("src/metadata/controller/alter_partition.cc",
          r"at != partition\.replicas\.end\(\) && is_live\(image, member\.broker_id\) &&",
          r"at != partition.replicas.end() && broker != nullptr &&")],
        (CONTROLLER,),
    ),
    (
        "accept who was in sync in an earlier life",
        [("src/metadata/controller/alter_partition.cc",
          r"\(member\.broker_epoch == kAnyEpoch \|\| member\.broker_epoch == broker->epoch\) &&",
          r"")],
        (CONTROLLER,),
    ),
    (
        "change a partition that has changed meanwhile",
        [("src/metadata/controller/alter_partition.cc",
          r"if \(asked\.partition_epoch < partition\.partition_epoch\) return [^;]*;",
          r"")],
        (CONTROLLER,),
    ),
    (
        "accept a stale leader's in-sync set",
        [("src/metadata/controller/alter_partition.cc",
          r"if \(asked\.leader_epoch < partition\.leader_epoch\) return [^;]*;",
          r""),
         ("src/metadata/controller/alter_partition.cc",
          r"if \(leader != partition\.leader\) return [^;]*;",
          r"(void)leader;"),
         ("src/metadata/controller/alter_partition.cc",
          r"if \(asked\.partition_epoch < partition\.partition_epoch\) return [^;]*;",
          r""),
         ("src/metadata/controller/alter_partition.cc",
          r"contains\(in_sync, partition\.leader\) && ",
          r"")],
        (CONTROLLER,),
    ),
    (
        "trust a lost disk",
        [("src/metadata/controller/partition_change.cc",
          r"  lost_ = broker;\n  std::erase\(next_\.in_sync_replicas, broker\);",
          r"  (void)broker;")],
        (CONTROLLER,),
    ),
    (
        "trust a log after a power cut that was not flushed",
        [("src/metadata/controller/partition_change.cc",
          r"  crashed_ = broker;\n  std::erase\(next_\.in_sync_replicas, broker\);",
          r"  (void)broker;")],
        (CONTROLLER,),
    ),
    (
        "elect who is not in sync",
        [("src/metadata/controller/partition_change.cc",
          r"return contains\(candidates, replica\) && contains\(next_\.replicas, replica\) &&",
          r"return !candidates.empty() && contains(next_.replicas, replica) &&")],
        (CONTROLLER, CLUSTER),
    ),
    (
        "commit without the epoch check",
        [("src/quorum/zookeeper/committer.cc",
          r"check_of\(\*election_\.lead\(\)\),",
          r'Operation::check("/controller_epoch"),')],
        (ENGINE,),
    ),
    (
        "a commit of unknown outcome is made again",
        [("src/quorum/zookeeper/committer.cc",
          r"  if \(is_sent_\) \{",
          r"  if (false) {")],
        (ENGINE,),
    ),
    (
        "an offset commit is answered before it is replicated",
        [("src/broker/runtime/group/commit_waits.cc",
          r"partition_->when_committed\(",
          r"partition_->when_written(")],
        (CLUSTER,),
    ),
    (
        "what is sent again is written again",
        [("src/log/producer_state.cc",
          r"const ProducerEntry& entry = found != nullptr \? \*found : kUnknown;",
          r"(void)found;\n  const ProducerEntry& entry = kUnknown;")],
        (CLUSTER,),
    ),
    (
        "another one leads in the same epoch",
        [("src/metadata/partition_replay.cc",
          r"image\.leader_epoch = base::LeaderEpoch\(image\.leader_epoch\.value\(\) \+ 1\);",
          r"")],
        (CLUSTER,),
    ),
    (
        "min.insync.replicas is not looked at",
        [("src/replica/leader/in_sync_set.cc",
          r"  return count < least\(\);",
          r"  return count + least() == 0;")],
        (CLUSTER,),
    ),
    (
        "who fetches is in sync",
        [("src/replica/leader/in_sync_set.cc",
          r"follower\.end >= high_watermark && follower\.end >= epoch_start_ &&",
          r"follower.end <= std::max(follower.end, high_watermark) &&")],
        (REPLICAS, CLUSTER),
    ),
    (
        "eligible although it missed something",
        [("src/metadata/controller/partition_change.cc",
          r"\|\|\n      next_\.in_sync_replicas\.size\(\) >= rules_\.min_in_sync_replicas\)",
          r"||\n      next_.in_sync_replicas.size() > rules_.min_in_sync_replicas)")],
        (CONTROLLER, CLUSTER),
    ),
    (
        "a reassignment ends before the new ones have it",
        [("src/metadata/controller/partition_change.cc",
          r"replicas\.empty\(\) \|\| !contains_all\(in_sync, next_\.adding_replicas\)",
          r"replicas.empty()")],
        (CONTROLLER,),
    ),
    (
        "a block of producer ids is given twice",
        [("src/metadata/controller/cluster.cc",
          r"image\.next_producer_id\.value\(\) \+ kProducerIdBlockSize",
          r"image.next_producer_id.value()")],
        (CLUSTER,),
    ),
    (
        "a coordinator answers before it has read its groups",
        [("src/broker/runtime/group/group_shard.cc",
          r"auto loaded = load_groups\(self->partition_->log\(\), \*machine\);",
          r"base::Result<> loaded;")],
        (CLUSTER,),
    ),
)


def changed(name, lines):
    """The texts of the files with the mutant in them, by path."""
    texts = {}
    for path, pattern, replacement in lines:
        text = texts.get(path) or (ROOT / path).read_text()
        texts[path], count = re.subn(pattern, replacement, text)
        if count != 1:
            raise SystemExit(f"mutant '{name}': its line is {count} times in {path}, not once")
    return texts


def copy_tree():
    """What git knows, as it is now; what did not change keeps its time, so little is built."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, TREE / name
        if source.exists() and not (target.exists() and filecmp.cmp(source, target)):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    # The campaigns' clients lie where they are installed.
    clients = TREE / "build/clients"
    clients.parent.mkdir(exist_ok=True)
    if not clients.exists():
        clients.symlink_to(ROOT / "build/clients")


def build(tests):
    """What the tests are made of."""
    programmes = {part.name for test in tests for part in test
                  if isinstance(part, Path) and part.name.endswith("_test")}
    if any(SERVER in test for test in tests):
        programmes.add("odradek")
    targets = " ".join(sorted(programmes))
    command = f"cmake --preset quick > /dev/null && ninja -C build/quick --quiet {targets}"
    subprocess.run(["bash", "-c", command], cwd=TREE, check=True)


def processor_time_s():
    """Of the processes that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def passes(test):
    words = " ".join(os.path.relpath(part, TREE) if isinstance(part, Path) else part
                     for part in test)
    began, used = time.monotonic(), processor_time_s()
    try:
        done = subprocess.run(test, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        print(f"  red: {words}\n      it did not end within {LONGEST_S} s", flush=True)
        return False
    telling = re.compile(r"VIOLATION|FAIL|.*: Failure|Expected|  Actual|seed")
    lines = [line for line in done.stdout.splitlines() if telling.match(line)]
    result = "green" if done.returncode == 0 else "red"
    seed = re.search(r"\bseed (\d+)", done.stdout)
    if done.returncode != 0 and seed:
        result += f", seed {seed[1]}"
    print(f"  {result}, after {time.monotonic() - began:.0f} s "
          f"({processor_time_s() - used:.1f} s of a processor): {words}", flush=True)
    for line in lines[:4]:
        print(f"      {line[:160]}", flush=True)
    return done.returncode == 0


def prove(name, lines, tests):
    """Returns how many of the tests did not see the mutant."""
    texts = changed(name, lines)
    originals = {path: (TREE / path).read_text() for path in texts}
    print(f"{name}: {', '.join(texts)}", flush=True)
    try:
        for path, text in texts.items():
            (TREE / path).write_text(text)
        build(tests)
        return sum(passes(test) for test in tests)
    finally:
        for path, text in originals.items():
            (TREE / path).write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only whether they fit the code")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    for name, lines, _ in MUTANTS:
        changed(name, lines)
    chosen = [mutant for mutant in MUTANTS
              if not options.names or any(name in mutant[0] for name in options.names)]
    if options.check:
        print(f"{len(MUTANTS)} passed, 0 failed")
        return 0
    copy_tree()
    needed = []
    for mutant in chosen:
        needed += [test for test in mutant[2] if test not in needed]
    build(needed)
    print("without a mutant", flush=True)
    failed = sum(not passes(test) for test in needed)
    failed += sum(prove(*mutant) for mutant in chosen)
    print("every mutant was seen" if failed == 0 else f"{failed} tests are not as they must be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
