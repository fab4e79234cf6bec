// SPDX-License-Identifier: Apache-2.0

// The programme of franz-go: go-client BOOTSTRAP PREFIX COMMAND [ARGUMENT…].
package main

import (
	"log"
	"os"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("go-client BOOTSTRAP PREFIX COMMAND [ARGUMENT…]")
	}
	c, prefix, command, arguments := cluster(os.Args[1]), os.Args[2], os.Args[3], os.Args[4:]
	switch command {
	case "journey":
		runJourney(c, prefix)
	case "kill-load":
		runKillLoad(c, prefix)
	case "package-write":
		writePackages(c, arguments[0], arguments[1], arguments[2])
	case "package-read":
		readPackages(c, arguments[0], prefix, arguments[1])
	default:
		log.Fatalf("unknown command %s", command)
	}
	report("END")
}
