# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def cluster(arguments, **special):
    return Case("kafka-cluster", arguments, **special)


CASES = [
    cluster("cluster-id SERVER"),
    cluster("cluster-id -b {server}"),
    cluster("list-endpoints SERVER"),
    cluster("list-endpoints SERVER --include-fenced-brokers"),
    cluster("unregister SERVER --id 77"),
    cluster("unregister SERVER"),
    cluster("unregister SERVER --id many"),
    cluster("cluster-id SERVER --config {directory}/client.properties"),
    cluster("cluster-id SERVER --command-config {directory}/client.properties"),
    cluster("cluster-id SERVER --bootstrap-controller localhost:1"),
    cluster("cluster-id"),
    cluster("cluster-id SERVER --id 1"),
    cluster("explode"),
    cluster(""),
]

FILES = {"client.properties": "client.id=operator\n"}

NATIVE = [
    Native("cluster cluster-id", r"^\S{22}\n$"),
    Native("cluster list-endpoints --output json", r'"state": "unfenced"'),
    Native("cluster api-versions", r"(?m)^Produce +0 +\d+ +\d+ +\d+$"),
    Native("cluster unregister --id 77", stderr="77", exit=1),
]

REPLACED = [
    # Of Kafka 4.4.
    (", 'api-versions'", ""),
    (r"Cluster ID: \S+", "Cluster ID: ID"),
    (r"(127\.0\.0\.1) \d+ +", r"\1 PORT "),
]
