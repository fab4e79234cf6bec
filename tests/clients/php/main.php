<?php
// SPDX-License-Identifier: Apache-2.0
// The programme of PHP over librdkafka: main.php BOOTSTRAP PREFIX COMMAND [ARGUMENT…].
declare(strict_types=1);

require __DIR__ . '/checks.php';
require __DIR__ . '/cluster.php';
require __DIR__ . '/journey.php';

// The machine's package database, out through a group of two; the harness compares the SHA-256 over
// key length, key, value length, value (lengths: 4 bytes, big-endian), keys in byte order.
function read_packages(Cluster $cluster, string $topic, string $group, int $count): void
{
    $values = []; // by key, then by offset: a place that comes twice overwrites itself
    $members = [$cluster->member($group), $cluster->member($group)];
    $received = 0;
    foreach ($members as $member) {
        must(library()->rd_kafka_subscribe($member, Cluster::list([[$topic, -1, 0]])), 'subscribe');
    }
    $poll = function () use ($members, &$values, &$received) {
        foreach ($members as $member) {
            foreach (poll($member, 500) as $record) {
                $received += isset($values["k$record->key"][$record->offset]) ? 0 : 1;
                $values["k$record->key"][$record->offset] = $record->value;
            }
        }
    };
    $shared = fn () => min(array_map('shares', $members)) > 0;
    until('both members have a share', $shared, $poll);
    until("$count records came", function () use (&$received, $count) {
        return $received >= $count;
    }, $poll);
    array_map('leave', $members);
    same($count, $received, 'records received');
    ksort($values, SORT_STRING);
    $total = hash_init('sha256');
    foreach ($values as $key => $ofKey) {
        ksort($ofKey);
        foreach ($ofKey as $value) {
            foreach ([substr($key, 1), $value] as $part) {
                hash_update($total, pack('N', strlen($part)) . $part);
            }
        }
    }
    echo 'DIGEST ', hash_final($total), "\n";
}

[, $bootstrap, $prefix, $command] = $argv;
$cluster = new Cluster($bootstrap);
match ($command) {
    'journey' => (new Journey($cluster, $prefix))->run(),
    'package-read' => check('packages.read', function () use ($cluster, $argv, $prefix) {
        read_packages($cluster, $argv[4], $prefix, (int) $argv[5]);
    }),
};
// Threads of the library end a moment after their client; the library must not be gone by then.
library()->rd_kafka_wait_destroyed(1000);
echo "END\n";
