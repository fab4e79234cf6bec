# SPDX-License-Identifier: Apache-2.0
from case import Native

NATIVE = [
    # Without a word, Kafka's tools explain themselves, with exit code 1.
    Native("", r"\A\Z", r"\Ausage: kafka-topics ", exit=1, program="kafka-topics",
           needs_server=False),
    Native("", r"\A\Z", r"\Ausage: odradek|\Aodradek: a ", exit=1, needs_server=False),
    Native("help", r"\Aodradek: a ", needs_server=False),
    Native("help topics", r"\Ausage: odradek topics ", needs_server=False),
    Native("help kafka-topics", r"\Ausage: kafka-topics ", needs_server=False),
    Native("help nothing", stderr="there is no command 'nothing'", exit=1, needs_server=False),
    Native("completion", stderr="bash or zsh", exit=1, needs_server=False),
    Native("--version", r"\A\d+\.\d+\.\d+ \(Odradek \d+\.\d+\.\d+\)\n\Z", program="kafka-topics.sh",
           needs_server=False),
    Native("topcs", stderr="nearest one is topics", exit=1, needs_server=False),
    Native("--help", r"groups +kafka-consumer-groups", needs_server=False),
    Native("groups --help", "--reset-offsets", needs_server=False),
    Native("--version", r"^\d+\.\d+\.\d+ ", needs_server=False),
]
