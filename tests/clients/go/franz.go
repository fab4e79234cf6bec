// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var franzCodecs = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

type franz struct {
	cluster cluster
	client  *kgo.Client
	admin   *kadm.Client
}

func connectFranz(bootstrap string) driver {
	client := cluster(bootstrap).client()
	return &franz{cluster(bootstrap), client, kadm.NewClient(client)}
}

func (f *franz) close() { f.client.Close() }

func (f *franz) gaps() map[string]string { return nil }

func (f *franz) createTopics(ctx context.Context, partitions int32, names ...string) {
	createTopics(ctx, f.client, partitions, names...)
}

func (f *franz) deleteTopic(ctx context.Context, name string) {
	responses, err := f.admin.DeleteTopics(ctx, name)
	must(err, "DeleteTopics")
	must(responses.Error(), "DeleteTopics")
}

func (f *franz) topics(ctx context.Context) []string {
	topics, err := f.admin.ListTopics(ctx)
	must(err, "ListTopics")
	return topics.Names()
}

func (f *franz) describeTopics(ctx context.Context, names []string) map[string][]partitionState {
	topics, err := f.admin.ListTopics(ctx, names...)
	must(err, "ListTopics")
	states := map[string][]partitionState{}
	topics.EachPartition(func(p kadm.PartitionDetail) {
		states[p.Topic] = append(states[p.Topic], partitionState{p.Leader, len(p.ISR)})
	})
	return states
}

func (f *franz) nodeCount(ctx context.Context) int {
	brokers, err := f.admin.ListBrokers(ctx)
	must(err, "ListBrokers")
	return len(brokers)
}

// choice takes the partition of a record, or the one of its key where it says anyPartition.
func choice() kgo.Partitioner {
	byKey := kgo.StickyKeyPartitioner(nil)
	return kgo.BasicConsistentPartitioner(func(topic string) func(*kgo.Record, int) int {
		keyed := byKey.ForTopic(topic)
		return func(r *kgo.Record, n int) int {
			if r.Partition == anyPartition {
				return keyed.Partition(r, n)
			}
			return int(r.Partition)
		}
	})
}

func (f *franz) produce(ctx context.Context, codec string, records []record) []place {
	client := f.cluster.client(
		kgo.ProducerBatchCompression(franzCodecs[codec]),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.RecordPartitioner(choice()),
	)
	defer client.Close()
	places := make([]place, len(records))
	problems := make(chan error, len(records))
	for i, r := range records {
		out := &kgo.Record{Topic: r.topic, Partition: r.partition, Key: r.key, Value: r.value}
		if r.timestamp != 0 {
			out.Timestamp = time.UnixMilli(r.timestamp)
		}
		for _, h := range r.headers {
			out.Headers = append(out.Headers, kgo.RecordHeader{Key: h.name, Value: h.value})
		}
		client.Produce(ctx, out, func(done *kgo.Record, err error) {
			if err != nil {
				problems <- err
			}
			places[i] = place{done.Partition, done.Offset}
		})
	}
	must(client.Flush(ctx), "Flush")
	if len(problems) > 0 {
		must(<-problems, "delivery")
	}
	return places
}

func (f *franz) committed(ctx context.Context, group string, sources []source) map[source]int64 {
	found, err := f.admin.FetchOffsets(ctx, group)
	must(err, "FetchOffsets")
	offsets := map[source]int64{}
	for _, at := range sources {
		offset, _ := found.Lookup(at.topic, at.partition)
		offsets[at] = offset.At
	}
	return offsets
}

func (f *franz) describeGroup(ctx context.Context, group string) groupState {
	groups, err := f.admin.DescribeGroups(ctx, group)
	must(err, "DescribeGroups")
	assigned := 0
	for _, partitions := range groups.AssignedPartitions() {
		assigned += len(partitions)
	}
	return groupState{groups[group].State, len(groups[group].Members), assigned}
}

func (f *franz) groups(ctx context.Context) []string {
	groups, err := f.admin.ListGroups(ctx)
	must(err, "ListGroups")
	return groups.Groups()
}

func (f *franz) deleteGroup(ctx context.Context, group string) {
	deleted, err := f.admin.DeleteGroups(ctx, group)
	must(err, "DeleteGroups")
	must(deleted.Error(), "DeleteGroups")
}

func (f *franz) offsetForTime(ctx context.Context, at source, timestamp int64) int64 {
	offsets, err := f.admin.ListOffsetsAfterMilli(ctx, timestamp, at.topic)
	must(err, "ListOffsetsAfterMilli")
	must(offsets.Error(), "ListOffsetsAfterMilli")
	found, _ := offsets.Lookup(at.topic, at.partition)
	return found.Offset
}

func (f *franz) read(ctx context.Context, at source, offset int64, count int) []record {
	from := map[string]map[int32]kgo.Offset{
		at.topic: {at.partition: kgo.NewOffset().At(offset)},
	}
	client := f.cluster.client(kgo.ConsumePartitions(from))
	defer client.Close()
	var found []record
	until(ctx, "the records came", func() bool { return len(found) >= count }, func() {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { found = append(found, fromFranz(r)) })
	})
	return found
}

func fromFranz(r *kgo.Record) record {
	out := record{
		source: source{r.Topic, r.Partition}, offset: r.Offset, timestamp: r.Timestamp.UnixMilli(),
		key: r.Key, value: r.Value,
	}
	for _, h := range r.Headers {
		out.headers = append(out.headers, header{h.Key, h.Value})
	}
	return out
}

type franzMember struct {
	client *kgo.Client
	lock   sync.Mutex
	owned  map[source]bool
}

func (f *franz) member(group string, topics []string) member {
	m := &franzMember{owned: map[source]bool{}}
	m.client = f.cluster.client(
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.HeartbeatInterval(250*time.Millisecond),
		kgo.OnPartitionsAssigned(m.assigned),
		kgo.OnPartitionsRevoked(m.revoked),
		kgo.OnPartitionsLost(m.lost),
	)
	return m
}

func (m *franzMember) assigned(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	m.change(partitions, true)
}

func (m *franzMember) revoked(
	ctx context.Context, client *kgo.Client, partitions map[string][]int32,
) {
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		report("FAIL commit when revoked: %v", err)
	}
	m.change(partitions, false)
}

func (m *franzMember) lost(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	m.change(partitions, false)
}

func (m *franzMember) change(partitions map[string][]int32, owned bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for topic, numbers := range partitions {
		for _, number := range numbers {
			if owned {
				m.owned[source{topic, number}] = true
			} else {
				delete(m.owned, source{topic, number})
			}
		}
	}
}

func (m *franzMember) shares() int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return len(m.owned)
}

// poll lets a rebalance that waits go on when it is done.
func (m *franzMember) poll(most int, take func(record)) {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	defer m.client.AllowRebalance()
	fetches := m.client.PollRecords(ctx, most)
	for _, failure := range fetches.Errors() {
		expect(
			errors.Is(failure.Err, context.DeadlineExceeded),
			"fetch %s-%d: %v",
			failure.Topic,
			failure.Partition,
			failure.Err,
		)
	}
	fetches.EachRecord(func(r *kgo.Record) { take(fromFranz(r)) })
}

func (m *franzMember) commit() {
	must(m.client.CommitUncommittedOffsets(context.Background()), "CommitUncommittedOffsets")
}

func (m *franzMember) leave() { m.client.CloseAllowingRebalance() }
