package endpoint

import (
	"testing"
	"time"
)

// A relay is two open endpoints with two paths, joined by function calls, for measuring.
type relay struct {
	now  int64
	ends [2]*Endpoint
	buf  []byte
}

func newRelay(t testing.TB, second PathConfig, paths int) *relay {
	t.Helper()
	r := &relay{now: 1_000_000_000, buf: make([]byte, 0, 2048)}
	for i := range r.ends {
		cfg := channels()
		cfg.Seed, cfg.Handshake, cfg.Trusted = uint64(i), true, true
		cfg.Controller = func() Controller { return fixedRate(1 << 30) }
		var err error
		if r.ends[i], err = New(r.now, cfg); err != nil {
			t.Fatal(err)
		}
	}
	for i, e := range r.ends {
		if err := e.HandleHello(r.now, r.ends[1-i].AppendHello(r.now, nil)); err != nil {
			t.Fatal(err)
		}
	}
	for n := 1; n < paths; n++ {
		second.Route = Route(n)
		if _, err := r.ends[0].OpenPath(r.now, second); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			r.exchange()
		}
		if r.ends[1].PathStats(uint8(n)).State != PathActive {
			t.Fatal("the path is not open")
		}
	}
	t.Cleanup(func() {
		r.ends[0].Release()
		r.ends[1].Release()
	})
	return r
}

// exchange carries all packets across, a millisecond later.
func (r *relay) exchange() {
	r.now += int64(time.Millisecond)
	for i, e := range r.ends {
		e.HandleTimeout(r.now)
		for {
			out, ok := nextPacket(e, r.now, func(Header) ([]byte, Envelope) { return r.buf[:0], Envelope{Tail: 50} })
			if !ok {
				break
			}
			r.buf = out.Packet
			r.ends[1-i].HandlePacket(r.now, Incoming{Path: out.Path, From: out.To, Number: out.Number, Frames: out.Packet})
		}
	}
}

// take receives everything at both ends, and says how many messages the second one got.
func (r *relay) take() (n int) {
	for i, e := range r.ends {
		e.Update()
		for _, d := range deliveries {
			for _, ok := e.Receive(chanOf(d)); ok; _, ok = e.Receive(chanOf(d)) {
				n += i
			}
		}
		for _, ok := e.NextEvent(); ok; _, ok = e.NextEvent() {
		}
	}
	return n
}

// TestAllocPaths sends and receives in steady state over one path, over two in turn, and with
// copies on a second and a third one.
func TestAllocPaths(t *testing.T) {
	if raced {
		return
	}
	for name, c := range map[string]struct {
		paths int
		use   PathUse
	}{"one": {1, UseShare}, "two in turn": {2, UseShare}, "a copy": {2, UseCopy}, "two copies": {3, UseCopy}} {
		t.Run(name, func(t *testing.T) {
			r := newRelay(t, PathConfig{Use: c.use}, c.paths)
			small, large := make([]byte, 32), make([]byte, 5000)
			came := 0
			allocatesNothing(t, 3000, 300, &came, func() {
				for _, d := range deliveries {
					for range 20 {
						_, _ = r.ends[0].Send(chanOf(d), small, SendOptions{Receipt: true})
					}
					_, _ = r.ends[0].Send(chanOf(d), large, SendOptions{Receipt: true})
				}
				r.exchange()
				r.exchange()
				came += r.take()
			})
			if came < 300*3*20 {
				t.Errorf("%d messages came", came)
			}
			for n := 1; n < c.paths; n++ {
				st := r.ends[0].PathStats(uint8(n))
				if copies := st.Copies > 0; copies != (c.use == UseCopy) || st.PacketsSent < 1000 {
					t.Errorf("path %d: %d packets, %d copies", n, st.PacketsSent, st.Copies)
				}
			}
		})
	}
}

// BenchmarkPaths is a small message over one path, over two in turn, and over two as copies.
func BenchmarkPaths(b *testing.B) {
	for _, c := range []struct {
		name  string
		paths int
		use   PathUse
	}{{"one", 1, UseShare}, {"two", 2, UseShare}, {"copy", 2, UseCopy}} {
		b.Run(c.name, func(b *testing.B) {
			r := newRelay(b, PathConfig{Use: c.use}, c.paths)
			payload := make([]byte, 32)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				_, _ = r.ends[0].Send(chanOf(ReliableOrdered), payload, SendOptions{})
				if n%500 == 499 {
					r.exchange()
					r.exchange()
					r.take()
				}
			}
		})
	}
}
