# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def quorum(arguments, **special):
    return Case("kafka-metadata-quorum", arguments, **special)


CASES = [
    quorum("SERVER describe --status"),
    quorum("SERVER describe --replication"),
    quorum("SERVER describe --replication --human-readable"),
    quorum("SERVER describe"),
    quorum("SERVER describe --status --replication"),
    quorum("SERVER describe --status --human-readable"),
    quorum("SERVER"),
    quorum("describe --status"),
    quorum("SERVER explode"),
    quorum("SERVER --bootstrap-controller localhost:1 describe --status"),
    quorum("SERVER describe --state"),
    quorum("SERVER remove-controller --controller-id 2 --controller-directory-id "
           "JEXY6aqzQY-32P5TStzaFg"),
    quorum("SERVER remove-controller --controller-id 2 --controller-directory-id "
           "JEXY6aqzQY-32P5TStzaFg --dry-run"),
    quorum("SERVER remove-controller --controller-id -2 --controller-directory-id "
           "JEXY6aqzQY-32P5TStzaFg"),
    quorum("SERVER remove-controller --controller-id two --controller-directory-id "
           "JEXY6aqzQY-32P5TStzaFg"),
    quorum("SERVER remove-controller --controller-id 2 --controller-directory-id nonsense"),
    quorum("SERVER remove-controller --controller-id 2"),
    quorum("SERVER add-controller"),
    quorum("SERVER --command-config {directory}/broker.properties add-controller"),
    quorum("SERVER --command-config {directory}/no-role.properties add-controller"),
    quorum("SERVER --command-config {directory}/no-dirs.properties add-controller"),
    quorum("SERVER --command-config {directory}/no-listener.properties add-controller --dry-run"),
    quorum("SERVER --command-config {directory}/controller.properties add-controller --dry-run"),
    quorum("SERVER --command-config {directory}/nowhere.properties describe --status"),
]

NODE = "node.id=2\nprocess.roles=controller\n"
FILES = {
    "broker.properties": "log.dirs=/nowhere\n",
    "no-role.properties": "node.id=2\n",
    "no-dirs.properties": NODE,
    "no-listener.properties": NODE + "log.dirs={directory}\n",
    "controller.properties": NODE + "log.dirs=/nowhere\ncontroller.listener.names=CONTROLLER\n"
                             "listeners=CONTROLLER://localhost:9093\n",
}

NATIVE = [
    Native("metadata-quorum describe --status", r"^Cluster id: \S{22}\nLeader id: 1\n"),
    Native("metadata-quorum describe --replication --output json", r'"status": "Leader"'),
]

REPLACED = [
    (r"/tmp/tmp\w+", "DIR"),
    (r"(ClusterId: +)\S+", r"\1ID"),
    (r"((?:LeaderEpoch|HighWatermark): +)\d+", r"\1NUMBER"),
    # A node of ours is met where everyone is.
    ('"(?:CONTROLLER|PLAINTEXT)://', '"LISTENER://'),
    (r"(?m)^(1 +\t\S+\t)\d+ *\t(0 +)\t\d+(?: ms ago)? *\t\d+(?: ms ago)? *\t",
     r"\1END\t\2\tTIME\tTIME\t"),
]
