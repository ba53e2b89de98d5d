package tickwire_test

import (
	"encoding/binary"
	"iter"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A talk is what the two ends of a connection say to each other while a world is run: in
// each tick a message on a reliable ordered channel, and one on an unreliable one. It
// knows what is missing, what came twice, and how long nothing came at all.
type talk struct {
	t        testing.TB
	w        *world
	up, down speech
}

// A party is one end of a talk.
type party interface {
	say(text []byte) error // on the reliable ordered channel
	move() error           // on the unreliable one
	heard() iter.Seq[[]byte]
	moves() int
}

// A connParty is a Conn as an end of a talk.
type connParty struct{ *tickwire.Conn }

func (p connParty) say(text []byte) error   { return chat.Send(p.Conn, text) }
func (p connParty) move() error             { return inputs.Send(p.Conn, input{X: 1}) }
func (p connParty) heard() iter.Seq[[]byte] { return chat.Receive(p.Conn) }

func (p connParty) moves() (n int) {
	for range inputs.Receive(p.Conn) {
		n++
	}
	return n
}

// A speech is one direction of a talk.
type speech struct {
	from, to   party
	said, came uint64
	heard      time.Time
	gap        time.Duration // the longest between two unreliable messages
	gaps       []time.Duration
	more       func() int // bytes of a reliable message beyond its number; nil: none
}

func (w *world) talk(client, player *tickwire.Conn) *talk {
	return w.talkOf(connParty{client}, connParty{player})
}

func (w *world) talkOf(client, player party) *talk {
	now := w.nw.Now()
	return &talk{
		t: w.t, w: w,
		up:   speech{from: client, to: player, heard: now},
		down: speech{from: player, to: client, heard: now},
	}
}

// tick listens and says the next things; to be called once in each tick of the world.
func (k *talk) tick() bool {
	k.up.tick(k.t, k.w.nw.Now())
	k.down.tick(k.t, k.w.nw.Now())
	return false
}

func (s *speech) tick(t testing.TB, now time.Time) {
	t.Helper()
	s.listen(t, now)
	s.speak(t)
}

// speak says the next things.
func (s *speech) speak(t testing.TB) {
	t.Helper()
	s.said++
	text := binary.LittleEndian.AppendUint64(nil, s.said)
	if s.more != nil {
		text = append(text, make([]byte, s.more())...)
	}
	must(t, s.from.say(text))
	must(t, s.from.move())
}

func (s *speech) listen(t testing.TB, now time.Time) {
	t.Helper()
	for b := range s.to.heard() {
		s.came++
		if n := binary.LittleEndian.Uint64(b); n != s.came {
			t.Fatalf("message %d came where %d was due", n, s.came)
		}
	}
	for range s.to.moves() {
		s.gaps = append(s.gaps, now.Sub(s.heard))
		s.gap = max(s.gap, now.Sub(s.heard))
		s.heard = now
	}
}

// run lets the world run while both talk.
func (k *talk) run(d time.Duration) { k.w.run(d, k.tick) }

// forgetGaps begins to measure them anew.
func (k *talk) forgetGaps() { k.up.gap, k.down.gap = 0, 0 }

// settle waits until everything that was said has come.
func (k *talk) settle() {
	k.t.Helper()
	k.w.until("everything has come", func() bool {
		k.up.listen(k.t, k.w.nw.Now())
		k.down.listen(k.t, k.w.nw.Now())
		return k.up.came == k.up.said && k.down.came == k.down.said
	})
}

// pathStates are the states of paths that a driver was told, as in "1 active".
func (w *world) pathStates(d driver) (states []string) {
	for _, ev := range w.heard[d] {
		if ev.Kind == tickwire.PathChanged {
			states = append(states, string('0'+rune(ev.Path))+" "+ev.PathState.String())
		}
	}
	return states
}

// joinOver starts a client on sockets of the test's choice.
func (w *world) joinOver(change func(*tickwire.ClientConfig), sockets ...transport.Socket) *tickwire.Client {
	w.t.Helper()
	cfg := tickwire.ClientConfig{Config: config()}
	w.simulate(&cfg.Config)
	if change != nil {
		change(&cfg)
	}
	client, err := tickwire.NewClient(cfg, sockets...)
	must(w.t, err)
	w.add(client)
	return client
}

// move gives a socket's host another address, and returns that.
func (w *world) move(s *simnet.Socket) netip.AddrPort {
	w.t.Helper()
	next := w.address()
	must(w.t, w.nw.Rebind(s.PublicAddr(), next))
	return next
}

// cut stops everything between a socket and a server, or no longer.
func (w *world) cut(s *simnet.Socket, srv *tickwire.Server, off bool) {
	for _, at := range srv.PublicAddresses() {
		for _, pair := range [][2]netip.Addr{{s.PublicAddr().Addr(), at.Addr()}, {at.Addr(), s.PublicAddr().Addr()}} {
			if off {
				w.nw.Cut(pair[0], pair[1])
			} else {
				w.nw.Heal(pair[0], pair[1])
			}
		}
	}
}
