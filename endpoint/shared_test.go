package endpoint

import (
	"testing"
	"time"
)

// A star is several pairs whose first ends have one owner and one pool: a server and its players.
type star struct {
	t     *testing.T
	pool  *Buffers
	arms  []*pair
	draft *Draft
}

func newStar(t *testing.T, n int, cfg Config) *star {
	t.Helper()
	s := &star{t: t, pool: NewBuffers(0)}
	for i := range n {
		hub := cfg
		hub.Buffers = s.pool
		s.arms = append(s.arms, newPairOf(t, hub, cfg, 10*time.Millisecond, uint64(i)+1).open())
	}
	s.draft = NewDraft(s.pool, cfg.Channels)
	return s
}

// sendAll sends one message to all, and returns the receipts.
func (s *star) sendAll(ch ChannelID, payload []byte, opts SendOptions) (receipts []Receipt) {
	s.t.Helper()
	opts.Receipt = true
	if _, err := s.draft.Write(payload); err != nil {
		s.t.Fatal(err)
	}
	s.draft.Share()
	for _, p := range s.arms {
		r, err := p.ends[0].SendDraft(ch, s.draft, opts)
		if err != nil {
			s.t.Fatal(err)
		}
		receipts = append(receipts, r)
	}
	s.draft.Reset()
	return receipts
}

func (s *star) run(d time.Duration) {
	for _, p := range s.arms {
		p.run(d)
	}
}

// wantInUse wants so many buffers in use, whoever has to do with them.
func (s *star) wantInUse(n int, when string) {
	s.t.Helper()
	if got := s.pool.Stats().InUse; got != n {
		s.t.Errorf("%s: %d buffers are in use, want %d", when, got, n)
	}
}

// TestSharedLiesOnce: a message to many lies in memory once, until the last of them has it.
func TestSharedLiesOnce(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for _, size := range []int{8, 1000, 60_000} {
			s := newStar(t, 5, channels())
			before := s.pool.Stats()
			receipts := s.sendAll(chanOf(d), message(size, size), SendOptions{})
			if st := s.pool.Stats(); st.InUse != 1 || st.Fetched-before.Fetched != 1 || st.BytesInUse > 2*max(size, 64) {
				t.Errorf("%d bytes to five take %+v", size, st)
			}
			first := &s.arms[0].ends[0].waiting(d).payload[0]
			for i, p := range s.arms {
				if s.wantInUse(1, "while one is left"); &p.ends[0].waiting(d).payload[0] != first {
					t.Error("a copy was made")
				}
				p.run(time.Second)
				if got := p.received(1, chanOf(d)); len(got) != 1 || got[0] != string(message(size, size)) {
					t.Errorf("%d came", len(got))
				}
				if ev := p.fates(0)[receipts[i]]; ev.Kind != Delivered {
					t.Errorf("its receipt reads %v", ev.Kind)
				}
			}
			s.wantInUse(0, "when all have it")
		}
	})
}

// limitedOldest and limitedNewest are channels with room for one message, which drop the oldest or
// the newest.
const (
	limitedOldest = ChannelID(20)
	limitedNewest = ChannelID(21)
)

// crowded are the usual channels and two with room for one message; a first try is the only one.
func crowded() Config {
	cfg := channels()
	cfg.Timeout = 5 * time.Second
	cfg.Channels = append(cfg.Channels,
		ChannelConfig{ID: limitedOldest, Delivery: ReliableOrdered, MaxMessageBytes: 1000, MaxQueuedBytes: 1032, Full: DropOldest,
			Resend: ResendPolicy{MaxAttempts: 1}},
		ChannelConfig{ID: limitedNewest, Delivery: ReliableOrdered, MaxMessageBytes: 1000, MaxQueuedBytes: 1032, Full: DropNewest})
	return cfg
}

// A sharedEnd is a way in which the messages of a shared payload end.
type sharedEnd struct {
	channel ChannelID
	opts    SendOptions
	before  func(p *pair) // the message is sent
	after   func(p *pair) // and then
	why     LossReason
}

// unsent loses all that end 0 has to say now.
func unsent(p *pair) {
	p.links[0].cut = true
	p.flush()
	p.links[0].cut = false
}

// sharedLosses are the ends of single messages.
func sharedLosses() map[string]sharedEnd {
	latest, ordered := chanOf(ReliableLatest), chanOf(ReliableOrdered)
	return map[string]sharedEnd{
		"lost": {channel: chanOf(Unreliable), why: NotKnown, after: func(p *pair) {
			unsent(p)
			p.send(0, ordered, nil)
			p.run(3 * time.Second)
		}},
		"replaced": {channel: latest, opts: SendOptions{Keyed: true, Key: 3}, why: Replaced, after: func(p *pair) {
			_, _ = p.ends[0].Send(latest, nil, SendOptions{Keyed: true, Key: 3})
		}},
		"superseded": {channel: latest, why: Superseded, after: func(p *pair) {
			unsent(p)
			_, _ = p.ends[0].Send(latest, nil, SendOptions{})
			p.run(3 * time.Second)
		}},
		"expired in the queue": {channel: ordered, opts: SendOptions{TTL: -1}, why: Expired, after: func(p *pair) { p.run(time.Second) }},
		"expired on its way": {channel: ordered, why: Expired, opts: SendOptions{TTL: time.Second}, after: func(p *pair) {
			p.links[0].cut = true
			p.run(2 * time.Second)
		}},
		"gave up": {channel: limitedOldest, why: GaveUp, after: func(p *pair) {
			unsent(p)
			p.run(3 * time.Second)
		}},
		"the oldest": {channel: limitedOldest, why: Dropped, after: func(p *pair) {
			_, _ = p.ends[0].Send(limitedOldest, make([]byte, 900), SendOptions{})
			p.run(time.Second)
		}},
		"the newest": {channel: limitedNewest, why: Dropped, after: func(p *pair) { p.run(time.Second) }, before: func(p *pair) {
			_, _ = p.ends[0].Send(limitedNewest, make([]byte, 900), SendOptions{})
		}},
	}
}

// sharedCloses end the connection.
func sharedCloses() map[string]sharedEnd {
	ends := map[string]sharedEnd{}
	for name, after := range map[string]func(p *pair){
		"close":   func(p *pair) { p.ends[0].Close(p.now, CodeNone, "") },
		"closed":  func(p *pair) { p.links[0].cut = true; p.ends[1].Close(p.now, CodeNone, ""); p.run(time.Second) },
		"silence": func(p *pair) { p.cut(true); p.run(time.Minute) },
		"release": func(p *pair) { p.flush(); p.ends[0].Release() },
	} {
		ends[name] = sharedEnd{channel: chanOf(ReliableOrdered), why: ConnClosed, after: after}
	}
	return ends
}

// comes lets the messages of a star end in that way, one arm after the other.
func (end sharedEnd) comes(t *testing.T) {
	s := newStar(t, 3, crowded())
	for _, p := range s.arms {
		if end.before != nil {
			end.before(p)
		}
	}
	others := s.pool.Stats().InUse
	receipts := s.sendAll(end.channel, message(1, 500), end.opts)
	if end.before == nil {
		s.wantInUse(others+1, "sent")
	}
	for i, p := range s.arms {
		end.after(p)
		if ev := p.fates(0)[receipts[i]]; ev.Kind != Lost || ev.Why != end.why {
			t.Errorf("arm %d: %v (%v)", i, ev.Kind, ev.Why)
		}
		if held := s.arms[len(s.arms)-1].ends[0].holds(1, 500); i < 2 && !held && end.before == nil {
			t.Error("the last one has lost its bytes")
		}
	}
	for _, p := range s.arms {
		p.cut(false)
		p.run(3 * time.Second)
		for _, ch := range crowded().Channels {
			p.received(1, ch.ID)
		}
	}
	s.run(time.Second)
	s.wantInUse(0, "at the end")
}

// TestSharedEnds: however the messages of a shared payload end, and in whatever order, its
// memory comes back with the last of them, and not before.
func TestSharedEnds(t *testing.T) {
	for name, end := range sharedLosses() {
		t.Run(name, end.comes)
	}
}

// TestSharedCloses: likewise if it is the connections that end.
func TestSharedCloses(t *testing.T) {
	for name, end := range sharedCloses() {
		t.Run(name, end.comes)
	}
}

// holds reports whether a message of the test waits somewhere to be sent, unchanged.
func (e *Endpoint) holds(n, size int) bool {
	for i := range e.outbox.senders {
		q := e.outbox.senderAt(i).queue
		for at := q.Base(); at < q.End(); at++ {
			if m := q.At(at); m.shared != nil && string(m.payload) == string(message(n, size)) {
				return true
			}
		}
	}
	return false
}

// TestSharedOutlivesDraft: what is written into a draft after it was sent is another message.
func TestSharedOutlivesDraft(t *testing.T) {
	s := newStar(t, 2, channels())
	ch := chanOf(ReliableOrdered)
	for _, text := range []string{"one", "two", "three", ""} {
		if text != "" {
			_, _ = s.draft.WriteString(text)
		} else {
			s.draft.Reset()
		}
		s.draft.Share()
		for _, p := range s.arms {
			if _, err := p.ends[0].SendDraft(ch, s.draft, SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if string(s.draft.Bytes()) != text {
			t.Errorf("the draft reads %q", s.draft.Bytes())
		}
	}
	t.Log("# an endpoint with a pool of its own shares as well")
	_, _ = s.draft.WriteString("four")
	if _, err := s.arms[0].ends[1].SendDraft(ch, s.draft, SendOptions{}); err != nil {
		t.Fatal(err)
	}
	s.run(time.Second)
	for i, p := range s.arms {
		if got := p.received(1, ch); len(got) != 4 || got[0] != "one" || got[1] != "two" || got[2] != "three" || got[3] != "" {
			t.Errorf("arm %d: %q", i, got)
		}
	}
	if got := s.arms[0].received(0, ch); len(got) != 1 || got[0] != "four" {
		t.Errorf("the other way: %q", got)
	}
	s.arms[0].ends[0].Update()
	s.wantInUse(0, "at the end")
}

// TestReceivedOnce: on its way from its packets to the game a message is copied once, into a
// buffer of its own; fragments too, if the first one comes first.
func TestReceivedOnce(t *testing.T) {
	eachDelivery(t, func(t *testing.T, d Delivery) {
		for _, size := range []int{1, 1000, 60_000} {
			p := newPair(t, channels(), time.Millisecond).open()
			before := p.ends[1].cfg.Buffers.Stats().Fetched
			p.send(0, chanOf(d), message(size, max(size, 8))[:size])
			p.run(time.Second)
			r := p.ends[1].inbox.receiver(uint16(chanOf(d)))
			stored := r.ready.At(r.ready.Base()).payload
			p.ends[1].Update()
			m, _ := p.ends[1].Receive(chanOf(d))
			if n := p.ends[1].cfg.Buffers.Stats().Fetched - before; n != 1 || &m.Bytes()[0] != &stored[0] {
				t.Errorf("%d bytes took %d buffers", size, n)
			}
			kept := m.Clone()
			for i := range m.Bytes() {
				m.Bytes()[i] = 0xee // as whatever comes next will
			}
			if string(kept) != string(message(size, max(size, 8))[:size]) {
				t.Error("a clone changes with its message")
			}
		}
	})
}
