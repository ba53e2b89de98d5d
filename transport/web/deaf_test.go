//go:build !js

package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// TestDeafServer: a rung whose server leaves several datagrams without an answer for DialConfig.Silence is given up, or which takes nothing; not
// one on which he answers, and not one by which too little was said to want an answer.
func TestDeafServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Ladder{cfg: DialConfig{Silence: 10 * time.Second}}
		l.board.init(16, limits{})
		go l.sweep(l.look)
		full := newFakeConduit()
		full.stuck = make(chan struct{})
		well, deaf, few := l.fake(t, transport.KindWebTransport, newFakeConduit()), l.fake(t, transport.KindWebSocket, newFakeConduit()), l.fake(t, transport.KindWebRTC, newFakeConduit())
		stuck := l.fake(t, transport.KindWebRTC, full)
		l.Ended(nil)
		l.Write(datagrams(few.path, "one", "two", "three"))
		l.Write(datagrams(stuck.path, "one"))
		ended := map[transport.Path]time.Duration{}
		for began := time.Now(); time.Since(began) < 40*time.Second; time.Sleep(time.Second) {
			l.Write(datagrams(well.path, "hello"))
			l.Write(datagrams(deaf.path, "hello"))
			well.received([]byte("hello"))
			l.Read(make([]transport.Datagram, 4))
			for _, e := range l.Ended(nil) {
				ended[e.Path] = time.Since(began)
				if e.Reason != errStuck {
					t.Errorf("ended with %v", e.Reason)
				}
			}
		}
		for _, a := range []*association{deaf, stuck} {
			if after := ended[a.path]; after <= 10*time.Second || after > 13*time.Second {
				t.Errorf("%v was given up after %v", a.path, after)
			}
		}
		if len(ended) != 2 {
			t.Errorf("given up are %v, want %v and %v alone", ended, deaf.path, stuck.path)
		}
		l.shut(CodeNormal, "")
	})
}

// TestPathsThatAreNone: a number alone is no path, and one that leaves, or comes when all is over, carries nothing; who does not ask for
// endings has the last of them kept.
func TestPathsThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, c := newBoard(16, limits{}), newFakeConduit()
		c.stuck = make(chan struct{})
		a := b.fake(t, transport.KindWebRTC, c)
		count := func() uint64 { return b.counts[kindIndex(transport.KindWebRTC)].stats().Unreachable }
		other := a.path
		other.Remote = netip.MustParseAddrPort("192.0.2.99:5000")
		if b.Write(datagrams(other, "x")); count() != 1 {
			t.Error("it is written to by its number")
		}
		if b.End(other); a.left.Load() != 0 {
			t.Error("it is ended by its number")
		}
		b.Write(datagrams(a.path, "being written"))
		synctest.Wait()
		b.End(a.path)
		if n, err := b.Write(datagrams(a.path, "behind the end")); n != 1 || err != nil || count() != 2 {
			t.Errorf("behind its end: %d, %v, %d are counted", n, err, count())
		}
		close(c.stuck)
		synctest.Wait()
		var last transport.Path
		for range mostUntold + 5 {
			a := b.fake(t, transport.KindWebRTC, newFakeConduit())
			last = a.path
			a.ended(nil)
		}
		if all := b.Ended(nil); len(all) != mostUntold || all[len(all)-1].Path != last {
			t.Errorf("%d endings are kept for who never asked, want the last %d", len(all), mostUntold)
		}
		b.shut(CodeGoingAway, "over")
		_, err := b.newAssociation(transport.KindWebRTC, browser, false, MaxWebRTCDatagram, newFakeConduit())
		if why, ok := err.(*CloseError); !ok || why.Code != CodeGoingAway || b.refuse.closed.Load() != 1 {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestClimbPace: what cannot be had is tried less and less often, and at once when there is news of the server.
func TestClimbPace(t *testing.T) {
	t.Parallel()
	again(t, func() error { return climbPace(t) })
}

// climbPace says what was wrong: a try that is heard late, or news that wait for a processor, seem so, too.
func climbPace(t *testing.T) (wrong error) {
	port, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	tries := make(chan time.Time, 16)
	go func() {
		seen := map[netip.AddrPort]bool{}
		for b := make([]byte, 2000); ; {
			_, from, err := port.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			if !seen[from] {
				seen[from] = true
				tries <- time.Now()
			}
		}
	}()
	l := &Ladder{cfg: DialConfig{Timeout: 100 * time.Millisecond}, target: target{host: "127.0.0.1"}, news: make(chan struct{}, 1)}
	l.board.init(16, limits{})
	l.ctx, l.cancel = context.WithCancel(t.Context())
	hello := &helloSignal{WebTransport: &webTransportOffer{
		Port: port.LocalAddr().(*net.UDPAddr).Port, Path: DefaultPath, Hashes: [][]byte{make([]byte, 32)},
	}}
	l.hello = hello
	l.run.Go(l.climb)
	first, second, third := within(t, "a try", tries), within(t, "the second", tries), within(t, "the third", tries)
	if second.Sub(first) < firstClimb || third.Sub(second) < 2*firstClimb {
		wrong = fmt.Errorf("it is tried again after %v and %v", second.Sub(first), third.Sub(second))
	}
	time.Sleep(l.cfg.Timeout + 100*time.Millisecond) // until it waits
	l.mu.Lock()
	l.greet(hello)
	l.mu.Unlock()
	if soon := within(t, "one after news", tries).Sub(third); soon >= 4*firstClimb {
		wrong = errors.Join(wrong, fmt.Errorf("after news it is tried within %v", soon))
	}
	l.cancel()
	l.run.Wait()
	l.shut(CodeNormal, "")
	return wrong
}
