# SPDX-License-Identifier: Apache-2.0
"""Which C++ type a field has: the wire's type, or a strong id where the field's name says so."""

import re

PLAIN = {
    "bool": "bool", "int8": "std::int8_t", "int16": "std::int16_t", "uint16": "std::uint16_t",
    "int32": "std::int32_t", "uint32": "std::uint32_t", "int64": "std::int64_t",
    "float64": "double", "uuid": "base::Uuid", "string": "std::string",
    "bytes": "base::SharedBytes", "records": "Records",
}

# (wire type, pattern of the whole field name, C++ type); the first that matches.
STRONG = [
    ("int16", r"\w*ErrorCode", "base::ErrorCode"),
    ("int16", r"\w*ProducerEpoch", "base::ProducerEpoch"),
    ("int64", r"\w*(Offset|offset)|HighWatermark|LowWatermark", "base::Offset"),
    ("int64", r"\w*ProducerId|ProducerIdStart|ProducerIdFilters", "base::ProducerId"),
    ("int64", r"(Last|Max)?Timestamp|LogAppendTimeMs|LastContainedLogTimestamp|"
              r"commitTimestamp|expireTimestamp", "base::Timestamp"),
    ("int32", r"\w*LeaderEpoch|leaderEpoch|LastFetchedEpoch|LastOffsetEpoch", "base::LeaderEpoch"),
    ("int32", r"(Broker|Node|Leader|Replica|Controller|Candidate|Voter)Id|Leader|"
              r"PreferredReadReplica|BrokerIds|(Adding|Removing|Offline)?Replicas|ReplicaNodes|"
              r"(New)?Isr|IsrNodes|EligibleLeaderReplicas|LastKnownElr|PreferredSuccessors",
     "base::BrokerId"),
]

# (structure, field) that the names alone do not tell.
STRONG_IN = {
    ("EpochEndOffset", "Epoch"): "base::LeaderEpoch",
    ("SnapshotId", "Epoch"): "base::LeaderEpoch",
}


def element_type(struct_name, field):
    """The C++ type of the field's value or, of an array, of its elements, without optional."""
    if field.struct:
        return field.type
    strong = STRONG_IN.get((struct_name, field.name))
    if strong:
        return strong
    for wire, pattern, cpp in STRONG:
        if field.type == wire and re.fullmatch(pattern, field.name):
            return cpp
    return PLAIN[field.type]


def cpp_type(struct_name, field):
    element = element_type(struct_name, field)
    whole = f"std::vector<{element}>" if field.array else element
    return f"std::optional<{whole}>" if field.nullable else whole


def initializer(struct_name, field):
    """The default member initialiser: Kafka's default."""
    if field.nullable:
        if field.default_null:
            return ""
        element = element_type(struct_name, field)
        whole = f"std::vector<{element}>" if field.array else element
        return f" = {whole}()"
    if field.array or field.struct or field.type in ("string", "bytes", "records", "uuid"):
        return "" if field.array or field.type != "uuid" else "{}"
    element = element_type(struct_name, field)
    if element == "base::ErrorCode":
        return " = base::ErrorCode::kNone"
    value = field.default or ("false" if field.type == "bool" else "0")
    strong = element not in PLAIN.values()
    if strong:
        return "" if value == "0" else f"{{{value}}}"
    if value == "-2147483648":
        return " = INT32_MIN"
    return f" = {value}"


KEYWORDS = {"default", "operator", "private", "public", "protected", "template", "namespace",
            "delete", "register", "export", "union"}


def snake_case(name):
    """Kafka's CamelCase as snake_case: TopicData → topic_data, KRaftVersion → kraft_version."""
    name = name.replace("KRaft", "Kraft")
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return snake + "_" if snake in KEYWORDS else snake
