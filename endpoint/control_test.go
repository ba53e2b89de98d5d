package endpoint

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/seq"
	"github.com/tickwire/tickwire/internal/wire"
)

// A controlMessage is a message of channel 0 as a test reads it.
type controlMessage struct {
	kind uint64
	body string
}

func (p *pair) control(end int, kind uint64, body []byte) {
	p.t.Helper()
	if err := p.ends[end].SendControl(kind, body); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) controls(end int) (all []controlMessage) {
	for kind, body, ok := p.ends[end].ReceiveControl(); ok; kind, body, ok = p.ends[end].ReceiveControl() {
		all = append(all, controlMessage{kind, string(body)})
	}
	return all
}

// ticketBody is the body of a ticket with so many bytes that only its server reads.
func ticketBody(n, size int) []byte { return wire.AppendTicket(nil, uint64(n), 60, message(n, size)) }

// TestControl: messages of the library arrive in order, small and as large as they may be, both
// ways, over a link that loses; those of unknown kinds are passed over; and the game sees none.
func TestControl(t *testing.T) {
	for seed := range uint64(20) {
		cfg := channels()
		cfg.MaxPaths = -1 // no event tells of paths, nor of a rate
		cfg.Congestion = CongestionConfig{Kind: CongestionFixed, BytesPerSecond: 1 << 20}
		p := newPair(t, cfg, 20*time.Millisecond, seed+1)
		p.open()
		p.links[0].loss, p.links[1].loss, p.links[0].jitter = 0.3, 0.3, 20*time.Millisecond
		var want, got [2][]controlMessage
		read := func() {
			for end := range p.ends {
				got[end] = append(got[end], p.controls(end)...)
			}
		}
		for n := range 30 {
			end, body := n%2, ticketBody(n, []int{41, 900, 3000, wire.MaxControlBytes - 13}[n/2%4])
			p.control(end, wire.ControlTicket, body)
			want[1-end] = append(want[1-end], controlMessage{wire.ControlTicket, string(body)})
			p.control(end, 77, []byte("of the future"))
			p.run(time.Second)
			read()
		}
		p.run(20 * time.Second)
		read()
		for end := range p.ends {
			if n := p.ends[end].ChannelStats(0).MessagesReceived; n != 30 || !slices.Equal(got[end], want[end]) {
				t.Errorf("seed %d, end %d: %d messages came, %d of %d are read, or others", seed, end, n, len(got[end]), len(want[end]))
			}
			st := p.ends[end].Stats()
			if st.ControlUnknown != 15 || st.MessagesSent+st.MessagesReceived+uint64(st.QueuedMessages) != 0 {
				t.Errorf("seed %d, end %d: %+v", seed, end, st)
			}
			if p.ends[end].News() || len(p.events(end)) != 0 || len(p.received(end, 0)) != 0 {
				t.Errorf("seed %d, end %d: the game is shown something", seed, end)
			}
		}
	}
}

// TestControlAlone: for the game there is no channel 0.
func TestControlAlone(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	if _, err := p.ends[0].Send(0, []byte("x"), SendOptions{}); !errors.Is(err, ErrNoChannel) {
		t.Errorf("Send: %v", err)
	}
	d := p.ends[0].Draft()
	_, _ = d.Write([]byte("x"))
	if _, err := p.ends[0].SendDraft(0, d, SendOptions{}); !errors.Is(err, ErrNoChannel) {
		t.Errorf("SendDraft: %v", err)
	}
	p.control(1, wire.ControlTicket, ticketBody(1, 50))
	p.run(time.Second)
	if got := p.received(0, 0); len(got) != 0 {
		t.Errorf("the game receives %q", got)
	}
	if got := p.controls(0); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestControlErrors(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	e := p.ends[0]
	if err := e.SendControl(1, make([]byte, wire.MaxControlBytes)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a byte too much: %v", err)
	}
	if err := e.SendControl(1<<63, make([]byte, wire.MaxControlBytes-9)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a kind too long: %v", err)
	}
	err := error(nil)
	for n := 0; err == nil; n++ {
		if err = e.SendControl(77, make([]byte, 16000)); n == 4 && !errors.Is(err, ErrFull) || n < 4 && err != nil {
			t.Fatalf("message %d: %v", n, err)
		}
	}
	e.Drain(p.now, 300, "bye", time.Minute)
	if err := e.SendControl(1, nil); err != ErrClosed {
		t.Errorf("draining: %v", err)
	}
	e.Close(p.now, CodeNone, "")
	if ev := p.last(0); ev.Undelivered != 0 || e.SendControl(1, nil) != ErrClosed {
		t.Errorf("closed: %+v", ev)
	}
}

// TestControlMalformed: what is authentic and wrong ends the connection, also behind messages
// that are right, and nobody is shown it.
func TestControlMalformed(t *testing.T) {
	good := string(wire.AppendControl(nil, wire.ControlTicket, ticketBody(0, 50)))
	for name, bad := range map[string]string{
		"nothing": "", "kind": "\x81\x00", "ticket": "\x01short", "token list": "\x02TWTK\x01\x00", "addresses": "\x03\x00\x00\x00\x00",
	} {
		for _, before := range []int{0, 1} {
			s := newScript(t, channels())
			s.hears(run(0, 0, append(slices.Repeat([]string{good}, before), bad)...))
			if code := s.closed(); code != CodeProtocol {
				t.Errorf("%s behind %d: %v", name, before, code)
			}
			for n := 0; ; n++ {
				if _, _, ok := s.e.ReceiveControl(); !ok {
					if n != before {
						t.Errorf("%s behind %d: %d messages are read", name, before, n)
					}
					break
				}
			}
		}
		s := newScript(t, channels())
		s.hears(run(0, 1, bad)) // it waits for the one before it
		if s.e.life.state != stateOpen {
			t.Errorf("%s is judged before its turn", name)
		}
		s.hears(run(0, 0, good))
		if s.e.life.state != stateClosing {
			t.Errorf("%s in its turn: state %d", name, s.e.life.state)
		}
	}
}

// TestControlOptions: what the game may ask for a message is no part of the library's channel.
func TestControlOptions(t *testing.T) {
	for _, options := range []byte{wire.OptionGroup, wire.OptionDroppable, wire.OptionGroup | wire.OptionDroppable} {
		s := newScript(t, channels())
		r := wire.Run{HasIDs: true, Count: 1, Options: options}
		good := wire.AppendControl(nil, 77, nil)
		s.hears(append(wire.AppendRun(nil, &r), wire.AppendBytes(nil, good)...))
		if code := s.closed(); code != CodeProtocol {
			t.Errorf("option %d: %v", options, code)
		}
	}
}

// TestControlIsNotHeldUp: neither a flood of the highest class, nor a budget, nor the limits of
// the peer keep the library's messages waiting.
func TestControlIsNotHeldUp(t *testing.T) {
	for name, change := range map[string]func(cfg *Config){
		"flood": func(cfg *Config) { cfg.Channels[4].Priority, cfg.Channels[4].Weight = 127, 65536 },
		"limits": func(cfg *Config) {
			cfg.Inbound.MessagesPerSecond = 1
			cfg.Channels[4].Inbound = ChannelLimits{BytesPerSecond: 1, MessagesPerSecond: 1}
		},
		"cap": func(cfg *Config) { cfg.Channels[4].BytesPerSecond = 1 },
	} {
		for _, budget := range []int{-1, 0, 100, 600} {
			cfg := channels()
			change(&cfg)
			cfg.Channels[4].WindowBytes = 4 << 20
			cfg.Controller = func() Controller { return fixedRate(1 << 20) }
			p := newPair(t, cfg, 20*time.Millisecond).open()
			for n := range 1000 {
				p.send(0, chanOf(ReliableOrdered), message(n, 1000))
			}
			p.run(100 * time.Millisecond)
			p.ends[0].LimitBudget(budget)
			p.ends[0].BeginFlush()
			body := ticketBody(1, 4000) // some packets
			p.control(0, wire.ControlTicket, body)
			p.run(60 * time.Millisecond)
			if got := p.controls(1); len(got) != 1 || got[0].body != string(body) {
				t.Errorf("%s, budget %d: %d messages came in 60 ms", name, budget, len(got))
			}
			if sent := p.ends[0].ChannelStats(0).BytesSent; sent < 4000 || sent > 4200 {
				t.Errorf("%s, budget %d: %d bytes of channel 0", name, budget, sent)
			}
			for range 50 {
				p.control(0, wire.ControlTicket, ticketBody(1, 50))
			}
			p.run(60 * time.Millisecond)
			if got := p.controls(1); len(got) != 50 || !p.ends[1].Open() {
				t.Errorf("%s, budget %d: %d small messages came", name, budget, len(got))
			}
		}
	}
}

// TestControlUnread: an end whose owner never reads what the library's channel brings holds 64
// KiB at most, and the game goes on.
func TestControlUnread(t *testing.T) {
	p := newPair(t, channels(), 5*time.Millisecond).open()
	for n := range 300 {
		_ = p.ends[0].SendControl(wire.ControlTicket, ticketBody(n, 10_000))
		p.send(0, chanOf(ReliableOrdered), message(n, 500))
		p.run(20 * time.Millisecond)
		p.received(1, chanOf(ReliableOrdered))
		if r := p.ends[1].inbox.receiverAt(0); r.started-r.returned > defaultWindow || r.pooled != 0 {
			t.Fatalf("%d bytes are held, %d of the pool", r.started-r.returned, r.pooled)
		}
	}
	if n := p.ends[1].ChannelStats(chanOf(ReliableOrdered)).MessagesReceived; n != 300 {
		t.Errorf("%d messages of the game came", n)
	}
	t.Log("# what was held up goes on when it is read")
	read := len(p.controls(1))
	for n := range 1000 {
		if n < 900 {
			_ = p.ends[0].SendControl(wire.ControlTicket, ticketBody(n, 10_000))
		}
		p.run(10 * time.Millisecond)
		p.ends[1].Update()
		read += len(p.controls(1))
	}
	if r := p.ends[1].inbox.receiverAt(0); r.pooled != 0 {
		t.Errorf("%d bytes of the pool", r.pooled)
	}
	if n := p.ends[0].ChannelStats(0); read != int(n.MessagesSent) || n.QueuedMessages != 0 || read < 800 {
		t.Errorf("%d of %d were read", read, n.MessagesSent)
	}
}

// TestControlDrains: what the library said goes before the end.
func TestControlDrains(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.links[0].loss, p.links[1].loss = 0.3, 0.3
	p.control(0, wire.ControlTokenList, wire.AppendTokenList(nil, make([]byte, wire.MaxTokens*wire.TokenBytes)))
	p.ends[0].Drain(p.now, 300, "go there", time.Minute)
	p.run(20 * time.Second)
	if got := p.controls(1); len(got) != 1 || got[0].kind != wire.ControlTokenList {
		t.Errorf("%d messages came", len(got))
	}
	if ev := p.last(0); ev.Code != 300 || ev.Undelivered != 0 {
		t.Errorf("%+v", ev)
	}
}

// TestControlCostsNothing: a connection that does not use channel 0 has no queue for it.
func TestControlCostsNothing(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	for n := range 100 {
		p.send(0, chanOf(ReliableOrdered), message(n, 100))
	}
	p.run(time.Second)
	for end := range p.ends {
		s, r := p.ends[end].outbox.senderAt(0), p.ends[end].inbox.receiverAt(0)
		if none := (seq.Ring[outMessage]{}); !reflect.DeepEqual(s.queue, none) || !reflect.DeepEqual(s.open, none) {
			t.Errorf("end %d: %v, %v", end, s.queue, s.open)
		}
		if !reflect.DeepEqual(r.ready, seq.Ring[inMessage]{}) || r.unfinished.places != nil || r.waiting.items != nil {
			t.Errorf("end %d: %v, %v", end, r.ready, r.unfinished)
		}
	}
	if !bytes.Equal(p.ends[0].plan.rows, p.ends[1].plan.rows) || len(p.ends[0].plan.rows) != 5*wire.ChannelRowSize {
		t.Error("channel 0 has a row")
	}
}

// TestAllocNothingControl: messages of the library cost no memory in steady state.
func TestAllocNothingControl(t *testing.T) {
	if raced {
		return
	}
	l := newLoop(t, channels())
	address := wire.AppendAddress(wire.AppendAddressCount(nil, 1), []byte{192, 0, 2, 1}, 40000)
	ticket, came := ticketBody(1, 2500), 0
	round := func() {
		_ = l.ends[0].SendControl(wire.ControlTicket, ticket)
		_ = l.ends[0].SendControl(wire.ControlAddresses, address)
		l.exchange()
		for _, _, ok := l.ends[1].ReceiveControl(); ok; _, _, ok = l.ends[1].ReceiveControl() {
			came++
		}
		l.take(ReliableOrdered)
	}
	allocatesNothing(t, 3000, 1000, &came, round)
	if came < 1900 {
		t.Errorf("only %d messages came", came)
	}
}
