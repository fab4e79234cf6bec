// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

// How the page's parts make their families.
namespace odradek::broker {

using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<prometheus::ClientMetric::Label>;

inline MetricFamily family(std::string name, std::string help,
                           MetricType type = MetricType::Gauge) {
  return {std::move(name), std::move(help), type, {}};
}

inline void add(MetricFamily& family, double value, Labels labels = {}) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

inline MetricFamily single(std::string name, std::string help, double value, Labels labels = {},
                           MetricType type = MetricType::Gauge) {
  MetricFamily one = family(std::move(name), std::move(help), type);
  add(one, value, std::move(labels));
  return one;
}

}  // namespace odradek::broker
