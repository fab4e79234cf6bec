// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	killPartitions = 3     // at first
	killStride     = 3_000 // acknowledged records from one PROGRESS to the next
	killInFlight   = 2_000
)

// killLoad is idempotent load (franz-go's default) while the server is killed and restarted, and
// while the topic grows; afterwards each partition holds 0, 1, 2 … exactly.
type killLoad struct {
	cluster                    cluster
	partitions                 atomic.Int64 // that the client knows
	topic                      string
	rate                       int // the most records in a second; 0: any number
	acknowledged, nextProgress atomic.Int64
	finish                     atomic.Bool
}

func runKillLoad(c cluster, topic string, rate int) {
	l := &killLoad{cluster: c, topic: topic, rate: rate}
	l.nextProgress.Store(killStride)
	l.partitions.Store(killPartitions)
	var sent []int64
	if !check("kill.load", func(ctx context.Context) { sent = l.load(ctx) }) {
		return
	}
	for partition, count := range sent {
		check("kill.nothing lost, doubled or reordered in partition "+strconv.Itoa(partition),
			func(ctx context.Context) { l.compare(ctx, int32(partition), count) })
	}
}

// choose takes the record's own partition. The client says how many there are.
func (l *killLoad) choose(string) func(*kgo.Record, int) int {
	return func(record *kgo.Record, partitions int) int {
		l.partitions.Store(int64(partitions))
		return int(record.Partition)
	}
}

// load returns how many records it sent to each partition. It takes as long as it is asked to.
func (l *killLoad) load(ctx context.Context) []int64 {
	client := l.cluster.client(
		kgo.RecordPartitioner(kgo.BasicConsistentPartitioner(l.choose)),
		kgo.MetadataMaxAge(time.Second),
		kgo.MetadataMinAge(time.Second/10),
		kgo.ProducerBatchMaxBytes(2048),
		kgo.MaxBufferedRecords(killInFlight),
	)
	defer client.Close()
	createTopics(ctx, client, killPartitions, l.topic)
	go l.listen()
	ctx = context.WithoutCancel(ctx)
	var sent []int64
	var failure atomic.Pointer[error]
	started := time.Now()
	for i := 0; !l.finish.Load() && failure.Load() == nil; i++ {
		for l.rate > 0 && float64(i) > time.Since(started).Seconds()*float64(l.rate) {
			time.Sleep(time.Millisecond)
		}
		partition := i % int(l.partitions.Load())
		for len(sent) <= partition {
			sent = append(sent, 0)
		}
		record := &kgo.Record{
			Topic:     l.topic,
			Partition: int32(partition),
			Value:     strconv.AppendInt(nil, sent[partition], 10),
		}
		sent[partition]++
		client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			if err != nil {
				failure.CompareAndSwap(nil, &err)
			} else if l.acknowledged.Add(1) == l.nextProgress.Load() {
				report("PROGRESS")
			}
		})
	}
	must(client.Flush(ctx), "Flush")
	if err := failure.Load(); err != nil {
		must(*err, "delivery")
	}
	return sent
}

// listen follows standard input: `restarted` asks for the next PROGRESS, `finish` ends the load.
func (l *killLoad) listen() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan() && lines.Text() != "finish"; {
		l.nextProgress.Store(l.acknowledged.Load() + killStride)
	}
	l.finish.Store(true)
}

func (l *killLoad) compare(ctx context.Context, partition int32, count int64) {
	from := map[string]map[int32]kgo.Offset{l.topic: {partition: kgo.NewOffset().AtStart()}}
	client := l.cluster.client(kgo.ConsumePartitions(from))
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, l.topic)
	must(err, "ListEndOffsets")
	end, _ := ends.Lookup(l.topic, partition)
	same(count, end.Offset, "the end offset")
	next := int64(0)
	until(ctx, "the partition is read to its end", func() bool { return next >= count }, func() {
		client.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
			same(
				strconv.FormatInt(next, 10),
				string(record.Value),
				"the record at "+strconv.FormatInt(record.Offset, 10),
			)
			next++
		})
	})
}
