package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// notices tells an operator about refusals that point at a mistake in the
// configuration of a backend or server, at most one of a kind a second, however
// many come; and what one source repeats once, until it has been quiet for a while.
type notices struct {
	last  [netcode.NumDrops]int64
	told  [netcode.NumDrops]bool // last is a time
	heard [16]complaint          // what was told of last, the newest first
}

// A complaint is what was told of a source.
type complaint struct {
	why  netcode.Drop // none: nothing
	from netcode.Source
	at   int64 // when it came last
}

// complaintQuiet is for how long a source has to be quiet before it is told of again: clients repeat
// themselves ten times a second, and players try again after some seconds.
const complaintQuiet = int64(time.Minute)

func (n *notices) drop(s *Server, ev netcode.Event, path transport.Path) {
	from := sourceOf(path)
	if n.repeats(s.now, ev.Drop, from) || !n.due(s, ev.Drop) {
		return
	}
	text, details := n.tell(s, ev)
	if text == "" {
		return
	}
	s.cfg.Logger.Warn(text, append(details, "from", from)...)
	n.last[ev.Drop], n.told[ev.Drop] = s.now, true
	copy(n.heard[1:], n.heard[:])
	n.heard[0] = complaint{ev.Drop, from, s.now}
}

// repeats reports whether the same was told of the source, and it has gone on since.
func (n *notices) repeats(now int64, why netcode.Drop, from netcode.Source) bool {
	for i := range n.heard {
		c := &n.heard[i]
		if c.why == why && c.from == from {
			went := now-c.at < complaintQuiet
			c.at = now
			return went
		}
	}
	return false
}

// due reports whether a kind was not told of for a second.
func (n *notices) due(s *Server, why netcode.Drop) bool {
	return !n.told[why] || s.now-n.last[why] >= int64(time.Second)
}

// failed tells of an Admit that could not decide.
func (n *notices) failed(s *Server, clientID uint64, err error) {
	const why = netcode.DropRefused
	if !n.due(s, why) {
		return
	}
	s.cfg.Logger.Error("Admit failed, so this client was not let in, and is not told why: "+
		"an error that is a *tickwire.Refusal is told to the player", "client", clientID, "err", err)
	n.last[why], n.told[why] = s.now, true
}

// tell finds the words; none for what happens every day.
func (n *notices) tell(s *Server, ev netcode.Event) (text string, details []any) {
	now := s.clock.UTC()
	switch ev.Drop {
	case netcode.DropWrongAddress:
		return "connect token, or resume ticket, names another server: is PublicAddresses what the backend mints, and as it was?",
			[]any{"expected", s.cfg.PublicAddresses}
	case netcode.DropTooEarly:
		return "connect token may have been seen by an earlier run of this server: " +
				"it was made before the start or in the same second, or lives shorter than MaxTokenLifetime. " +
				"The backend's next one will do, if it lives as long; a server without an earlier run, " +
				"as in tests, has MaxTokenLifetime: -1",
			[]any{"started", s.base.UTC(), "now", now}
	case netcode.DropTooLong:
		return "connect token lives longer than MaxTokenLifetime: the next run of this server would let it in again",
			[]any{"now", now}
	case netcode.DropExpired:
		return "connect token, or resume ticket, has expired: do the clocks of backend and server agree?",
			[]any{"now", now}
	case netcode.DropTokenForged:
		return "connect token does not open: do backend and server have the same PrivateKey?", nil
	case netcode.DropTicketForged:
		return "resume ticket does not open: is TicketKey, PrivateKey or ProtocolID another one than when it was given?", nil
	case netcode.DropProtocolID:
		return "client of another ProtocolID", []any{"expected", s.cfg.ProtocolID, "came", ev.ProtocolID}
	case netcode.DropPlainRefused:
		return "plain netcode 1.02 is refused: Plain: PlainRaw would let such clients in", nil
	case netcode.DropHistoryFull:
		return "no room to remember another connect token, or another player with a resume ticket", nil
	case netcode.DropBusy:
		return "more handshakes than HandshakesPerSecond allows", nil
	case netcode.DropNoRandom:
		return "the source of randomness failed, so nobody can be let in", nil
	}
	return "", nil
}
