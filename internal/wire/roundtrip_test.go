package wire

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomFields returns a frame that the library may write, sometimes at the
// edges of what it may hold.
func randomFields(r *rand.Rand) fields {
	channel := uint16(r.UintN(MaxChannel+1) >> r.UintN(15))
	switch r.UintN(13) {
	case 0:
		return ping{}
	case 1:
		return closeAck{}
	case 2:
		return randomHello(r)
	case 3:
		s := skipFields{channel, r.Uint32(), nil}
		for range 1 + r.IntN(20) {
			s.Lengths = append(s.Lengths, r.IntN(MaxTotal)>>r.UintN(30))
		}
		return s
	case 4:
		return limitFields{channel, r.Uint32(), r.UintN(2) == 0}
	case 5:
		s := storedFields{channel, nil}
		for range 1 + r.IntN(20) {
			s.IDs = append(s.IDs, r.Uint32())
		}
		return s
	case 6:
		return randomClose(r)
	case 7:
		return randomAck(r)
	case 8:
		return randomRun(r, channel)
	case 9:
		return holdFields{r.Uint64() >> r.UintN(64), r.Uint64N(MaxSilenceMillis + 1)}
	case 10:
		return tokenFields{r.Uint64(), r.UintN(2) == 0}
	case 11:
		return pathStatusFields{uint8(r.UintN(MaxPath + 1)), r.Uint64() >> r.UintN(64), uint8(r.UintN(uint(PathCopy) + 1)), uint8(1 + r.UintN(255))}
	}
	return randomFragment(r, channel)
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func randomHello(r *rand.Rand) fields {
	h := helloRest{r.Uint64(), r.Uint64(), r.Uint64() >> r.UintN(64), r.Uint64(), MinDatagramBytes + uint16(r.UintN(60000)),
		uint8(r.Uint32()), uint16(r.Uint32()), r.Uint32N(1 << 31), []windowField{}, nil, nil, nil}
	for range r.IntN(MaxHelloWindows + 1) {
		h.Windows = append(h.Windows, windowField{uint16(r.UintN(MaxChannel + 1)), r.Uint32N(1 << 31)})
	}
	if r.IntN(2) == 0 && len(h.Windows) < 16 {
		h.Limits = &limitsField{r.Uint32N(1 << 31), 1 + r.Uint32N(1<<31-1), r.Uint32N(1 << 31)}
		for range r.IntN(4) {
			h.ChannelLimits = append(h.ChannelLimits, channelLimitsField{uint16(r.UintN(MaxChannel + 1)), r.Uint32N(3), r.Uint32N(1 << 31)})
		}
	}
	if r.IntN(2) == 0 && len(h.Windows) < 16 {
		for v := range uint16(1 + r.IntN(4)) {
			h.Schemas = append(h.Schemas, schemaField{MaxSchemaVersion/(v+1) - uint16(r.UintN(9)), r.Uint32()})
		}
	}
	return helloFields{1, 1 + uint8(r.UintN(255)), &h}
}

func randomClose(r *rand.Rand) fields {
	c := closeFields{Code: r.Uint32() >> r.UintN(32), Text: strings.Repeat("é", r.IntN(MaxTextBytes/2+1)), Rows: []rowField{}}
	if Code(c.Code).Local() {
		c.Code = uint32(CodeApplication)
	}
	for range r.IntN(5) {
		c.Rows = append(c.Rows, rowField{uint16(r.Uint32()), uint8(r.Uint32()), r.Uint32(), r.Uint32()})
	}
	return c
}

func randomAck(r *rand.Rand) fields {
	a := ackFields{Largest: r.Uint32(), Wide: r.UintN(2) == 0, Hold: 128 * r.Int64N(255)}
	if !a.Wide {
		a.Largest &= 0xffff
	}
	if r.UintN(3) == 0 {
		a.Hold = 1000 * (33 + r.Int64N(65536-33))
	}
	if r.UintN(3) == 0 {
		a.Path = ptr(uint8(r.UintN(MaxPath + 1)))
	}
	if r.UintN(3) == 0 {
		a.Clock = ptr(r.Uint32() >> 8)
	}
	if r.UintN(3) == 0 {
		a.ECN = &ecnField{uint16(r.Uint32()), uint16(r.Uint32())}
	}
	at := r.Uint64N(1<<30) >> r.UintN(31)
	a.Ranges = append(a.Ranges, [2]uint64{0, at})
	for range r.IntN(MaxAckRanges) {
		newest := at + 2 + r.Uint64N(1<<30)>>r.UintN(31)
		at = newest + r.Uint64N(1<<30)>>r.UintN(31)
		a.Ranges = append(a.Ranges, [2]uint64{newest, at})
	}
	return a
}

func randomRun(r *rand.Rand, channel uint16) fields {
	run := runFields{Channel: channel}
	switch r.UintN(3) {
	case 0:
		run.First = ptr(r.Uint32() & 0xffff)
	case 1:
		run.First, run.Wide = ptr(r.Uint32()), true
	}
	if run.First != nil && r.UintN(2) == 0 {
		run.optionFields = randomOptions(r)
	}
	for range 1 + r.IntN(run.run().MaxCount()) {
		run.Messages = append(run.Messages, randomBytes(r, r.IntN(300)>>r.UintN(9)))
		if run.Options == OptionKeyed {
			run.Keys = append(run.Keys, keyField(r.Uint64()>>r.UintN(64)))
		}
	}
	return run
}

func randomOptions(r *rand.Rand) optionFields {
	options := [...]byte{OptionKeyed, OptionGroup, OptionDroppable, OptionGroup | OptionDroppable}[r.UintN(4)]
	return optionFieldsOf(options, r.Uint64N(MaxBack+1)>>r.UintN(15), r.Uint64N(MaxIndex+1)>>r.UintN(32))
}

func randomFragment(r *rand.Rand, channel uint16) fields {
	f := fragmentOf(channel, r.Uint32(), r.UintN(2) == 0, r.IntN(2)*(1+r.IntN(MaxTotal)), 0,
		r.UintN(4) == 0, r.UintN(2) == 0, randomBytes(r, 1+r.IntN(300)))
	if !f.Wide {
		f.ID &= 0xffff
	}
	if r.UintN(2) == 0 {
		f.optionFields = randomOptions(r)
	}
	if f.Options == OptionKeyed {
		f.Key = ptr(keyField(r.Uint64() >> r.UintN(64)))
	}
	if f.Offset == 0 {
		f.Total = len(f.Bytes) + r.IntN(MaxTotal-len(f.Bytes)+1)
	}
	return f
}

// TestRandomFrames appends random frames, reads them and appends them again.
func TestRandomFrames(t *testing.T) {
	for seed := range uint64(20_000) {
		want := randomFields(rand.New(rand.NewPCG(seed, 8)))
		b := want.appendTo(nil)
		_, got, n := consumeFrame(b)
		if n != len(b) || !sameFields(got, want) {
			t.Fatalf("seed %d: %x: read %d bytes\n%s\nwant %s", seed, b, n, jsonOf(got), jsonOf(want))
		}
		if again := got.appendTo(nil); !bytes.Equal(again, b) {
			t.Fatalf("seed %d: %x appends as %x", seed, b, again)
		}
	}
}

// TestRandomDamage changes bytes of packets of random frames. Whatever comes of
// it, reading must end, within the packet, and never panic.
func TestRandomDamage(t *testing.T) {
	refused := 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 9))
		var b []byte
		for range 1 + r.IntN(4) {
			b = randomFields(r).appendTo(b)
		}
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		read := 0
		if !walk(bytes.Clone(b[:1+r.IntN(len(b))]), func(_ string, _ fields, frame []byte) { read += len(frame) }) {
			refused++
		}
		if read > len(b) {
			t.Fatalf("seed %d: read %d of %d bytes", seed, read, len(b))
		}
	}
	if refused < 5000 || refused > 19_900 {
		t.Errorf("%d of 20000 damaged packets were refused; the damage is not what it should be", refused)
	}
}

// TestHeaderLen checks the sizes by which packets are planned.
func TestHeaderLen(t *testing.T) {
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 10))
		channel := uint16(r.UintN(MaxChannel+1) >> r.UintN(15))
		run := randomRun(r, channel).(runFields).run()
		if got, want := RunHeaderLen(run), len(AppendRun(nil, run)); got != want {
			t.Fatalf("seed %d: RunHeaderLen(%+v) = %d, want %d", seed, run, got, want)
		}
		f := randomFragment(r, channel).(fragmentFields).fragment()
		total := max(f.Total, f.Offset)
		if most, n := FragmentHeaderLen(f, total), len(AppendFragment(nil, f)); n != most {
			t.Fatalf("seed %d: FragmentHeaderLen(%+v) = %d, want %d", seed, f, most, n)
		}
		if most := FragmentHeaderLen(f, MaxTotal); most < len(AppendFragment(nil, f)) {
			t.Fatalf("seed %d: FragmentHeaderLen(%+v) = %d is too small", seed, f, most)
		}
	}
}

// TestSetRunCount starts runs with one message and corrects the count, as a
// packet that fills up does.
func TestSetRunCount(t *testing.T) {
	for _, run := range []Run{
		{Channel: 3, HasIDs: true, First: 9}, {Channel: 300, HasIDs: true, Wide: true, First: 1 << 20},
		{Channel: 4, HasIDs: true, Options: OptionKeyed, First: 7},
		{Channel: 5, HasIDs: true, Wide: true, Options: OptionGroup | OptionDroppable, First: 7, Back: 200, Index: 1 << 20},
		{Channel: 128}, {Channel: 5, Wide: true}, // wide means nothing without ids
	} {
		for count := 1; count <= run.MaxCount(); count++ {
			want := run
			run.Count, want.Count = 1, count
			b := []byte{0xaa}
			b = AppendRun(b, &run)
			SetRunCount(b[1:], RunHeaderLen(&run), count)
			want.Wide = want.Wide && want.HasIDs
			if got, n := ConsumeRun(b[1:]); got != want || n != len(b)-1 || b[0] != 0xaa {
				t.Fatalf("%+v set to %d messages reads as %+v", run, count, got)
			}
		}
	}
}

// TestHold checks how ACK rounds: never up, and by less than the unit.
func TestHold(t *testing.T) {
	for _, c := range []struct{ hold, want int64 }{
		{-5, 0}, {0, 0}, {HoldUnit - 1, 0}, {HoldUnit, HoldUnit}, {255*HoldUnit - 1, 254 * HoldUnit},
		{255 * HoldUnit, 32_000_000}, {33_999_999, 33_000_000}, {65_535_000_000, 65_535_000_000}, {1 << 62, 65_535_000_000},
	} {
		var got Ack
		ConsumeAck(AppendAck(nil, &Ack{Hold: c.hold, Ranges: []AckRange{{}}}), &got)
		if got.Hold != c.want {
			t.Errorf("hold %d reads as %d, want %d", c.hold, got.Hold, c.want)
		}
	}
}

// TestFarRanges sums gaps that would wrap: ranges must descend, whatever comes.
func TestFarRanges(t *testing.T) {
	for _, far := range []uint64{1<<40 - 1, 1 << 40, 1 << 62, 1<<64 - 1} {
		b := AppendUvarint(unhex("28 0900 00"), far)
		b = append(b, MaxAckRanges-1)
		for range 2 * (MaxAckRanges - 1) {
			b = AppendUvarint(b, far)
		}
		var a Ack
		if n := ConsumeAck(b, &a); (n >= 0) != (far < 1<<40) {
			t.Errorf("ranges %d apart: read %d bytes", far, n)
		}
		for i, x := range a.Ranges {
			if x.Newest > x.Oldest || i > 0 && x.Newest < a.Ranges[i-1].Oldest+2 {
				t.Errorf("ranges %v do not descend", a.Ranges)
			}
		}
	}
}

func TestCodeString(t *testing.T) {
	for code, want := range map[Code]string{
		CodeNone: "closed", CodeInternal: "internal failure", 20: "code 20", CodeForgotten: "server forgot this connection",
		255: "code 255", 256: "application code 256", 1 << 31: "application code 2147483648", 1<<32 - 1: "application code 4294967295",
	} {
		if got := code.String(); got != want {
			t.Errorf("Code(%d) = %q, want %q", uint32(code), got, want)
		}
	}
	for code, local := range map[Code]bool{0: false, 63: false, 64: true, 255: true, 256: false} {
		if code.Local() != local {
			t.Errorf("Code(%d).Local() = %v", uint32(code), !local)
		}
	}
}
