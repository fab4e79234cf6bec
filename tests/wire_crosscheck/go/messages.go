// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// codec is what all of kmsg's types have.
type codec interface {
	AppendTo([]byte) []byte
	ReadFrom([]byte) error
}

// message is a value of one of kmsg's types.
type message interface {
	codec
	MaxVersion() int16
	SetVersion(int16)
	value() reflect.Value
}

// api is a request or response.
type api struct {
	codec
	versions interface {
		MaxVersion() int16
		SetVersion(int16)
	}
}

func (a api) MaxVersion() int16        { return a.versions.MaxVersion() }
func (a api) SetVersion(version int16) { a.versions.SetVersion(version) }
func (a api) value() reflect.Value     { return reflect.ValueOf(a.codec).Elem() }

// prefixed is a type that kmsg reads and writes with its version in front.
type prefixed struct {
	codec
	highest int16
	version int16
}

func (p *prefixed) MaxVersion() int16    { return p.highest }
func (p *prefixed) value() reflect.Value { return reflect.ValueOf(p.codec).Elem() }
func (p *prefixed) SetVersion(version int16) {
	p.version = version
	p.value().FieldByName("Version").SetInt(int64(version))
}

func (p *prefixed) AppendTo(out []byte) []byte { return append(out, p.codec.AppendTo(nil)[2:]...) }

func (p *prefixed) ReadFrom(in []byte) error {
	content := binary.BigEndian.AppendUint16(nil, uint16(p.version))
	return p.codec.ReadFrom(append(content, in...))
}

// whole is a type whose version is a field of Kafka's own.
type whole struct{ prefixed }

func (w *whole) AppendTo(out []byte) []byte { return w.codec.AppendTo(out) }
func (w *whole) ReadFrom(in []byte) error   { return w.codec.ReadFrom(in) }

// The other types, by Kafka's names; kmsg has names of its own. Of LeaderChangeMessage it takes the
// first field, which is called Version, for the version of the encoding.
var others = map[string]func() message{
	"ConsumerProtocolSubscription": other[kmsg.ConsumerMemberMetadata](3),
	"ConsumerProtocolAssignment":   other[kmsg.ConsumerMemberAssignment](3),
	"DefaultPrincipalData":         other[kmsg.DefaultPrincipalData](0),
	"EndTxnMarker":                 other[kmsg.EndTxnMarker](0),
	"LeaderChangeMessage": func() message {
		return &whole{prefixed{codec: &kmsg.LeaderChangeMessage{}, highest: 1}}
	},
	"OffsetCommitKey":     other[kmsg.OffsetCommitKey](1),
	"OffsetCommitValue":   other[kmsg.OffsetCommitValue](4),
	"GroupMetadataKey":    other[kmsg.GroupMetadataKey](2),
	"GroupMetadataValue":  other[kmsg.GroupMetadataValue](4),
	"TransactionLogKey":   other[kmsg.TxnMetadataKey](0),
	"TransactionLogValue": other[kmsg.TxnMetadataValue](1),
}

func other[T any](highest int16) func() message {
	return func() message {
		return &prefixed{codec: any(new(T)).(codec), highest: highest}
	}
}

// apis are the requests and responses by Kafka's names in lower case: kmsg writes ACL, SASL and ID.
var apis = map[string]func() message{}

var renamed = map[string]string{
	"alterpartitionassignmentsrequest": "alterpartitionreassignmentsrequest",
}

func init() {
	for key := range int16(math.MaxInt8) {
		request := kmsg.RequestForKey(key)
		if request == nil {
			continue
		}
		name := strings.ToLower(reflect.TypeOf(request).Elem().Name())
		if kafkas, differs := renamed[name]; differs {
			name = kafkas
		}
		apis[name] = func() message {
			made := kmsg.RequestForKey(key)
			return api{made, made}
		}
		apis[strings.TrimSuffix(name, "request")+"response"] = func() message {
			made := kmsg.ResponseForKey(key)
			return api{made, made}
		}
	}
}

// find makes an empty message with Kafka's name, or nil.
func find(name string) message {
	if create := others[name]; create != nil {
		return create()
	}
	if create := apis[strings.ToLower(name)]; create != nil {
		return create()
	}
	return nil
}

var tagsType = reflect.TypeOf(kmsg.Tags{})

// unknownTag names the first tagged field that kmsg took without knowing it, if there is one.
func unknownTag(value reflect.Value) string {
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			return unknownTag(value.Elem())
		}
	case reflect.Slice:
		for i := range value.Len() {
			if found := unknownTag(value.Index(i)); found != "" {
				return found
			}
		}
	case reflect.Struct:
		if value.Type() == tagsType {
			return firstTag(value)
		}
		for i := range value.NumField() {
			if found := unknownTag(value.Field(i)); found != "" {
				return found
			}
		}
	}
	return ""
}

func firstTag(value reflect.Value) string {
	tags := value.Interface().(kmsg.Tags)
	first := ""
	tags.Each(func(tag uint32, _ []byte) {
		if first == "" {
			first = fmt.Sprintf("tag %d", tag)
		}
	})
	return first
}

// fill gives every field a random value; kmsg writes those that the version has.
func fill(random *rand.Rand, value reflect.Value) {
	switch value.Kind() {
	case reflect.Bool:
		value.SetBool(random.Intn(2) == 1)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		value.SetInt(number(random, value.Type().Bits()))
	case reflect.Uint16:
		value.SetUint(uint64(number(random, 16)) & math.MaxUint16)
	case reflect.Uint32:
		value.SetUint(uint64(number(random, 32)) & math.MaxUint32)
	case reflect.Float64:
		value.SetFloat(float64(number(random, 32)) / 7)
	case reflect.String:
		value.SetString(text(random))
	case reflect.Array:
		for i := range value.Len() {
			value.Index(i).SetUint(uint64(random.Intn(256)))
		}
	case reflect.Pointer:
		if random.Intn(5) > 0 {
			value.Set(reflect.New(value.Type().Elem()))
			fill(random, value.Elem())
		}
	case reflect.Slice:
		fillSlice(random, value)
	case reflect.Struct:
		if value.Type() == tagsType {
			return
		}
		for i := range value.NumField() {
			fill(random, value.Field(i))
		}
	default:
		must(errors.New("no random value for " + value.Type().String()))
	}
}

// fillSlice leaves it null now and then: kmsg writes an empty one where null is not allowed.
func fillSlice(random *rand.Rand, value reflect.Value) {
	if random.Intn(5) == 0 {
		return
	}
	if value.Type().Elem().Kind() == reflect.Uint8 {
		content := make([]byte, random.Intn(40))
		random.Read(content)
		value.SetBytes(content)
		return
	}
	value.Set(reflect.MakeSlice(value.Type(), random.Intn(4), 4))
	for i := range value.Len() {
		fill(random, value.Index(i))
	}
}

// number is at and between the limits of a signed number of so many bits.
func number(random *rand.Rand, bits int) int64 {
	highest := int64(math.MaxInt64 >> (64 - bits))
	edges := []int64{0, 1, -1, highest, -highest - 1}
	if random.Intn(3) == 0 {
		return edges[random.Intn(len(edges))]
	}
	return int64(random.Uint64()) >> (64 - bits + random.Intn(bits))
}

func text(random *rand.Rand) string {
	characters := []string{"a", "Z", "0", "-", "_", ".", "ß", "語", "𝄞"}
	left := random.Intn(12)
	if random.Intn(10) == 0 {
		left = random.Intn(300)
	}
	var out strings.Builder
	for ; left > 0; left-- {
		out.WriteString(characters[random.Intn(len(characters))])
	}
	return out.String()
}
