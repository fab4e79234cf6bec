# SPDX-License-Identifier: Apache-2.0
"""What every command that talks to a server has in common."""

from case import Native

NATIVE = [
    Native("topics create here", "Created"),
    # The first of a list that answers.
    Native("topics list -b 127.0.0.1:1,{server}", "^here$"),
    Native("--bootstrap-server 127.0.0.1:1,PLAINTEXT://{server} --list", "^here$",
           program="kafka-topics"),
    Native("topics list -b 127.0.0.1:1,127.0.0.1:2", exit=1, needs_server=False,
           stderr=r"\Aodradek topics: No server answers: .*127\.0\.0\.1:1: Connection refused; "
           r".*127\.0\.0\.1:2: Connection refused\n\Z"),
    Native("topics list -b no-such-host.invalid:9092", exit=1, needs_server=False,
           stderr="cannot resolve host name 'no-such-host.invalid'"),
    Native("topics list -b nonsense", exit=1, needs_server=False,
           stderr="'nonsense' is no server: give host:port, as in 127.0.0.1:9092"),
    # Kafka's words, which scripts look for; then the reason.
    Native("--bootstrap-server 127.0.0.1:1 --list", exit=1, program="kafka-topics",
           needs_server=False, stdout=r"\AError while executing topic command : Timed out waiting "
           r"for a node assignment\. Call: listTopics \(.*127\.0\.0\.1:1: Connection refused\)\n"),
    Native("--bootstrap-server 127.0.0.1:1 --describe --group g", exit=1, needs_server=False,
           program="kafka-consumer-groups", stdout=r"Error: Executing consumer group command failed"
           r" due to .*Call: describeConsumerGroups\(api=FIND_COORDINATOR\) \("),
    # A client's configuration.
    Native("topics list --command-config {directory}/client.properties", "^here$"),
    Native("topics list --command-config {directory}/no-such-file", exit=1,
           stderr="no-such-file"),
    Native("topics list --command-config {directory}/wrong.properties", exit=1,
           stderr="default.api.timeout.ms is a number of milliseconds, not 'soon'"),
    Native("topics list --command-config {directory}/secure.properties", exit=1,
           stderr="security.protocol=SASL_SSL"),
    # What is misspelt.
    Native("topics lst", exit=1, stderr=r"topics cannot 'lst'\nThe nearest one is list\."),
    Native("topics list orders more", exit=1, stderr="'more' is one word too many"),
    Native("groups --descrbe -g g", exit=1, stderr="descrbe is not a recognized option\n"
           "The nearest one is --describe"),
]

FILES = {
    "client.properties": "# a client's\nclient.id=me\ndefault.api.timeout.ms=5000\n",
    "wrong.properties": "default.api.timeout.ms=soon\n",
    "secure.properties": "security.protocol=SASL_SSL\n",
}
