package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// notices tells an operator about refusals that point at a mistake in the
// configuration of a backend or server, at most one of a kind a second, however many
// come.
type notices struct {
	last [netcode.NumDrops]int64
	any  [netcode.NumDrops]bool
}

func (n *notices) drop(s *Server, why netcode.Drop, path transport.Path) {
	if n.any[why] && s.now-n.last[why] < int64(time.Second) {
		return
	}
	log := s.core.cfg.Logger.With("from", path.Remote)
	switch why {
	case netcode.DropWrongAddress:
		log.Warn("connect token names another server: is PublicAddresses what the backend mints?", "expected", s.cfg.PublicAddresses)
	case netcode.DropTooEarly:
		log.Warn("connect token may have been seen by an earlier run of this server: tokens must live as long as MaxTokenLifetime", "started", s.base.UTC(), "now", time.Unix(s.unix, 0).UTC())
	case netcode.DropExpired:
		log.Warn("connect token has expired: do the clocks of backend and server agree?", "now", time.Unix(s.unix, 0).UTC())
	case netcode.DropTokenForged:
		log.Warn("connect token does not open: do backend and server have the same PrivateKey and ProtocolID?")
	case netcode.DropProtocolID:
		log.Warn("client of another ProtocolID")
	case netcode.DropPlainRefused:
		log.Warn("client speaks plain netcode 1.02: set Plain to PlainRaw to let it in")
	case netcode.DropHistoryFull:
		log.Warn("no room to remember another connect token")
	default:
		return
	}
	n.last[why], n.any[why] = s.now, true
}
