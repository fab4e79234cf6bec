# SPDX-License-Identifier: Apache-2.0
from case import Native

NATIVE = [
    Native("topcs", stderr="nearest one is topics", exit=1, needs_server=False),
    Native("--help", r"groups +kafka-consumer-groups", needs_server=False),
    Native("groups --help", "--reset-offsets", needs_server=False),
    Native("--version", r"^\d+\.\d+\.\d+ ", needs_server=False),
]
