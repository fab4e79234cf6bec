# SPDX-License-Identifier: Apache-2.0
"""Where an answer differs from Apache Kafka 4.3.1's on purpose. `where` is a regular expression for
"case: label: path"; what no answer needs any more fails the test. docs/differences.md has the same
for people.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    where: str
    why: str


DIFFERENCES = [
    Difference(r"alter_loggers: no known operation: /Responses\[0\]/ErrorCode",
               "an operation that is not known is an invalid request; Kafka fails with an internal "
               "error"),
    Difference(r"api_versions: an unknown version: ",
               "this server knows ApiVersions 5, which came with 4.4"),
    Difference(r"api_versions: v\d: /SupportedFeatures.*",
               "the levels of 4.4's features are known"),
    Difference(r"metadata: neither v1[23]: .*",
               "a topic with neither name nor id is an invalid topic here; Kafka fails with an "
               "internal error"),
    Difference(r"create_topics: .*: /Topics\[\d\]/Configs\[21\]/ConfigSource",
               "Kafka's format sets min.insync.replicas for the cluster, ours leaves the default"),
    Difference(r"create_topics: a collision within the request: /Topics\[1\]/.*",
               "two names that collide in metrics are refused in one request as they are in two"),
    Difference(r"create_topics: .*: /Topics\[\d\]/TopicId",
               "an id less was given before: see the collision within the request"),
    Difference(r"produce: (wrong offsets|a record with a negative key length): .*",
               "records that are malformed are refused, whole and before they are written"),
    Difference(r"produce: a partition twice: .*",
               "each gets its answer; Kafka forgets the first one"),
    Difference(r"idempotent_producers: an older one again: .*",
               "the log has it, and says where; Kafka remembers the last five only"),
    Difference(r"telemetry: compressed: /ErrorCode",
               "metrics are dropped as they come; Kafka unpacks them for a plug-in first"),
    Difference(r"scram_credentials: no password: /Results\[0\]/ErrorCode",
               "an empty salted password is an unacceptable credential, not an internal error"),
    Difference(r"alter_broker_configs: config.providers=x: /Responses\[0\]/ErrorCode",
               "configuration providers are Java classes: they are refused, not ignored"),
]
