// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	patience = 90 * time.Second
	moment   = 100 * time.Millisecond // how long a poll waits
)

// failed is what expect throws and check catches: the reason of the failed check.
type failed string

func report(format string, arguments ...any) {
	fmt.Fprintf(os.Stdout, format+"\n", arguments...)
}

// check runs one named check and prints `PASS name` or `FAIL name: why`; it returns whether it
// passed.
func check(name string, body func(ctx context.Context)) (passed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil {
			report("FAIL %s: %s", name, strings.Join(strings.Fields(fmt.Sprint(reason)), " "))
			return
		}
		passed = true
		report("PASS %s", name)
	}()
	body(ctx)
	return
}

func expect(condition bool, format string, arguments ...any) {
	if !condition {
		panic(failed(fmt.Sprintf(format, arguments...)))
	}
}

func same[T comparable](wanted, found T, what string) {
	expect(wanted == found, "%s is %v, not %v", what, found, wanted)
}

func must(err error, what string) {
	expect(err == nil, "%s: %v", what, err)
}

// until calls step, which polls and so takes a little time, until the condition holds or ctx ends.
func until(ctx context.Context, what string, condition func() bool, step func()) {
	for !condition() {
		expect(ctx.Err() == nil, "after %v still not: %s", patience, what)
		step()
	}
}
