// SPDX-License-Identifier: Apache-2.0

// The programme of the Go clients: go-client LIBRARY BOOTSTRAP PREFIX COMMAND [ARGUMENT…].
package main

import (
	"log"
	"os"
	"strconv"
)

func main() {
	if len(os.Args) < 5 {
		log.Fatal("go-client LIBRARY BOOTSTRAP PREFIX COMMAND [ARGUMENT…]")
	}
	library, bootstrap, prefix, command := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	arguments := os.Args[5:]
	switch command {
	case "journey":
		runJourney(connect(library, bootstrap), prefix)
	case "kill-load": // of franz-go only
		rate := 0
		if len(arguments) > 0 {
			rate, _ = strconv.Atoi(arguments[0])
		}
		runKillLoad(cluster(bootstrap), prefix, rate)
	case "package-write": // by franz-go only
		writePackages(cluster(bootstrap), arguments[0], arguments[1], arguments[2])
	case "package-read":
		readPackages(connect(library, bootstrap), arguments[0], prefix, arguments[1])
	default:
		log.Fatalf("unknown command %s", command)
	}
	report("END")
}
