// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

var saramaCodecs = map[string]sarama.CompressionCodec{
	"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy, "lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

type saramaDriver struct {
	bootstrap []string
	client    sarama.Client
	admin     sarama.ClusterAdmin
}

func saramaConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Heartbeat.Interval = 250 * time.Millisecond
	config.Consumer.MaxWaitTime = 200 * time.Millisecond
	return config
}

func connectSarama(bootstrap string) driver {
	servers := []string{bootstrap}
	client, err := sarama.NewClient(servers, saramaConfig())
	must(err, "NewClient")
	admin, err := sarama.NewClusterAdminFromClient(client)
	must(err, "NewClusterAdmin")
	return &saramaDriver{servers, client, admin}
}

func (s *saramaDriver) close() { must(s.admin.Close(), "Close") }

func (s *saramaDriver) gaps() map[string]string { return nil }

func (s *saramaDriver) createTopics(_ context.Context, partitions int32, names ...string) {
	for _, name := range names {
		detail := &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}
		must(s.admin.CreateTopic(name, detail, false), "CreateTopic")
	}
}

func (s *saramaDriver) deleteTopic(_ context.Context, name string) {
	must(s.admin.DeleteTopic(name), "DeleteTopic")
}

func (s *saramaDriver) topics(context.Context) []string {
	topics, err := s.admin.ListTopics()
	must(err, "ListTopics")
	return slices.Collect(maps.Keys(topics))
}

func (s *saramaDriver) describeTopics(
	_ context.Context, names []string,
) map[string][]partitionState {
	topics, err := s.admin.DescribeTopics(names)
	must(err, "DescribeTopics")
	states := map[string][]partitionState{}
	for _, topic := range topics {
		for _, p := range topic.Partitions {
			states[topic.Name] = append(states[topic.Name], partitionState{p.Leader, len(p.Isr)})
		}
	}
	return states
}

func (s *saramaDriver) nodeCount(context.Context) int {
	brokers, _, err := s.admin.DescribeCluster()
	must(err, "DescribeCluster")
	return len(brokers)
}

// saramaChoice takes the partition of a record, or the one of its key where it says anyPartition.
type saramaChoice struct{ sarama.Partitioner }

func newSaramaChoice(topic string) sarama.Partitioner {
	return saramaChoice{sarama.NewHashPartitioner(topic)}
}

func (c saramaChoice) Partition(m *sarama.ProducerMessage, count int32) (int32, error) {
	if partition := m.Metadata.(record).partition; partition != anyPartition {
		return partition, nil
	}
	return c.Partitioner.Partition(m, count)
}

func (s *saramaDriver) produce(_ context.Context, codec string, records []record) []place {
	config := saramaConfig()
	config.Net.MaxOpenRequests = 1 // what Idempotent demands
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Compression = saramaCodecs[codec]
	config.Producer.Partitioner = newSaramaChoice
	config.Producer.Return.Successes = true
	config.Producer.Flush.Frequency = 5 * time.Millisecond
	producer, err := sarama.NewSyncProducer(s.bootstrap, config)
	must(err, "NewSyncProducer")
	defer func() { must(producer.Close(), "Close") }()
	messages := make([]*sarama.ProducerMessage, len(records))
	for i, r := range records {
		messages[i] = &sarama.ProducerMessage{Topic: r.topic, Metadata: r}
		if r.key != nil {
			messages[i].Key = sarama.ByteEncoder(r.key)
		}
		if r.value != nil {
			messages[i].Value = sarama.ByteEncoder(r.value)
		}
		if r.timestamp != 0 {
			messages[i].Timestamp = time.UnixMilli(r.timestamp)
		}
		for _, h := range r.headers {
			messages[i].Headers = append(
				messages[i].Headers, sarama.RecordHeader{Key: []byte(h.name), Value: h.value})
		}
	}
	must(producer.SendMessages(messages), "SendMessages")
	places := make([]place, len(records))
	for i, m := range messages {
		places[i] = place{m.Partition, m.Offset}
	}
	return places
}

func (s *saramaDriver) committed(
	_ context.Context, group string, sources []source,
) map[source]int64 {
	wanted := map[string][]int32{}
	for _, at := range sources {
		wanted[at.topic] = append(wanted[at.topic], at.partition)
	}
	found, err := s.admin.ListConsumerGroupOffsets(group, wanted)
	must(err, "ListConsumerGroupOffsets")
	offsets := map[source]int64{}
	for _, at := range sources {
		offsets[at] = found.GetBlock(at.topic, at.partition).Offset
	}
	return offsets
}

func (s *saramaDriver) describeGroup(_ context.Context, group string) groupState {
	groups, err := s.admin.DescribeConsumerGroups([]string{group})
	must(err, "DescribeConsumerGroups")
	assigned := 0
	for _, member := range groups[0].Members {
		assignment, err := member.GetMemberAssignment()
		must(err, "GetMemberAssignment")
		for _, partitions := range assignment.Topics {
			assigned += len(partitions)
		}
	}
	return groupState{groups[0].State, len(groups[0].Members), assigned}
}

func (s *saramaDriver) groups(context.Context) []string {
	groups, err := s.admin.ListConsumerGroups()
	must(err, "ListConsumerGroups")
	return slices.Collect(maps.Keys(groups))
}

func (s *saramaDriver) deleteGroup(_ context.Context, group string) {
	must(s.admin.DeleteConsumerGroup(group), "DeleteConsumerGroup")
}

func (s *saramaDriver) offsetForTime(_ context.Context, at source, timestamp int64) int64 {
	offset, err := s.client.GetOffset(at.topic, at.partition, timestamp)
	must(err, "GetOffset")
	return offset
}

func (s *saramaDriver) read(ctx context.Context, at source, offset int64, count int) []record {
	consumer, err := sarama.NewConsumer(s.bootstrap, saramaConfig())
	must(err, "NewConsumer")
	defer func() { must(consumer.Close(), "Close") }()
	partition, err := consumer.ConsumePartition(at.topic, at.partition, offset)
	must(err, "ConsumePartition")
	defer func() { must(partition.Close(), "Close") }()
	var found []record
	until(ctx, "the records came", func() bool { return len(found) >= count }, func() {
		select {
		case m := <-partition.Messages():
			found = append(found, fromSarama(m))
		case <-ctx.Done():
		}
	})
	return found
}

func fromSarama(m *sarama.ConsumerMessage) record {
	out := record{
		source: source{m.Topic, m.Partition}, offset: m.Offset, timestamp: m.Timestamp.UnixMilli(),
		key: m.Key, value: m.Value,
	}
	for _, h := range m.Headers {
		out.headers = append(out.headers, header{string(h.Key), h.Value})
	}
	return out
}

// saramaMember hands a record over and marks it in one step, so that what is committed when
// partitions go is what poll has returned.
type saramaMember struct {
	group    sarama.ConsumerGroup
	handed   chan record
	session  atomic.Pointer[sarama.ConsumerGroupSession]
	owned    atomic.Int64
	stop     context.CancelFunc
	finished chan error
}

func (s *saramaDriver) member(group string, topics []string) member {
	consumer, err := sarama.NewConsumerGroup(s.bootstrap, group, saramaConfig())
	must(err, "NewConsumerGroup")
	ctx, stop := context.WithCancel(context.Background())
	m := &saramaMember{
		group: consumer, handed: make(chan record), stop: stop, finished: make(chan error, 1),
	}
	go func() {
		for ctx.Err() == nil {
			if err := consumer.Consume(ctx, topics, m); err != nil && ctx.Err() == nil {
				m.finished <- err
				return
			}
		}
		m.finished <- nil
	}()
	return m
}

func (m *saramaMember) Setup(session sarama.ConsumerGroupSession) error {
	shares := 0
	for _, partitions := range session.Claims() {
		shares += len(partitions)
	}
	m.session.Store(&session)
	m.owned.Store(int64(shares))
	return nil
}

func (m *saramaMember) Cleanup(session sarama.ConsumerGroupSession) error {
	m.owned.Store(0)
	session.Commit()
	return nil
}

func (m *saramaMember) ConsumeClaim(
	session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim,
) error {
	for message := range claim.Messages() {
		select {
		case m.handed <- fromSarama(message):
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
	return nil
}

func (m *saramaMember) shares() int { return int(m.owned.Load()) }

func (m *saramaMember) poll(most int, take func(record)) {
	end := time.After(moment)
	for range most {
		select {
		case r := <-m.handed:
			take(r)
		case err := <-m.finished:
			must(err, "Consume")
			must(errors.New("ended"), "Consume")
		case <-end:
			return
		}
	}
}

func (m *saramaMember) commit() { (*m.session.Load()).Commit() }

func (m *saramaMember) leave() {
	m.stop()
	must(m.group.Close(), "Close")
}
