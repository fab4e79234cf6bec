// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"
)

// writePackages sends the package database, one record a paragraph, its key the name in the first
// line: the records of one name keep their order.
func writePackages(c cluster, topic, partitions, file string) {
	check("packages.write", func(ctx context.Context) {
		text, err := os.ReadFile(file)
		must(err, "ReadFile")
		client := c.client(kgo.ProducerBatchCompression(kgo.ZstdCompression()))
		defer client.Close()
		count, err := strconv.ParseInt(partitions, 10, 32)
		must(err, "the partition count")
		createTopics(ctx, client, int32(count), topic)
		var failure error
		for _, paragraph := range bytes.Split(bytes.Trim(text, "\n"), []byte("\n\n")) {
			first, _, _ := bytes.Cut(paragraph, []byte("\n"))
			name, found := bytes.CutPrefix(first, []byte("Package: "))
			expect(found, "a paragraph begins with %q", first)
			client.Produce(
				ctx,
				&kgo.Record{Topic: topic, Key: name, Value: paragraph},
				func(_ *kgo.Record, err error) {
					if err != nil && failure == nil {
						failure = err
					}
				},
			)
		}
		must(client.Flush(ctx), "Flush")
		must(failure, "delivery")
	})
}

// readPackages takes the records out through a group of two; the harness compares the digest
// printed.
func readPackages(d driver, topic, group, count string) {
	check("packages.read", func(ctx context.Context) {
		wanted, err := strconv.Atoi(count)
		must(err, "the count")
		values := map[string]map[int64][]byte{} // by key, then by offset
		received := 0
		take := func(r record) {
			key := string(r.key)
			if values[key] == nil {
				values[key] = map[int64][]byte{}
			}
			if _, known := values[key][r.offset]; !known {
				received++
			}
			values[key][r.offset] = r.value
		}
		one, two := d.member(group, []string{topic}), d.member(group, []string{topic})
		defer one.leave()
		defer two.leave()
		both := func() { one.poll(500, take); two.poll(500, take) }
		until(
			ctx,
			"both members have a share",
			func() bool { return one.shares() > 0 && two.shares() > 0 },
			both,
		)
		until(ctx, count+" records came", func() bool { return received >= wanted }, both)
		same(wanted, received, "records received")
		report("DIGEST %s", digest(values))
	})
}

// digest is the SHA-256 over key length, key, value length, value (lengths: 4 bytes, big-endian),
// keys in byte order.
func digest(values map[string]map[int64][]byte) string {
	total := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		for _, offset := range slices.Sorted(maps.Keys(values[key])) {
			for _, part := range [][]byte{[]byte(key), values[key][offset]} {
				total.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
				total.Write(part)
			}
		}
	}
	return fmt.Sprintf("%x", total.Sum(nil))
}
