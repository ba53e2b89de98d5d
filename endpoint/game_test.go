package endpoint

import (
	"slices"
	"testing"
	"time"
)

// FuzzOperations plays a game of two ends and a link: each two bytes are one thing that
// happens. At the end the link heals and everything must be as the deliveries promise. The
// variant's bits are those of newGame.
func FuzzOperations(f *testing.F) {
	for seed := range 80 {
		ops := make([]byte, 60+10*(seed%40))
		for i := range ops {
			ops[i] = byte(i*i*(seed+3)*7 + seed*31 + i/3)
		}
		f.Add(ops, byte(seed))
	}
	f.Add([]byte{0, 0, 0, 0, 8, 40, 0, 1, 0}, byte(0))
	for b := range byte(24) { // holds and drains, of one end and of both
		f.Add([]byte{4, 2, 4, 4, 0, 100, 15, 3 * b, 0x84, 4, 8, 0, 0x8f, 4 + 5*b, 5, 200, 4, 3, 7, 100, 15, 4 + b%8}, b)
	}
	f.Fuzz(func(t *testing.T, ops []byte, variant byte) {
		ops = ops[:min(len(ops), 2000)]
		g := newGame(t, variant)
		for len(ops) > 1 {
			g.play(ops[0], ops[1])
			ops = ops[2:]
		}
		g.finish()
	})
}

// A game is a pair and what is known of its messages.
type game struct {
	*pair
	sent    [2][5][]*sentMessage // by sender and delivery
	got     [2][5][]string
	fates   [2]map[Receipt]*sentMessage
	group   [2]uint64 // groups begun
	current [2]uint32 // the number of the group that was sent last
	drafts  bool      // messages are built in place
	many    *Draft    // in which messages to both ends are built; nil: there are none
	givesUp bool      // reliable messages may be given up or dropped by policy
	closed  bool
	ended   [2]bool // the event Closed was read,
	end     [2]Event
}

// A sentMessage is what was asked for a message, and its fate.
type sentMessage struct {
	opts  SendOptions
	group uint64 // which of the sender's groups; 0: alone
	fate  Event
	told  int // how often a fate was reported
}

// newGame makes a game. Bits of the variant: 1 classes and weights, 2 a resend policy, 4
// queues that drop, 8 a cap, 32 some messages are built in place, 64 some are sent to both ends.
func newGame(t *testing.T, variant byte) *game {
	cfg := channels()
	for i := range cfg.Channels {
		ch := &cfg.Channels[i]
		ch.MaxMessageBytes, ch.WindowBytes, ch.MaxQueuedBytes = 20_000, 24_000, 30_000
		if variant&1 != 0 {
			ch.Priority, ch.Weight = int8(i%3-1), 1+3*i
		}
		if variant&2 != 0 && ch.Delivery.Reliable() {
			ch.Resend.MaxAttempts = 2
		}
		if variant&4 != 0 {
			ch.Full = DropOldest
			if variant&16 != 0 {
				ch.Full = DropNewest
			}
		}
		if variant&8 != 0 {
			ch.BytesPerSecond = 50_000
		}
	}
	cfg.Timeout = time.Hour
	cfg.UnsentDraft = DraftPolicy(variant >> 3 % 3)
	g := &game{pair: newPair(t, cfg, 10*time.Millisecond), givesUp: variant&6 != 0, drafts: variant&32 != 0}
	if variant&64 != 0 {
		g.many = NewDraft(g.ends[0].cfg.Buffers, cfg.Channels)
	}
	g.fates = [2]map[Receipt]*sentMessage{{}, {}}
	return g
}

// play makes one thing happen. a says what, b how much.
func (g *game) play(a, b byte) {
	end := int(a >> 7)
	l := &g.links[end]
	switch a & 15 {
	case 0, 1, 2, 3:
		g.message(end, deliveries[int(b)%5], 8+int(b), a>>4&7, b)
	case 4:
		g.message(end, deliveries[int(b)%5], 1000+70*int(b), a>>4&7, b)
	case 5, 6:
		g.pair.run(time.Duration(b) * 100 * time.Microsecond)
	case 7:
		g.pair.run(time.Duration(b) * 10 * time.Millisecond)
	case 8, 9:
		g.flush()
		if len(l.flight) > 0 {
			l.take()
		}
	case 10:
		g.flush()
		if len(l.flight) > 0 {
			f := l.take()
			l.put(flight{f.at, f.seq, slices.Clone(f.b)})
			f.at += int64(b) * 1_000_000
			l.put(f)
		}
	case 11:
		l.cut = b&1 != 0
	case 12, 13:
		g.drain(end)
	case 14:
		g.now += int64(b) * 20_000_000 // nobody is called for a while
	case 15:
		g.leave(end, b)
	}
}

const codeDrained = CodeApplication + 1

// leave ends the connection, in one way or another, or announces silence.
func (g *game) leave(end int, b byte) {
	switch {
	case b < 4:
		g.closed = true
		g.ends[end].Close(g.now, CodeApplication, "enough")
	case b < 10:
		g.closed = true
		g.ends[end].Drain(g.now, codeDrained, "enough, after this", time.Duration(b-4)*time.Duration(b-4)*time.Second)
	case b < 60:
		d := time.Duration(b-9) * 500 * time.Millisecond
		if g.ends[end].Hold(g.now, d) == nil && b&1 == 0 {
			g.sleep(end, d/2+d*time.Duration(b&6)/6)
		}
	case b < 70:
		if err := g.ends[end].Hold(g.now, 0); err != nil && g.ends[end].state == stateOpen {
			g.t.Errorf("end %d: the end of a hold: %v", end, err)
		}
	}
}

// complete reports whether an end says that all it sent has its fate.
func (g *game) complete(end int) bool {
	return g.end[end].Code == codeDrained && !g.end[end].Remote && g.end[end].Undelivered == 0
}

// message sends with the options that two numbers make.
func (g *game) message(end int, d Delivery, size int, how, b byte) {
	opts := SendOptions{Receipt: true}
	if how == 1 || how == 6 {
		opts.ExpiresAt = g.now + int64(b)*500_000
	}
	if d.latest() && how >= 2 {
		opts.Keyed, opts.Key = true, uint64(b)/5%4
	}
	if d == ReliableOrdered && (how == 2 || how == 3 || how >= 5) {
		opts.Group = 1 + uint32(b)/5%8/6
	}
	opts.Droppable = d == ReliableOrdered && (how == 4 || how == 5)
	switch {
	case g.many != nil && b%3 == 0:
		g.shared(d, size, opts)
	case g.drafts && b%2 == 0:
		g.drafted(end, d, size, opts, b)
	default:
		payload := message(len(g.sent[end][d]), size)
		if r, err := g.ends[end].Send(chanOf(d), payload, opts); err == nil {
			g.accepted(end, d, r, opts)
		}
	}
}

// drafted sends a message that is written piece by piece; now and then it is left in the draft.
func (g *game) drafted(end int, d Delivery, size int, opts SendOptions, b byte) {
	draft, payload := g.ends[end].Draft(), message(len(g.sent[end][d]), size)
	draft.Reset()
	for at, step := 0, 1+int(b)*7; at < size; at += step {
		_, _ = draft.Write(payload[at:min(at+step, size)])
	}
	if b%16 == 0 && g.ends[end].cfg.UnsentDraft != DraftJoin {
		return
	}
	if r, err := g.ends[end].SendDraft(chanOf(d), draft, opts); err == nil {
		g.accepted(end, d, r, opts)
	}
}

// shared sends one message to both ends, under a number that neither has used.
func (g *game) shared(d Delivery, size int, opts SendOptions) {
	n := max(len(g.sent[0][d]), len(g.sent[1][d]))
	g.many.Reset()
	_, _ = g.many.Write(message(n, size))
	for end := range g.ends {
		if r, err := g.ends[end].SendShared(chanOf(d), g.many, opts); err == nil {
			for len(g.sent[end][d]) < n {
				g.sent[end][d] = append(g.sent[end][d], nil)
			}
			g.accepted(end, d, r, opts)
		}
	}
	g.many.Reset()
}

// accepted notes a message that was sent.
func (g *game) accepted(end int, d Delivery, r Receipt, opts SendOptions) {
	m := &sentMessage{opts: opts}
	if d == ReliableOrdered {
		if opts.Group != g.current[end] {
			g.group[end]++
		}
		if g.current[end] = opts.Group; opts.Group != 0 {
			m.group = g.group[end]
		}
	}
	g.sent[end][d] = append(g.sent[end][d], m)
	g.fates[end][r] = m
}

// drain takes all messages and events of an end.
func (g *game) drain(end int) {
	for _, d := range deliveries {
		g.got[end][d] = append(g.got[end][d], g.received(end, chanOf(d))...)
	}
	for _, ev := range g.events(end) {
		switch {
		case g.ended[end]:
			g.t.Fatalf("end %d: %v after Closed", end, ev)
		case ev.Kind == Closed:
			g.ended[end], g.end[end] = true, ev
		case ev.Kind == Delivered || ev.Kind == Lost:
			m := g.fates[end][ev.Receipt]
			m.fate = ev
			m.told++
			if ev.Why == Expired && (m.opts.ExpiresAt == 0 || m.opts.ExpiresAt > g.now) {
				g.t.Errorf("end %d: receipt %d expired at %d, not %d", end, ev.Receipt, g.now, m.opts.ExpiresAt)
			}
		}
	}
	checkBounds(g.t.(*testing.T), g.ends[end].Endpoint)
}

// finish heals the link, waits, and judges.
func (g *game) finish() {
	for i := range g.links {
		g.links[i].cut = false
		g.ends[i].Hold(g.now, 0)
	}
	for range 40 {
		g.pair.run(500 * time.Millisecond)
		g.drain(0)
		g.drain(1)
	}
	if g.closed { // each CLOSE may have been lost: then the other end times out
		g.pair.run(2 * time.Hour)
		g.drain(0)
		g.drain(1)
	}
	for end := range g.ends {
		for _, d := range deliveries {
			g.judgeOrder(end, d)
			g.judgeFates(end, d)
		}
		if n := g.count(end, ConnClosed); n != g.end[end].Undelivered {
			g.t.Errorf("end %d: %d messages were left, it says %d", end, n, g.end[end].Undelivered)
		}
		if g.closed != g.ended[end] || g.closed != g.ends[end].Done() {
			g.t.Errorf("end %d: closed %v, told %v, done %v", end, g.closed, g.ended[end], g.ends[end].Done())
		}
	}
}

// judgeOrder checks what a delivery promises about the messages that an end received: each is
// one that was sent, and stands in its order.
func (g *game) judgeOrder(end int, d Delivery) {
	sent := g.sent[1-end][d]
	seen, highest, newest := map[int]bool{}, -1, map[uint64]int{}
	for _, payload := range g.got[end][d] {
		i := number(payload)
		if i >= len(sent) || sent[i] == nil || payload != string(message(i, len(payload))) || seen[i] {
			g.t.Fatalf("%v: message %d came, %d were sent, seen %v", d, i, len(sent), seen[i])
		}
		seen[i] = true
		m := sent[i]
		if last, any := newest[m.key()]; d.latest() && any && i <= last {
			g.t.Fatalf("%v: value %d of key %d after %d", d, i, m.key(), last)
		}
		newest[m.key()] = i
		if d == ReliableOrdered && i < highest && (m.opts.Droppable || m.group == 0 || m.group != sent[highest].group) {
			g.t.Fatalf("message %d (%+v) after %d (%+v)", i, *m, highest, *sent[highest])
		}
		highest = max(highest, i)
	}
}

// count counts the messages of an end that are lost for a reason.
func (g *game) count(end int, why LossReason) (n int) {
	for _, m := range g.fates[end] {
		if m.fate.Kind == Lost && m.fate.Why == why {
			n++
		}
	}
	return n
}

// key numbers the keys of a channel; messages without one have their own.
func (m *sentMessage) key() uint64 {
	if m.opts.Keyed {
		return m.opts.Key + 1
	}
	return 0
}

// judgeFates checks that each message that an end was sent had one fate, and the right one.
func (g *game) judgeFates(end int, d Delivery) {
	came, whole := map[int]bool{}, !g.closed || g.complete(1-end)
	for _, payload := range g.got[end][d] {
		came[number(payload)] = true
	}
	last := map[uint64]int{}
	for i, m := range g.sent[1-end][d] {
		if m == nil {
			continue
		}
		last[m.key()] = i
		switch why := m.fate.Why; {
		case m.told != 1:
			g.t.Errorf("%v: message %d has %d fates", d, i, m.told)
		case m.fate.Kind == Lost && came[i] && (why == Replaced || why == Dropped):
			g.t.Errorf("%v: message %d came, though it was never sent: %v", d, i, why)
		case !whole || !d.Reliable():
		case m.fate.Kind == Delivered && d != ReliableLatest && !m.opts.Droppable && !came[i]:
			g.t.Errorf("%v: message %d is Delivered and did not come", d, i)
		case m.fate.Kind == Lost && !m.mayBeLost(d) && !g.givesUp:
			g.t.Errorf("%v: message %d is lost: %v", d, i, why)
		}
	}
	for key, i := range last {
		m := g.sent[1-end][d][i]
		if d == ReliableLatest && whole && m.fate.Kind == Delivered && !came[i] {
			g.t.Errorf("the last value of key %d did not come", key)
		}
	}
}

// mayBeLost reports whether a reliable delivery may lose a message that no policy gives up.
func (m *sentMessage) mayBeLost(d Delivery) bool {
	return d == ReliableLatest && (m.fate.Why == Superseded || m.fate.Why == Replaced) ||
		m.fate.Why == Expired || m.opts.Droppable
}
