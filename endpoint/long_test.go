package endpoint

import (
	"encoding/binary"
	"flag"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The size of TestLongHaul. The full run:
//
//	go test ./endpoint -run TestLongHaul -v -timeout 20m -haul 100000
var haul = flag.Int("haul", 10_000, "messages of TestLongHaul")

// TestLongHaul carries messages of 1 byte to 1 MiB, all orders of magnitude alike, over a link
// that loses three of ten datagrams, repeats some and reorders most, on the three reliable
// deliveries at once. Packet numbers outgrow two bytes on the way, and in the full run the ids
// of the ordered channel do, too. In the middle the receiver does not read for a minute.
func TestLongHaul(t *testing.T) {
	n := *haul
	if raced {
		n = min(n, 300)
	}
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(16 << 20) }
	p := newPair(t, cfg, 20*time.Millisecond)
	for i := range p.links {
		p.links[i].loss, p.links[i].dup, p.links[i].jitter = 0.3, 0.04, 30*time.Millisecond
	}
	p.open()
	t.Logf("# %d messages", n)
	h := &hauler{pair: p, rnd: rand.New(rand.NewPCG(7, uint64(n))), most: n, scratch: make([]byte, 1<<20)}
	begin := time.Now()
	paused := false
	for steps := 0; !h.done(); steps++ {
		h.fill(t)
		p.run(4 * time.Millisecond)
		if !paused && h.came > n/2 {
			paused = true
			t.Log("# a minute without a reader")
			for range 600 {
				p.run(100 * time.Millisecond)
				p.ends[1].Update()
			}
			if pool := p.ends[1].cfg.Pool.InUse(); pool > 3*maxWindow {
				t.Errorf("%d bytes of the pool", pool)
			}
		}
		h.drain(t)
		if steps > 100*n+100_000 {
			t.Fatalf("no progress: %d came of %d", h.came, h.next)
		}
	}
	st := p.ends[0].Stats()
	t.Logf("%d messages, %d MiB, %d packets, %d lost, %d not really; virtual time %v, real time %v",
		h.next, h.bytes>>20, st.PacketsSent, st.PacketsLost, st.PacketsSpurious, time.Duration(p.now), time.Since(begin))
	if st.PacketsSent < 1<<16 && !raced {
		t.Errorf("only %d packets", st.PacketsSent)
	}
	for i, d := range deliveries[2:] {
		t.Logf("%v: %d sent, %d received", d, h.sent[i], h.got[i])
		if d != ReliableLatest && h.got[i] != h.sent[i] {
			t.Errorf("%v: %d of %d messages came", d, h.got[i], h.sent[i])
		}
		if h.last[i] != h.sent[i] && d != ReliableUnordered {
			t.Errorf("%v: the last of %d messages did not come, but number %d", d, h.sent[i], h.last[i])
		}
	}
	if ordered := h.sent[ReliableOrdered-ReliableUnordered]; n >= 100_000 && ordered <= 1<<16 {
		t.Errorf("the ids of %d messages do not wrap", ordered)
	}
}

// A hauler keeps the reliable channels of a pair full and checks what arrives. Each message
// starts with its number on its channel, as far as it has room, and goes on with a pattern
// that the number gives.
type hauler struct {
	*pair
	rnd        *rand.Rand
	scratch    []byte
	most, next int
	came       int // of the next messages, those that arrived or were superseded
	bytes      int
	sent, got  [3]int // by delivery, from ReliableUnordered on
	fates      int
	lengths    [3][]int32 // of the messages sent
	seen       [3][]bool
	last       [3]int
}

func (h *hauler) done() bool { return h.next == h.most && h.fates == h.most }

// fill sends until the queues hold a megabyte.
func (h *hauler) fill(t *testing.T) {
	for h.next < h.most {
		d := ReliableOrdered
		switch i := h.next % 20; { // of 20 one on the Latest channel, five unordered, the rest in order
		case i == 0:
			d = ReliableLatest
		case i%4 == 2:
			d = ReliableUnordered
		}
		if h.ends[0].Stats().QueuedBytes > 2<<20 {
			return
		}
		k := d - ReliableUnordered
		size := int(math.Exp2(20 * h.rnd.Float64()))
		if d == ReliableLatest {
			size = max(size, 8) // which one came last must be plain to see
		}
		_, err := h.ends[0].Send(chanOf(d), pattern(h.scratch, h.sent[k], size), SendOptions{Receipt: true})
		if err != nil {
			t.Fatal(err)
		}
		h.lengths[k] = append(h.lengths[k], int32(size))
		h.seen[k] = append(h.seen[k], false)
		h.sent[k]++
		h.next++
		h.bytes += size
	}
}

func (h *hauler) drain(t *testing.T) {
	h.ends[0].Update()
	for ev, ok := h.ends[0].NextEvent(); ok; ev, ok = h.ends[0].NextEvent() {
		if ev.Kind == Lost && ev.Channel != chanOf(ReliableLatest) || ev.Kind == Closed {
			t.Fatalf("%v %v %v", ev.Kind, ev.Why, ev.Text)
		}
		if ev.Kind != PathChanged {
			h.fates++
		}
	}
	h.came = h.fates
	h.ends[1].Update()
	for k, d := range deliveries[2:] {
		for m, ok := h.ends[1].Receive(chanOf(d)); ok; m, ok = h.ends[1].Receive(chanOf(d)) {
			h.check(t, k, d, m.Bytes())
		}
	}
}

// check finds out which message this is, and that it is whole and in its place. The short ones
// without room for a number may be any that was not seen yet.
func (h *hauler) check(t *testing.T, k int, d Delivery, b []byte) {
	i := h.last[k]
	switch {
	case len(b) >= 8:
		i = int(binary.LittleEndian.Uint64(b))
	case d != ReliableOrdered:
		for i = 0; i < h.sent[k] && (h.seen[k][i] || int(h.lengths[k][i]) != len(b) || !isPattern(b, i)); i++ {
		}
	}
	if i >= h.sent[k] || h.seen[k][i] || len(b) != int(h.lengths[k][i]) || !isPattern(b, i) {
		t.Fatalf("%v: message %d of %d bytes is not as it was sent, or came twice", d, i, len(b))
	}
	if d == ReliableOrdered && i != h.last[k] || d == ReliableLatest && len(b) >= 8 && i < h.last[k] {
		t.Fatalf("%v: message %d after %d", d, i, h.last[k]-1)
	}
	h.seen[k][i] = true
	h.got[k]++
	h.last[k] = i + 1
}

// pattern writes message n of a channel into scratch.
func pattern(scratch []byte, n, size int) []byte {
	b := scratch[:size]
	var word [8]byte
	for at := 0; at < size; at += 8 {
		binary.LittleEndian.PutUint64(word[:], patternWord(n, at))
		copy(b[at:], word[:])
	}
	return b
}

func isPattern(b []byte, n int) bool {
	at := 0
	for ; at+8 <= len(b); at += 8 {
		if binary.LittleEndian.Uint64(b[at:]) != patternWord(n, at) {
			return false
		}
	}
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], patternWord(n, at))
	return string(b[at:]) == string(word[:len(b)-at])
}

// patternWord is the number of the message at its beginning, and a hash of it and of the place
// further on.
func patternWord(n, at int) uint64 {
	if at == 0 {
		return uint64(n)
	}
	h := (uint64(n)<<32 ^ uint64(at)) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}
