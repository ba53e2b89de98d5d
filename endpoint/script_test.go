package endpoint

import (
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// A script is an open endpoint whose peer is written by hand: it can lie and cheat, and look
// into every packet.
type script struct {
	t      testing.TB
	e      *Endpoint
	now    int64
	number uint64
}

func newScript(t testing.TB, cfg Config) *script {
	t.Helper()
	cfg.Handshake = true
	s := &script{t: t, now: 1_000_000_000}
	var err error
	if s.e, err = New(s.now, cfg); err != nil {
		t.Fatal(err)
	}
	peer, err := New(s.now, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.e.HandleHello(s.now, peer.AppendHello(s.now, nil)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.e.Release()
		if n := s.e.cfg.Buffers.Stats().InUse; n != 0 && cfg.Buffers == nil {
			t.Errorf("%d buffers are not returned", n)
		}
	})
	return s
}

// hears hands the endpoint a packet with these frames.
func (s *script) hears(frames ...[]byte) {
	var packet []byte
	for _, f := range frames {
		packet = append(packet, f...)
	}
	s.e.HandlePacket(s.now, Incoming{Number: s.number, Frames: packet})
	s.number++
}

// usual is the Envelope of packets that have room for 1150 bytes of frames.
func usual(Header) ([]byte, Envelope) { return nil, Envelope{Tail: 50} }

// nextPacket makes the next packet of an endpoint; false if there is none.
func nextPacket(e *Endpoint, now int64, begin Begin) (out Outgoing, ok bool) {
	ok = e.NextPacket(now, &out, begin)
	return out, ok
}

// packet makes the next packet; nothing if there is none.
func (s *script) packet() Outgoing {
	out, _ := nextPacket(s.e, s.now, usual)
	return out
}

// packetIn is packet with room for so many bytes of frames, which is all that the carrier takes.
func (s *script) packetIn(room int) []byte {
	out, _ := nextPacket(s.e, s.now, func(Header) ([]byte, Envelope) {
		return nil, Envelope{Carrier: Carrier{MaxDatagramBytes: room}}
	})
	return out.Packet
}

// nextNumber is the number that the next packet of path 0 has.
func (s *script) nextNumber() uint64 { return s.e.path(0).header().Number }

// says returns the frames of the packets that the endpoint sends now.
func (s *script) says() (all [][]byte) {
	s.t.Helper()
	for n := 0; ; n++ {
		if n > 10_000 {
			s.t.Fatal("it never stops talking")
		}
		packet := s.packet().Packet
		if len(packet) == 0 {
			return all
		}
		all = append(all, framesOf(s.t, packet)...)
	}
}

// wait lets time pass, with everything that is due on the way, and returns the frames said.
func (s *script) wait(until int64) (all [][]byte) {
	s.t.Helper()
	for n := 0; ; n++ {
		if n > 100_000 {
			s.t.Fatalf("time stands still: the deadline is %d, now is %d", s.e.Deadline(), s.now)
		}
		all = append(all, s.says()...)
		at := max(s.e.Deadline(), s.now)
		if at > until {
			s.now = until
			return all
		}
		s.now = at
		s.e.HandleTimeout(s.now)
	}
}

// closed returns the code with which the endpoint closed; fails if it did not.
func (s *script) closed() Code {
	s.t.Helper()
	s.e.Update()
	last := Event{}
	for ev, ok := s.e.NextEvent(); ok; ev, ok = s.e.NextEvent() {
		last = ev
	}
	if last.Kind != Closed {
		s.t.Fatalf("the last event is %v, not Closed", last.Kind)
	}
	return last.Code
}

// framesOf cuts a packet into its frames.
func framesOf(t testing.TB, packet []byte) (all [][]byte) {
	t.Helper()
	for len(packet) > 0 {
		n := frameLen(packet)
		if n <= 0 {
			t.Fatalf("malformed: %x", packet)
		}
		all = append(all, packet[:n])
		packet = packet[n:]
	}
	return all
}

func frameLen(b []byte) (n int) {
	switch kind := b[0]; {
	case kind == wire.TypePing || kind == wire.TypeCloseAck:
		return 1
	case kind == wire.TypeHello:
		_, n = wire.ConsumeBytes(b[1:])
		return 1 + n
	case kind == wire.TypeClose:
		_, n = wire.ConsumeClose(b)
	case kind == wire.TypeDraining:
		return 2
	case kind == wire.TypeHold:
		_, _, n = wire.ConsumeHold(b)
	case kind == wire.TypePathChallenge:
		_, n = wire.ConsumePathChallenge(b)
	case kind == wire.TypePathResponse:
		_, n = wire.ConsumePathResponse(b)
	case kind == wire.TypePathStatus:
		_, n = wire.ConsumePathStatus(b)
	case kind == wire.TypeWindow || kind == wire.TypeBlocked:
		_, _, n = wire.ConsumeLimit(b)
	case kind == wire.TypeStored:
		_, _, n = wire.ConsumeStored(b)
	case kind == wire.TypeRepair:
		_, _, n = wire.ConsumeRepair(b)
	case kind == wire.TypeRebuilt:
		_, _, _, n = wire.ConsumeRebuilt(b)
	case kind == wire.TypeSkip:
		var count int
		_, _, count, n = wire.ConsumeSkip(b)
		for ; count > 0; count-- {
			_, k := wire.ConsumeUvarint(b[n:])
			n += k
		}
	case kind >= wire.TypeRunLong:
		var run wire.Run
		run, n = wire.ConsumeRun(b)
		for range run.Count {
			if run.Options&wire.OptionKeyed != 0 {
				_, k := wire.ConsumeUvarint(b[n:])
				n += k
			}
			_, k := wire.ConsumeBytes(b[n:])
			n += k
		}
	case kind >= wire.TypeFragment:
		_, _, n = wire.ConsumeFragment(b)
	case kind >= wire.TypeAck:
		n = wire.ConsumeAck(b, &wire.Ack{})
	}
	return n
}

// kindOf is the type of a frame without its flags and count.
func kindOf(frame []byte) byte {
	switch b := frame[0]; {
	case b >= wire.TypeRunLong:
		return wire.TypeRunLong
	case b >= wire.TypeAck:
		return b &^ 0x1f
	default:
		return b
	}
}

func count(frames [][]byte, kind byte) (n int) {
	for _, f := range frames {
		if kindOf(f) == kind {
			n++
		}
	}
	return n
}

// run is a RUN with consecutive ids.
func run(ch ChannelID, first uint64, messages ...string) []byte {
	r := wire.Run{Channel: uint16(ch), HasIDs: true, First: first, Count: len(messages)}
	b := wire.AppendRun(nil, &r)
	for _, m := range messages {
		b = wire.AppendBytes(b, []byte(m))
	}
	return b
}

func fragment(ch ChannelID, id uint64, offset, total int, bytes []byte) []byte {
	f := wire.Fragment{Channel: uint16(ch), ID: id, Offset: offset, Total: total, Length: len(bytes)}
	return append(wire.AppendFragment(nil, &f), bytes...)
}

// ack acknowledges packets first to last.
func ack(first, last uint64) []byte {
	return wire.AppendAck(nil, &wire.Ack{Largest: last, Ranges: []wire.AckRange{{Newest: 0, Oldest: last - first}}})
}

// path is a path of an endpoint, for tests that look into it, or lead it where a script would take too
// long.
func (e *Endpoint) path(id uint8) *path { return e.paths.all[id] }
