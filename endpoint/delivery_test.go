package endpoint

import (
	"strings"
	"testing"
	"time"
)

// TestDeliveries sends a, b and c in packets of their own; b is lost, or c overtakes it. What
// does the game see before anything could be repaired, and what afterwards?
func TestDeliveries(t *testing.T) {
	for _, c := range []struct {
		name       string
		d          Delivery
		b          SendOptions
		lost, slow [2]string // before a round trip is over, and after it
	}{
		{"Unreliable", Unreliable, SendOptions{}, [2]string{"ac", ""}, [2]string{"ac", "b"}},
		{"UnreliableLatest", UnreliableLatest, SendOptions{}, [2]string{"ac", ""}, [2]string{"ac", ""}},
		{"ReliableUnordered", ReliableUnordered, SendOptions{}, [2]string{"ac", "b"}, [2]string{"ac", "b"}},
		{"ReliableLatest", ReliableLatest, SendOptions{}, [2]string{"ac", ""}, [2]string{"ac", ""}},
		{"ReliableOrdered", ReliableOrdered, SendOptions{}, [2]string{"a", "bc"}, [2]string{"a", "bc"}},
		{"a droppable b", ReliableOrdered, SendOptions{Droppable: true}, [2]string{"ac", ""}, [2]string{"ac", ""}},
		{"another key", ReliableLatest, SendOptions{Keyed: true, Key: 1}, [2]string{"ac", "b"}, [2]string{"ac", "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := abc(t, c.d, c.b, true); got != c.lost {
				t.Errorf("b is lost: received %q, want %q", got, c.lost)
			}
			if got := abc(t, c.d, c.b, false); got != c.slow {
				t.Errorf("b is slow: received %q, want %q", got, c.slow)
			}
		})
	}
}

// abc plays one case of TestDeliveries and returns what came early and what came late.
func abc(t *testing.T, d Delivery, b SendOptions, lost bool) (got [2]string) {
	t.Helper()
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	l := &p.links[0]
	for _, name := range []string{"a", "b", "c"} {
		opts := SendOptions{}
		if name == "b" {
			opts = b
			l.cut, l.delay = lost, 50*time.Millisecond
		}
		p.sendWith(0, chanOf(d), []byte(name), opts)
		p.run(time.Millisecond)
		l.cut, l.delay = false, 20*time.Millisecond
	}
	for i, span := range []int{37, 2000} {
		for range span {
			p.run(time.Millisecond)
			got[i] += strings.Join(p.received(1, chanOf(d)), "")
		}
	}
	return got
}

// TestBothWays has the two ends say as much to each other: neither is the server.
func TestBothWays(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		var got [2][]string
		for i := range 150 {
			for end := range p.ends {
				if i < 100 {
					p.send(end, chanOf(d), message(i, 40))
				}
			}
			p.run(5 * time.Millisecond)
			for end := range p.ends {
				got[end] = append(got[end], p.received(end, chanOf(d))...)
			}
		}
		for end := range p.ends {
			checkDelivery(t, d, 100, got[end])
			if n := len(p.fates(end)); len(got[end]) != 100 || n != 100 {
				t.Errorf("end %d received %d messages and %d fates", end, len(got[end]), n)
			}
		}
	})
}

// TestCoalescing counts the packets that a burst of small messages takes, on one channel and
// over all of them.
func TestCoalescing(t *testing.T) {
	for _, d := range []Delivery{Unreliable, ReliableUnordered, ReliableOrdered} {
		p := newPair(t, channels(), 20*time.Millisecond).open()
		p.run(time.Second)
		t.Logf("# %v: 300 messages of 20 bytes cost a byte each beside their own, in packets of 1200", d)
		before := p.links[0].sent
		for i := range 300 {
			p.send(0, chanOf(d), message(i, 20))
			p.send(0, chanOf(UnreliableLatest), message(i, 20)) // the last one goes along
		}
		p.run(30 * time.Millisecond)
		if n := p.links[0].sent - before; n > 6 {
			t.Errorf("%d packets", n)
		}
		if n := len(p.received(1, chanOf(d))); n != 300 {
			t.Errorf("%d came", n)
		}
		if n := len(p.received(1, chanOf(UnreliableLatest))); n != 1 {
			t.Errorf("%d of the other channel came", n)
		}
	}
}

// TestNarrowPath sends bulk into a path that carries 400 KB a second and holds a tenth of that:
// what congestion control is for.
func TestNarrowPath(t *testing.T) {
	const rate, queue = 400_000, 40_000
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	sent, dropped, level, at := 0, 0, int64(0), p.now
	p.links[0].drop = func(_ int, b []byte) bool {
		level = max(0, level-(p.now-at)*rate/second)
		sent, at = sent+1, p.now
		if level+int64(len(b)) > queue {
			dropped++
			return true
		}
		level += int64(len(b))
		return false
	}
	got := 0
	for range 1000 {
		for p.ends[0].Stats().QueuedBytes < 100_000 {
			_, _ = p.ends[0].Send(chanOf(ReliableOrdered), make([]byte, 1000), SendOptions{})
		}
		p.run(10 * time.Millisecond)
		got += 1000 * len(p.received(1, chanOf(ReliableOrdered)))
	}
	t.Logf("# in ten seconds %d bytes came through, %d of %d packets were dropped", got, dropped, sent)
	if got < rate*10*8/10 || dropped*7 > sent {
		t.Errorf("%d bytes came through, %d of %d packets were dropped", got, dropped, sent)
	}
}
