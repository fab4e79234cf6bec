#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fetch_jars.py POM DIRECTORY: puts the jars that a pom.xml lists into a directory, with Maven's
own client: from its local repository where they are there, else from where it is configured to
look. Does nothing when the directory already has what this pom.xml lists.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys


def copy(pom, directory, offline):
    command = ["mvn", "--batch-mode", "--quiet", *(["--offline"] if offline else []),
               "--file", str(pom), "dependency:copy", f"-DoutputDirectory={directory}"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def main():
    pom, directory = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    stamp = directory / "fetched"
    wanted = hashlib.sha256(pom.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    if shutil.which("mvn") is None:
        print("mvn is not installed (Debian package maven)", file=sys.stderr)
        return 1
    directory.mkdir(parents=True, exist_ok=True)
    done = copy(pom, directory, offline=True)
    if done.returncode != 0:
        done = copy(pom, directory, offline=False)
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
        return done.returncode
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
