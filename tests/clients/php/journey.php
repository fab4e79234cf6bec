<?php
// SPDX-License-Identifier: Apache-2.0
// What every client does: create, produce in every codec, consume as a group, resume, seek,
// describe, delete; and records at the limits.
declare(strict_types=1);

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const RECORDS = 10_000;
const PARTITIONS = 2;
const EXTRA = 100;
const LARGE = 900_000; // bytes; a batch may have 1,048,588
const SENTENCE = ' the quick brown fox jumps over the lazy dog';
const PADDING = SENTENCE . SENTENCE;

final class Journey
{
    private string $group;
    private array $topics = []; // by codec
    private int $firstTimestamp;
    private array $places = []; // what the group has read: a second delivery is seen
    private array $counts = []; // by topic, by partition
    private array $lastOfKey = [];

    public function __construct(private Cluster $cluster, private string $prefix)
    {
        $this->group = "$prefix-group";
        foreach (CODECS as $codec) {
            $this->topics[$codec] = "$prefix.$codec";
        }
        $this->firstTimestamp = (int) (microtime(true) * 1000) - RECORDS;
    }

    public function run(): void
    {
        if (!check('journey.create', $this->create(...))) {
            return;
        }
        foreach (CODECS as $codec) {
            check("journey.produce.$codec", fn () => $this->produce($codec));
        }
        check('journey.group_of_two', $this->consumeAsGroup(...));
        check('journey.resume', $this->resume(...));
        check('journey.seek_by_time', $this->seekByTime(...));
        check('journey.describe', $this->describe(...));
        check('journey.limits', $this->recordsAtTheLimits(...));
        check('journey.delete', $this->delete(...));
    }

    private function create(): void
    {
        foreach ($this->topics as $topic) {
            $this->cluster->create($topic, PARTITIONS);
        }
    }

    private function record(string $codec, int $index): Record
    {
        return new Record(
            $this->topics[$codec],
            timestamp: $this->firstTimestamp + $index,
            key: 'key-' . $index % 997,
            value: "$codec:$index" . PADDING,
            headers: [['index', (string) $index], ['nothing', null]],
        );
    }

    private function produce(string $codec): void
    {
        $records = array_map(fn ($index) => $this->record($codec, $index), range(0, RECORDS - 1));
        $next = array_fill(0, PARTITIONS, 0);
        foreach ($this->cluster->produce($codec, $records) as [$partition, $offset]) {
            same($next[$partition]++, $offset, 'the acknowledged offset');
        }
        expect(min($next) > 0, 'a partition got no record: the keys should spread');
    }

    private function add(Record $found): void
    {
        $place = "$found->topic-$found->partition@$found->offset";
        expect(!isset($this->places[$place]), "$place came twice");
        $this->places[$place] = true;
        $codec = array_search($found->topic, $this->topics, true);
        $index = (int) $found->headers[0][1];
        $wanted = $this->record($codec, $index);
        [$wanted->partition, $wanted->offset] = [$found->partition, $found->offset];
        expect($wanted == $found && $wanted->headers === $found->headers, "$place differs");
        $key = "$codec/$found->key";
        expect(($this->lastOfKey[$key] ?? -1) < $index, "$place: order within the key");
        $this->lastOfKey[$key] = $index;
        $this->counts[$found->topic][$found->partition] ??= 0;
        $this->counts[$found->topic][$found->partition]++;
    }

    private function join(): FFI\CData
    {
        $member = $this->cluster->member($this->group);
        $wanted = Cluster::list(array_map(fn ($t) => [$t, -1, 0], array_values($this->topics)));
        must(library()->rd_kafka_subscribe($member, $wanted), 'subscribe');
        return $member;
    }

    private function consumeAsGroup(): void
    {
        $sources = count(CODECS) * PARTITIONS;
        $members = [$this->join()];
        $poll = function () use (&$members) {
            foreach ($members as $member) {
                array_map($this->add(...), poll($member, 200));
            }
        };
        until('the first member has all partitions and records', function () use ($members, $sources) {
            return shares($members[0]) === $sources && count($this->places) > 0;
        }, $poll);
        $members[] = $this->join();
        until('both members have a share', function () use (&$members, $sources) {
            $shares = array_map('shares', $members);
            return min($shares) > 0 && array_sum($shares) === $sources;
        }, $poll);
        $all = RECORDS * count(CODECS);
        until('all records came', fn () => count($this->places) >= $all, $poll);
        same(['Stable', 2], $this->cluster->groups()[$this->group], 'the group described');
        array_map('leave', $members);
        $this->compareCommitted();
    }

    private function compareCommitted(): void
    {
        $reader = $this->cluster->member($this->group);
        foreach ($this->counts as $topic => $partitions) {
            foreach ($partitions as $partition => $count) {
                $list = Cluster::list([[$topic, $partition, -1001]]);
                must(library()->rd_kafka_committed($reader, $list, PATIENCE_MS), 'committed');
                same($count, $list->elems[0]->offset, "$topic-$partition committed");
            }
        }
        leave($reader);
    }

    private function resume(): void
    {
        $values = array_map('strval', range(0, EXTRA - 1));
        $topic = $this->topics['none'];
        $records = array_map(fn ($value) => new Record($topic, 0, value: $value), $values);
        $this->cluster->produce('none', $records);
        $member = $this->join();
        $read = [];
        until('the new records came', function () use (&$read) {
            return count($read) >= EXTRA;
        }, function () use (&$read, $member) {
            array_push($read, ...array_column(poll($member, 500), 'value'));
        });
        leave($member);
        same($values, $read, 'what a new member of the group read');
    }

    private function seekByTime(): void
    {
        $wanted = $this->firstTimestamp + intdiv(RECORDS, 2);
        $reader = $this->cluster->member('unused');
        foreach ($this->topics as $topic) {
            foreach (range(0, PARTITIONS - 1) as $partition) {
                $list = Cluster::list([[$topic, $partition, $wanted]]);
                $error = library()->rd_kafka_offsets_for_times($reader, $list, PATIENCE_MS);
                must($error, 'offsets_for_times');
                $offset = $list->elems[0]->offset;
                expect($offset > 0, "$topic: offset $offset for the time");
                [$before, $found] = $this->cluster->read($topic, $partition, $offset - 1, 2);
                expect($before->timestamp < $wanted, "$topic: an earlier record has the time");
                expect($found->timestamp >= $wanted, "$topic: the record is older than asked");
            }
        }
        leave($reader);
    }

    private function describe(): void
    {
        $topics = $this->cluster->topics($nodes);
        same(1, $nodes, 'node count');
        foreach ($this->topics as $topic) {
            same(PARTITIONS, count($topics[$topic]), "$topic: partition count");
            foreach ($topics[$topic] as [$leader, $inSync]) {
                expect($leader >= 0 && $inSync === 1, "$topic: leader and in-sync set");
            }
        }
    }

    // Null, empty and large keys and values, and headers of the same name.
    private function recordsAtTheLimits(): void
    {
        $topic = "$this->prefix-limits";
        $this->cluster->create($topic, 1);
        $large = '';
        for ($i = 0; $i < LARGE; $i++) {
            $large .= chr($i * $i % 251);
        }
        $twice = [['same', '1'], ['same', '2'], ['empty', '']];
        $wanted = [
            new Record($topic, 0, 0, value: 'without key'),
            new Record($topic, 0, 1, key: 'without value'),
            new Record($topic, 0, 2, key: '', value: ''),
            new Record($topic, 0, 3, key: "\x00\xff", value: 'headers', headers: $twice),
            new Record($topic, 0, 4, key: 'large', value: $large),
        ];
        $places = array_map(fn ($record) => [0, $record->offset], $wanted);
        same($places, $this->cluster->produce('none', $wanted), 'the places acknowledged');
        foreach ($this->cluster->read($topic, 0, 0, count($wanted)) as $index => $found) {
            $found->timestamp = 0;
            $equal = (array) $wanted[$index] === (array) $found;
            expect($equal, "the record at $index differs");
        }
    }

    private function delete(): void
    {
        $gone = $this->topics['none'];
        $this->cluster->delete($gone);
        $listed = fn ($topic) => isset($this->cluster->topics()[$topic]);
        until('the topic is not listed', fn () => !$listed($gone), fn () => null);
        expect($listed($this->topics['zstd']), 'another topic vanished');
        $this->cluster->deleteGroup($this->group);
        expect(!isset($this->cluster->groups()[$this->group]), 'the deleted group is listed');
    }
}
