// SPDX-License-Identifier: Apache-2.0
// The messages of the data path, as a producer and a consumer of some partitions send and get them.

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "wire/frame.h"
#include "wire/messages/fetch.h"
#include "wire/messages/produce.h"
#include "wire/reader.h"
#include "wire/testing/random_message.h"

namespace odradek::wire {
namespace {

ProduceRequest produce_request(int partitions) {
  ProduceRequest::TopicProduceData topic;
  topic.topic_id = base::Uuid::from_random(1, 2);
  for (int i = 0; i < partitions; ++i) {
    ProduceRequest::PartitionProduceData partition;
    partition.index = i;
    partition.records = base::SharedBytes::allocate(16384);
    topic.partition_data.push_back(partition);
  }
  ProduceRequest request;
  request.topic_data.push_back(topic);
  return request;
}

FetchRequest fetch_request(int partitions) {
  FetchRequest::FetchTopic topic;
  topic.topic_id = base::Uuid::from_random(1, 2);
  for (int i = 0; i < partitions; ++i) {
    FetchRequest::FetchPartition partition;
    partition.partition = i;
    topic.partitions.push_back(partition);
  }
  FetchRequest request;
  request.topics.push_back(topic);
  return request;
}

FetchResponse fetch_response(int partitions) {
  FetchResponse::FetchableTopicResponse topic;
  topic.topic_id = base::Uuid::from_random(1, 2);
  for (int i = 0; i < partitions; ++i) {
    FetchResponse::PartitionData partition;
    partition.partition_index = i;
    partition.records = base::SharedBytes::allocate(16384);
    topic.partitions.push_back(partition);
  }
  FetchResponse response;
  response.responses.push_back(topic);
  return response;
}

template <typename Request>
void decode_request(benchmark::State& state, const Request& request) {
  auto frame = frame_request(request, Request::kMaxVersion, 1, "producer-1");
  base::SharedBytes bytes = testing::flatten(frame.value());
  base::SharedBytes body = bytes.slice(kFrameSizeBytes, bytes.size() - kFrameSizeBytes);
  for (auto _ : state) {
    Reader reader(body);
    if (!decode_request_header(reader)) std::abort();
    benchmark::DoNotOptimize(Request::decode(reader, Request::kMaxVersion));
  }
}

void decode_produce_request(benchmark::State& state) {
  decode_request(state, produce_request(static_cast<int>(state.range(0))));
}
BENCHMARK(decode_produce_request)->Arg(1)->Arg(6)->Arg(100);

void decode_fetch_request(benchmark::State& state) {
  decode_request(state, fetch_request(static_cast<int>(state.range(0))));
}
BENCHMARK(decode_fetch_request)->Arg(1)->Arg(6)->Arg(100);

void encode_fetch_response(benchmark::State& state) {
  FetchResponse response = fetch_response(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(frame_response(response, FetchResponse::kMaxVersion, 1));
  }
}
BENCHMARK(encode_fetch_response)->Arg(1)->Arg(6)->Arg(100);

void encode_produce_response(benchmark::State& state) {
  ProduceResponse::TopicProduceResponse topic;
  topic.partition_responses.resize(static_cast<std::size_t>(state.range(0)));
  ProduceResponse response;
  response.responses.push_back(topic);
  for (auto _ : state) {
    benchmark::DoNotOptimize(frame_response(response, ProduceResponse::kMaxVersion, 1));
  }
}
BENCHMARK(encode_produce_response)->Arg(1)->Arg(6)->Arg(100);

}  // namespace
}  // namespace odradek::wire
