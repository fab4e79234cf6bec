# SPDX-License-Identifier: Apache-2.0
"""Questions about the configurations of groups, of client metrics and of loggers."""

from case import case
from config_cases import APPEND, CLIENT_METRICS, DELETE, GROUP, LOGGER, SET, SUBTRACT, Asker
from config_cases import resource


@case
def alter_client_metrics(talk):
    metrics = Asker(talk, CLIENT_METRICS, "metrics", None)
    metrics.describe("before")
    metrics.change("set", ("interval.ms", SET, "1000"),
                   ("metrics", SET, "org.apache.kafka.producer.,org.apache.kafka.consumer."),
                   ("match", SET, "client_software_name=apache-kafka-java,client_id=a.*"))
    metrics.change("append", ("metrics", APPEND, "x"))
    metrics.change("subtract", ("metrics", SUBTRACT, "x"))
    metrics.change("all metrics", ("metrics", SET, "*"))
    metrics.change("no metrics", ("metrics", SET, ""))
    metrics.change("delete", ("metrics", DELETE, None))
    metrics.change("an unknown key", ("no.such.key", SET, "1"))
    metrics.change("delete an unknown key", ("no.such.key", DELETE, None))
    for value in ("99", "100", "3600000", "3600001", "x", "", "-1"):
        metrics.change(f"interval {value}", ("interval.ms", SET, value))
    for value in ("client_id", "client_id=", "no_such=x", "client_id=[", "client_id=a=b",
                  "client_id = b , client_source_port=1", ""):
        metrics.change(f"match {value}", ("match", SET, value))
    metrics.change("metrics twice", ("metrics", SET, "a,a"))
    metrics.change("an empty metric", ("metrics", SET, "a,,b"))
    metrics.change("validate only", ("interval.ms", SET, "2000"), validate=True)
    metrics.replace("replaced", ("interval.ms", "5000"))
    metrics.replace("cleared")
    metrics.describe("with documentation", IncludeDocumentation=True)
    Asker(talk, CLIENT_METRICS, "", None).change("no name", ("interval.ms", SET, "1000"))


GROUP_CASES = [
    ("consumer.session.timeout.ms", ("44999", "45000", "60000", "60001", "x", "-1")),
    ("consumer.heartbeat.interval.ms", ("4999", "5000", "15000", "15001", "0")),
    ("consumer.assignment.interval.ms", ("0", "15000", "15001", "-1")),
    ("share.session.timeout.ms", ("44999", "45000", "60001")),
    ("share.heartbeat.interval.ms", ("4999", "15001")),
    ("share.record.lock.duration.ms", ("14999", "15000", "60000", "60001", "999")),
    ("share.delivery.count.limit", ("1", "2", "10", "11")),
    ("share.partition.max.record.locks", ("99", "100", "10000", "10001")),
    ("share.auto.offset.reset", ("earliest", "latest", "by_duration:PT1H", "by_duration:-PT1H",
                                 "by_duration:x", "none", "Earliest", "")),
    ("share.isolation.level", ("read_committed", "READ_COMMITTED", "x")),
    ("share.renew.acknowledge.enable", ("true", "maybe")),
    ("streams.session.timeout.ms", ("44999", "60001", "50000")),
    ("streams.heartbeat.interval.ms", ("4999", "15001", "6000")),
    ("streams.num.standby.replicas", ("0", "2", "3", "-1")),
    ("streams.initial.rebalance.delay.ms", ("0", "-1", "100000")),
    ("streams.assignment.interval.ms", ("0", "15001")),
    ("share.assignment.interval.ms", ("0", "15001")),
]


@case
def alter_group_configs(talk):
    group = Asker(talk, GROUP, "grouped", None)
    group.describe("before")
    group.describe("one key", ["consumer.session.timeout.ms", "no.such.key"])
    group.change("set", ("consumer.session.timeout.ms", SET, "50000"))
    group.change("set again", ("consumer.session.timeout.ms", SET, "50000"))
    group.change("delete", ("consumer.session.timeout.ms", DELETE, None))
    group.change("append", ("consumer.session.timeout.ms", APPEND, "1"))
    group.change("an unknown key", ("no.such.key", SET, "1"))
    group.change("no value", ("consumer.session.timeout.ms", SET, None))
    group.change("validate only", ("consumer.session.timeout.ms", SET, "51000"), validate=True)
    group.replace("replaced", ("share.auto.offset.reset", "earliest"))
    group.replace("cleared")
    for key, values in GROUP_CASES:
        for value in values:
            group.send(f"{key}={value}", resource(GROUP, "grouped", (key, SET, value)),
                       validate=True)
    Asker(talk, GROUP, "", None).change("no name", ("share.auto.offset.reset", SET, "earliest"))


@case
def alter_loggers(talk):
    loggers = Asker(talk, LOGGER, "1", ["root"])
    loggers.change("set", ("root", SET, "DEBUG"))
    for level in ("TRACE", "WARN", "ERROR", "FATAL", "INFO", "info", "OFF", "ALL", "", "x"):
        loggers.change(f"level {level}", ("root", SET, level))
    loggers.change("delete the root", ("root", DELETE, None))
    loggers.change("an unknown logger", ("no.such.logger", SET, "INFO"))
    loggers.change("delete an unknown logger", ("no.such.logger", DELETE, None))
    loggers.change("append", ("root", APPEND, "INFO"))
    loggers.change("subtract", ("root", SUBTRACT, "INFO"))
    loggers.change("no known operation", ("root", 9, "INFO"))
    loggers.change("no value", ("root", SET, None))
    loggers.change("twice", ("root", SET, "INFO"), ("root", SET, "WARN"))
    loggers.change("a good and a bad one", ("root", SET, "WARN"), ("no.such.logger", SET, "INFO"))
    loggers.change("validate only", ("root", SET, "ERROR"), validate=True)
    for name in ("", "7", "x", "01"):
        Asker(talk, LOGGER, name, ["root"]).change(f"of '{name}'", ("root", SET, "INFO"))
