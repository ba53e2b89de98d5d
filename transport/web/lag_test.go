//go:build !js

package web

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// throughRelay stands between the port and players, who come by the relay's address.
func (s *sharedPort) throughRelay(link simnet.LinkConfig) *simnet.Relay {
	s.t.Helper()
	r, err := simnet.NewRelay(simnet.RelayConfig{Target: s.port.LocalAddr().String(), Up: link, Down: link})
	if err != nil {
		s.t.Fatal(err)
	}
	go func() { _ = r.Run(s.t.Context()) }()
	s.t.Cleanup(func() { _ = r.Close() })
	return r
}

// join opens a data channel or a session by way of addresses, and returns what sends on it and what
// comes.
func (s *sharedPort) join(kind transport.Kind, at ...netip.AddrPort) (send func([]byte) error, got chan []byte) {
	s.t.Helper()
	if kind == transport.KindWebRTC {
		p, offer, err := s.rtc.offer(at)
		if err != nil {
			s.t.Fatal(err)
		}
		c, answer := rtcBrowser(s.t, offer)
		if err := p.answer(answer); err != nil {
			s.t.Fatal(err)
		}
		within(s.t, "the data channel opens", c.open)
		return c.dc.Send, c.got
	}
	hashes, err := s.cert.hashes()
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	session, err := dialSession(ctx, fmt.Sprintf("https://%v%s", at[0], wtPath), [][]byte{hashes[0][:]})
	if err != nil {
		s.t.Fatal(err)
	}
	got = make(chan []byte, 4096)
	go func() {
		for {
			b, err := session.ReceiveDatagram(s.t.Context())
			if err != nil {
				return
			}
			got <- b
		}
	}()
	return session.SendDatagram, got
}

// TestLongLag: a game that sends twice what a path carries, and does not look, is late by a bounded
// time: pion and quic-go hold little, and in front of them old datagrams give way. Without that they
// were two seconds late by WebRTC and one by WebTransport.
func TestLongLag(t *testing.T) {
	for _, kind := range []transport.Kind{transport.KindWebRTC, transport.KindWebTransport} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			s := newSharedPort(t, limits{})
			r := s.throughRelay(simnet.LinkConfig{BitsPerSecond: 400_000, Delay: 20 * time.Millisecond, QueueBytes: 8 << 10})
			send, got := s.join(kind, r.Addr())
			if err := send([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			ds := make([]transport.Datagram, 1)
			eventually(t, "a hello", func() bool { n, _ := s.board.Read(ds); return n == 1 })
			ages := lateness(s.board, ds[0].Path, got)
			middle := ages[len(ages)/2]
			t.Logf("of the last 250 %d came, %v old, one %v", len(ages), middle, ages[len(ages)-1])
			if len(ages) < 80 || middle > 950*time.Millisecond {
				t.Errorf("of the last 250 %d came, %v old, want 80 or more, and 950 ms at most", len(ages), middle)
			}
		})
	}
}

// lateness sends 100 datagrams a second of 1000 bytes for five seconds, and returns how old the
// later ones were when they came, sorted.
func lateness(b *board, to transport.Path, got <-chan []byte) (ages []time.Duration) {
	const many = 500
	start := time.Now()
	go func() {
		out := make([]byte, 1000)
		for i := range uint32(many) {
			binary.BigEndian.PutUint32(out, i)
			binary.BigEndian.PutUint64(out[4:], uint64(time.Since(start)))
			_, _ = b.Write([]transport.Datagram{{Path: to, Bytes: out}})
			time.Sleep(10 * time.Millisecond)
		}
	}()
	over := time.After(8 * time.Second)
	for {
		select {
		case in := <-got:
			if binary.BigEndian.Uint32(in) >= many/2 {
				ages = append(ages, time.Since(start)-time.Duration(binary.BigEndian.Uint64(in[4:])))
			}
		case <-over:
			slices.Sort(ages)
			return append(ages, time.Hour)[:max(len(ages), 1)]
		}
	}
}

// TestIPv6: both kinds go by IPv6, alone and on a port of both families, where the offer has an address
// of each.
func TestIPv6(t *testing.T) {
	for _, address := range []string{"[::1]:0", ":0"} {
		s := newSharedPortAt(t, address, limits{})
		s.echo()
		port := s.port.LocalAddr().Port()
		for _, kind := range []transport.Kind{transport.KindWebRTC, transport.KindWebTransport} {
			send, got := s.join(kind, netip.AddrPortFrom(netip.IPv6Loopback(), port))
			if err := send([]byte("six")); err != nil {
				t.Fatal(err)
			}
			if b := within(t, "an echo", got); string(b) != "six" {
				t.Errorf("%v: %q", kind, b)
			}
		}
	}
	s := newSharedPortAt(t, ":0", limits{})
	s.echo()
	port := s.port.LocalAddr().Port()
	four, six := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port), netip.AddrPortFrom(netip.IPv6Loopback(), port)
	send, got := s.join(transport.KindWebRTC, four, six)
	if err := send([]byte("either")); err != nil {
		t.Fatal(err)
	}
	if b := within(t, "an echo", got); string(b) != "either" {
		t.Errorf("%q", b)
	}
}

// TestRebind: when a NAT gives a player another port, his session goes on at once, by the id of its
// connection.
func TestRebind(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	r := s.throughRelay(simnet.LinkConfig{})
	send, got := s.join(transport.KindWebTransport, r.Addr())
	for round := range 4 {
		said := fmt.Sprintf("after %d other ports", round)
		began := time.Now()
		for came := false; !came; {
			if err := send([]byte(said)); err != nil {
				t.Fatal(err)
			}
			select {
			case b := <-got:
				came = string(b) == said
			case <-time.After(50 * time.Millisecond):
			}
			if time.Since(began) > patience {
				t.Fatalf("nothing comes back %s", said)
			}
		}
		r.Rebind()
	}
	if n := s.board.counts[kindIndex(transport.KindWebTransport)].stats(); n.Opened != 1 || n.Open != 1 {
		t.Errorf("%+v", n)
	}
}

// TestQUICFlow: quic-go holds so many datagrams and no more; one goes in for each packet that may have
// been its oldest; acks are none; and who waits for nothing goes on after a moment.
func TestQUICFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, over := newQUICFlow(), make(chan struct{})
		for range quicHeld {
			f.enter(500, over)
		}
		var in atomic.Int32
		go func() {
			for range 3 {
				f.enter(900, over)
				in.Add(1)
			}
		}()
		synctest.Wait()
		f.sent(60) // an ack
		synctest.Wait()
		if in.Load() != 0 {
			t.Error("it holds more than it may")
		}
		f.sent(500 + quicAround)
		synctest.Wait()
		if in.Load() != 1 {
			t.Errorf("%d went in for one that went out", in.Load())
		}
		time.Sleep(quicStuck + time.Millisecond)
		synctest.Wait()
		if in.Load() != 3 {
			t.Errorf("%d went in when nothing was heard of it", in.Load())
		}
		for range quicHeld {
			f.enter(500, over)
			close(over) // the session has ended: nobody waits
			over = make(chan struct{})
		}
		close(over)
		f.enter(500, over)
	})
}

// TestQUICFlowDrains: the end of a session waits until the last datagram is out and ahead, and for nothing that cannot come.
func TestQUICFlowDrains(t *testing.T) {
	const patience = 4 * quicAhead
	for name, c := range map[string]struct {
		out, over time.Duration // when the datagram goes out, and the session ends; 0: never
		want      time.Duration
	}{
		"it is out at once":          {1, 0, quicAhead + 1},
		"it is out late":             {2 * quicAhead, 0, 3 * quicAhead},
		"it never goes out":          {0, 0, patience},
		"the session ends meanwhile": {0, quicAhead / 2, quicAhead / 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, over := newQUICFlow(), make(chan struct{})
			f.enter(500, over)
			if c.out > 0 {
				time.AfterFunc(c.out, func() { f.sent(500 + quicAround) })
			}
			if c.over > 0 {
				time.AfterFunc(c.over, func() { close(over) })
			}
			began := time.Now()
			if f.drain(patience, over); time.Since(began) != c.want {
				t.Errorf("%s: it lasts for %v, want %v", name, time.Since(began), c.want)
			}
			time.Sleep(patience)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if newQUICFlow().drain(patience, nil); time.Since(began) != 0 {
			t.Error("it waits for nothing")
		}
	})
}

// TestRTCFlow: over paths of many kinds SCTP is allowed what fills the path, and not much more, for a
// minute in which the game always has something to send.
func TestRTCFlow(t *testing.T) {
	const size = 1000
	for _, path := range []struct{ rate, delay int }{ // bytes a millisecond, and milliseconds
		{50, 20}, {50, 100}, {200, 30}, {200, 300}, {1000, 5}, {1000, 50},
	} {
		var f rtcFlow
		var held []int // when each is acknowledged, in ms
		last, least, most := 0, rtcMost, 0
		for now := range 60_000 {
			for len(held) > 0 && held[0] <= now {
				held = held[1:]
			}
			for f.allows(time.Duration(now)*time.Millisecond, uint64(len(held)*size)) {
				f.wrote(time.Duration(now)*time.Millisecond, size)
				last = max(last, now*path.rate) + size
				held = append(held, last/path.rate+path.delay)
			}
			if now > 5000 && !f.probe {
				least, most = min(least, len(held)*size), max(most, len(held)*size)
			}
		}
		fills, bound := path.rate*path.delay, path.rate*(3*path.delay+100)+3*rtcLeast
		t.Logf("%+v: %d to %d bytes, %d fill it", path, least, most, fills)
		if most < fills || most > bound {
			t.Errorf("%+v: it holds %d bytes, want %d to %d", path, most, fills, bound)
		}
	}
	var f rtcFlow
	if f.allows(0, rtcLeast) || !f.allows(0, rtcLeast-1) || f.allows(time.Hour, rtcMost) {
		t.Error("its bounds are others")
	}
	wide := rtcFlow{window: 2 * rtcMost, best: time.Millisecond, found: time.Hour}
	if wide.allows(time.Hour, rtcMost) || !wide.allows(time.Hour, rtcMost-1) {
		t.Error("a wide path has another bound")
	}
	if wide.allows(time.Hour+rtcProbeEach-1, rtcLeast); wide.probe {
		t.Error("the round trip is found anew too soon")
	}
	if wide.allows(time.Hour+rtcProbeEach, rtcLeast) || !wide.probe {
		t.Error("the round trip is not found anew")
	}
}
