package world

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// optionsConfig has a channel for each of the options, over good links.
func optionsConfig() Config {
	cfg := config()
	cfg.Links.Up.Loss, cfg.Links.Down.Loss = 0, 0
	cfg.Channels = tickwire.Channels(
		tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableLatest}),
		tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 2, Delivery: tickwire.ReliableOrdered}),
		tickwire.NewRawChannel(tickwire.ChannelConfig{
			ID: 3, Delivery: tickwire.ReliableUnordered, Full: tickwire.DropOldest, Resend: tickwire.ResendPolicy{MaxAttempts: 1},
		}),
		tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 4, Delivery: tickwire.UnreliableLatest, Full: tickwire.Refuse}),
	)
	return cfg
}

// TestOptions: what expires while a line is cut is missed by nobody, and all the rest arrives.
func TestOptions(t *testing.T) {
	w := newWorld(t, optionsConfig())
	p := join(t, w, 1)
	lanes, n := p.Client.Lanes(), 0
	play := func() {
		n++
		for id, opts := range []tickwire.SendOptions{
			1: {Keyed: n%5 > 0, Key: uint64(n % 5)},
			2: {Group: uint32(n / 7 % 3), Droppable: n%11 == 0},
			3: {},
			4: {Keyed: n%3 > 0, Key: uint64(n % 3)},
		} {
			if opts.Receipt = true; n%4 == 0 {
				opts.TTL = 50 * time.Millisecond
			}
			if id > 0 {
				if err := p.Client.Send(tickwire.ChannelID(id), Message{Size: 20, Options: opts}); err != nil {
					t.Error(err)
				}
			}
		}
	}
	w.Run(3*time.Second, play)
	p.Cut(true, false)
	w.Run(time.Second, play)
	p.Heal()
	w.Run(time.Second, play)
	w.Settle(20*time.Second, nil)
	ordered := lanes[1].counts
	w.Close()
	wantViolations(t, w)
	if missing := ordered.accepted - ordered.delivered; missing < 10 || missing > 60 {
		t.Errorf("%d of %d ordered messages were not received", missing, ordered.accepted)
	}
}

// TestLossReasons: each reason is good for some messages, and a violation for others.
func TestLossReasons(t *testing.T) {
	const latest, ordered, limited, refusing = 1, 2, 3, 4
	soon := tickwire.SendOptions{Receipt: true, TTL: time.Hour}
	once := tickwire.SendOptions{Receipt: true, Droppable: true}
	plain := tickwire.SendOptions{Receipt: true}
	for _, c := range []struct {
		channel tickwire.ChannelID
		opts    tickwire.SendOptions
		newer   bool // another value was sent since
		why     tickwire.LossReason
		want    Checker // "": none
	}{
		{ordered, plain, false, tickwire.NotKnown, Receipts},
		{ordered, once, false, tickwire.NotKnown, ""},
		{refusing, plain, false, tickwire.NotKnown, ""},
		{ordered, plain, false, tickwire.GaveUp, Receipts},
		{limited, plain, false, tickwire.GaveUp, ""},
		{refusing, plain, false, tickwire.Dropped, Receipts},
		{limited, plain, false, tickwire.Dropped, ""},
		{latest, plain, false, tickwire.Superseded, Receipts},
		{latest, plain, true, tickwire.Superseded, ""},
		{latest, plain, false, tickwire.Replaced, Receipts},
		{refusing, plain, true, tickwire.Replaced, ""},
		{refusing, plain, true, tickwire.Superseded, Receipts},
		{ordered, plain, false, tickwire.Expired, Expiry},
		{ordered, soon, false, tickwire.Expired, Expiry},
	} {
		w := newWorld(t, optionsConfig())
		p := join(t, w, 1)
		l := p.Client.lane(c.channel)
		for range map[bool]int{false: 1, true: 2}[c.newer] {
			if err := p.Client.Send(c.channel, Message{Size: 20, Options: c.opts}); err != nil {
				t.Fatal(err)
			}
		}
		l.resolved(0, tickwire.Lost, c.why)
		var got Checker
		if v := w.Violations(); len(v) > 0 {
			got = v[0].Checker
		}
		if got != c.want {
			t.Errorf("%v, sent with %+v, newer %v, lost as %v: %q, want %q", l, c.opts, c.newer, c.why, got, c.want)
		}
	}
}

// TestExpiryInTime: Expired comes when the time is over, not before and not long after.
func TestExpiryInTime(t *testing.T) {
	for at, want := range map[time.Duration]Checker{
		80 * time.Millisecond: Expiry, 105 * time.Millisecond: "", 300 * time.Millisecond: Expiry,
	} {
		w := newWorld(t, optionsConfig())
		p := join(t, w, 1)
		p.Cut(true, true)
		l, sent := p.Client.lane(2), w.now()
		w.Step(func() {
			sent = w.now()
			if err := p.Client.Send(2, Message{Size: 20, Options: tickwire.SendOptions{TTL: 100 * time.Millisecond}}); err != nil {
				t.Fatal(err)
			}
		})
		w.net.AdvanceTo(w.Now().Add(at - time.Duration(w.now()-sent)))
		m := l.at(0)
		m.why = tickwire.Expired
		l.checkLoss(0, m)
		var got Checker
		if v := w.Violations(); len(v) > 0 {
			got = v[0].Checker
		}
		if got != want {
			t.Errorf("told after %v: %q, want %q", at, got, want)
		}
	}
}

// TestGroupOrder feeds orders to a lane: A and B are groups, x is alone, d is a droppable.
func TestGroupOrder(t *testing.T) {
	for _, c := range []struct {
		sent string
		came []uint64
		want int // violations
	}{
		{"xAAAx", []uint64{0, 2, 1, 3, 4}, 0},
		{"xAAAx", []uint64{1, 0, 2, 3, 4}, 2}, // overtook the one before the group
		{"xAAAx", []uint64{0, 1, 2, 4, 3}, 2}, // the one after it overtook
		{"AABB", []uint64{1, 2, 0, 3}, 2},
		{"AxA", []uint64{2, 0, 1}, 3},
		{"xdx", []uint64{0, 2}, 0},
		{"xdx", []uint64{0, 2, 1}, 1},
		{"xdx", []uint64{1, 0, 2}, 2},
	} {
		w := newWorld(t, optionsConfig())
		p := join(t, w, 1)
		l := p.Client.lane(2)
		var payloads [][]byte
		for i, kind := range c.sent {
			opts := tickwire.SendOptions{Droppable: kind == 'd'}
			if kind == 'A' || kind == 'B' {
				opts.Group = uint32(kind)
			}
			payloads = append(payloads, AppendStamp(nil, l.key, uint32(i), 20))
			l.accepted(payloads[i], stamped, opts)
		}
		for _, n := range c.came {
			l.received(payloads[n])
		}
		if got := len(w.Violations()); got != c.want {
			t.Errorf("%s came as %v: %v, want %d", c.sent, c.came, w.Violations(), c.want)
		}
	}
}
