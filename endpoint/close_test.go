package endpoint

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestClose(t *testing.T) {
	t.Log("# code and text reach the peer, also when three of ten datagrams are lost")
	for seed := range uint64(20) {
		p := newPair(t, channels(), 20*time.Millisecond, seed+1)
		p.open().run(time.Second)
		p.links[0].loss, p.links[1].loss = 0.3, 0.3
		p.ends[0].Close(p.now, 300, "thank you")
		if p.ends[0].Open() || p.ends[0].Done() {
			t.Fatal("open or done right after Close")
		}
		p.run(5 * time.Second)
		if all := p.events(0); len(all) != 1 || all[0] != (Event{Kind: Closed, Code: 300, Text: "thank you"}) {
			t.Errorf("seed %d: our end reports %v", seed, all)
		}
		if all := p.events(1); len(all) != 1 || all[0] != (Event{Kind: Closed, Code: 300, Text: "thank you", Remote: true}) {
			t.Errorf("seed %d: the peer reports %v", seed, all)
		}
		if !p.ends[0].Done() || !p.ends[1].Done() {
			t.Errorf("seed %d: an end is not done", seed)
		}
	}
}

func TestCloseBothAtOnce(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# each reports its own reason, and no CLOSE goes on for three seconds")
	p.ends[0].Close(p.now, 300, "me first")
	p.ends[1].Close(p.now, 301, "no, me")
	p.ends[1].Close(p.now, 302, "a second time changes nothing")
	before := p.links[0].sent
	p.run(10 * time.Second)
	if n := p.links[0].sent - before; n > 4 {
		t.Errorf("%d datagrams to close", n)
	}
	for i, want := range []Event{{Kind: Closed, Code: 300, Text: "me first"}, {Kind: Closed, Code: 301, Text: "no, me"}} {
		if all := p.events(i); len(all) != 1 || all[0] != want {
			t.Errorf("end %d reports %v", i, all)
		}
	}
	t.Log("# a dead end counts what still comes")
	p.ends[0].HandleDatagram(p.now, []byte{0xff, 0})
	if p.ends[0].Stats().Dropped[DropClosed] != 1 {
		t.Error("not counted")
	}
}

func TestCloseIntoSilence(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# the peer is gone: CLOSE is repeated, for three seconds at most")
	p.links[0].cut = true
	before := p.links[0].sent
	p.ends[0].Close(p.now, CodeNone, "")
	p.run(closeFor - 1)
	if p.ends[0].Done() {
		t.Error("done too early")
	}
	if n := p.links[0].sent - before; n < 10 || n > 100 {
		t.Errorf("CLOSE went out %d times", n)
	}
	p.run(time.Millisecond)
	if !p.ends[0].Done() || p.ends[0].Deadline() != never {
		t.Error("not done after three seconds")
	}
}

// TestCloseKeepsWhatArrived looks at the order of things on both sides.
func TestCloseKeepsWhatArrived(t *testing.T) {
	p := newPair(t, unrepaired(channels()), 20*time.Millisecond).open()
	p.run(time.Second)
	ordered := chanOf(ReliableOrdered)
	t.Log("# three messages arrive, a fourth is lost and a fifth waits behind it; then the sender closes")
	arrived := []Receipt{p.send(0, ordered, []byte("a")), p.send(0, ordered, []byte("b")), p.send(0, ordered, []byte("c"))}
	p.run(200 * time.Millisecond)
	lost := p.links[0].sent
	p.links[0].drop = func(n int, _ []byte) bool { return n == lost }
	gone := []Receipt{p.send(0, ordered, []byte("d"))}
	p.flush()
	gone = append(gone, p.send(0, ordered, []byte("e")))
	p.run(5 * time.Millisecond)
	gone = append(gone, p.send(0, ordered, []byte("never sent")))
	p.ends[0].Close(p.now, 256, "bye")
	p.run(time.Second)
	t.Log("# the receiver gets what arrived in order, then Closed as the last event")
	if got := p.received(1, ordered); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("received %q", got)
	}
	if all := p.events(1); len(all) != 1 || all[0].Kind != Closed {
		t.Errorf("the receiver's events: %v", all)
	}
	t.Log("# the sender learns the fate of all, then Closed as the last event")
	all := p.events(0)
	if len(all) != 7 || all[6].Kind != Closed {
		t.Fatalf("the sender's events: %v", all)
	}
	for _, ev := range all[:6] {
		switch {
		case slices.Contains(arrived, ev.Receipt) && ev.Kind == Delivered:
		case slices.Contains(gone, ev.Receipt) && ev.Kind == Lost && ev.Why == ConnClosed:
		default:
			t.Errorf("receipt %d reads %v (%v)", ev.Receipt, ev.Kind, ev.Why)
		}
	}
}

func TestCloseCarriesAck(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond).open()
	p.run(time.Second)
	t.Log("# a message arrives, and the receiver closes before it acknowledged: the receipt reads Delivered")
	receipt := p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.run(21 * time.Millisecond)
	p.ends[1].Close(p.now, CodeNone, "")
	p.run(time.Second)
	if ev := p.fates(0)[receipt]; ev.Kind != Delivered {
		t.Errorf("%v", ev)
	}
}

func TestTombstone(t *testing.T) {
	s := newScript(t, channels())
	closing := wire.AppendClose(nil, &wire.Close{Code: 256, Text: []byte("bye")})
	t.Log("# each CLOSE is answered, and nothing else, until the tombstone falls")
	s.hears(closing)
	for range 5 {
		if said := s.says(); len(said) != 1 || said[0][0] != wire.TypeCloseAck {
			t.Fatalf("the answer is %x", said)
		}
		s.hears([]byte{wire.TypePing})
		s.hears(run(chanOf(ReliableOrdered), 0, "too late"))
		if said := s.says(); len(said) != 0 {
			t.Fatalf("a tombstone says %x", said)
		}
		s.now += int64(100 * time.Millisecond)
		s.e.HandleTimeout(s.now)
		s.hears(ack(0, 0), closing)
	}
	s.wait(s.now + 10*second)
	if !s.e.Done() {
		t.Error("the tombstone stands forever")
	}
	if s.closed() != 256 {
		t.Error("wrong code")
	}
}

func TestCloseText(t *testing.T) {
	s := newScript(t, channels())
	t.Log("# a text that is too long is cut between two characters, a local code stays at home")
	s.e.Close(s.now, CodeTimeout, strings.Repeat("ü", 150)+"x")
	said := s.says()
	c, n := wire.ConsumeClose(said[len(said)-1])
	if n < 0 || c.Code != CodeNone || len(c.Text) != 200 || !utf8.Valid(c.Text) {
		t.Errorf("CLOSE is %v %q", c.Code, c.Text)
	}
	s = newScript(t, channels())
	s.e.Close(s.now, 256, "x"+strings.Repeat("ü", 150))
	said = s.says()
	if c, _ = wire.ConsumeClose(said[len(said)-1]); len(c.Text) != 199 || !utf8.Valid(c.Text) {
		t.Errorf("CLOSE is %q", c.Text)
	}
}

func TestMalformedPacketsClose(t *testing.T) {
	first := fragment(chanOf(ReliableOrdered), 0, 0, 100, []byte("x"))
	for name, frames := range map[string][]byte{
		"a reserved frame":            {wire.TypeRepair, 0},
		"an unknown frame":            {0x1f},
		"padding that is not zero":    {0, 0, 1},
		"HELLO after a handshake":     {wire.TypeHello, 0},
		"an unknown channel":          run(99, 0, "x"),
		"too large":                   fragment(chanOf(Unreliable), 0, 65_530, 0, make([]byte, 10)),
		"an id far ahead":             run(chanOf(ReliableOrdered), maxAhead, "x"),
		"WINDOW of an unreliable one": wire.AppendWindow(nil, uint16(chanOf(Unreliable)), 1),
		"SKIP of an unreliable one":   wire.AppendSkip(nil, uint16(chanOf(Unreliable)), 0, []int{1}),
		"STORED of a reliable one":    wire.AppendStored(nil, uint16(chanOf(ReliableOrdered)), []uint32{0}),
		"STORED wanted, reliable":     {wire.TypeFragment | 16 | 1 | 8, 5, 0, 0, 100, 'x'},
		"an ACK of another path":      wire.AppendAck(nil, &wire.Ack{HasPath: true, Path: 3, Ranges: []wire.AckRange{{}}}),
		"a local code in CLOSE":       wire.AppendClose(nil, &wire.Close{Code: CodeTimeout}),
		"two totals":                  slices.Concat(first, fragment(chanOf(ReliableOrdered), 0, 0, 101, []byte("x"))),
		"bytes beyond the total":      slices.Concat(first, fragment(chanOf(ReliableOrdered), 0, 95, 0, make([]byte, 6))),
		"whole unlike its fragments":  slices.Concat(first, run(chanOf(ReliableOrdered), 0, "xy")),
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, channels())
			s.hears(frames)
			if code := s.closed(); code != CodeProtocol {
				t.Errorf("closed with %v", code)
			}
			if said := s.says(); count(said, wire.TypeClose) != 1 {
				t.Errorf("said %x", said)
			}
		})
	}
}

// TestNothingWaitsAfterClose: what waited when a connection ends waits no more, on any channel, cut or
// whole, and is not counted as if it did.
func TestNothingWaitsAfterClose(t *testing.T) {
	cfg := channels()
	cfg.Controller = func() Controller { return fixedRate(20_000) }
	p := newPair(t, cfg, 20*time.Millisecond).open()
	p.run(time.Second)
	p.links[0].loss = 0.3
	for n := range 10 {
		p.flood(0)
		for _, d := range deliveries {
			_, _ = p.ends[0].Send(chanOf(d), message(n, 100), SendOptions{Keyed: d.latest(), Key: uint64(n % 3)})
		}
		p.run(50 * time.Millisecond)
	}
	if p.ends[0].Stats().QueuedMessages == 0 {
		t.Fatal("nothing waits")
	}
	p.ends[0].Close(p.now, 0, "")
	for _, d := range deliveries {
		if st := p.ends[0].ChannelStats(chanOf(d)); st.QueuedMessages != 0 || st.QueuedBytes != 0 {
			t.Errorf("%v: %+v", d, st)
		}
	}
	if st := p.ends[0].Stats(); st.QueuedMessages != 0 || st.QueuedBytes != 0 {
		t.Errorf("%d messages and %d bytes wait", st.QueuedMessages, st.QueuedBytes)
	}
}

// TestPingBesideTheEnd: a packet that answers CLOSE may ask for an ack, too; it is the end all the same.
func TestPingBesideTheEnd(t *testing.T) {
	s := newScript(t, channels())
	s.hears([]byte{wire.TypePing})
	s.e.Close(s.now, 256, "bye")
	if count(s.says(), wire.TypeClose) != 1 {
		t.Fatal("CLOSE is not said")
	}
	s.hears([]byte{wire.TypePing, wire.TypeCloseAck})
	if n := count(s.wait(s.now+5*second), wire.TypeClose); n != 0 || !s.e.Done() {
		t.Errorf("CLOSE is said %d times after its answer", n)
	}
}

// TestCloseFitsItsPacket: of the rows that CLOSE tells as many go as fit, whole ones, whatever the text.
func TestCloseFitsItsPacket(t *testing.T) {
	rows := make([]byte, 40*wire.ChannelRowSize)
	for _, text := range []string{"", "channels differ", strings.Repeat("x", 200)} {
		for room := 20; room < 600; room++ {
			s := newScript(t, channels())
			s.e.closeWith(s.now, CodeMismatch, text, rows)
			packet := s.packetIn(room)
			if len(packet) > room {
				t.Fatalf("%d bytes where %d have room", len(packet), room)
			}
			c, n := wire.ConsumeClose(packet)
			most := max(0, room-closeBytes-len(text)) / wire.ChannelRowSize
			if n != len(packet) || len(c.Rows) != min(most, 40)*wire.ChannelRowSize {
				t.Fatalf("room for %d, a text of %d: %d bytes of rows", room, len(text), len(c.Rows))
			}
		}
	}
}
