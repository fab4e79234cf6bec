<?php
// SPDX-License-Identifier: Apache-2.0
// Clients of the server under test: librdkafka through FFI, without an extension.
declare(strict_types=1);

const PRODUCER = 0;
const CONSUMER = 1;
const MOMENT_MS = 100;
const PATIENCE_MS = PATIENCE_S * 1000;
const EVENT_DELIVERY = 1;
const END = 0; // and the other tags of the arguments of rd_kafka_producev:
const TOPIC = 1;
const PARTITION = 3;
const VALUE = 4;
const KEY = 5;
const OPAQUE = 6;
const FLAGS = 7;
const TIMESTAMP = 8;
const HEADER = 9;
const COPY = 2; // a flag: librdkafka copies key and value

function library(): FFI
{
    static $library = null;
    $facts = file_get_contents(__DIR__ . '/rdkafka.h');
    return $library ??= FFI::cdef($facts, 'librdkafka.so.1');
}

function must(int $error, string $what): void
{
    expect($error === 0, "$what: " . library()->rd_kafka_err2name($error));
}

// A record as it goes in (partition -1: the library's choice; timestamp 0: now) and as it comes out.
final class Record
{
    // headers is a list of [name, value or null].
    public function __construct(
        public string $topic,
        public int $partition = -1,
        public int $offset = -1,
        public int $timestamp = 0,
        public ?string $key = null,
        public ?string $value = null,
        public array $headers = [],
    ) {
    }
}

final class Cluster
{
    private FFI\CData $admin;

    public function __construct(private string $bootstrap)
    {
        $this->admin = $this->client(PRODUCER);
    }

    public function client(int $kind, array $settings = [], int $events = 0): FFI\CData
    {
        $library = library();
        $conf = $library->rd_kafka_conf_new();
        $error = FFI::new('char[512]');
        foreach (['bootstrap.servers' => $this->bootstrap, ...$settings] as $name => $value) {
            $set = $library->rd_kafka_conf_set($conf, $name, $value, $error, 512);
            expect($set === 0, FFI::string($error));
        }
        $library->rd_kafka_conf_set_events($conf, $events);
        $client = $library->rd_kafka_new($kind, $conf, $error, 512);
        expect($client !== null, FFI::string($error));
        return $client;
    }

    // Calls one of the admin functions with one thing; the error of its one result.
    private function administrate(string $call, string $results, FFI\CData $thing): int
    {
        $library = library();
        $queue = $library->rd_kafka_queue_new($this->admin);
        $things = FFI::new('void *[1]');
        $things[0] = $thing;
        $library->{"rd_kafka_$call"}($this->admin, $things, 1, null, $queue);
        $event = $library->rd_kafka_queue_poll($queue, PATIENCE_MS);
        must($library->rd_kafka_event_error($event), $call);
        $count = FFI::new('size_t');
        $result = $library->{"rd_kafka_event_{$call}_result"}($event);
        $list = $library->{"rd_kafka_{$call}_result_$results"}($result, FFI::addr($count));
        same(1, $count->cdata, "$call: results");
        if ($results === 'groups') {
            $failed = $library->rd_kafka_group_result_error($list[0]) !== null;
            return $failed ? -1 : 0;
        }
        return $library->rd_kafka_topic_result_error($list[0]);
    }

    public function create(string $topic, int $partitions): void
    {
        $new = library()->rd_kafka_NewTopic_new($topic, $partitions, 1, null, 0);
        must($this->administrate('CreateTopics', 'topics', $new), "create $topic");
        until('it is listed', fn () => isset($this->topics()[$topic]), fn () => null);
    }

    public function delete(string $topic): void
    {
        $gone = library()->rd_kafka_DeleteTopic_new($topic);
        must($this->administrate('DeleteTopics', 'topics', $gone), "delete $topic");
    }

    public function deleteGroup(string $group): void
    {
        $gone = library()->rd_kafka_DeleteGroup_new($group);
        must($this->administrate('DeleteGroups', 'groups', $gone), "delete $group");
    }

    // By name a list of [leader, number of in-sync replicas]; the nodes are counted in $nodes.
    public function topics(?int &$nodes = null): array
    {
        $library = library();
        $found = $library->new('const rd_kafka_metadata_t *');
        $error = $library->rd_kafka_metadata(
            $this->admin,
            1,
            null,
            FFI::addr($found),
            PATIENCE_MS,
        );
        must($error, 'metadata');
        $nodes = $found->broker_cnt;
        $topics = [];
        for ($i = 0; $i < $found->topic_cnt; $i++) {
            $states = [];
            for ($p = 0; $p < $found->topics[$i]->partition_cnt; $p++) {
                $partition = $found->topics[$i]->partitions[$p];
                $states[] = [$partition->leader, $partition->isr_cnt];
            }
            $topics[FFI::string($found->topics[$i]->topic)] = $states;
        }
        $library->rd_kafka_metadata_destroy($found);
        return $topics;
    }

    // By name [state, number of members].
    public function groups(): array
    {
        $library = library();
        $found = $library->new('const rd_kafka_group_list_t *');
        $error = $library->rd_kafka_list_groups(
            $this->admin,
            null,
            FFI::addr($found),
            PATIENCE_MS,
        );
        must($error, 'list_groups');
        $groups = [];
        for ($i = 0; $i < $found->group_cnt; $i++) {
            $group = $found->groups[$i];
            $groups[FFI::string($group->group)] = [FFI::string($group->state), $group->member_cnt];
        }
        $library->rd_kafka_group_list_destroy($found);
        return $groups;
    }

    // Sends all, idempotently; returns [partition, offset] of each.
    public function produce(string $codec, array $records): array
    {
        $library = library();
        $settings = ['compression.type' => $codec, 'linger.ms' => '5'];
        $settings['enable.idempotence'] = 'true';
        $producer = $this->client(PRODUCER, $settings, EVENT_DELIVERY);
        $queue = $library->rd_kafka_queue_get_main($producer);
        foreach ($records as $index => $record) {
            $error = $library->rd_kafka_producev($producer, ...self::arguments($record, $index));
            must($error, 'produce');
        }
        $places = [];
        until(
            'all are acknowledged',
            function () use (&$places, $records) {
                return count($places) === count($records);
            },
            function () use (&$places, $library, $queue) {
                $event = $library->rd_kafka_queue_poll($queue, MOMENT_MS);
                while ($event && ($message = $library->rd_kafka_event_message_next($event))) {
                    must($message->err, 'delivery');
                    $index = $message->_private - 1;
                    $places[$index] = [$message->partition, $message->offset];
                }
                if ($event) {
                    $library->rd_kafka_event_destroy($event);
                }
            },
        );
        $library->rd_kafka_queue_destroy($queue);
        $library->rd_kafka_destroy($producer);
        ksort($places);
        return $places;
    }

    // What rd_kafka_producev wants after the client: tags, each with its arguments.
    private static function arguments(Record $record, int $index): array
    {
        $out = [TOPIC, $record->topic, FLAGS, COPY, OPAQUE, $index + 1];
        array_push($out, VALUE, $record->value, strlen($record->value ?? ''));
        array_push($out, KEY, $record->key, strlen($record->key ?? ''));
        if ($record->partition >= 0) {
            array_push($out, PARTITION, $record->partition);
        }
        if ($record->timestamp > 0) {
            array_push($out, TIMESTAMP, $record->timestamp);
        }
        foreach ($record->headers as [$name, $value]) {
            array_push($out, HEADER, $name, $value, strlen($value ?? ''));
        }
        return [...$out, END];
    }

    // A member of a group that starts at the beginning. librdkafka commits what poll has returned
    // when partitions are taken from it.
    public function member(string $group): FFI\CData
    {
        $consumer = $this->client(CONSUMER, [
            'group.id' => $group,
            'auto.offset.reset' => 'earliest',
            'heartbeat.interval.ms' => '250',
        ]);
        library()->rd_kafka_poll_set_consumer($consumer);
        return $consumer;
    }

    // A list of librdkafka's: of [topic, partition, offset].
    public static function list(array $sources): FFI\CData
    {
        $list = library()->rd_kafka_topic_partition_list_new(count($sources));
        foreach ($sources as [$topic, $partition, $offset]) {
            $place = library()->rd_kafka_topic_partition_list_add($list, $topic, $partition);
            $place->offset = $offset;
        }
        return $list;
    }

    // At least $count records from the offset on, without a group.
    public function read(string $topic, int $partition, int $offset, int $count): array
    {
        $reader = $this->member('unused');
        $from = self::list([[$topic, $partition, $offset]]);
        must(library()->rd_kafka_assign($reader, $from), 'assign');
        $found = [];
        $poll = function () use (&$found, $reader) {
            array_push($found, ...poll($reader, 1));
        };
        until('the records came', function () use (&$found, $count) {
            return count($found) >= $count;
        }, $poll);
        leave($reader);
        return $found;
    }
}

// The records that come within a moment, at most $most.
function poll(FFI\CData $consumer, int $most): array
{
    $library = library();
    $found = [];
    $wait = MOMENT_MS;
    while (count($found) < $most && ($message = $library->rd_kafka_consumer_poll($consumer, $wait))) {
        must($message->err, 'poll');
        $found[] = incoming($message);
        $library->rd_kafka_message_destroy($message);
        $wait = 1;
    }
    return $found;
}

function incoming(FFI\CData $message): Record
{
    $library = library();
    $text = fn ($at, $size) => $at === null ? null : ($size ? FFI::string($at, $size) : '');
    $record = new Record($library->rd_kafka_topic_name($message->rkt));
    $record->partition = $message->partition;
    $record->offset = $message->offset;
    $record->timestamp = $library->rd_kafka_message_timestamp($message, null);
    $record->key = $text($message->key, $message->key_len);
    $record->value = $text($message->payload, $message->len);
    $headers = $library->new('rd_kafka_headers_t *');
    if ($library->rd_kafka_message_headers($message, FFI::addr($headers)) === 0) {
        $name = $library->new('const char *');
        $value = $library->new('const void *');
        $size = $library->new('size_t');
        $places = array_map(FFI::addr(...), [$name, $value, $size]);
        for ($i = 0; $library->rd_kafka_header_get_all($headers, $i, ...$places) === 0; $i++) {
            $empty = FFI::isNull($value);
            $record->headers[] = [FFI::string($name), $empty ? null : $text($value, $size->cdata)];
        }
    }
    return $record;
}

// The number of partitions that a member has now.
function shares(FFI\CData $consumer): int
{
    $list = library()->new('rd_kafka_list_t *');
    must(library()->rd_kafka_assignment($consumer, FFI::addr($list)), 'assignment');
    $count = $list->cnt;
    library()->rd_kafka_topic_partition_list_destroy($list);
    return $count;
}

function leave(FFI\CData $consumer): void
{
    library()->rd_kafka_consumer_close($consumer);
    library()->rd_kafka_destroy($consumer);
}
