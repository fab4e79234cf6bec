# SPDX-License-Identifier: Apache-2.0
from case import Case


def configs(arguments, **special):
    return Case("kafka-configs", arguments, **special)


def topics(arguments, **special):
    return Case("kafka-topics", arguments, **special)


CASES = [
    topics("SERVER --create --topic orders"),
    configs("SERVER --alter --entity-type topics --entity-name orders --add-config "
            "retention.ms=86400000,cleanup.policy=[compact,delete]"),
    configs("SERVER --describe --topic orders"),
    configs("SERVER --describe --entity-type topics"),
    configs("SERVER --alter --topic orders --add-config min.insync.replicas=2 --delete-config "
            "retention.ms"),
    configs("SERVER --describe --topic orders"),
    configs("SERVER --alter --topic orders --add-config-file {directory}/topic.properties"),
    configs("SERVER --describe --topic orders"),
    configs("SERVER --alter --topic orders --delete-config "
            "cleanup.policy,flush.ms,min.insync.replicas,segment.bytes"),
    configs("SERVER --describe --topic orders"),
    configs("SERVER --describe --entity-type brokers"),
    configs("SERVER --alter --entity-type brokers --entity-default --add-config "
            "log.cleaner.threads=2,log.retention.ms=100000"),
    configs("SERVER --alter --broker 1 --add-config log.retention.ms=200000"),
    configs("SERVER --describe --broker 1"),
    configs("SERVER --describe --broker-defaults"),
    configs("SERVER --alter --broker 1 --add-config broker.rack=a"),
    configs("SERVER --alter --broker 1 --delete-config log.retention.ms"),
    configs("SERVER --alter --broker-defaults --delete-config "
            "log.retention.ms,log.cleaner.threads"),
    configs("SERVER --describe --entity-type brokers"),
]

FILES = {"topic.properties": "# two keys\nflush.ms=2000\nsegment.bytes: 2000000\n"}

# What Kafka writes into the cluster's own configuration.
REPLACED = [
    ("DYNAMIC_DEFAULT_BROKER_CONFIG: (?=DEFAULT)", ""),
    (r"(?m)^   sensitive=false synonyms=\{DYNAMIC_DEFAULT_BROKER_CONFIG:\}\n", ""),
]
