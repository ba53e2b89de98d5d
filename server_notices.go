package tickwire

import (
	"context"
	"log/slog"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// notices tells an operator what players and strangers meet with that points at a mistake in the
// configuration of a backend or server. Others cause these lines, so of each kind there is one, the
// next one a minute later at the soonest, and then after twice as long each time, while it goes on; each
// says how many there were between. So nobody fills the log, and none of a kind hides another one.
type notices [numNotices]noticed

// A notice is a kind of line: why a datagram was dropped, or one of those below.
type notice uint16

const (
	noticeAdmit notice = notice(netcode.NumDrops) + iota // Admit failed
	noticeTicket
	noticeAddresses
	noticeUnheard
	numNotices
)

// noticed is what is known of the lines of one kind.
type noticed struct {
	next int64         // when there may be another one
	wait time.Duration // that led to it; 0: there was none yet
	kept uint64        // so many were kept back meanwhile
}

const (
	leastNoticeWait = time.Minute
	mostNoticeWait  = 16 * time.Minute
)

// due reports whether a line of a kind is due, and how many were kept back since the last one.
func (n *notices) due(now int64, kind notice) (kept uint64, ok bool) {
	k := &n[kind]
	switch {
	case k.wait > 0 && now < k.next:
		k.kept++
		return 0, false
	case k.kept > 0:
		k.wait = min(2*k.wait, mostNoticeWait)
	default: // quiet for as long
		k.wait = leastNoticeWait
	}
	kept, k.kept, k.next = k.kept, 0, now+int64(k.wait)
	return kept, true
}

// notice writes a line of a kind if one is due.
func (s *Server) notice(kind notice, level slog.Level, text string, details ...any) {
	if kept, ok := s.notices.due(s.now, kind); ok {
		s.writeNotice(kept, level, text, details)
	}
}

// writeNotice writes a line that is due.
func (s *Server) writeNotice(kept uint64, level slog.Level, text string, details []any) {
	if kept > 0 {
		details = append(details, "untold", kept)
	}
	s.cfg.Logger.Log(context.Background(), level, text, details...)
}

// noticeDrop tells of a datagram that was refused, if that may be for a mistake of the operator's. It
// makes nothing before it is due, since there may be a flood of them. Of times it believes no stranger.
func (s *Server) noticeDrop(ev netcode.Event, path transport.Path) {
	switch ev.Drop {
	case netcode.DropTooEarly, netcode.DropTooLong, netcode.DropExpired:
		if !ev.Opened {
			return
		}
	}
	kept, ok := s.notices.due(s.now, notice(ev.Drop))
	if !ok {
		return
	}
	if text, details := s.complaint(ev); text != "" {
		s.writeNotice(kept, slog.LevelWarn, text, append(details, "from", sourceOf(path)))
	}
}

// complaint finds the words; none for what happens every day.
func (s *Server) complaint(ev netcode.Event) (text string, details []any) {
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
