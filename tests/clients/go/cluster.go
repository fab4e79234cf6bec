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

// cluster is the server under test, by its bootstrap address.
type cluster string

func (c cluster) client(options ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(
		append(
			[]kgo.Opt{kgo.SeedBrokers(string(c)), kgo.FetchMaxWait(200 * time.Millisecond)},
			options...)...)
	must(err, "NewClient")
	return client
}

// createTopics returns once the server lists the topics, which may be a moment after it has created
// them.
func createTopics(ctx context.Context, client *kgo.Client, partitions int32, topics ...string) {
	admin := kadm.NewClient(client)
	responses, err := admin.CreateTopics(ctx, partitions, 1, nil, topics...)
	must(err, "CreateTopics")
	must(responses.Error(), "CreateTopics")
	for _, topic := range topics {
		until(ctx, topic+" is listed", func() bool {
			listed, err := admin.ListTopics(ctx)
			must(err, "ListTopics")
			return listed.Has(topic)
		}, func() {})
	}
}

// member is a member of a group that starts at the beginning and commits what it has polled when
// told, and when it loses partitions.
type member struct {
	client *kgo.Client
	lock   sync.Mutex
	owned  map[source]bool
}

func (c cluster) member(group string, topics []string, options ...kgo.Opt) *member {
	m := &member{owned: map[source]bool{}}
	m.client = c.client(append([]kgo.Opt{
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.HeartbeatInterval(250 * time.Millisecond),
		kgo.OnPartitionsAssigned(m.assigned),
		kgo.OnPartitionsRevoked(m.revoked),
		kgo.OnPartitionsLost(m.lost),
	}, options...)...)
	return m
}

func (m *member) assigned(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	m.change(partitions, true)
}

func (m *member) revoked(ctx context.Context, client *kgo.Client, partitions map[string][]int32) {
	if err := client.CommitUncommittedOffsets(ctx); err != nil {
		report("FAIL commit when revoked: %v", err)
	}
	m.change(partitions, false)
}

func (m *member) lost(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
	m.change(partitions, false)
}

func (m *member) change(partitions map[string][]int32, owned bool) {
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

// shares is the number of partitions that the member has now.
func (m *member) shares() int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return len(m.owned)
}

// poll hands what comes within a moment to take, then lets a rebalance that waits go on.
func (m *member) poll(most int, take func(*kgo.Record)) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
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
	fetches.EachRecord(take)
}

func (m *member) commit() {
	must(m.client.CommitUncommittedOffsets(context.Background()), "CommitUncommittedOffsets")
}

func (m *member) leave() {
	m.client.CloseAllowingRebalance()
}
