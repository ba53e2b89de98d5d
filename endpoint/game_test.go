package endpoint

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// FuzzOperations plays a game of two ends and a link: each two bytes are one thing that
// happens, at either end. Whatever it is, the rules hold at each step, and when the link heals
// everything becomes as they say. The variant's bits are those of newGame; wound says which
// wrap everything that is counted is close to, if any.
func FuzzOperations(f *testing.F) {
	for seed := range 140 {
		ops := make([]byte, 60+10*(seed%40))
		for i := range ops {
			ops[i] = byte(i*i*(seed+3)*7 + seed*31 + i/3)
		}
		f.Add(ops, uint16(seed)+uint16(seed%4)<<7|uint16(seed%5/4)<<10, byte(seed/3))
	}
	f.Add([]byte{0, 0, 0, 0, 8, 40, 0, 1, 0}, uint16(0), byte(0))
	for b := range byte(24) { // new keys at one end and then the other, beside data, drains and long silence
		f.Add([]byte{4, 2, 4, 4, 0x84, 4, 5, b, 15, 70 + b, 4, 4, 7, b, 0x8f, 70 + b, 0x84, 9, 0xd, 15, 0x5e, 9, 4, 4, 7, 100, 15, 5 + b%5, 7, 9}, uint16(b)|1024, byte(0))
	}
	for b := range byte(24) { // holds and drains, of one end and of both
		f.Add([]byte{4, 2, 4, 4, 0, 100, 15, 3 * b, 0x84, 4, 8, 0, 0x8f, 4 + 5*b, 5, 200, 4, 3, 7, 100, 15, 4 + b%8}, uint16(b), byte(0))
	}
	f.Fuzz(func(t *testing.T, ops []byte, variant uint16, wound byte) {
		ops = ops[:min(len(ops), 2000)]
		g := newGame(t, variant, second)
		if n := wraps[int(wound)%len(wraps)]; n > 0 {
			g.wind(n - 5)
		}
		for len(ops) > 1 {
			g.play(ops[0], ops[1])
			ops = ops[2:]
		}
		g.finish()
	})
}

// TestRules plays games over links that lose, repeat and reorder, and compares them with the
// rules.
func TestRules(t *testing.T) {
	seeds := uint64(300)
	if raced {
		seeds = 40
	}
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 0x72756c6573))
		g := newGame(t, uint16(rnd.Uint32()), second)
		for i := range g.links {
			l := g.link(i, 0)
			l.loss, l.dup = float64(rnd.IntN(5))*0.1, float64(rnd.IntN(2))*0.1
			l.jitter = time.Duration(rnd.IntN(2)) * 30 * time.Millisecond
		}
		for range 300 {
			g.play(byte(rnd.Uint32()), byte(rnd.Uint32()))
		}
		if g.finish(); t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// A game is a pair, and the rules of each channel in each direction.
type game struct {
	*pair
	rules   [2][5]*rules // by sender and delivery
	of      [2]map[Receipt]*asked
	number  int    // of the next payload
	drafts  bool   // messages are built in place
	many    *Draft // in which messages to both ends are built; nil: there are none
	limits  bool   // the game limits each flush
	flushes [2]flushed
	newest  int64 // the highest that the clock has been
	closed  bool
	away    [2]bool
	ended   [2]bool // the event Closed was read,
	end     [2]Event
	endedAt [2]int64 // and that was not before
	until   [2]int64 // when a drain ends whatever is left
}

// A flushed is a flush that an end's game limits: to how much, and the bytes of messages that had
// been sent before.
type flushed struct {
	limit  int
	before uint64
}

// newGame makes a game, at a time of the clock. Bits of the variant: 1 classes and weights, 2 a resend policy, 4
// queues that drop the oldest, 8 a cap, 16 queues that drop the newest or all refuse, 32 some
// messages are built in place, 64 some are sent to both ends, 128 inbound limits, 256 limits of
// flushes, 512 several paths, 1024 a timeout after which the ends are away, and kept. All of them
// together say how much each channel is repaired.
func newGame(t *testing.T, variant uint16, now int64) *game {
	t.Helper()
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
		ch.Full = []FullPolicy{FullDefault, DropOldest, Refuse, DropNewest}[variant>>2&1+variant>>4&1*2]
		if variant&8 != 0 {
			ch.BytesPerSecond = 50_000
		}
		ch.Repair = Repair((int(variant) + 3*i) % int(RepairThrice+1))
	}
	if variant&128 != 0 {
		cfg.Inbound = Limits{200, 100_000, 500}
		for i := range cfg.Channels {
			cfg.Channels[i].Inbound = ChannelLimits{40_000 + 10_000*i, 100 + 100*i}
		}
	}
	cfg.Timeout = -1 // the clock may jump by days
	if variant&1024 != 0 {
		cfg.Timeout, cfg.KeepFor = 3*time.Second, math.MaxInt64
	}
	cfg.UnsentDraft = DraftPolicy(variant >> 3 % 3)
	g := &game{
		pair:   (&pair{t: t, seed: 1, now: now}).join(cfg, cfg, 10*time.Millisecond),
		drafts: variant&32 != 0, limits: variant&256 != 0,
	}
	if variant&512 != 0 {
		g.crossRoads(cfg)
	}
	if variant&1024 != 0 {
		g.open() // who has not met is not kept
	}
	if variant&64 != 0 {
		g.many = NewDraft(g.ends[0].cfg.Buffers, cfg.Channels)
	}
	g.newest = g.now
	g.flushes = [2]flushed{{limit: -1}, {limit: -1}}
	for end := range g.ends {
		g.of[end] = map[Receipt]*asked{}
		for _, d := range deliveries {
			g.rules[end][d] = rulesOf(*g.ends[end].outbox.sender(uint16(chanOf(d))).cfg)
		}
	}
	return g
}

// play makes one thing happen. a says what, b how much.
func (g *game) play(a, b byte) {
	end := int(a >> 7)
	l := g.link(end, a)
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
			l.put(flight{f.at, f.seq, slices.Clone(f.b), f.epoch, f.mark})
			f.at += int64(b) * 1_000_000
			l.put(f)
		}
	case 11:
		l.cut = b&1 != 0
	case 12, 13:
		g.look(end)
		if g.limits {
			g.flushAtMost(end, 40*int(b)-500)
		}
	case 14:
		g.jump(a>>4&7, b)
	case 15:
		if g.mesh != nil && b >= 70 && b < 230 {
			g.path(end, a>>4&7, b)
		} else {
			g.leave(end, b)
		}
	}
	g.newest = max(g.newest, g.now)
	for end := range g.ends {
		checkBounds(g.t.(*testing.T), g.ends[end].Endpoint)
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
		within := time.Duration(b-4) * time.Duration(b-4) * time.Second
		if g.ends[end].Drain(g.now, codeDrained, "enough, after this", within); g.until[end] == 0 {
			g.until[end] = g.now + int64(within)
		}
		g.until[end] = min(g.until[end], g.now+int64(within))
	case b < 60:
		d := time.Duration(b-9) * 500 * time.Millisecond
		if g.ends[end].Hold(g.now, d) == nil && b&1 == 0 {
			g.sleep(end, d/2+d*time.Duration(b&6)/6)
		}
	case b < 70:
		if err := g.ends[end].Hold(g.now, 0); err != nil && g.ends[end].life.state == stateOpen {
			g.t.Errorf("end %d: the end of a hold: %v", end, err)
		}
	case b < 140, b >= 230:
		g.goOn(end)
	}
}

// flushAtMost begins a flush of an end and judges the one before.
func (g *game) flushAtMost(end, limit int) {
	sent := uint64(0)
	for _, d := range deliveries {
		sent += g.ends[end].ChannelStats(chanOf(d)).BytesSent
	}
	if f := g.flushes[end]; f.limit >= 0 && int(sent-f.before) > f.limit+g.steering() { // frames that steer channels
		g.t.Errorf("end %d: %d bytes in a flush of %d", end, sent-f.before, f.limit)
	}
	g.ends[end].LimitBudget(limit)
	g.ends[end].BeginFlush()
	g.flushes[end] = flushed{limit, sent}
	if got := g.ends[end].Budget(g.now, g.now+second/60); got < 0 || limit >= 0 && got > limit {
		g.t.Errorf("end %d: budget %d, limit %d", end, got, limit)
	}
}

// complete reports whether an end says that all it sent has its fate, and so has each SKIP: it did
// not end because its time was over.
func (g *game) complete(end int) bool {
	return g.endedAt[end] < g.until[end] && g.end[end].Code == codeDrained && !g.end[end].Remote && g.end[end].Undelivered == 0
}

// jump moves the clock without calling anybody: by seconds, by hours, or back.
func (g *game) jump(how, b byte) {
	switch {
	case how < 5:
		g.now += int64(b) * 20_000_000
	case how == 5:
		g.now += int64(b) * int64(time.Hour)
	default:
		g.now -= int64(b) * 20_000_000
	}
}

// message sends with the options that two numbers make.
func (g *game) message(end int, d Delivery, size int, how, b byte) {
	opts := SendOptions{Receipt: true}
	if how == 1 || how == 6 {
		opts.TTL = g.ends[end].timeLeft(g.now + int64(b)*500_000)
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
		g.shared(end, d, size, opts)
	case g.drafts && b%2 == 0:
		g.drafted(end, d, size, opts, b)
	default:
		payload := g.payload(size)
		g.sends(end, d, payload, opts, func() (Receipt, error) { return g.ends[end].Send(chanOf(d), payload, opts) })
	}
}

// payload makes up one that no other message has.
func (g *game) payload(size int) []byte {
	g.number++
	return message(g.number, size)
}

// sends notes what a call that sends a message does.
func (g *game) sends(end int, d Delivery, payload []byte, opts SendOptions, send func() (Receipt, error)) {
	r, before := g.rules[end][d], g.ends[end].ChannelStats(chanOf(d))
	receipt, err := send()
	if errors.Is(err, ErrDraft) || errors.Is(err, ErrClosed) && g.closed {
		return
	}
	g.object(end, d, r.queue(before, g.ends[end].ChannelStats(chanOf(d)), len(payload), err))
	if err == nil {
		g.of[end][receipt] = r.sent(payload, opts, g.ends[end].now)
	}
}

// drafted sends a message that is written piece by piece; now and then it is left in the draft.
func (g *game) drafted(end int, d Delivery, size int, opts SendOptions, b byte) {
	draft, payload := g.ends[end].Draft(), g.payload(size)
	draft.Reset()
	for at, step := 0, 1+int(b)*7; at < size; at += step {
		_, _ = draft.Write(payload[at:min(at+step, size)])
	}
	if b%16 == 0 && g.ends[end].cfg.UnsentDraft != DraftJoin {
		return
	}
	g.sends(end, d, payload, opts, func() (Receipt, error) { return g.ends[end].SendDraft(chanOf(d), draft, opts) })
	if g.ends[end].cfg.UnsentDraft == DraftJoin {
		draft.Reset() // a draft that was refused would join the next group
	}
}

// shared sends one message from both ends, of which each has its own clock.
func (g *game) shared(by int, d Delivery, size int, opts SendOptions) {
	payload := g.payload(size)
	g.many.Reset()
	_, _ = g.many.Write(payload)
	g.many.Share()
	until := g.ends[by].now + int64(opts.TTL)
	for end := range g.ends {
		if opts.TTL != 0 {
			opts.TTL = g.ends[end].timeLeft(until)
		}
		g.sends(end, d, payload, opts, func() (Receipt, error) { return g.ends[end].SendDraft(chanOf(d), g.many, opts) })
	}
	g.many.Reset()
}

func (g *game) object(sender int, d Delivery, err error) {
	if err != nil {
		g.t.Fatalf("from end %d, %v: %v", sender, d, err)
	}
}

// look lets the game of an end see everything, after the other game has heard what became of
// what it sent.
func (g *game) look(end int) {
	g.hear(1 - end)
	for _, d := range deliveries {
		r := g.rules[1-end][d]
		for _, payload := range g.received(end, chanOf(d)) {
			g.object(1-end, d, r.show(payload))
		}
		if m := r.overdue(); m != nil && !g.closed {
			g.t.Fatalf("from end %d, %v: message %d is Delivered, waits for nothing and is not shown", 1-end, d, m.number)
		}
	}
}

// hear reads the events of an end.
func (g *game) hear(end int) {
	for _, ev := range g.events(end) {
		switch {
		case g.ended[end]:
			g.t.Fatalf("end %d: %v after Closed", end, ev)
		case ev.Kind == Away || ev.Kind == Back:
			if away := ev.Kind == Away; away == g.away[end] {
				g.t.Fatalf("end %d: %v, and again", end, ev.Kind)
			}
			g.away[end] = !g.away[end]
		case ev.Kind == Closed:
			g.ended[end], g.end[end], g.endedAt[end] = true, ev, g.newest
		case ev.Kind == Delivered || ev.Kind == Lost:
			d := Delivery(ev.Channel - 1)
			g.object(end, d, g.rules[end][d].told(g.of[end][ev.Receipt], ev, g.newest, g.closed))
		}
	}
}

// finish heals the link, waits, and judges.
func (g *game) finish() {
	g.heal()
	for i := range g.links {
		if g.limits {
			g.flushAtMost(i, -1)
		}
		g.ends[i].Hold(g.now, 0)
		if epoch := max(g.epoch[0], g.epoch[1]); g.epoch[i] < epoch {
			g.pair.goOn(i, epoch)
		}
	}
	for range 60 {
		g.pair.run(500 * time.Millisecond)
		g.newest = max(g.newest, g.now)
		g.look(0)
		g.look(1)
	}
	if g.closed { // each CLOSE may have been lost: then the other end times out
		g.ends[0].SetTimeout(time.Second)
		g.ends[1].SetTimeout(time.Second)
		g.ends[0].SetKeepFor(0)
		g.ends[1].SetKeepFor(0)
		g.pair.run(2 * time.Hour)
		g.look(0)
		g.look(1)
	}
	for end := range g.ends {
		missing := 0
		for _, d := range deliveries {
			n, err := g.rules[1-end][d].end(g.closed && !g.complete(1-end))
			g.object(1-end, d, err)
			missing += n
		}
		if overflowed := g.ends[end].Stats().MessagesOverflowed; missing > int(overflowed) {
			g.t.Errorf("end %d: %d messages are Delivered and were not shown, %d overflowed", end, missing, overflowed)
		}
		if n := g.left(end); n != g.end[end].Undelivered {
			g.t.Errorf("end %d: %d messages were left, it says %d", end, n, g.end[end].Undelivered)
		}
		if g.closed != g.ended[end] || g.closed != g.ends[end].Done() {
			g.t.Errorf("end %d: closed %v, told %v, done %v", end, g.closed, g.ended[end], g.ends[end].Done())
		}
	}
}

// left is how many messages of an end were lost because the connection ended.
func (g *game) left(end int) (n int) {
	for _, d := range deliveries {
		for _, m := range g.rules[end][d].all {
			if m.fate == Lost && m.why == ConnClosed {
				n++
			}
		}
	}
	return n
}

// TestRulesObject shows the rules what must not be. Each letter is a message of a channel: x is
// alone, A and B are groups or keys, d may be dropped, and e was given up by its sender.
func TestRulesObject(t *testing.T) {
	for _, c := range []struct {
		d     Delivery
		sent  string
		shown []int
		fine  bool
	}{
		{Unreliable, "xxx", []int{2, 0}, true},
		{Unreliable, "xxx", []int{0, 0}, false},
		{UnreliableLatest, "xxx", []int{0, 2}, true},
		{UnreliableLatest, "xxx", []int{2, 1}, false},
		{ReliableLatest, "ABA", []int{2, 1}, true},
		{ReliableLatest, "ABA", []int{2, 0}, false},
		{ReliableUnordered, "xxx", []int{2, 0, 1}, true},
		{ReliableUnordered, "xxx", []int{1, 1}, false},
		{ReliableOrdered, "xxx", []int{0, 1, 2}, true},
		{ReliableOrdered, "xxx", []int{0, 2}, false},
		{ReliableOrdered, "xex", []int{0, 2}, true},
		{ReliableOrdered, "xex", []int{0, 2, 1}, false},
		{ReliableOrdered, "xAAx", []int{0, 2, 1, 3}, true},
		{ReliableOrdered, "xAAx", []int{2, 0, 1, 3}, false},
		{ReliableOrdered, "xAAx", []int{0, 2, 3}, false},
		{ReliableOrdered, "AxA", []int{0, 2}, false},
		{ReliableOrdered, "AABB", []int{1, 0, 3, 2}, true},
		{ReliableOrdered, "AABB", []int{1, 3, 0}, false},
		{ReliableOrdered, "xdx", []int{0, 2}, true},
		{ReliableOrdered, "xdx", []int{0, 2, 1}, false},
		{ReliableOrdered, "xdx", []int{1, 0}, false},
	} {
		r := rulesOf(ChannelConfig{Delivery: c.d})
		for i, kind := range c.sent {
			opts := SendOptions{Droppable: kind == 'd'}
			if kind == 'A' || kind == 'B' {
				if opts.Keyed = c.d.latest(); opts.Keyed {
					opts.Key = uint64(kind)
				} else {
					opts.Group = uint32(kind)
				}
			}
			if m := r.sent(message(i, 8), opts, 0); kind == 'e' {
				m.fate, m.why = Lost, Expired
			}
		}
		err := error(nil)
		for _, n := range c.shown {
			if bad := r.show(string(message(n, 8))); err == nil {
				err = bad
			}
		}
		if (err == nil) != c.fine {
			t.Errorf("%v: %s is shown as %v: %v", c.d, c.sent, c.shown, err)
		}
	}
}
