// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

var (
	segmentCodecs = map[string]kafka.Compression{
		"none": 0, "gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd,
	}
	segmentGaps = map[string]string{
		"idempotence":          "kafka-go has no idempotent producer",
		"notice_of_revocation": "a Reader does not say when it loses partitions: records can come twice",
		"null_or_empty":        "kafka-go reads an empty key or value as null",
	}
)

// segment is the client kafka-go, which is named after its makers here.
type segment struct {
	bootstrap string
	client    *kafka.Client
	members   int
}

func connectSegment(bootstrap string) driver {
	return &segment{bootstrap: bootstrap, client: &kafka.Client{
		Addr: kafka.TCP(bootstrap), Timeout: 30 * time.Second,
	}}
}

func (s *segment) close() {}

func (s *segment) gaps() map[string]string { return segmentGaps }

func (s *segment) createTopics(ctx context.Context, partitions int32, names ...string) {
	request := &kafka.CreateTopicsRequest{}
	for _, name := range names {
		request.Topics = append(request.Topics, kafka.TopicConfig{
			Topic: name, NumPartitions: int(partitions), ReplicationFactor: 1,
		})
	}
	reply, err := s.client.CreateTopics(ctx, request)
	must(err, "CreateTopics")
	for name, err := range reply.Errors {
		must(err, "CreateTopics "+name)
	}
}

func (s *segment) deleteTopic(ctx context.Context, name string) {
	reply, err := s.client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{name}})
	must(err, "DeleteTopics")
	must(reply.Errors[name], "DeleteTopics")
}

func (s *segment) metadata(ctx context.Context, names ...string) *kafka.MetadataResponse {
	reply, err := s.client.Metadata(ctx, &kafka.MetadataRequest{Topics: names})
	must(err, "Metadata")
	return reply
}

func (s *segment) topics(ctx context.Context) []string {
	var names []string
	for _, topic := range s.metadata(ctx).Topics {
		names = append(names, topic.Name)
	}
	return names
}

func (s *segment) describeTopics(ctx context.Context, names []string) map[string][]partitionState {
	states := map[string][]partitionState{}
	for _, topic := range s.metadata(ctx, names...).Topics {
		must(topic.Error, topic.Name)
		for _, p := range topic.Partitions {
			state := partitionState{int32(p.Leader.ID), len(p.Isr)}
			states[topic.Name] = append(states[topic.Name], state)
		}
	}
	return states
}

func (s *segment) nodeCount(ctx context.Context) int { return len(s.metadata(ctx).Brokers) }

// segmentChoice takes the partition of a record, or the one of its key where it says anyPartition.
func segmentChoice() kafka.BalancerFunc {
	byKey := &kafka.Hash{}
	return func(m kafka.Message, partitions ...int) int {
		if partition := m.WriterData.(wanted).partition; partition != anyPartition {
			return int(partition)
		}
		return byKey.Balance(m, partitions...)
	}
}

// wanted tells a message that is done which one it was, and where it was to go.
type wanted struct {
	index     int
	partition int32
}

func (s *segment) produce(ctx context.Context, codec string, records []record) []place {
	places := make([]place, len(records))
	var lock sync.Mutex
	writer := &kafka.Writer{
		Addr:         kafka.TCP(s.bootstrap),
		Balancer:     segmentChoice(),
		RequiredAcks: kafka.RequireAll,
		Compression:  segmentCodecs[codec],
		BatchTimeout: 5 * time.Millisecond,
		Completion: func(done []kafka.Message, err error) {
			lock.Lock()
			defer lock.Unlock()
			for _, m := range done {
				places[m.WriterData.(wanted).index] = place{int32(m.Partition), m.Offset}
			}
		},
	}
	messages := make([]kafka.Message, len(records))
	for i, r := range records {
		messages[i] = kafka.Message{
			Topic: r.topic, Key: r.key, Value: r.value, WriterData: wanted{i, r.partition},
		}
		if r.timestamp != 0 {
			messages[i].Time = time.UnixMilli(r.timestamp)
		}
		for _, h := range r.headers {
			messages[i].Headers = append(messages[i].Headers, kafka.Header{Key: h.name, Value: h.value})
		}
	}
	must(writer.WriteMessages(ctx, messages...), "WriteMessages")
	must(writer.Close(), "Close") // after which every Completion is done
	return places
}

func (s *segment) committed(ctx context.Context, group string, sources []source) map[source]int64 {
	topics := map[string][]int{}
	for _, at := range sources {
		topics[at.topic] = append(topics[at.topic], int(at.partition))
	}
	reply, err := s.client.OffsetFetch(
		ctx, &kafka.OffsetFetchRequest{GroupID: group, Topics: topics})
	must(err, "OffsetFetch")
	must(reply.Error, "OffsetFetch")
	offsets := map[source]int64{}
	for topic, partitions := range reply.Topics {
		for _, p := range partitions {
			must(p.Error, "OffsetFetch "+topic)
			offsets[source{topic, int32(p.Partition)}] = p.CommittedOffset
		}
	}
	return offsets
}

func (s *segment) group(ctx context.Context, name string) kafka.DescribeGroupsResponseGroup {
	reply, err := s.client.DescribeGroups(
		ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{name}})
	must(err, "DescribeGroups")
	must(reply.Groups[0].Error, "DescribeGroups")
	return reply.Groups[0]
}

func assigned(member kafka.DescribeGroupsResponseMember) int {
	count := 0
	for _, topic := range member.MemberAssignments.Topics {
		count += len(topic.Partitions)
	}
	return count
}

func (s *segment) describeGroup(ctx context.Context, name string) groupState {
	group := s.group(ctx, name)
	state := groupState{group.GroupState, len(group.Members), 0}
	for _, member := range group.Members {
		state.assigned += assigned(member)
	}
	return state
}

func (s *segment) groups(ctx context.Context) []string {
	reply, err := s.client.ListGroups(ctx, &kafka.ListGroupsRequest{})
	must(err, "ListGroups")
	must(reply.Error, "ListGroups")
	var names []string
	for _, group := range reply.Groups {
		names = append(names, group.GroupID)
	}
	return names
}

func (s *segment) deleteGroup(ctx context.Context, group string) {
	reply, err := s.client.DeleteGroups(ctx, &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
	must(err, "DeleteGroups")
	must(reply.Errors[group], "DeleteGroups")
}

func (s *segment) offsetForTime(ctx context.Context, at source, timestamp int64) int64 {
	request := kafka.TimeOffsetOf(int(at.partition), time.UnixMilli(timestamp))
	reply, err := s.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{at.topic: {request}},
	})
	must(err, "ListOffsets")
	for _, p := range reply.Topics[at.topic] {
		must(p.Error, "ListOffsets")
		for offset := range p.Offsets {
			return offset
		}
	}
	panic(failed("ListOffsets found no offset"))
}

func (s *segment) read(ctx context.Context, at source, offset int64, count int) []record {
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{s.bootstrap}, Topic: at.topic, Partition: int(at.partition),
		MaxWait: 200 * time.Millisecond,
	})
	defer func() { must(reader.Close(), "Close") }()
	must(reader.SetOffset(offset), "SetOffset")
	var found []record
	for len(found) < count {
		message, err := reader.ReadMessage(ctx)
		must(err, "ReadMessage")
		found = append(found, fromSegment(message))
	}
	return found
}

func fromSegment(m kafka.Message) record {
	out := record{
		source: source{m.Topic, int32(m.Partition)}, offset: m.Offset, timestamp: m.Time.UnixMilli(),
		key: m.Key, value: m.Value,
	}
	for _, h := range m.Headers {
		out.headers = append(out.headers, header{h.Key, h.Value})
	}
	return out
}

// segmentMember commits what it reads at once, since nobody tells it when it loses partitions. Its
// share it learns from the server, by the client id.
type segmentMember struct {
	segment   *segment
	reader    *kafka.Reader
	group, id string
}

func (s *segment) member(group string, topics []string) member {
	s.members++
	id := fmt.Sprintf("member-%d", s.members)
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{s.bootstrap}, GroupID: group, GroupTopics: topics,
		StartOffset: kafka.FirstOffset, MaxWait: 200 * time.Millisecond,
		HeartbeatInterval: 250 * time.Millisecond,
		Dialer:            &kafka.Dialer{ClientID: id, Timeout: 10 * time.Second},
	})
	return &segmentMember{s, reader, group, id}
}

func (m *segmentMember) shares() int {
	for _, member := range m.segment.group(context.Background(), m.group).Members {
		if member.ClientID == m.id {
			return assigned(member)
		}
	}
	return 0
}

func (m *segmentMember) poll(most int, take func(record)) {
	ctx, cancel := context.WithTimeout(context.Background(), moment)
	defer cancel()
	var messages []kafka.Message
	for len(messages) < most {
		message, err := m.reader.FetchMessage(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		must(err, "FetchMessage")
		messages = append(messages, message)
	}
	if len(messages) > 0 {
		must(m.reader.CommitMessages(context.Background(), messages...), "CommitMessages")
	}
	for _, message := range messages {
		take(fromSegment(message))
	}
}

func (m *segmentMember) commit() {}

func (m *segmentMember) leave() { must(m.reader.Close(), "Close") }
