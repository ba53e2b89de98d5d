package wire

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// A malformedVector is a packet of one frame that every reader refuses.
type malformedVector struct {
	Name   string   `json:"name"`
	Bytes  hexBytes `json:"bytes"`
	Reason string   `json:"reason"`
}

// malformed are frames that must be refused, one rule each: but for the part that
// the reason names, each is well-formed.
func malformed() []malformedVector {
	bad := func(name, bytes, reason string) malformedVector {
		return malformedVector{name, unhex(bytes), reason}
	}
	return slices.Concat(malformedControls(bad), malformedStates(bad), malformedRepairs(bad), malformedCloses(bad),
		malformedHellos(), malformedAcks(bad), malformedMessages(bad))
}

func malformedControls(bad func(name, bytes, reason string) malformedVector) []malformedVector {
	return []malformedVector{
		bad("unknown type 10", "10", "no such frame"),
		bad("unknown type 1F", "1f", "no such frame"),
		bad("padding with a byte that is not zero", "00 00 01 00", "the rest of the packet must be zero"),
		bad("a frame behind padding", "00 01", "the rest of the packet must be zero"),

		bad("skip of nothing", "03 01 00000000 00", "count is 1 to 4096"),
		bad("skip with too few lengths", "03 01 00000000 02 05", "cut short"),
		bad("skip on a channel too large", "03 808001 00000000 01 05", "channel is at most 16383"),
		bad("skip with a length that is not shortest", "03 01 00000000 01 8500", "LEB128 not in shortest form"),
		bad("skip with an id cut", "03 01 000000", "cut short"),

		bad("window cut", "04 01 000001", "cut short"),
		bad("window on a channel too large", "04 808001 00000100", "channel is at most 16383"),
		bad("window on a channel that is not shortest", "04 8100 00000100", "LEB128 not in shortest form"),
		bad("blocked cut", "05 01", "cut short"),

		bad("stored of nothing", "06 02 00", "count is 1 to 4096"),
		bad("stored with an id cut", "06 02 02 01000000 020000", "cut short"),
		bad("stored with a count of 2^62", "06 02 808080808080808040 00000000", "count is 1 to 4096"),

		bad("hold without a time", "0b 01", "cut short"),
		bad("hold of more than HELLO can grant", "0b 01 99f89f1f", "at most 65535000 milliseconds"),
		bad("hold with a serial that is not shortest", "0b 8100 00", "LEB128 not in shortest form"),
	}
}

func malformedStates(bad func(name, bytes, reason string) malformedVector) []malformedVector {
	return []malformedVector{
		bad("path challenge cut", "08 01020304050607", "cut short"),
		bad("path response without flags", "09 0102030405060708", "cut short"),
		bad("path response that allows no seal", "09 0102030405060708 01", "flags are reserved"),
		bad("path status cut", "0a 01 01 00", "cut short"),
		bad("path status of path 8", "0a 08 01 00 01", "path is at most 7"),
		bad("path status with a state too high", "0a 01 01 04 01", "state is at most 3"),
		bad("path status with no weight", "0a 01 01 00 00", "weight is at least 1"),
		bad("path status with a serial that is not shortest", "0a 01 8100 00 01", "LEB128 not in shortest form"),

		bad("draining without its state", "0e", "cut short"),
		bad("draining of state 0", "0e 00", "state is 1 or 2"),
		bad("draining of state 3", "0e 03", "state is 1 or 2"),
	}
}

func malformedRepairs(bad func(name, bytes, reason string) malformedVector) []malformedVector {
	return []malformedVector{
		bad("repair without bytes", "07 03 0000 01 01 00", "at least one byte"),
		bad("repair to the end without bytes", "07 03 0000 81 01", "at least one byte"),
		bad("repair of no message", "07 03 0000 01 00 01 00", "bit 0 of the mask is set"),
		bad("repair without its newest message", "07 03 0000 01 06 01 00", "bit 0 of the mask is set"),
		bad("repair of a mask too wide", "07 03 0000 01 8180808010 01 00", "the mask has 32 bits"),
		bad("repair with its bytes cut", "07 03 0000 01 01 02 00", "cut short"),
		bad("repair of 513 bytes", "07 03 0000 01 01 8104"+strings.Repeat("00", MaxSymbol+1), "a symbol has at most 512 bytes"),
		bad("repair of 513 bytes to the end", "07 03 0000 81 01"+strings.Repeat("00", MaxSymbol+1), "a symbol has at most 512 bytes"),
		bad("repair of a channel too large", "07 808001 0000 01 01 01 00", "channel is at most 16383"),
		bad("rebuilt of no message", "0f 03 0000 00", "bit 0 of the mask is set"),
		bad("rebuilt of a mask too wide", "0f 03 0000 8180808010", "the mask has 32 bits"),
		bad("rebuilt without a mask", "0f 03 0000", "cut short"),
	}
}

func malformedCloses(bad func(name, bytes, reason string) malformedVector) []malformedVector {
	return []malformedVector{
		bad("close without its rows", "0c 00 00", "cut short"),
		bad("close with a text too long", "0c 00 c901"+strings.Repeat("78", 201)+"00", "text is at most 200 bytes"),
		bad("close with its text cut", "0c 00 03 6162", "cut short"),
		bad("close with a row cut", "0c 04 00 01 0100010000040000 000000", "cut short"),
		bad("close with 2^60 rows", "0c 04 00 808080808080808010", "cut short"),
		bad("close with a code too large", "0c 8080808010 00 00", "code has 32 bits"),
		bad("close with the first local code", "0c 40 00 00", "codes 64 to 255 are never on the wire"),
		bad("close with the last local code", "0c ff01 00 00", "codes 64 to 255 are never on the wire"),
	}
}

// nineVersions is a HELLO with one version of typed messages too many.
func nineVersions(plain []byte) []byte {
	b := append(bytes.Clone(plain), 3, 45)
	for v := byte(9); v > 0; v-- {
		b = append(b, v, 0, 0, 0, 0)
	}
	return b
}

func malformedHellos() []malformedVector {
	body := func(h helloFields) []byte { return AppendHello(nil, h.hello()) }
	plain := body(helloFields{1, 1, &plainHello})
	windows := func(list ...windowField) []byte {
		h := plainHello
		h.Windows = list
		return body(helloFields{1, 1, &h})
	}
	bad := func(name string, body []byte, reason string) malformedVector {
		return malformedVector{name, AppendBytes([]byte{TypeHello}, body), reason}
	}
	tooLong := append(append(bytes.Clone(plain), 7, 0x80|byte((MaxHelloBytes-len(plain)-2)&0x7f), 1),
		make([]byte, MaxHelloBytes-len(plain)-2)...)
	huge := plainHello
	huge.DefaultWindow = 1 << 31
	narrow := plainHello
	narrow.LargestDatagram = MinDatagramBytes - 1
	return []malformedVector{
		{"hello longer than its packet", append([]byte{TypeHello, byte(len(plain) + 1)}, plain...), "cut short"},
		{"hello without a length", []byte{TypeHello}, "cut short"},
		bad("hello without versions", nil, "cut short"),
		bad("hello with version 0", append([]byte{0}, plain[1:]...), "versions start at 1"),
		bad("hello with its versions swapped", append([]byte{2, 1}, plain[2:]...), "min version is at most max version"),
		bad("hello with its head cut", plain[:20], "cut short"),
		bad("hello without a count of windows", plain[:len(plain)-1], "cut short"),
		bad("hello with a window missing", append(bytes.Clone(plain[:len(plain)-1]), 1), "cut short"),
		bad("hello with an item cut", append(bytes.Clone(plain), 7, 3, 0, 0), "cut short"),
		bad("hello with a limit missing", append(bytes.Clone(plain), 1, 2, 5, 5), "limits are three"),
		bad("hello with a limit too many", append(bytes.Clone(plain), 1, 4, 5, 5, 5, 5), "limits are three"),
		bad("hello with a limit of 2^31", append(bytes.Clone(plain), 1, 7, 0x80, 0x80, 0x80, 0x80, 8, 0, 0), "a limit is below 2^31"),
		bad("hello with limits of no channel", append(bytes.Clone(plain), 2, 2, 5, 5), "at least one channel"),
		bad("hello with limits of a channel too large", append(bytes.Clone(plain), 2, 5, 5, 5, 0x80, 0x80, 1), "channel is at most 16383"),
		bad("hello with no version of typed messages", append(bytes.Clone(plain), 3, 0), "at least one version"),
		bad("hello with a version cut", append(bytes.Clone(plain), 3, 4, 1, 9, 9, 9), "cut short"),
		bad("hello with version 0 of typed messages", append(bytes.Clone(plain), 3, 5, 0, 9, 9, 9, 9), "versions start at 1"),
		bad("hello with version 16384 of typed messages", append(bytes.Clone(plain), 3, 7, 0x80, 0x80, 1, 9, 9, 9, 9), "versions are at most 16383"),
		bad("hello with a version twice", append(bytes.Clone(plain), 3, 10, 2, 9, 9, 9, 9, 2, 9, 9, 9, 9), "versions descend"),
		bad("hello with versions that ascend", append(bytes.Clone(plain), 3, 10, 1, 9, 9, 9, 9, 2, 9, 9, 9, 9), "versions descend"),
		bad("hello with nine versions", nineVersions(plain), "at most 8 versions"),
		bad("hello of 257 bytes", tooLong, "body is at most 256 bytes"),
		bad("hello with 25 windows", windows(make([]windowField, MaxHelloWindows+1)...), "at most 24 windows"),
		bad("hello with a window of 2^31", windows(windowField{1, 1 << 31}), "a window is below 2^31"),
		bad("hello with a default window of 2^31", body(helloFields{1, 1, &huge}), "a window is below 2^31"),
		bad("hello with a largest datagram of 575", body(helloFields{1, 1, &narrow}), "a largest datagram is at least 576"),
		bad("hello with a window of a channel too large", windows(windowField{1 << 14, 1}), "channel is at most 16383"),
	}
}

func malformedAcks(bad func(name, bytes, reason string) malformedVector) []malformedVector {
	return []malformedVector{
		bad("ack without largest", "20", "cut short"),
		bad("ack without hold", "20 0900", "cut short"),
		bad("ack with a long hold cut", "20 0900 ff 05", "cut short"),
		bad("ack without a range", "20 0900 00", "cut short"),
		bad("ack with its path only", "30 03", "cut short"),
		bad("ack of path 8", "30 08 0900 00 00", "a path is at most 7"),
		bad("wide ack with a short largest", "24 0900 00", "cut short"),
		bad("ack with its clock cut", "21 0900 00 0102", "cut short"),
		bad("ack with ECN cut", "22 0900 00 0100 00", "cut short"),
		bad("ack with a range that is not shortest", "20 0900 00 8100", "LEB128 not in shortest form"),
		bad("ack with a count of no further ranges", "28 0900 00 00 00", "count is 1 to 31"),
		bad("ack with a count of 32 further ranges", "28 f401 00 00 20"+strings.Repeat("0000", 32), "count is 1 to 31"),
		bad("ack with a range missing", "28 0900 00 00 02 0000", "cut short"),
		bad("ack with a gap without its range", "28 0900 00 00 01 00", "cut short"),
		bad("ack with a first range of 2^40", "20 0900 00 808080808020", "ranges and gaps are below 2^40"),
		bad("ack with a gap of 2^40", "28 0900 00 00 01 808080808020 00", "ranges and gaps are below 2^40"),
		bad("ack with a further range of 2^40", "28 0900 00 00 01 00 808080808020", "ranges and gaps are below 2^40"),
		bad("ack with a range of 64 bits and more", "20 0900 00 80808080808080808002", "LEB128 beyond 64 bits"),
	}
}

func malformedMessages(bad func(name, bytes, reason string) malformedVector) []malformedVector {
	return []malformedVector{
		bad("run with ids of no message", "80 03 0000", "count is 1 to 63"),
		bad("run without ids of no message", "c0 03", "count is 1 to 63"),
		bad("long run of no message", "60 03 0000 00", "count is 1 to 4096"),
		bad("long run with no option in its options", "64 03 0000 00 01 00", "options say at least one"),
		bad("long run with option 8", "64 03 0000 08 01 00", "no such option"),
		bad("long run with keys in a group", "64 03 0000 03 00 01 07 00", "no message has a key and a group"),
		bad("long run of keyed droppables", "64 03 0000 05 00 01 07 00", "no message has a key and is droppable"),
		bad("long run with options but no ids", "66 03 04 00 01 00", "options need ids"),
		bad("long run with its options cut", "64 03 0000", "cut short"),
		bad("long run with a group that began too far back", "64 03 0000 02 818001 01 00", "back is at most 2^14"),
		bad("long run with an index of 2^32", "64 03 0000 04 8080808010 01 00", "index is below 2^32"),
		bad("keyed run without its key", "64 03 0000 01 01", "cut short"),
		bad("keyed run with the key that is not shortest", "64 03 0000 01 01 8100 00", "LEB128 not in shortest form"),
		bad("long run with flag 8", "68 03 0000 01 00", "no such flag"),
		bad("long run with flag 16", "70 03 0000 01 00", "no such flag"),
		bad("long run, wide ids but none", "63 03 01000101 01 00", "wide needs ids"),
		bad("run with its id cut", "81 03 00", "cut short"),
		bad("run with a message missing", "82 03 0000 01 aa", "cut short"),
		bad("run with a message longer than the packet", "81 03 0000 03 aabb", "cut short"),
		bad("run with a message of 2^63 bytes", "c1 03 80808080808080808001", "cut short"),
		bad("run with a length that is not shortest", "c1 03 8100 aa", "LEB128 not in shortest form"),
		bad("run on a channel too large", "c1 808001 01 aa", "channel is at most 16383"),

		bad("fragment with no option in its options", "45 02 0500 00 0a 01 aa", "options say at least one"),
		bad("fragment with option 16", "45 02 0500 10 0a 01 aa", "no such option"),
		bad("fragment with a key in a group", "45 02 0500 03 07 00 0a 01 aa", "no message has a key and a group"),
		bad("fragment with its key cut", "45 02 0500 01 80", "cut short"),
		bad("fragment with a group that began too far back", "45 02 0500 02 818001 0a 01 aa", "back is at most 2^14"),
		bad("fragment with an index of 2^32", "45 02 0500 04 8080808010 0a 01 aa", "index is below 2^32"),
		bad("fragment with its id cut", "41 02 05", "cut short"),
		bad("fragment without bytes", "41 02 0500 0a 00", "a fragment has at least one byte"),
		bad("fragment to the end without bytes", "49 02 0500 0a", "a fragment has at least one byte"),
		bad("fragment longer than the packet", "41 02 0500 0a 03 aabb", "cut short"),
		bad("later fragment at offset 0", "40 02 0500 00 01 aa", "offset 0 is said by flag 1"),
		bad("first fragment with a total of 0", "41 02 0500 00 01 aa", "a byte beyond the total"),
		bad("first fragment longer than its total", "41 02 0500 01 02 aabb", "a byte beyond the total"),
		bad("first fragment to the end longer than its total", "49 02 0500 01 aabb", "a byte beyond the total"),
		bad("first fragment with a total above 2^30", "41 02 0500 8180808004 01 aa", "total is at most 2^30"),
		bad("later fragment with an offset of 2^63", "40 02 0500 80808080808080808001 01 aa", "offset is at most 2^30"),
		bad("fragment on a channel too large", "41 808001 0500 0a 01 aa", "channel is at most 16383"),
	}
}

func TestMalformed(t *testing.T) {
	seen := map[string]string{}
	for _, v := range malformed() {
		if walk(v.Bytes, func(string, fields, []byte) {}) {
			t.Errorf("%s: %x is accepted, but: %s", v.Name, v.Bytes, v.Reason)
		}
		if other := seen[string(v.Bytes)]; other != "" {
			t.Errorf("%s has the bytes of %s", v.Name, other)
		}
		seen[string(v.Bytes)] = v.Name
	}
}

// TestCount reads the largest count of each list, then one more: both with all
// that the count promises.
func TestCount(t *testing.T) {
	for _, c := range []struct {
		head string
		size int
	}{{"03 01 00000000", 1}, {"06 02", 4}, {"60 03 0000", 1}, {"61 03 00000000", 1}, {"62 03", 1}} {
		for _, count := range []int{MaxRun, MaxRun + 1} {
			b := append(AppendUvarint(unhex(c.head), uint64(count)), make([]byte, c.size*count)...)
			_, _, n := consumeFrame(b)
			if count <= MaxRun && n != len(b) || count > MaxRun && n >= 0 {
				t.Errorf("%s with a count of %d and %d bytes: read %d", c.head, count, len(b), n)
			}
		}
	}
}

// TestCutShort cuts every frame at every byte: what is left is malformed, or a
// shorter frame if the frame goes to the end of its packet.
func TestCutShort(t *testing.T) {
	for _, v := range frameVectors(t) {
		toEnd := goesToEnd(v)
		for n := 1; n < len(v.Bytes); n++ {
			cut := bytes.Clone(v.Bytes[:n]) // no capacity behind it to read by mistake
			_, _, got := consumeFrame(cut)
			if got >= 0 && (!toEnd || got != n) {
				t.Errorf("%s cut to %d of %d bytes: read %d", v.Name, n, len(v.Bytes), got)
			}
		}
	}
}

// goesToEnd reports whether a frame is all that is left of its packet.
func goesToEnd(v frameVector) bool {
	switch f := v.Fields.(type) {
	case fragmentFields:
		return f.ToEnd
	case repairFields:
		return f.ToEnd
	}
	return v.Frame == "PADDING"
}

// TestNothingBehind puts other bytes behind every frame, which must not change
// how it reads: neither inside the slice nor in the capacity behind it.
func TestNothingBehind(t *testing.T) {
	for _, v := range frameVectors(t) {
		whole := append(bytes.Clone(v.Bytes), 0xee, 0xee, 0xee)
		_, inCap, n := consumeFrame(whole[:len(v.Bytes)])
		if n != len(v.Bytes) || !sameFields(inCap, v.Fields) {
			t.Errorf("%s: bytes in the capacity change it to %d bytes %s", v.Name, n, jsonOf(inCap))
		}
		if goesToEnd(v) {
			continue
		}
		_, inLen, n := consumeFrame(whole)
		if n != len(v.Bytes) || !sameFields(inLen, v.Fields) {
			t.Errorf("%s: bytes behind it change it to %d bytes %s", v.Name, n, jsonOf(inLen))
		}
	}
}

// TestEmpty hands nothing at all to every reader.
func TestEmpty(t *testing.T) {
	_, _, _, skip := ConsumeSkip(nil)
	_, _, limit := ConsumeLimit(nil)
	_, _, stored := ConsumeStored(nil)
	_, _, repair := ConsumeRepair(nil)
	_, _, _, rebuilt := ConsumeRebuilt(nil)
	_, _, hold := ConsumeHold(nil)
	_, challenge := ConsumePathChallenge(nil)
	_, response := ConsumePathResponse(nil)
	_, status := ConsumePathStatus(nil)
	_, draining := ConsumeDraining(nil)
	_, closed := ConsumeClose(nil)
	_, run := ConsumeRun(nil)
	_, _, fragment := ConsumeFragment(nil)
	_, uvarint := ConsumeUvarint(nil)
	_, bytes := ConsumeBytes(nil)
	for i, n := range []int{skip, limit, stored, repair, rebuilt, hold, challenge, response, status, draining, closed, run, fragment, uvarint, bytes, ConsumeAck(nil, &Ack{})} {
		if n >= 0 {
			t.Errorf("reader %d read %d bytes of none", i, n)
		}
	}
	if _, ok := ConsumeHello(nil); ok {
		t.Error("an empty HELLO is accepted")
	}
}

// TestTake asks a reader for sizes that no frame should lead to.
func TestTake(t *testing.T) {
	const most = int(^uint(0) >> 1)
	for _, size := range []int{-1, -most - 1, 4, most - 2, most} {
		r := Reader{b: []byte{1, 2, 3}}
		r.U8()
		if p := r.Take(size); p != nil || !r.bad || r.n() != -1 {
			t.Errorf("take(%d) of 2 bytes = %x, bad %v", size, p, r.bad)
		}
		if r.U8() != 0 || r.U16() != 0 || r.U24() != 0 || r.U32() != 0 || r.U64() != 0 || r.Uvarint() != 0 || r.Bytes() != nil {
			t.Error("a reader reads on after malformed bytes")
		}
	}
}
