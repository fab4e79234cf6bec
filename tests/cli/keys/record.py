#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the Java producer's own code where it puts the keys, and writes partitions.txt."""

import subprocess

from keys import HERE, PARTITIONS, RECORDED, keys

PEER = HERE.parent.parent / "peer" / "apache-kafka"
WIDTH = 100


def main():
    jars = subprocess.run([PEER, "classpath"], text=True, capture_output=True, check=True)
    lines = "".join(key.encode().hex() + "\n" for key in keys())
    done = subprocess.run(
        ["java", "-cp", jars.stdout.strip(), str(HERE / "Partitions.java"), str(PARTITIONS)],
        input=lines, text=True, capture_output=True, check=True)
    digits = done.stdout.replace("\n", "")
    RECORDED.write_text("".join(digits[at:at + WIDTH] + "\n"
                                for at in range(0, len(digits), WIDTH)))


if __name__ == "__main__":
    main()
