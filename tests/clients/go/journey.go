// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	recordCount    = 10_000
	partitionCount = 2
	extraCount     = 100
	largeSize      = 900_000 // bytes; a batch may have 1,048,588
)

var (
	padding = strings.Repeat(" the quick brown fox jumps over the lazy dog", 2)
	codecs  = []string{"none", "gzip", "snappy", "lz4", "zstd"}
)

// journey is what every client does: create, produce in every codec, consume as a group, resume,
// seek, describe, delete; and records at the limits.
type journey struct {
	driver                driver
	prefix, group, limits string
	topics                []string
	firstTimestamp        int64
}

func runJourney(d driver, prefix string) {
	defer d.close()
	j := &journey{
		driver:         d,
		prefix:         prefix,
		group:          prefix + "-group",
		limits:         prefix + "-limits",
		firstTimestamp: time.Now().UnixMilli() - recordCount,
	}
	for name, reason := range d.gaps() {
		report("GAP %s: %s", name, reason)
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
	check("journey.limits", j.recordsAtTheLimits)
	check("journey.delete", j.delete)
}

func (j *journey) topic(codec string) string { return j.prefix + "." + codec }

func (j *journey) lacks(gap string) bool {
	_, found := j.driver.gaps()[gap]
	return found
}

func (j *journey) create(ctx context.Context) {
	wanted := append([]string{j.limits}, j.topics...)
	j.driver.createTopics(ctx, partitionCount, wanted...)
	for _, topic := range wanted {
		until(ctx, topic+" is listed", func() bool { return j.listed(ctx, topic) }, func() {})
	}
}

func (j *journey) listed(ctx context.Context, topic string) bool {
	return slices.Contains(j.driver.topics(ctx), topic)
}

func (j *journey) produce(ctx context.Context, codec string) {
	records := make([]record, recordCount)
	for i := range records {
		records[i] = j.record(codec, i)
	}
	var next [partitionCount]int64
	for _, found := range j.driver.produce(ctx, codec, records) {
		same(next[found.partition], found.offset, fmt.Sprintf("%v: the offset", found))
		next[found.partition]++
	}
	expect(next[0] > 0 && next[1] > 0, "a partition got no record: the keys should spread")
}

func (j *journey) record(codec string, i int) record {
	return record{
		source:    source{j.topic(codec), anyPartition},
		timestamp: j.firstTimestamp + int64(i),
		key:       fmt.Appendf(nil, "key-%d", i%997),
		value:     fmt.Appendf(nil, "%s:%d%s", codec, i, padding),
		headers:   []header{{"index", []byte(strconv.Itoa(i))}, {"nothing", nil}},
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

func (r *received) add(found record) {
	at := fmt.Sprintf("%s-%d@%d", found.topic, found.partition, found.offset)
	if r.places[at] && r.j.lacks("notice_of_revocation") {
		return
	}
	expect(!r.places[at], "%s came twice", at)
	r.places[at] = true
	codec := strings.TrimPrefix(found.topic, r.j.prefix+".")
	i, err := strconv.Atoi(string(found.headers[0].value))
	must(err, at+": the header")
	same(fmt.Sprintf("%s:%d%s", codec, i, padding), string(found.value), at+": the value")
	same(fmt.Sprintf("key-%d", i%997), string(found.key), at+": the key")
	same(r.j.firstTimestamp+int64(i), found.timestamp, at+": the timestamp")
	if !r.j.lacks("null_header") {
		expect(found.headers[1].value == nil, "%s: a null header is not null", at)
	}
	key := codec + "/" + string(found.key)
	before, known := r.lastOfKey[key]
	expect(!known || before < i, "%s: %d came after %d of the same key", at, i, before)
	r.lastOfKey[key] = i
	r.counts[found.source]++
	r.codecs[codec]++
}

func (j *journey) consumeAsGroup(ctx context.Context) {
	r := &received{j, map[string]bool{}, map[source]int64{}, map[string]int{}, map[string]int{}}
	j.readInTwo(ctx, r)
	for _, codec := range codecs {
		same(recordCount, r.codecs[codec], codec+" records")
	}
	var sources []source
	for at := range r.counts {
		sources = append(sources, at)
	}
	for at, offset := range j.driver.committed(ctx, j.group, sources) {
		same(r.counts[at], offset, fmt.Sprintf("%v committed", at))
	}
}

func (j *journey) readInTwo(ctx context.Context, r *received) {
	sources := len(j.topics) * partitionCount
	one := j.driver.member(j.group, j.topics)
	defer one.leave()
	until(
		ctx,
		"the first member has all partitions and records",
		func() bool { return one.shares() == sources && len(r.places) > 0 },
		func() { one.poll(200, r.add) },
	)
	two := j.driver.member(j.group, j.topics)
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
	same(
		groupState{"Stable", 2, sources},
		j.driver.describeGroup(ctx, j.group),
		"the group described",
	)
}

func (j *journey) resume(ctx context.Context) {
	records := make([]record, extraCount)
	for i := range records {
		records[i] = record{source: source{j.topic("none"), 0}, value: []byte(strconv.Itoa(i))}
	}
	j.driver.produce(ctx, "none", records)
	member := j.driver.member(j.group, j.topics)
	defer member.leave()
	next := 0
	until(ctx, "the new records came", func() bool { return next >= extraCount }, func() {
		member.poll(500, func(r record) {
			same(strconv.Itoa(next), string(r.value), "what a new member of the group read")
			next++
		})
	})
	member.commit()
}

func (j *journey) seekByTime(ctx context.Context) {
	wanted := j.firstTimestamp + recordCount/2
	for _, topic := range j.topics {
		for partition := range int32(partitionCount) {
			at := source{topic, partition}
			offset := j.driver.offsetForTime(ctx, at, wanted)
			expect(offset > 0, "%v: offset %d for the time", at, offset)
			found := j.driver.read(ctx, at, offset-1, 2)
			expect(found[0].timestamp < wanted, "%v: an earlier record has the time already", at)
			expect(found[1].timestamp >= wanted, "%v: the record found is older than asked", at)
		}
	}
}

func (j *journey) describe(ctx context.Context) {
	topics := j.driver.describeTopics(ctx, j.topics)
	for _, topic := range j.topics {
		same(partitionCount, len(topics[topic]), topic+": partition count")
		for _, partition := range topics[topic] {
			expect(
				partition.leader >= 0 && partition.inSync == 1,
				"%s: leader and in-sync set",
				topic,
			)
		}
	}
	same(1, j.driver.nodeCount(ctx), "node count")
}

// recordsAtTheLimits is about null, empty and large keys and values, and headers of the same name.
func (j *journey) recordsAtTheLimits(ctx context.Context) {
	large := make([]byte, largeSize)
	for i := range large {
		large[i] = byte(i * i % 251)
	}
	twice := []header{{"same", []byte("1")}, {"same", []byte("2")}, {"empty", []byte{}}}
	at := source{j.limits, 1}
	wanted := []record{
		{source: at, value: []byte("without key")},
		{source: at, key: []byte("without value")},
		{source: at, key: []byte{}, value: []byte{}},
		{source: at, key: []byte{0, 255}, value: []byte("headers"), headers: twice},
		{source: at, key: []byte("large"), value: large},
	}
	for i, found := range j.driver.produce(ctx, "none", wanted) {
		same(place{1, int64(i)}, found, "the place acknowledged")
	}
	for i, found := range j.driver.read(ctx, at, 0, len(wanted)) {
		name := fmt.Sprintf("offset %d", i)
		j.equal(wanted[i].key, found.key, name+": the key")
		j.equal(wanted[i].value, found.value, name+": the value")
		same(len(wanted[i].headers), len(found.headers), name+": the number of headers")
		for k, h := range wanted[i].headers {
			same(h.name, found.headers[k].name, name+": the name of a header")
			j.equal(h.value, found.headers[k].value, name+": header "+h.name)
		}
	}
}

func (j *journey) equal(wanted, found []byte, what string) {
	expect(bytes.Equal(wanted, found), "%s differs", what)
	if !j.lacks("null_or_empty") {
		same(wanted == nil, found == nil, what+": whether it is null")
	}
}

// delete takes one topic away; the others stay, for the check of the files at the end.
func (j *journey) delete(ctx context.Context) {
	gone := j.topic("none")
	j.driver.deleteTopic(ctx, gone)
	until(ctx, "the topic is not listed", func() bool { return !j.listed(ctx, gone) }, func() {})
	expect(j.listed(ctx, j.topic("zstd")), "another topic vanished")
	j.driver.deleteGroup(ctx, j.group)
	expect(
		!slices.Contains(j.driver.groups(ctx), j.group),
		"the deleted group is listed",
	)
}
