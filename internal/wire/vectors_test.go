package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// A frameVector is one frame with its bytes. The bytes of those that the library
// reads but never writes are given, those of the others are what it writes.
type frameVector struct {
	Name   string   `json:"name"`
	Frame  string   `json:"frame"`
	Bytes  hexBytes `json:"bytes"`
	Fields fields   `json:"fields"`
	Reader bool     `json:"reader_only,omitempty"` // legal, but this library writes it otherwise
}

// A packetVector is several frames in one packet.
type packetVector struct {
	Name   string        `json:"name"`
	Bytes  hexBytes      `json:"bytes"`
	Frames []packetFrame `json:"frames"`
}

type packetFrame struct {
	Frame  string `json:"frame"`
	Fields fields `json:"fields"`
}

func ptr[T any](v T) *T { return &v }

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var (
	shooterRows = []rowField{
		{1, 1, 1024, nameHash("inputs")},
		{2, 0, 1 << 20, nameHash("state")},
		{300, 4, 16384, nameHash("chat")},
	}
	plainHello = helloRest{0x0123456789abcdef, math.MaxUint64, CapabilityOptions | CapabilityEpochs, 1 << 40, 1200, 20, 10, 65536, []windowField{}, nil, nil, nil}
)

func nameHash(s string) uint32 { return uint32(Hash([]byte(s))) }

// written are frames whose bytes the library writes.
func written() []frameVector {
	return slices.Concat([]frameVector{
		{Name: "padding of one byte", Fields: padding{0}},
		{Name: "padding to the end of the packet", Fields: padding{7}},
		{Name: "ping", Fields: ping{}},
		{Name: "close ack", Fields: closeAck{}},
	}, writtenHellos(), []frameVector{
		{Name: "skip of one empty message", Fields: skipFields{1, 0, []int{0}}},
		{Name: "skip of three, ids wrap", Fields: skipFields{300, math.MaxUint32, []int{5, 127, 16384}}},
		{Name: "window", Fields: limitFields{0, 65536, false}},
		{Name: "window of the last channel", Fields: limitFields{16383, math.MaxUint32, false}},
		{Name: "blocked", Fields: limitFields{128, 70000, true}},
		{Name: "stored", Fields: storedFields{2, []uint32{0}}},
		{Name: "stored, two ids", Fields: storedFields{2, []uint32{70000, math.MaxUint32}}},
		{Name: "repair: a sum of three messages", Fields: repairFields{3, 65535, 1, 0b1011, false, unhex("0102030405")}},
		{Name: "repair to the end of the packet, the widest mask, the last row", Fields: repairFields{300, 7, MaxRepairRow, math.MaxUint32, true, unhex("00")}},
		{Name: "repair of the longest symbol", Fields: repairFields{16383, 0, 0, 1, false, make(hexBytes, MaxSymbol)}},
		{Name: "rebuilt", Fields: rebuiltFields{3, 17, 1}},
		{Name: "rebuilt, two of 32 ids", Fields: rebuiltFields{300, 65535, 1<<31 | 1}},
		{Name: "hold of 20 seconds", Fields: holdFields{1, 20_000}},
		{Name: "hold that ends the one before", Fields: holdFields{300, 0}},
		{Name: "hold, largest serial and longest silence", Fields: holdFields{math.MaxUint64, MaxSilenceMillis}},
		{Name: "path challenge", Fields: tokenFields{0x0123456789abcdef, false}},
		{Name: "path response", Fields: tokenFields{0x0123456789abcdef, true}},
		{Name: "path status: in turn", Fields: pathStatusFields{1, 1, uint8(PathShare), 1}},
		{Name: "path status: in reserve", Fields: pathStatusFields{0, 2, uint8(PathReserve), 1}},
		{Name: "path status: abandoned", Fields: pathStatusFields{MaxPath, math.MaxUint64, uint8(PathAbandon), 255}},
		{Name: "path status: copies, serial of two bytes", Fields: pathStatusFields{2, 300, uint8(PathCopy), 7}},
		{Name: "draining", Fields: drainingFields{Draining}},
		{Name: "drained", Fields: drainingFields{Drained}},
	}, writtenCloses(), writtenAcks(), writtenMessages())
}

func writtenHellos() []frameVector {
	with := func(change func(h *helloRest)) helloFields {
		h := plainHello
		change(&h)
		return helloFields{1, 1, &h}
	}
	return []frameVector{
		{Name: "hello, default windows only", Fields: helloFields{1, 1, &plainHello}},
		{Name: "hello that also speaks a later version", Fields: helloFields{1, 9, &plainHello}},
		{Name: "hello with capabilities and windows of two channels", Fields: with(func(h *helloRest) {
			h.Capabilities = 1 << 40
			h.Windows = []windowField{{0, 16384}, {16383, math.MaxInt32}}
		})},
		{Name: "hello with as many windows as there may be", Fields: with(func(h *helloRest) {
			for i := range uint16(MaxHelloWindows) {
				h.Windows = append(h.Windows, windowField{100 + i, 1000 * uint32(i)})
			}
		})},
		{Name: "hello with limits", Fields: with(func(h *helloRest) {
			h.Limits = &limitsField{1000, 1 << 20, 0}
		})},
		{Name: "hello with limits of channels, two of which are the same", Fields: with(func(h *helloRest) {
			h.Limits = &limitsField{0, 0, math.MaxInt32}
			h.ChannelLimits = []channelLimitsField{{1, 4096, 0}, {300, 4096, 0}, {16383, 0, 20}}
		})},
		{Name: "hello with one version of typed messages", Fields: with(func(h *helloRest) {
			h.Schemas = []schemaField{{1, 0x89abcdef}}
		})},
		{Name: "hello with limits and as many versions of typed messages as there may be", Fields: with(func(h *helloRest) {
			h.Limits = &limitsField{1000, 1 << 20, 0}
			for i := range uint16(MaxHelloSchemas) {
				h.Schemas = append(h.Schemas, schemaField{MaxSchemaVersion - 2000*i, 0x10001 * uint32(i)})
			}
		})},
	}
}

func writtenCloses() []frameVector {
	return []frameVector{
		{Name: "close without a reason", Fields: closeFields{Code: 0, Text: "", Rows: []rowField{}}},
		{Name: "close, going away", Fields: closeFields{Code: 11, Text: "Tschüß, bis später", Rows: []rowField{}}},
		{Name: "close, mismatch with rows", Fields: closeFields{Code: 4, Text: "", Rows: shooterRows}},
		{Name: "close, mismatch of typed messages", Fields: closeFields{Code: 4, Rows: []rowField{}, Versions: []schemaField{{2, 0x89abcdef}},
			Forms: []formField{{1, 0, [4]uint16{0x1234, 1, 65535, 7}}, {1, 1, [4]uint16{9}}, {16383, 0, [4]uint16{1, 2, 3, 0}}}}},
		{Name: "close, a code of the application", Fields: closeFields{Code: 256, Text: "kicked", Rows: []rowField{}}},
		{Name: "close, largest code and longest text", Fields: closeFields{Code: math.MaxUint32, Text: strings.Repeat("x", MaxTextBytes), Rows: []rowField{}}},
	}
}

func writtenAcks() []frameVector {
	var most [][2]uint64
	for i := range uint64(MaxAckRanges) {
		most = append(most, [2]uint64{3 * i, 3*i + 1})
	}
	return []frameVector{
		{Name: "ack of one packet", Fields: ackFields{Largest: 0, Ranges: [][2]uint64{{0, 0}}}},
		{Name: "ack of 301 packets, held 20 ms", Fields: ackFields{Largest: 0xfffe, Hold: 19968, Ranges: [][2]uint64{{0, 300}}}},
		{Name: "ack with the longest hold of one byte", Fields: ackFields{Largest: 7, Hold: 254 * 128, Ranges: [][2]uint64{{0, 7}}}},
		{Name: "ack with the shortest hold of three bytes", Fields: ackFields{Largest: 7, Hold: 33000, Ranges: [][2]uint64{{0, 7}}}},
		{Name: "ack with the longest hold of all", Fields: ackFields{Largest: 7, Hold: 65535000, Ranges: [][2]uint64{{0, 7}}}},
		{Name: "ack with a clock", Fields: ackFields{Largest: 9, Clock: ptr(uint32(0xfffffe)), Ranges: [][2]uint64{{0, 9}}}},
		{Name: "ack with ECN", Fields: ackFields{Largest: 9, ECN: &ecnField{65535, 3}, Ranges: [][2]uint64{{0, 9}}}},
		{Name: "wide ack", Fields: ackFields{Largest: 0xdeadbeef, Wide: true, Ranges: [][2]uint64{{0, 0}}}},
		{Name: "ack of 10, 8 and 5 to 3", Fields: ackFields{Largest: 10, Ranges: [][2]uint64{{0, 0}, {2, 2}, {5, 7}}}},
		{Name: "ack of another path", Fields: ackFields{Path: ptr(uint8(3)), Largest: 10, Ranges: [][2]uint64{{0, 1}}}},
		{Name: "ack with everything", Fields: ackFields{ptr(uint8(MaxPath)), 0x01020304, true, 40000, ptr(uint32(1)),
			&ecnField{1, 2}, [][2]uint64{{0, 200}, {400, 1000}}}},
		{Name: "ack with as many ranges as there may be", Fields: ackFields{Largest: 500, Ranges: most}},
	}
}

func writtenMessages() []frameVector {
	hello, many := hexBytes("hello"), slices.Repeat([]hexBytes{{0xaa}}, MaxShortRun)
	long := hexBytes(bytes.Repeat([]byte{0x5a}, 130))
	return []frameVector{
		{Name: "run of one reliable message", Fields: runOf(3, ptr(uint32(0)), false, []hexBytes{hello})},
		{Name: "run of three, ids 65535, 65536, 65537, one empty", Fields: runOf(3, ptr(uint32(65535)), false, []hexBytes{hello, {}, {1}})},
		{Name: "run of 63 on channel 128", Fields: runOf(128, ptr(uint32(700)), false, many)},
		{Name: "run with wide ids", Fields: runOf(300, ptr(uint32(0xdeadbeef)), true, []hexBytes{hello, long})},
		{Name: "run of 127 with wide ids", Fields: runOf(0, ptr(uint32(1<<31)), true, slices.Repeat([]hexBytes{{}}, 127))},
		{Name: "run of one unreliable message", Fields: runOf(3, nil, false, []hexBytes{hello})},
		{Name: "run of 63 unreliable messages, last channel", Fields: runOf(16383, nil, false, many)},
		{Name: "first fragment with a length", Fields: fragmentOf(2, 5, false, 0, 3000, false, false, hello)},
		{Name: "first fragment to the end of the packet", Fields: fragmentOf(2, 5, false, 0, 3000, true, false, hello)},
		{Name: "whole message as a fragment", Fields: fragmentOf(2, 5, false, 0, 5, false, true, hello)},
		{Name: "later fragment with a length", Fields: fragmentOf(2, 65535, false, 1100, 0, false, false, long)},
		{Name: "later fragment to the end, wide id, STORED wanted", Fields: fragmentOf(300, 0xdeadbeef, true, 1, 0, true, true, hello)},
		{Name: "run with a key for each message", Fields: with(runOf(4, ptr(uint32(9)), false, []hexBytes{hello, {}}), OptionKeyed, 0, 0, 7, math.MaxUint64)},
		{Name: "run of 127 with keys and wide ids", Fields: with(runOf(4, ptr(uint32(1<<20)), true, slices.Repeat([]hexBytes{{}}, 127)),
			OptionKeyed, 0, 0, slices.Repeat([]keyField{1}, 127)...)},
		{Name: "run that begins a group", Fields: with(runOf(5, ptr(uint32(9)), false, []hexBytes{hello}), OptionGroup, 0, 0)},
		{Name: "run in the middle of a group", Fields: with(runOf(5, ptr(uint32(20000)), false, []hexBytes{hello, hello}), OptionGroup, MaxBack, 0)},
		{Name: "run of droppables", Fields: with(runOf(5, ptr(uint32(9)), false, []hexBytes{hello, {}}), OptionDroppable, 0, 300)},
		{Name: "run of droppables in a group, wide", Fields: with(runOf(5, ptr(uint32(1<<24)), true, []hexBytes{hello}), OptionGroup|OptionDroppable, 3, MaxIndex)},
		{Name: "fragment of a keyed message", Fields: withKey(fragmentOf(4, 9, false, 0, 3000, true, false, hello), 300)},
		{Name: "later fragment of a keyed message", Fields: withKey(fragmentOf(4, 9, true, 1100, 0, false, true, hello), 0)},
		{Name: "fragment in a group", Fields: fragmentWith(fragmentOf(5, 9, false, 0, 3000, true, false, hello), OptionGroup, 2, 0)},
		{Name: "fragment of a droppable in a group, STORED wanted", Fields: fragmentWith(fragmentOf(5, 9, false, 1100, 0, true, true, hello), OptionGroup|OptionDroppable, 128, 5)},
		{Name: "fragment of the largest total", Fields: fragmentOf(1, 1, false, 0, MaxTotal, true, false, hello)},
	}
}

func runOf(channel uint16, first *uint32, wide bool, messages []hexBytes) runFields {
	return runFields{Channel: channel, First: first, Wide: wide, Messages: messages}
}

// with gives a run options, and if it is keyed its keys.
func with(run runFields, options byte, back, index uint64, keys ...keyField) runFields {
	run.optionFields, run.Keys = optionFieldsOf(options, back, index), keys
	return run
}

func fragmentOf(channel uint16, id uint32, wide bool, offset, total int, toEnd, stored bool, bytes hexBytes) fragmentFields {
	return fragmentFields{Channel: channel, ID: id, Wide: wide, Offset: offset, Total: total, ToEnd: toEnd, Stored: stored, Bytes: bytes}
}

func fragmentWith(f fragmentFields, options byte, back, index uint64) fragmentFields {
	f.optionFields = optionFieldsOf(options, back, index)
	return f
}

func withKey(f fragmentFields, key keyField) fragmentFields {
	f.Options, f.Key = OptionKeyed, &key
	return f
}

// readerOnly are legal frames that the library does not write this way.
func readerOnly() []frameVector {
	newer := append(AppendHello(nil, helloFields{1, 2, &plainHello}.hello()), unhex("07 00 8101 03 616263")...)
	limited := append(AppendHello(nil, helloFields{1, 1, &plainHello}.hello()), unhex("02 03 0805 01  01 03 010203  07 00  01 03 090000")...)
	lastLimits := plainHello
	lastLimits.Limits, lastLimits.ChannelLimits = &limitsField{9, 0, 0}, []channelLimitsField{{1, 8, 5}}
	return []frameVector{
		{Name: "hello of a newer wire alone: only its versions can be read", Bytes: unhex("02 05 02 03 ff ff ff"),
			Fields: helloFields{2, 3, nil}},
		{Name: "hello with two unknown items, which are skipped", Bytes: AppendBytes([]byte{TypeHello}, newer),
			Fields: helloFields{1, 2, &plainHello}},
		{Name: "hello with items in any order, of which the last counts", Bytes: AppendBytes([]byte{TypeHello}, limited),
			Fields: helloFields{1, 1, &lastLimits}},
		{Name: "ack whose short hold has the long form", Bytes: unhex("20 0900 ff 0500 01"),
			Fields: ackFields{Largest: 9, Hold: 5000, Ranges: [][2]uint64{{0, 1}}}},
		{Name: "run, long form, short ids", Bytes: unhex("60 03 0500 01 02 6869"),
			Fields: runOf(3, ptr(uint32(5)), false, []hexBytes{[]byte("hi")})},
		{Name: "run, long form, no ids", Bytes: unhex("62 03 02 00 02 6869"),
			Fields: runOf(3, nil, false, []hexBytes{{}, []byte("hi")})},
		{Name: "close with a code of the library that is not assigned", Bytes: unhex("0c 3f 00 00"),
			Fields: closeFields{Code: 63, Text: "", Rows: []rowField{}}},
	}
}

// frameVectors completes the tables above with bytes and names.
func frameVectors(t testing.TB) []frameVector {
	list := slices.Concat(written(), readerOnly())
	for i := range list {
		v := &list[i]
		v.Reader = v.Bytes != nil
		if !v.Reader {
			v.Bytes = v.Fields.appendTo(nil)
		}
		k, ok := kindOf(v.Bytes[0])
		if !ok {
			t.Fatalf("%s: type %#x is unknown", v.Name, v.Bytes[0])
		}
		v.Frame = k.name
	}
	return list
}

// packetVectors are packets of several frames.
func packetVectors() []packetVector {
	list := []packetVector{
		{Name: "empty packet", Bytes: hexBytes{}, Frames: []packetFrame{}},
		{Name: "a tick of a game: ack, unreliable state, reliable chat", Frames: []packetFrame{
			{"ACK", ackFields{Largest: 4711, Hold: 1280, Clock: ptr(uint32(99)), Ranges: [][2]uint64{{0, 40}}}},
			{"RUN", runOf(2, nil, false, []hexBytes{unhex("0102030405")})},
			{"RUN", runOf(300, ptr(uint32(17)), false, []hexBytes{[]byte("gg"), []byte("wp")})}}},
		{Name: "ping, credit and a fragment that ends with the packet", Frames: []packetFrame{
			{"PING", ping{}},
			{"WINDOW", limitFields{300, 131072, false}},
			{"BLOCKED", limitFields{2, 99, true}},
			{"FRAGMENT", fragmentOf(2, 9, false, 1152, 0, true, false, unhex("0000000001"))}}},
		{Name: "close with its ack, padded", Frames: []packetFrame{
			{"ACK", ackFields{Largest: 3, Ranges: [][2]uint64{{0, 3}}}},
			{"CLOSE", closeFields{Code: 15, Text: "bye", Rows: []rowField{}}},
			{"PADDING", padding{3}}}},
	}
	for i := range list {
		for _, f := range list[i].Frames {
			list[i].Bytes = f.Fields.appendTo(list[i].Bytes)
		}
	}
	return list
}

// sameFields compares by JSON, which is what the vectors compare.
func sameFields(a, b fields) bool { return jsonOf(a) == jsonOf(b) }

func jsonOf(v any) string {
	var out strings.Builder
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprintf("%T: %v", v, err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func TestFrames(t *testing.T) {
	for _, v := range frameVectors(t) {
		name, f, n := consumeFrame(v.Bytes)
		if n != len(v.Bytes) || name != v.Frame || !sameFields(f, v.Fields) {
			t.Errorf("%s: %x read as %s of %d bytes: %s\nwant %s", v.Name, v.Bytes, name, n, jsonOf(f), jsonOf(v.Fields))
		}
		if again := f.appendTo(nil); !v.Reader && !bytes.Equal(again, v.Bytes) {
			t.Errorf("%s: %x appends as %x", v.Name, v.Bytes, again)
		}
	}
}

func TestPackets(t *testing.T) {
	for _, v := range packetVectors() {
		got := []packetFrame{}
		if !walk(v.Bytes, func(name string, f fields, _ []byte) { got = append(got, packetFrame{name, f}) }) {
			t.Errorf("%s: %x is malformed", v.Name, v.Bytes)
		}
		if jsonOf(got) != jsonOf(v.Frames) {
			t.Errorf("%s: read %s\nwant %s", v.Name, jsonOf(got), jsonOf(v.Frames))
		}
	}
}
