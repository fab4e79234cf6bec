#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What GET /metrics says, held against docs/metrics.md. Usage: metrics_test.py <build directory>"""

import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "clients"))
from harness.servers import Odradek, free_port  # noqa: E402

BUILD = Path(sys.argv.pop(1)).resolve()
LISTED = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", re.MULTILINE)
FAMILY = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)
HISTOGRAM_PART = re.compile("(?<=_seconds)_(bucket|count|sum)$")
LABEL = re.compile(r'(\w+)="')


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="odradek-metrics-")
        cls.port = free_port()
        settings = {"node.id": "1", "metrics.listener": f"127.0.0.1:{cls.port}"}
        cls.server = Odradek(Path(cls.directory.name), settings, BUILD / "odradek", defaults={})
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.directory.cleanup()

    def page(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def value(self, name):
        """Of a metric without labels."""
        return float(re.search(rf"^{name} (\S+)$", self.page(), re.MULTILINE).group(1))

    def test_the_page_of_documentation_lists_what_is_there(self):
        page = self.page()
        labels = {}
        for line in page.splitlines():
            if not line.startswith("#"):
                name = line.split("{")[0].split(" ")[0]
                name = HISTOGRAM_PART.sub("", name)
                labels.setdefault(name, set()).update(set(LABEL.findall(line)) - {"le"})
        there = {(name, kind, ", ".join(sorted(labels.get(name, ()))))
                 for name, kind in FAMILY.findall(page)}
        text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
        listed = {(name, kind, label.replace("`", "").strip())
                  for name, kind, label in LISTED.findall(text)}
        self.assertEqual(there, listed)

    def test_flushes_are_counted(self):
        def flushes():
            found = re.search(r"^odradek_log_flush_seconds_count\{\S+ (\d+)$", self.page(),
                              re.MULTILINE)
            return int(found.group(1))

        before = flushes()
        for _ in range(3):
            subprocess.run([BUILD / "bin" / "kafka-console-producer", "--bootstrap-server",
                            self.server.bootstrap, "--topic", "flushed",
                            "--command-property", "acks=all"], input="one\n", text=True, check=True,
                           stdout=subprocess.DEVNULL, timeout=30)
        self.assertGreaterEqual(flushes(), before + 3)

    def test_partitions_are_counted(self):
        names = [f"kafka_server_replicamanager_{kind}count" for kind in ("partition", "leader")]
        before = [self.value(name) for name in names]
        subprocess.run([BUILD / "bin" / "kafka-topics", "--bootstrap-server", self.server.bootstrap,
                        "--create", "--topic", "counted", "--partitions", "3"], check=True,
                       stdout=subprocess.DEVNULL, timeout=30)
        self.assertEqual([self.value(name) for name in names], [count + 3 for count in before])


if __name__ == "__main__":
    unittest.main(verbosity=2)
