// SPDX-License-Identifier: Apache-2.0

// kmsgcheck SEED INPUT OUTPUT
//
// Decodes and encodes every message of INPUT with franz-go's kmsg and compares the bytes; then
// writes random messages of kmsg's, of the same types and versions, to OUTPUT for the other side.
// What kmsg does not know, or writes differently, is printed: `Name version N: what`.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math/rand"
	"os"
	"strconv"
)

// entry is a message in a file: kind and name (each uint16 size, text), int16 version, int32 size,
// bytes.
type entry struct {
	kind, name string
	version    int16
	bytes      []byte
}

type reader struct{ *bufio.Reader }

func (r reader) number(size int) int {
	field := r.bytes(size)
	value := 0
	for _, octet := range field {
		value = value<<8 | int(octet)
	}
	return value
}

func (r reader) bytes(size int) []byte {
	content := make([]byte, size)
	if _, err := io.ReadFull(r, content); err != nil {
		log.Fatal(err)
	}
	return content
}

func (r reader) entry() entry {
	kind := string(r.bytes(r.number(2)))
	name := string(r.bytes(r.number(2)))
	version := int16(r.number(2))
	return entry{kind, name, version, r.bytes(r.number(4))}
}

func (e entry) write(w io.Writer) {
	var out []byte
	for _, text := range []string{e.kind, e.name} {
		out = binary.BigEndian.AppendUint16(out, uint16(len(text)))
		out = append(out, text...)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(e.version))
	out = binary.BigEndian.AppendUint32(out, uint32(len(e.bytes)))
	if _, err := w.Write(append(out, e.bytes...)); err != nil {
		log.Fatal(err)
	}
}

// run is one comparison of two codecs.
type run struct {
	random         *rand.Rand
	seen           map[string]bool // what was printed
	passed, failed int
}

// check decodes and encodes.
func (r *run) check(e entry) {
	message := find(e.name)
	if message == nil {
		r.report(e, "unknown")
		return
	}
	if message.MaxVersion() < e.version {
		r.report(e, "a newer version")
		return
	}
	message.SetVersion(e.version)
	if err := message.ReadFrom(e.bytes); err != nil {
		r.report(e, "cannot be read")
		return
	}
	if field := unknownTag(message.value()); field != "" {
		r.report(e, "has no "+field)
		return
	}
	if recoded := message.AppendTo(nil); !bytes.Equal(recoded, e.bytes) {
		r.report(e, "encodes differently")
		return
	}
	r.passed++
}

// report prints what is wrong once a version.
func (r *run) report(e entry, what string) {
	r.failed++
	line := fmt.Sprintf("%s version %d: %s", e.name, e.version, what)
	if !r.seen[line] {
		fmt.Println(line)
	}
	r.seen[line] = true
}

// generate writes a random message of the same type and version.
func (r *run) generate(e entry, w io.Writer) {
	message := find(e.name)
	if message == nil || message.MaxVersion() < e.version {
		return
	}
	fill(r.random, message.value())
	message.SetVersion(e.version)
	e.bytes = message.AppendTo(nil)
	e.write(w)
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("kmsgcheck SEED INPUT OUTPUT")
	}
	seed, err := strconv.ParseInt(os.Args[1], 10, 64)
	must(err)
	r := &run{random: rand.New(rand.NewSource(seed)), seen: map[string]bool{}}
	input, err := os.Open(os.Args[2])
	must(err)
	file, err := os.Create(os.Args[3])
	must(err)
	output := bufio.NewWriter(file)
	in := reader{bufio.NewReaderSize(input, 1<<20)}
	for {
		if _, err := in.Peek(1); err == io.EOF {
			break
		}
		e := in.entry()
		r.check(e)
		r.generate(e, output)
	}
	must(output.Flush())
	must(file.Close())
	fmt.Printf("kmsg read and wrote: %d passed, %d failed\n", r.passed, r.failed)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
