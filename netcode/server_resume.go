package netcode

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/tickwire/tickwire/internal/wire"
)

// handleResume reads a RESUME, which costs no decryption of its ticket if that was the last
// one that its player showed. Without a cookie of where it comes from it is answered by
// one, and nothing else is done: so whoever repeats a RESUME that he saw gets what he
// cannot read.
//
// No restart rule stands before tickets, as it does before tokens: a restarted server does
// not know which ones were used, but cookies are of one run, and the keys of a connection are
// new with each, and only the player's, or a thief's, who has more than what goes over
// the wire.
func (s *Server) handleResume(unix int64, from Source, b, reply []byte) Event {
	ticket, nonce, ok := splitResume(b)
	if !ok {
		return dropped(DropResumeSize)
	}
	in := resuming{ticket: ticket, nonce: nonce, mac: *ticketMAC(ticket), applicant: applicant{
		s: s, from: from, reply: reply, limit: len(b),
	}}
	if ticketExpires(ticket) <= seconds(unix) {
		return in.explain(b, DropExpired, CodeExpired)
	}
	who := s.adm.shownTicket(&in.mac)
	switch {
	case who == nil:
		return in.show(b)
	case who.spent():
		return in.explain(b, DropUsed, CodeUsed)
	}
	if drop := s.adm.gate.passKnown(s.now, &from, &who.paid); drop != DropNone {
		return dropped(drop)
	}
	in.who, in.t, in.keys = who, who.ticket, who.keys
	ev := dropped(DropNone)
	if ev.Drop = in.open(b); ev.Drop == DropNone {
		ev = in.admit()
	}
	if ev.Kind == EventNone {
		s.adm.gate.chargeKnown(s.now, &from, &who.paid)
	}
	return ev
}

// resuming is a RESUME on its way to a seat.
type resuming struct {
	applicant
	ticket []byte
	nonce  int // where the RESUME's is
	mac    [macBytes]byte
	t      *privateTicket
	r      resume
	who    *resumer
	old    *Seat // of the connection that the ticket was given to, if it is still there
}

// openTicket opens the ticket into the server's scratch.
func (in *resuming) openTicket() Drop {
	s := in.s
	s.counters.Decryptions++
	in.t = s.ticket()
	if drop := s.tickets().open(in.t, in.ticket); drop != DropNone {
		return drop
	}
	in.keys = newResumeKeys(&in.t.secret, s.cfg.ProtocolID)
	return DropNone
}

// open opens the RESUME with the keys of its ticket.
func (in *resuming) open(b []byte) Drop {
	drop := in.r.open(in.keys, b, in.nonce)
	in.pad, in.clientID, in.share, in.wireID = &in.t.pad, in.t.clientID, in.r.share, in.r.wireID
	return drop
}

// show opens a ticket that was not the last that its player showed. What is not taken
// is charged.
func (in *resuming) show(b []byte) Event {
	s := in.s
	if drop := s.adm.gate.pass(s.now, &in.from); drop != DropNone {
		return dropped(drop)
	}
	drop := in.openTicket()
	if drop == DropNone {
		drop = in.open(b)
	}
	ev := dropped(drop)
	if drop == DropNone {
		ev = in.remember()
	}
	switch {
	case ev.Kind != EventNone:
	case in.who != nil:
		s.adm.gate.chargeKnown(s.now, &in.from, &in.who.paid)
	default:
		s.adm.gate.charge(s.now, &in.from)
	}
	return ev
}

// remember remembers an authentic ticket if it is newer than those that its player showed
// before, and goes on with it.
func (in *resuming) remember() Event {
	s, t := in.s, in.t
	if lacking := t.pad.unfit(s.cfg.LeastProtection); lacking != "" {
		return in.refuse(DropSuite, Refusal{Code: CodeSuite, Text: "the ticket asks for " + lacking})
	}
	if !slices.ContainsFunc(t.addresses, s.named) {
		return in.refuse(DropWrongAddress, Refusal{Code: CodeWrongAddress})
	}
	who := s.adm.resumer(t.clientID, ticketExpires(in.ticket))
	switch {
	case who == nil:
		return in.refuse(DropHistoryFull, Refusal{Code: CodeFull, Text: "too many tickets; try again later"})
	case t.issued <= who.used:
		return in.refuse(DropUsed, Refusal{Code: CodeUsed})
	case t.issued > who.ticket.issued:
		s.adm.show(who, &in.mac, t, in.keys)
	}
	in.who = who
	return in.admit()
}

// explain refuses a RESUME whose ticket has to be opened only to say why, which is done so
// many times a second and no more, and charged.
func (in *resuming) explain(b []byte, d Drop, code Code) Event {
	if !in.s.mayExplain(&in.from) || in.openTicket() != DropNone || in.open(b) != DropNone {
		return dropped(d)
	}
	ev := in.refuse(d, Refusal{Code: code})
	ev.Opened = true
	return ev
}

// admit goes by which attempt this is: the newest that its player has made, and proven to
// be his, gets a seat, ten times a second at most; the same again the same ACCEPT, or the
// same refusal. An older one is told so, under its own share: by that a client knows whether it is its
// present one, as when its clock was ahead, or one that somebody repeats.
func (in *resuming) admit() Event {
	s, who := in.s, in.who
	age := cmp.Or(cmp.Compare(in.t.issued, who.issued), cmp.Compare(in.r.attempt, who.attempt))
	switch {
	case in.r.version != wire.Version:
		return in.refuse(DropWireVersion, Refusal{Code: CodeVersion})
	case age < 0:
		return in.refuse(DropResumeOld, Refusal{Code: CodeUsed, Text: "a later attempt was made with it: was the clock of this device ahead?"})
	case !s.adm.cookies.good(s.now, in.r.cookie, &in.mac, &in.share, &in.from):
		return in.retry()
	case age == 0 && who.seat != nil && who.seat.coming.begun == who.begun:
		return in.repeat(who.seat)
	case age == 0 && s.now-who.judged < sendInterval, age > 0 && s.now-who.begun < sendInterval:
		return dropped(DropTooOften)
	case age == 0:
		who.judged = s.now
	default:
		who.begun, who.issued, who.attempt = s.now, in.t.issued, in.r.attempt
	}
	other, drop, refusal := in.place()
	if drop != DropNone {
		return in.refuse(drop, refusal)
	}
	seat := who.seat
	if seat != nil && seat.home != s {
		seat = nil // of another server; its time will come
	}
	if seat == nil && s.adm.returning+s.adm.withheld(in.clientID) >= s.adm.maxClients {
		return in.refuse(DropFull, Refusal{Code: CodeFull, RetryAfter: wholeSeconds(int64(DefaultTimeout))})
	}
	if drop, refusal := in.judge(seat, other); drop != DropNone {
		return in.refuse(drop, refusal)
	}
	return in.wait(seat)
}

// retry gives whoever is at the source a cookie.
func (in *resuming) retry() Event {
	s, ev := in.s, Event{}
	if len(in.r.cookie) > 0 {
		ev.Drop = DropChallengeMoved
	}
	jar := &s.adm.cookies
	cookie := jar.make(s.now/cookieLife, &in.mac, &in.share, &in.from)
	var ok bool
	if ev.Reply, ok = jar.appendRetry(s.random, in.keys, in.reply, in.wireID, &in.share, cookie); !ok {
		return dropped(DropNoRandom)
	}
	s.counters.Challenges++
	return ev
}

// place finds the seat that the player has, and says whether this one may come in its
// place. That of the ticket always gives way, it is the same connection.
func (in *resuming) place() (other *Seat, drop Drop, r Refusal) {
	s := in.s
	other = s.older(in.clientID, nil)
	if other != nil && other.gave(in.t, in.ticket[ticketNonceAt:ticketSealedAt]) {
		in.old = other
	}
	drop, r = s.placeFor(in.clientID, other, in.old)
	return other, drop, r
}

func (in *resuming) judge(renews, replaces *Seat) (Drop, Refusal) {
	o := Offer{
		UserData: in.t.userData[:], Hello: in.r.hello, Replaces: replaces, Renews: renews,
		Resumed: true, Resumes: in.old,
	}
	if in.wants() {
		o.Continues = in.r.instance
	}
	return in.ask(o)
}

// wants reports whether the client wants its endpoint to continue, and there is one.
func (in *resuming) wants() bool { return in.r.flags&flagContinue != 0 && in.old != nil }

// helloInstance is where a HELLO body names the endpoint's instance.
const helloInstance = 1 + 1 + 8

// continues reports whether the application has answered with the HELLO of the endpoint
// that the client named.
func (in *resuming) continues() bool {
	return in.wants() && len(in.hello) >= helloInstance+8 &&
		binary.LittleEndian.Uint64(in.hello[helloInstance:]) == in.r.instance
}
