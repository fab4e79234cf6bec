// SPDX-License-Identifier: Apache-2.0

package main

import "context"

// anyPartition leaves the choice of the partition to the library.
const anyPartition = -1

type source struct {
	topic     string
	partition int32
}

type header struct {
	name  string
	value []byte // nil is null
}

// record is a record as it goes in (the partition may be anyPartition, the timestamp 0: now) and as
// it comes out. The timestamp is in milliseconds; a key or value of nil is null.
type record struct {
	source
	offset, timestamp int64
	key, value        []byte
	headers           []header
}

// place is where an acknowledged record lies.
type place struct {
	partition int32
	offset    int64
}

type partitionState struct {
	leader int32
	inSync int
}

type groupState struct {
	state             string
	members, assigned int
}

// driver is what the programme asks of a client library. A call returns when the server has
// answered; what the library reports as an error fails the check.
type driver interface {
	// gaps is what the library cannot do, with the reason.
	gaps() map[string]string
	createTopics(ctx context.Context, partitions int32, names ...string)
	deleteTopic(ctx context.Context, name string)
	topics(ctx context.Context) []string
	describeTopics(ctx context.Context, names []string) map[string][]partitionState
	nodeCount(ctx context.Context) int
	// produce sends all, idempotently where the library can, and tells the place of each.
	produce(ctx context.Context, codec string, records []record) []place
	member(group string, topics []string) member
	committed(ctx context.Context, group string, sources []source) map[source]int64
	describeGroup(ctx context.Context, group string) groupState
	groups(ctx context.Context) []string
	deleteGroup(ctx context.Context, group string)
	offsetForTime(ctx context.Context, at source, timestamp int64) int64
	// read is at least count records from the offset on, without a group.
	read(ctx context.Context, at source, offset int64, count int) []record
	close()
}

// member is a member of a group that starts at the beginning, and commits what it has polled when
// told, and when it loses partitions.
type member interface {
	// poll hands what comes within a moment to take.
	poll(most int, take func(record))
	// shares is the number of partitions that the member has now.
	shares() int
	commit()
	leave()
}

// connect is the driver of the library with this name.
func connect(library, bootstrap string) driver {
	switch library {
	case "franz-go":
		return connectFranz(bootstrap)
	case "sarama":
		return connectSarama(bootstrap)
	case "kafka-go":
		return connectSegment(bootstrap)
	}
	panic(failed("no library " + library))
}
