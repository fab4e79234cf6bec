// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// cluster is the server under test, by its bootstrap addresses, separated by commas.
type cluster string

func (c cluster) client(options ...kgo.Opt) *kgo.Client {
	seeds := kgo.SeedBrokers(strings.Split(string(c), ",")...)
	client, err := kgo.NewClient(
		append([]kgo.Opt{seeds, kgo.FetchMaxWait(200 * time.Millisecond)}, options...)...)
	must(err, "NewClient")
	return client
}

// serversDefault is as many replicas as the server takes without being told.
const serversDefault = -1

// createTopics returns once the server lists the topics, which may be a moment after it has created
// them.
func createTopics(ctx context.Context, client *kgo.Client, partitions int32, topics ...string) {
	admin := kadm.NewClient(client)
	responses, err := admin.CreateTopics(ctx, partitions, serversDefault, nil, topics...)
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
