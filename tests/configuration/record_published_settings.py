#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes published_settings.tsv anew: the facts of Apache Kafka's settings, from its published
jars. Needs Maven and a JDK; the test that compares with the file needs neither."""

import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def classpath():
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(["mvn", "--batch-mode", "--quiet", "--file", str(HERE / "pom.xml"),
                        "dependency:build-classpath", f"-Dmdep.outputFile={file.name}"], check=True)
        return pathlib.Path(file.name).read_text(encoding="utf-8")


def main():
    facts = subprocess.run(["java", "-cp", classpath(), str(HERE / "PublishedSettings.java")],
                           check=True, stdout=subprocess.PIPE, text=True).stdout
    (HERE / "published_settings.tsv").write_text(facts, encoding="utf-8")


if __name__ == "__main__":
    main()
