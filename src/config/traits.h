// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

// What Apache Kafka says of a key beside its type, default and range: DescribeConfigs shows it.
namespace odradek::config {

// Whether Kafka lets the broker key be changed while the broker runs.
bool is_dynamic(std::string_view broker_key);

// Whether Kafka keeps the broker's or the topic's key to itself: it may be set, and is not shown.
bool is_internal(std::string_view key);

// The broker keys that give this one its value, the finest first: log.retention.ms, .minutes and
// .hours. Of most keys: the key alone, then the span points at the argument.
std::span<const std::string_view> synonyms_of(const std::string_view& broker_key);

}  // namespace odradek::config
