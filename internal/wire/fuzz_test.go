package wire

import (
	"bytes"
	"reflect"
	"testing"
)

// seed adds the bytes of all vectors of a frame, well-formed and malformed;
// of all frames if the range of types is.
func seed(f *testing.F, first, last byte) {
	for _, v := range frameVectors(f) {
		if v.Bytes[0] >= first && v.Bytes[0] <= last {
			f.Add([]byte(v.Bytes))
		}
	}
	for _, v := range malformed() {
		if v.Bytes[0] >= first && v.Bytes[0] <= last {
			f.Add([]byte(v.Bytes))
		}
	}
}

// checkExtent checks that what was read as n bytes of b lies within b, is all
// there without what follows, and is cut short without its last byte.
func checkExtent(t *testing.T, b []byte, n int, read func(b []byte) int) {
	if n == 0 || n > len(b) {
		t.Fatalf("%x: read %d of %d bytes", b, n, len(b))
	}
	if n < 0 {
		return
	}
	if got := read(bytes.Clone(b[:n])); got != n {
		t.Errorf("%x reads as %d bytes without what follows it, else as %d", b[:n], got, n)
	}
	if got := read(bytes.Clone(b[:n-1])); got >= n {
		t.Errorf("%x reads as %d bytes, but has one less", b[:n-1], got)
	}
}

// FuzzConsumeFrames reads whole packets as an endpoint does. Frames whose
// encoding is the only one must come out as they were.
func FuzzConsumeFrames(f *testing.F) {
	seed(f, 0, 255)
	for _, v := range packetVectors() {
		f.Add([]byte(v.Bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		read := 0
		ok := walk(b, func(name string, fields fields, frame []byte) {
			read += len(frame)
			if again := fields.appendTo(nil); oneForm(name, frame) && !bytes.Equal(again, frame) {
				t.Errorf("%s %x appends as %x", name, frame, again)
			}
		})
		if ok && read != len(b) {
			t.Errorf("read %d of %d bytes", read, len(b))
		}
	})
}

// oneForm reports whether frame is the only encoding of its fields here. HELLO
// may have items, ACK a short hold in the long form, RUN may be long without
// need, and CLOSE a text that is not UTF-8 and rows whose flags are not zero;
// they have targets of their own.
func oneForm(name string, frame []byte) bool {
	return name != "HELLO" && name != "ACK" && name != "CLOSE" && (name != "RUN" || shortestRun(frame))
}

// shortestRun reports whether the library writes a run like this one.
func shortestRun(frame []byte) bool {
	return frame[0] >= TypeRunIDs || frame[0]&^runOptions == TypeRunLong|runWide || frame[0] == TypeRunLong|runOptions
}

func FuzzAck(f *testing.F) {
	seed(f, TypeAck, TypeFragment-1)
	var a Ack
	read := func(b []byte) int { return ConsumeAck(b, &a) }
	f.Fuzz(func(t *testing.T, b []byte) {
		checkExtent(t, b, read(b), read)
		n := read(b)
		if n < 0 || b[0]&^0x1f != TypeAck {
			return
		}
		if len(a.Ranges) == 0 || len(a.Ranges) > MaxAckRanges || a.Ranges[0].Newest != 0 {
			t.Fatalf("%x: ranges %v", b, a.Ranges)
		}
		for i, x := range a.Ranges {
			if x.Newest > x.Oldest || i > 0 && x.Newest < a.Ranges[i-1].Oldest+2 {
				t.Errorf("%x: ranges %v do not descend", b, a.Ranges)
			}
		}
		again := AppendAck(nil, &a)
		if len(again) > n || len(again) == n && !bytes.Equal(again, b[:n]) || len(again) < n && a.Hold > 32_000_000 {
			t.Errorf("%x appends as %x", b[:n], again)
		}
	})
}

func FuzzHello(f *testing.F) {
	for _, v := range frameVectors(f) {
		if v.Frame == "HELLO" {
			f.Add([]byte(v.Bytes[2:]))
		}
	}
	for _, v := range malformedHellos() {
		f.Add([]byte(v.Bytes[min(2, len(v.Bytes)):]))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		h, ok := ConsumeHello(body)
		if !ok {
			return
		}
		if len(body) > MaxHelloBytes || len(h.Windows) > MaxHelloWindows {
			t.Errorf("%x: %d bytes, %d windows", body, len(body), len(h.Windows))
		}
		if h.MinVersion > Version || h.MaxVersion < Version {
			return
		}
		again := AppendHello(nil, &h)
		head := h
		head.Limits, head.ChannelLimits, head.Schemas = Limits{}, nil, Schemas{}
		if !bytes.HasPrefix(body, AppendHello(nil, &head)) { // items may follow, in any order
			t.Errorf("%x appends as %x", body, again)
		}
		if len(again) > MaxHelloBytes { // each channel of an item may need one of its own
			return
		}
		if back, ok := ConsumeHello(again); !ok || !reflect.DeepEqual(back, h) {
			t.Errorf("%x appends as %x", body, again)
		}
	})
}

func FuzzClose(f *testing.F) {
	seed(f, TypeClose, TypeClose)
	read := func(b []byte) int { _, n := ConsumeClose(b); return n }
	f.Fuzz(func(t *testing.T, b []byte) {
		c, n := ConsumeClose(b)
		checkExtent(t, b, n, read)
		if n < 0 || b[0] != TypeClose {
			return
		}
		if len(c.Text) > MaxTextBytes || len(c.Rows)%ChannelRowSize != 0 || c.Code.Local() || c.Code.String() == "" {
			t.Errorf("%x: code %d, %d bytes of text, %d of rows", b, c.Code, len(c.Text), len(c.Rows))
		}
		if again := AppendClose(nil, &c); !bytes.Equal(again, b[:n]) {
			t.Errorf("%x appends as %x", b[:n], again)
		}
	})
}

func FuzzRun(f *testing.F) {
	seed(f, TypeRunLong, 255)
	read := func(b []byte) int { _, n := ConsumeRun(b); return n }
	f.Fuzz(func(t *testing.T, b []byte) {
		run, n := ConsumeRun(b)
		checkExtent(t, b, n, read)
		if n < 0 {
			return
		}
		if run.Count < 1 || run.Count > MaxRun || run.Channel > MaxChannel || run.Wide && !run.HasIDs {
			t.Errorf("%x: %+v", b[:n], run)
		}
		if again := AppendRun(nil, &run); shortestRun(b) && !bytes.Equal(again, b[:n]) {
			t.Errorf("%x appends as %x", b[:n], again)
		}
	})
}

func FuzzFragment(f *testing.F) {
	seed(f, TypeFragment, TypeRunLong-1)
	f.Fuzz(func(t *testing.T, b []byte) {
		fragment, p, n := ConsumeFragment(b)
		if n < 0 {
			return
		}
		if n > len(b) || len(p) == 0 || !bytes.Equal(p, b[n-len(p):n]) || fragment.Channel > MaxChannel {
			t.Fatalf("%x: %+v, %d bytes of %x", b, fragment, n, p)
		}
		if fragment.Length < 0 && n != len(b) || fragment.Length >= 0 && fragment.Length != len(p) {
			t.Errorf("%x: %+v with %d bytes", b, fragment, len(p))
		}
		if (fragment.Offset == 0) != (fragment.Total > 0) || fragment.Total > 0 && len(p) > fragment.Total {
			t.Errorf("%x: %+v", b, fragment)
		}
		again := append(AppendFragment(nil, &fragment), p...)
		if b[0]&^0x1f == TypeFragment && !bytes.Equal(again, b[:n]) {
			t.Errorf("%x appends as %x", b[:n], again)
		}
	})
}
