package endpoint

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestHelloLost(t *testing.T) {
	t.Log("# the first datagrams of both sides are lost; messages queued meanwhile arrive")
	for lost := 1; lost <= 3; lost++ {
		p := newPair(t, channels(), 20*time.Millisecond)
		for i := range p.links {
			p.links[i].drop = func(n int, _ []byte) bool { return n < lost }
		}
		p.send(0, chanOf(ReliableOrdered), []byte("early"))
		p.open().run(time.Second)
		if got := p.received(1, chanOf(ReliableOrdered)); len(got) != 1 || got[0] != "early" {
			t.Errorf("%d lost: received %q", lost, got)
		}
	}
}

func TestHelloReordered(t *testing.T) {
	t.Log("# data of an open side overtakes its HELLO: dropped, not acknowledged, and sent again")
	p := newPair(t, channels(), 20*time.Millisecond)
	p.flush()
	p.links[0].flight[0].at += int64(time.Second) // the HELLO of end 0 comes late
	for i := range 20 {
		p.send(0, chanOf(ReliableOrdered), message(i, 8))
		p.run(10 * time.Millisecond)
	}
	p.open().run(2 * time.Second)
	checkDelivery(t, ReliableOrdered, 20, p.received(1, chanOf(ReliableOrdered)))
}

func TestHelloGoesUntilAcknowledged(t *testing.T) {
	p := newPair(t, channels(), 20*time.Millisecond)
	packets, hellos := 0, 0
	p.links[0].drop = func(_ int, b []byte) bool {
		packets++
		hellos += count(framesOf(t, b[loneHeader:]), wire.TypeHello)
		return false
	}
	t.Log("# nothing comes back: HELLO goes again with every probe")
	p.links[1].cut = true
	p.run(3 * time.Second)
	if hellos < 3 || hellos != packets {
		t.Errorf("%d HELLO in %d packets", hellos, packets)
	}
	t.Log("# the peer has acknowledged it: later packets carry none any more")
	p.links[1].cut = false
	p.open().run(time.Second)
	packets, hellos = 0, 0
	p.send(0, chanOf(ReliableOrdered), []byte("x"))
	p.run(time.Second)
	if packets == 0 || hellos != 0 {
		t.Errorf("%d HELLO in %d late packets", hellos, packets)
	}
}

// A differing configuration is one that channels() does not go with, and what its end and the
// other one say of that.
type differing struct {
	name, here, there string
	cfg               Config
}

// differences are configurations with one difference each.
func differences(t *testing.T) []differing {
	row := func(f func(*ChannelConfig)) Config {
		cfg := channels()
		f(&cfg.Channels[2])
		return cfg
	}
	more := channels()
	more.Channels = append(more.Channels, ChannelConfig{ID: 9})
	return []differing{
		{"delivery", "channel 3 is ReliableUnordered here and ReliableOrdered at the peer",
			"channel 3 is ReliableOrdered here and ReliableUnordered at the peer",
			row(func(ch *ChannelConfig) { ch.Delivery = ReliableOrdered })},
		{"largest message", "channel 3 has MaxMessageBytes 1048576 here and 77 at the peer",
			"channel 3 has MaxMessageBytes 77 here and 1048576 at the peer",
			row(func(ch *ChannelConfig) { ch.MaxMessageBytes = 77 })},
		{"name", "channel 3 has different names", "channel 3 has different names",
			row(func(ch *ChannelConfig) { ch.Name = "other" })},
		{"compression", "channel 3 is not compressed here and compressed without a dictionary at the peer",
			"channel 3 is compressed without a dictionary here and not compressed at the peer",
			row(func(ch *ChannelConfig) { ch.Compression = plainCompression(t) })},
		{"number", "channel 3 is in Config.Channels of this end, and not of the peer", "channel 3 is in Config.Channels of the peer, and not of this end",
			row(func(ch *ChannelConfig) { ch.ID = 7 })},
		{"one more", "channel 9 is in Config.Channels of the peer, and not of this end", "channel 9 is in Config.Channels of this end, and not of the peer", more},
		{"none", "channel 1 is in Config.Channels of this end, and not of the peer", "channel 1 is in Config.Channels of the peer, and not of this end", Config{}},
	}
}

// TestMismatch gives the two ends different channels, one difference at a time: each end finds
// out at once, closes, and names the difference from its own point of view.
func TestMismatch(t *testing.T) {
	for _, c := range differences(t) {
		p := newPairOf(t, channels(), c.cfg, 20*time.Millisecond, 1)
		p.run(5 * time.Second)
		for i, want := range []string{c.here, c.there} {
			if all := p.events(i); len(all) != 1 || all[0].Code != CodeMismatch || all[0].Text != want {
				t.Errorf("%s, end %d: %v, want %q", c.name, i, all, want)
			}
		}
	}
}

// TestMismatchHeardOnce: only one side's HELLO arrives; the other learns from CLOSE, with rows.
func TestMismatchHeardOnce(t *testing.T) {
	for _, c := range differences(t) {
		p := newPairOf(t, channels(), c.cfg, 20*time.Millisecond, 2)
		p.links[0].drop = func(n int, b []byte) bool { return n == 0 }
		p.run(5 * time.Second)
		if all := p.events(1); len(all) != 1 || all[0].Text != c.there || !all[0].Remote {
			t.Errorf("%s, the peer: %v, want %q", c.name, all, c.there)
		}
		if all := p.events(0); len(all) != 1 || all[0].Code != CodeMismatch || all[0].Remote {
			t.Errorf("%s, the end that found out: %v", c.name, all)
		}
		if !p.ends[0].Done() || !p.ends[1].Done() {
			t.Errorf("%s: an end is not done", c.name)
		}
	}
}

// TestMismatchError: a handshake gets the difference as an error with rows.
func TestMismatchError(t *testing.T) {
	for _, c := range differences(t) {
		other, err := New(0, c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := New(0, channels())
		var mismatch *MismatchError
		if err := e.HandleHello(0, other.AppendHello(0, nil)); !errors.As(err, &mismatch) || mismatch.Code != CodeMismatch {
			t.Fatalf("%s: HandleHello: %v", c.name, err)
		}
		if got := other.Difference(mismatch.Rows); got != c.there {
			t.Errorf("%s: Difference is %q, want %q", c.name, got, c.there)
		}
	}
}

func TestVersionMismatch(t *testing.T) {
	e, _ := New(0, Config{Handshake: true})
	t.Log("# a peer that speaks versions 2 to 3 only is told so, whatever follows in its HELLO")
	var mismatch *MismatchError
	if err := e.HandleHello(0, []byte{2, 3, 0xff}); !errors.As(err, &mismatch) || mismatch.Code != CodeVersion {
		t.Fatal(err)
	}
	if want := "we speak wire version 1, the peer 2 to 3"; mismatch.Text != want {
		t.Errorf("%q, want %q", mismatch.Text, want)
	}
	if e.Open() {
		t.Error("open with a stranger")
	}
	t.Log("# one that speaks 1 too is welcome")
	body := e.AppendHello(0, nil)
	body[1] = 3
	if err := e.HandleHello(0, body); err != nil || !e.Open() {
		t.Error(err)
	}
	t.Log("# a body that makes no sense is a protocol error")
	for _, b := range [][]byte{nil, {1}, body[:20], {2, 1}} {
		if err := e.HandleHello(0, b); !errors.As(err, &mismatch) || mismatch.Code != CodeProtocol {
			t.Errorf("%x: %v", b, err)
		}
	}
	t.Log("# a lone end closes and says which versions it speaks")
	p := newPair(t, channels(), time.Millisecond)
	p.ends[0].HandleDatagram(p.now, append([]byte{0, 0}, wire.AppendBytes([]byte{wire.TypeHello}, []byte{2, 3})...))
	p.links[1].cut = true
	p.run(time.Second)
	if all := p.events(1); len(all) != 1 || all[0].Code != CodeVersion || !strings.Contains(all[0].Text, "the peer 2 to 3") {
		t.Errorf("the peer reports %v", all)
	}
}

func TestManyWindows(t *testing.T) {
	t.Log("# more channels with windows of their own than HELLO can list: none is exceeded, none stalls")
	for _, window := range []int{2048, 256 << 10} {
		cfg := Config{}
		for i := range 40 {
			cfg.Channels = append(cfg.Channels, ChannelConfig{ID: ChannelID(i + 1), Delivery: ReliableOrdered,
				MaxMessageBytes: 1000, WindowBytes: window})
		}
		p := newPair(t, cfg, 5*time.Millisecond).open()
		for i := range 40 {
			for k := range 5 {
				p.send(0, ChannelID(i+1), message(k, 900))
			}
		}
		p.run(100 * time.Millisecond)
		arrived := make([][]string, 40)
		for range 100 {
			for i := range arrived {
				arrived[i] = append(arrived[i], p.received(1, ChannelID(i+1))...)
			}
			p.run(50 * time.Millisecond)
		}
		for i := range arrived {
			checkDelivery(t, ReliableOrdered, 5, arrived[i])
		}
	}
}

// TestHelloOutOfPlace: behind a handshake that had it a HELLO makes no sense, be it the right one; and of one
// that is cut nothing is believed.
func TestHelloOutOfPlace(t *testing.T) {
	s, cfg := newScript(t, channels()), channels()
	cfg.Handshake = true
	peer, err := New(s.now, cfg)
	if err != nil {
		t.Fatal(err)
	}
	good := wire.AppendBytes([]byte{wire.TypeHello}, peer.AppendHello(s.now, nil))
	s.hears(good)
	if code := s.closed(); code != CodeProtocol {
		t.Errorf("a second HELLO: %v", code)
	}
	lone, err := newLone(s.now, channels(), Carrier{})
	if err != nil {
		t.Fatal(err)
	}
	lone.HandleDatagram(s.now, append([]byte{0, 0}, good[:len(good)-1]...))
	lone.Update()
	if ev, ok := lone.NextEvent(); !ok || ev.Kind != Closed || ev.Code != CodeProtocol {
		t.Errorf("one that is cut: %v, %+v", ok, ev)
	}
}

// TestFirstWindows: HELLO says of eight channels at most how large their windows are, if not the usual size;
// with more of them the smallest is the usual one.
func TestFirstWindows(t *testing.T) {
	for n := range 2 * wire.MaxHelloWindows {
		var all []ChannelConfig
		for i := range n {
			all = append(all, ChannelConfig{ID: ChannelID(1 + i), Delivery: ReliableOrdered, WindowBytes: 2000 + 100*i}.withDefaults())
		}
		usual, others := firstWindows(all)
		want, wantOthers := defaultWindow, n
		if n > wire.MaxHelloWindows {
			want, wantOthers = 2000, wire.MaxHelloWindows
		}
		if int(usual) != want || len(others) != wantOthers {
			t.Errorf("%d channels of their own: usual %d, and %d others", n, usual, len(others))
		}
		for _, w := range others {
			if int(w.Bytes) != 2000+100*(int(w.Channel)-1) {
				t.Errorf("channel %d: %d", w.Channel, w.Bytes)
			}
		}
	}
}
