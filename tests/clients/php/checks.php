<?php
// SPDX-License-Identifier: Apache-2.0
// Named checks, printed one a line as the harness reads them: `PASS name` or `FAIL name: why`.
declare(strict_types=1);

const PATIENCE_S = 90;

// Runs one check; returns whether it passed.
function check(string $name, callable $body): bool
{
    try {
        $body();
    } catch (Throwable $failure) {
        $why = "{$failure->getMessage()} (line {$failure->getLine()})";
        echo "FAIL $name: ", preg_replace('/\s+/', ' ', $why), "\n";
        return false;
    }
    echo "PASS $name\n";
    return true;
}

function expect(bool $condition, string $otherwise): void
{
    if (!$condition) {
        throw new RuntimeException($otherwise);
    }
}

function same(mixed $wanted, mixed $found, string $what): void
{
    if ($wanted !== $found) {
        [$a, $b] = array_map('json_encode', [$wanted, $found]);
        throw new RuntimeException("$what is $b, not $a");
    }
}

// Calls step, which polls and so takes a little time, until the condition holds.
function until(string $what, callable $condition, callable $step): void
{
    $end = microtime(true) + PATIENCE_S;
    while (!$condition()) {
        expect(microtime(true) < $end, 'after ' . PATIENCE_S . " s still not: $what");
        $step();
    }
}
