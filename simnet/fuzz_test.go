package simnet

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// A script turns fuzz input into choices; behind its end all choices are zero.
type script struct{ b []byte }

func (s *script) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

func (s *script) number() int64 {
	var b [8]byte
	n := copy(b[:min(int(s.byte()%9), 8)], s.b)
	s.b = s.b[n:]
	return int64(binary.LittleEndian.Uint64(b[:]))
}

func (s *script) probability() float64 { return float64(s.byte()) / 250 } // some above 1

func (s *script) config() LinkConfig {
	c := LinkConfig{}
	has := s.byte()
	if has&1 != 0 {
		c.Delay, c.Jitter, c.JitterShape = time.Duration(s.number()), time.Duration(s.number()), JitterShape(s.byte()%3)
		c.JitterReorders = s.byte()%2 == 1
	}
	if has&2 != 0 {
		c.Loss, c.LossBurst = s.probability(), float64(s.byte())/4
	}
	if has&4 != 0 {
		c.Duplicate, c.Reorder, c.ReorderBy = s.probability(), s.probability(), time.Duration(s.number())
	}
	if has&8 != 0 {
		c.Corrupt, c.CorruptBits = s.probability(), int(s.number())
	}
	if has&16 != 0 {
		c.BitsPerSecond = s.number()
	}
	if has&32 != 0 {
		c.QueuePackets, c.QueueBytes = int(int8(s.byte())), int(s.number())
		c.OverheadBytes, c.MTU, c.MaxBytes = int(int8(s.byte())), int(s.number()), int(s.number())
	}
	if has&64 != 0 {
		c.Trace, _ = ReadTrace(bytes.NewReader([]byte{'0' + s.byte()%3, '\n', '3' + s.byte()%7, '\n'}))
		c.TraceOffset = time.Duration(s.number())
	}
	return c
}

// FuzzLink runs two links through one script of operations, configurations
// included. Both have to do the same, to account for every datagram, to stay
// within their memory, and to come to an end.
func FuzzLink(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 10, 0, 20, 1, 5, 2, 0, 3, 4})
	f.Add([]byte{0xff, 4, 0, 0, 0, 1, 4, 0, 0, 0, 1, 1, 1, 10, 20, 10, 10, 3, 1, 1, 1, 10, 1, 3, 0, 9, 3, 1, 2})
	f.Add([]byte{16, 3, 0, 0, 1, 0, 200, 0, 100, 0, 50, 2, 3, 0, 0, 1, 3, 16, 2, 0, 1, 0, 9, 1, 3, 1, 1, 1})
	f.Add([]byte{64, 1, 1, 1, 5, 0, 200, 0, 200, 0, 200, 2, 3, 0, 0, 9, 4, 0, 3, 5, 64, 2, 2, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &script{b}
		cfg := s.config()
		l, err := NewLink(0, cfg, 1)
		if err != nil {
			if cfg.Validate() == nil {
				t.Fatalf("a valid configuration was refused: %v", err)
			}
			return
		}
		twin := mustLink(t, cfg, 1)
		now := int64(0)
		payload := bytes.Repeat([]byte{0x55}, 1<<16)
		for len(s.b) > 0 {
			switch s.byte() % 6 {
			case 0:
				n := int(s.byte()) * int(s.byte())
				l.Send(now, payload[:n])
				twin.Send(now, payload[:n])
			case 1:
				receiveBoth(t, l, twin, now)
			case 2:
				now += min(s.number()&(1<<62-1), int64(time.Minute))
			case 3:
				next := s.config()
				if e1, e2 := l.SetConfig(now, next), twin.SetConfig(now, next); (e1 == nil) != (e2 == nil) {
					t.Fatal(e1, e2)
				}
			case 4:
				l.Cut()
				twin.Cut()
			case 5:
				l.Heal()
				twin.Heal()
			}
			checkBalance(t, l.Stats())
			// A smaller MaxBytes does not throw out what is inside already.
			if l.held > 1<<30 {
				t.Fatalf("holds %d bytes", l.held)
			}
		}
		for at, ok := l.Next(); ok; at, ok = l.Next() {
			receiveBoth(t, l, twin, at)
			if next, ok := l.Next(); ok && next <= max(at, l.now) {
				t.Fatalf("at %d Next stays at %d", at, next)
			}
		}
		checkBalance(t, l.Stats())
		if l.held != 0 || l.neck.bytes != 0 {
			t.Fatalf("empty, but holds %d bytes, %d in the queue", l.held, l.neck.bytes)
		}
	})
}

func receiveBoth(t *testing.T, l, twin *Link, now int64) {
	t.Helper()
	for {
		a, ok := l.Receive(now)
		b, same := twin.Receive(now)
		if ok != same || !bytes.Equal(a, b) {
			t.Fatalf("two links with one seed differ at %d", now)
		}
		if !ok {
			return
		}
	}
}
