# SPDX-License-Identifier: Apache-2.0
from case import Native


def run_class(arguments, *patterns, **special):
    return Native(arguments, *patterns, program="kafka-run-class", **special)


NATIVE = [
    Native("topics create one"),
    run_class("kafka.tools.GetOffsetShell --broker-list {server} --topic one --time -1",
              r"\Aone:0:0\n\Z"),
    run_class("kafka.admin.TopicCommand SERVER --list", r"\Aone\n\Z"),
    run_class("-name topics org.apache.kafka.tools.TopicCommand SERVER --describe --topic nope",
              "Topic 'nope' does not exist as expected", exit=1),
    run_class("kafka.tools.GetOffsetShell --broker-list {server} --tpic one",
              stderr="tpic is not a recognized option", exit=1),
    run_class("kafka.tools.JmxTool --object-name x", exit=1, needs_server=False,
              stderr="kafka.tools.JmxTool is a Java class.*there is no JVM"),
    run_class("com.example.TopicCommand --list", exit=1, needs_server=False,
              stderr="com.example.TopicCommand is a Java class"),
    run_class("", stderr="usage: kafka-run-class", exit=1, needs_server=False),
    Native("run-class kafka.tools.DumpLogSegments --files", stderr="files", exit=1,
           needs_server=False),
    Native("run-class", stderr="has to be named", exit=1, needs_server=False),
]
