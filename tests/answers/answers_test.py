#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""answers_test.py --server build/release/odradek [--record | --live] [CASE…]

Asks Odradek what *_cases.py ask, and compares every field of every answer with what Apache Kafka
4.3.1 answered (golden/*.json). What differs on purpose stands in differences.py, with the reason.

--record asks Apache Kafka and writes the golden files anew; --live compares with it directly.
"""

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

import admin_cases  # noqa: F401
import config_cases  # noqa: F401
import feature_cases  # noqa: F401
import partition_cases  # noqa: F401
import quota_cases  # noqa: F401
import record_cases  # noqa: F401
import resource_cases  # noqa: F401
import security_cases  # noqa: F401
import telemetry_cases  # noqa: F401
import transaction_cases  # noqa: F401
from case import CASES
from codec import ROOT
from differences import DIFFERENCES
from transcript import Transcript

sys.path.insert(0, str(ROOT / "tests/clients"))
from harness.servers import ApacheKafka, Odradek  # noqa: E402

GOLDEN = Path(__file__).resolve().parent / "golden"
# The harness's settings are for small groups and segments; here the defaults are asked for.
SETTINGS = {"num.partitions": "1", "log.segment.bytes": str(1 << 30)}


def run(server, chosen):
    """{case: {label: answer}} of a fresh server."""
    server.start()
    transcripts = {}
    try:
        for case in chosen:
            transcript = Transcript(server.port)
            case(transcript)
            transcript.hang_up()
            transcripts[case.__name__] = json.loads(json.dumps(transcript.answers))
    finally:
        if server.running():
            server.stop()
    return transcripts


def compare(kafka, ours, path=""):
    """(path, Kafka's, ours) for whatever differs. We may say a sentence where Kafka says none."""
    if isinstance(kafka, dict) and isinstance(ours, dict):
        for key in sorted(set(kafka) | set(ours)):
            yield from compare(kafka.get(key, "absent"), ours.get(key, "absent"), f"{path}/{key}")
    elif isinstance(kafka, list) and isinstance(ours, list) and len(kafka) == len(ours):
        for index, pair in enumerate(zip(kafka, ours)):
            yield from compare(*pair, f"{path}[{index}]")
    elif kafka != ours and not (path.endswith("Message") and not kafka and ours == "a sentence"):
        yield path, kafka, ours


def is_deliberate(case, label, path, used):
    for difference in DIFFERENCES:
        if re.fullmatch(difference.where, f"{case}: {label}: {path}"):
            used.add(difference)
            return True
    return False


def report(kafka, ours):
    failures, used = [], set()
    for case, answers in kafka.items():
        for label in sorted(set(answers) | set(ours[case])):
            found = compare(answers.get(label, "absent"), ours[case].get(label, "absent"))
            failures += [f"{case}: {label}: {path}\n    Kafka  {str(theirs)[:300]}\n"
                         f"    ours   {str(mine)[:300]}"
                         for path, theirs, mine in found
                         if not is_deliberate(case, label, path, used)]
    if len(kafka) == len(CASES):
        failures += [f"differences.py: nothing differs any more at {difference.where}"
                     for difference in DIFFERENCES if difference not in used]
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", type=Path, required=True)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("cases", nargs="*", help="all, if none is named")
    options = parser.parse_args()
    chosen = [case for case in CASES if not options.cases or case.__name__ in options.cases]
    with tempfile.TemporaryDirectory(prefix="odradek-answers-") as place:
        if options.record or options.live:
            kafka = run(ApacheKafka(Path(place) / "kafka", SETTINGS), chosen)
        else:
            kafka = {case.__name__: json.loads((GOLDEN / f"{case.__name__}.json").read_text())
                     for case in chosen}
        if options.record:
            GOLDEN.mkdir(exist_ok=True)
            for case, answers in kafka.items():
                lines = [f"{json.dumps(label)}: {json.dumps(answer)}"
                         for label, answer in answers.items()]
                (GOLDEN / f"{case}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
            return
        ours = run(Odradek(Path(place) / "odradek", SETTINGS, options.server), chosen)
    failures = report(kafka, ours)
    print("\n".join(failures))
    total = sum(len(answers) for answers in kafka.values())
    print(f"{total} answers compared, {len(failures)} differences")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
