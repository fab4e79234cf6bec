// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	recordCount    = 10_000
	partitionCount = 2
	extraCount     = 100
)

var (
	padding = strings.Repeat(" the quick brown fox jumps over the lazy dog", 2)
	codecs  = []string{"none", "gzip", "snappy", "lz4", "zstd"}
	codecOf = map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
)

type source struct {
	topic     string
	partition int32
}

// journey is what every client does: create, produce in every codec, consume as a group, resume,
// seek, describe, delete.
type journey struct {
	cluster        cluster
	client         *kgo.Client
	admin          *kadm.Client
	prefix, group  string
	topics         []string
	firstTimestamp int64
}

func runJourney(c cluster, prefix string) {
	client := c.client()
	defer client.Close()
	j := &journey{
		cluster:        c,
		client:         client,
		admin:          kadm.NewClient(client),
		prefix:         prefix,
		group:          prefix + "-group",
		firstTimestamp: time.Now().UnixMilli() - recordCount,
	}
	for _, codec := range codecs {
		j.topics = append(j.topics, j.topic(codec))
	}
	if !check("journey.create", j.create) {
		return
	}
	for _, codec := range codecs {
		check("journey.produce."+codec, func(ctx context.Context) { j.produce(ctx, codec) })
	}
	check("journey.group_of_two", j.consumeAsGroup)
	check("journey.resume", j.resume)
	check("journey.seek_by_time", j.seekByTime)
	check("journey.describe", j.describe)
	check("journey.delete", j.delete)
}

func (j *journey) topic(codec string) string { return j.prefix + "." + codec }

func (j *journey) create(ctx context.Context) {
	createTopics(ctx, j.client, partitionCount, j.topics...)
}

func (j *journey) produce(ctx context.Context, codec string) {
	client := j.cluster.client(
		kgo.ProducerBatchCompression(codecOf[codec]),
		kgo.ProducerLinger(5*time.Millisecond),
	)
	defer client.Close()
	problems := make(chan error, recordCount)
	var next [partitionCount]int64
	for i := range recordCount {
		client.Produce(ctx, j.record(codec, i), func(record *kgo.Record, err error) {
			if err == nil && record.Offset != next[record.Partition] {
				err = fmt.Errorf(
					"partition %d: offset %d, not %d",
					record.Partition,
					record.Offset,
					next[record.Partition],
				)
			}
			if err != nil {
				problems <- err
			}
			next[record.Partition]++
		})
	}
	must(client.Flush(ctx), "Flush")
	if len(problems) > 0 {
		must(<-problems, "delivery")
	}
	expect(next[0] > 0 && next[1] > 0, "a partition got no record: the keys should spread")
}

func (j *journey) record(codec string, i int) *kgo.Record {
	return &kgo.Record{
		Topic: j.topic(
			codec,
		), Key: fmt.Appendf(nil, "key-%d", i%997), Value: fmt.Appendf(nil, "%s:%d%s", codec, i, padding),
		Timestamp: time.UnixMilli(j.firstTimestamp + int64(i)),
		Headers: []kgo.RecordHeader{
			{Key: "index", Value: []byte(strconv.Itoa(i))},
			{Key: "nothing"},
		},
	}
}

// received is what the group has read: each record's place, so that a second delivery is seen.
type received struct {
	j         *journey
	places    map[string]bool
	counts    map[source]int64
	codecs    map[string]int
	lastOfKey map[string]int
}

func (r *received) add(record *kgo.Record) {
	place := fmt.Sprintf("%s-%d@%d", record.Topic, record.Partition, record.Offset)
	expect(!r.places[place], "%s came twice", place)
	r.places[place] = true
	codec := strings.TrimPrefix(record.Topic, r.j.prefix+".")
	i, err := strconv.Atoi(string(record.Headers[0].Value))
	must(err, place+": the header")
	same(fmt.Sprintf("%s:%d%s", codec, i, padding), string(record.Value), place+": the value")
	same(fmt.Sprintf("key-%d", i%997), string(record.Key), place+": the key")
	same(r.j.firstTimestamp+int64(i), record.Timestamp.UnixMilli(), place+": the timestamp")
	expect(record.Headers[1].Value == nil, "%s: a null header is not null", place)
	key := codec + "/" + string(record.Key)
	before, known := r.lastOfKey[key]
	expect(!known || before < i, "%s: %d came after %d of the same key", place, i, before)
	r.lastOfKey[key] = i
	r.counts[source{record.Topic, record.Partition}]++
	r.codecs[codec]++
}

func (j *journey) consumeAsGroup(ctx context.Context) {
	r := &received{j, map[string]bool{}, map[source]int64{}, map[string]int{}, map[string]int{}}
	sources := len(j.topics) * partitionCount
	one := j.cluster.member(j.group, j.topics)
	defer one.leave()
	until(
		ctx,
		"the first member has all partitions and records",
		func() bool { return one.shares() == sources && len(r.places) > 0 },
		func() { one.poll(200, r.add) },
	)
	two := j.cluster.member(j.group, j.topics)
	defer two.leave()
	both := func() { one.poll(500, r.add); two.poll(500, r.add) }
	until(
		ctx,
		"both members have a share",
		func() bool {
			return one.shares() > 0 && two.shares() > 0 && one.shares()+two.shares() == sources
		},
		both,
	)
	until(
		ctx,
		"all records came",
		func() bool { return len(r.places) >= recordCount*len(codecs) },
		both,
	)
	one.commit()
	two.commit()
	j.describeGroup(ctx, 2, sources)
	for _, codec := range codecs {
		same(recordCount, r.codecs[codec], codec+" records")
	}
	committed, err := j.admin.FetchOffsets(ctx, j.group)
	must(err, "FetchOffsets")
	for at, count := range r.counts {
		offset, _ := committed.Lookup(at.topic, at.partition)
		same(count, offset.At, fmt.Sprintf("%v committed", at))
	}
}

func (j *journey) describeGroup(ctx context.Context, members, sources int) {
	groups, err := j.admin.DescribeGroups(ctx, j.group)
	must(err, "DescribeGroups")
	group := groups[j.group]
	same("Stable", group.State, "the group's state")
	same(members, len(group.Members), "the group's member count")
	assigned := 0
	for _, partitions := range group.AssignedPartitions() {
		assigned += len(partitions)
	}
	same(sources, assigned, "partitions assigned in the description")
}

func (j *journey) resume(ctx context.Context) {
	client := j.cluster.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer client.Close()
	for i := range extraCount {
		record := &kgo.Record{Topic: j.topic("none"), Value: []byte(strconv.Itoa(i))}
		must(client.ProduceSync(ctx, record).FirstErr(), "ProduceSync")
	}
	member := j.cluster.member(j.group, j.topics)
	defer member.leave()
	next := 0
	until(ctx, "the new records came", func() bool { return next >= extraCount }, func() {
		member.poll(500, func(record *kgo.Record) {
			same(strconv.Itoa(next), string(record.Value), "what a new member of the group read")
			next++
		})
	})
	member.commit()
}

func (j *journey) seekByTime(ctx context.Context) {
	wanted := j.firstTimestamp + recordCount/2
	offsets, err := j.admin.ListOffsetsAfterMilli(ctx, wanted, j.topics...)
	must(err, "ListOffsetsAfterMilli")
	must(offsets.Error(), "ListOffsetsAfterMilli")
	offsets.Each(func(found kadm.ListedOffset) {
		from := map[string]map[int32]kgo.Offset{
			found.Topic: {found.Partition: kgo.NewOffset().At(found.Offset - 1)},
		}
		client := j.cluster.client(kgo.ConsumePartitions(from))
		defer client.Close()
		var times []int64
		until(ctx, "two records came", func() bool { return len(times) >= 2 }, func() {
			client.PollFetches(ctx).
				EachRecord(func(record *kgo.Record) { times = append(times, record.Timestamp.UnixMilli()) })
		})
		expect(times[0] < wanted, "%s: an earlier record has the time already", found.Topic)
		expect(times[1] >= wanted, "%s: the record found is older than asked", found.Topic)
		same(found.Timestamp, times[1], found.Topic+": the timestamp answered")
	})
}

func (j *journey) describe(ctx context.Context) {
	topics, err := j.admin.ListTopics(ctx, j.topics...)
	must(err, "ListTopics")
	for _, topic := range j.topics {
		same(partitionCount, len(topics[topic].Partitions), topic+": partition count")
		for _, partition := range topics[topic].Partitions {
			expect(
				partition.Leader >= 0 && len(partition.ISR) == 1,
				"%s: leader and in-sync set",
				topic,
			)
		}
	}
	brokers, err := j.admin.ListBrokers(ctx)
	must(err, "ListBrokers")
	same(1, len(brokers), "node count")
}

// delete takes one topic away; the others stay, for the check of the files at the end.
func (j *journey) delete(ctx context.Context) {
	gone := j.topic("none")
	responses, err := j.admin.DeleteTopics(ctx, gone)
	must(err, "DeleteTopics")
	must(responses.Error(), "DeleteTopics")
	listed := func(topic string) bool {
		topics, err := j.admin.ListTopics(ctx)
		must(err, "ListTopics")
		return topics.Has(topic)
	}
	until(ctx, "the topic is not listed", func() bool { return !listed(gone) }, func() {})
	expect(listed(j.topic("zstd")), "another topic vanished")
	deleted, err := j.admin.DeleteGroups(ctx, j.group)
	must(err, "DeleteGroups")
	must(deleted.Error(), "DeleteGroups")
	groups, err := j.admin.ListGroups(ctx)
	must(err, "ListGroups")
	_, found := groups[j.group]
	expect(!found, "the deleted group is listed")
}
