# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def log_dirs(arguments, **special):
    return Case("kafka-log-dirs", arguments, **special)


CASES = [
    log_dirs("SERVER --describe"),
    Case("kafka-topics", "SERVER --create --topic one"),
    Case("kafka-topics", "SERVER --create --topic two"),
    log_dirs("SERVER --describe --topic-list one"),
    log_dirs("SERVER --describe --topic-list two,"),
    log_dirs("SERVER --describe --topic-list nope"),
    log_dirs("SERVER --describe --topic-list one --broker-list 1"),
    log_dirs("SERVER --describe --broker-list 7,1"),
    log_dirs("SERVER --describe --broker-list one"),
    log_dirs("SERVER --topic-list one"),
    log_dirs("--describe"),
    log_dirs("SERVER --describe --broker-list"),
    log_dirs("SERVER --describe --brokers 1"),
]

REPLACED = [(r'"logDir":"[^"]*"', '"logDir":"DIRECTORY"')]

NATIVE = [
    Native("log-dirs describe one",
           r"BROKER +LOG-DIR +TOPIC +PARTITION +BYTES .*\n1 +/\S+ +one +0"),
    Native("log-dirs --output json", r'"broker": 1,\n +"log_dir": "/.*",\n +"topic": "one"'),
    Native("--describe --bootstrap-server 127.0.0.1:1", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-log-dirs", needs_server=False),
]
