package endpoint

import (
	"testing"
	"time"
)

// besideBulk is a pair with a repaired stream on channel 1 and bulk on channel 2, of a lower priority
// or of the same, over a path that takes a packet in a millisecond.
func besideBulk(t *testing.T, r Repair, priority int8) *pair {
	t.Helper()
	cfg := Config{
		Channels: []ChannelConfig{
			{ID: 1, Delivery: ReliableOrdered, Repair: r, Priority: priority},
			{ID: 2, Delivery: ReliableOrdered, MaxQueuedBytes: 4 << 20, WindowBytes: 4 << 20},
		},
		Controller: func() Controller { return fixedRate(1_200_000) },
	}
	p := newPair(t, cfg, 50*time.Millisecond).open()
	for range 60 {
		p.beside(1)
	}
	return p
}

// beside sends a message beside bulk, and lets a sixtieth of a second pass.
func (p *pair) beside(n int) (sent int64) {
	p.t.Helper()
	for p.ends[0].ChannelStats(2).QueuedBytes < 128<<10 {
		p.send(0, 2, make([]byte, 4000))
	}
	sent = p.now
	p.send(0, 1, message(n, 100))
	p.run(time.Second / 60)
	p.received(1, 2)
	return sent
}

// arrival lets time pass until a message of channel 1 comes, and says when that was.
func (p *pair) arrival(n int) int64 {
	p.t.Helper()
	for end := p.now + second; p.now < end; p.run(time.Millisecond / 2) {
		for _, m := range p.received(1, 1) {
			if m == string(message(n, 100)) {
				return p.now
			}
		}
	}
	p.t.Fatalf("message %d did not come", n)
	return 0
}

// TestSumsGoBetween: beside bulk a lost message is rebuilt before the next one is sent, from a packet
// of the bulk, which has as much less in it: no packet goes for it. The packets that follow the
// message may be lost with it.
func TestSumsGoBetween(t *testing.T) {
	for _, priority := range []int8{0, 1} {
		for _, row := range []int{1, 3} {
			p := besideBulk(t, RepairOnce, priority)
			p.run(60 * time.Millisecond)
			p.received(1, 1)
			p.loses(0, row)
			sent := p.beside(100)
			took := time.Duration(p.arrival(100)-sent) - 50*time.Millisecond
			t.Logf("# priority %d, %d packets lost: %v above the one-way delay", priority, row, took)
			if took > 8*time.Millisecond {
				t.Errorf("priority %d, %d packets lost: it comes %v late", priority, row, took)
			}
		}
	}
}

// TestSumsBetweenCostNoPacket: what goes with repair in a second of bulk is as many packets as
// without, and a sum for each message, each in a packet that has something else; sums of one message
// lie apart.
func TestSumsBetweenCostNoPacket(t *testing.T) {
	var packets [2]int
	for i, r := range []Repair{RepairOff, RepairThrice} {
		p := besideBulk(t, r, 1)
		sent, sums := p.links[0].sent, p.ends[0].Stats().RepairsSent
		most, last := uint64(0), sums
		p.watch = func(end int, _ []byte) {
			if end == 0 {
				now := p.ends[0].Stats().RepairsSent
				most, last = max(most, now-last), now
			}
		}
		for n := range 60 {
			p.beside(n)
			p.received(1, 1)
		}
		packets[i] = p.links[0].sent - sent
		if r == RepairOff {
			continue
		}
		if n := p.ends[0].Stats().RepairsSent - sums; n < 175 || n > 185 || most > 1 {
			t.Errorf("%d sums for 60 messages, up to %d in a packet", n, most)
		}
	}
	if d := packets[1] - packets[0]; d > 2 || d < -2 {
		t.Errorf("%d packets, %d with repair", packets[0], packets[1])
	}
}

// TestSumsWaitForNobody: where nothing goes between the packets of a channel its sums ride with its own
// messages, whatever else there was a second ago.
func TestSumsWaitForNobody(t *testing.T) {
	p := besideBulk(t, RepairOnce, 1)
	p.run(time.Second)
	p.received(1, 2)
	before := p.ends[0].Stats().RepairsSent
	p.ticks(120)
	if n := p.ends[0].Stats().RepairsSent - before; n < 110 {
		t.Errorf("%d sums for 120 messages", n)
	}
	p.loses(0, 1)
	p.tick(200)
	p.tick(201)
	p.run(51 * time.Millisecond)
	if got := p.received(1, 1); len(got) < 2 || got[len(got)-2] != string(message(200, 100)) {
		t.Errorf("%d came with the next one", len(got))
	}
}
