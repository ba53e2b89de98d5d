package web

import (
	"fmt"
	"net/netip"
	"sync/atomic"

	"github.com/tickwire/tickwire/transport"
)

// The close codes of the web transports (RFC 6455, section 7.4, and [SPEC.md], section 12).
const (
	// CodeNormal: the server has nothing more to say to this player, whose Conn is over.
	CodeNormal = 1000
	// CodeGoingAway: the server ends.
	CodeGoingAway = 1001
	// CodeTooLarge: a message was longer than is allowed.
	CodeTooLarge = 1009
	// CodeRules: the peer broke the rules.
	CodeRules = 4400
	// CodeOrigin: pages of this origin may not play here.
	CodeOrigin = 4403
	// CodeIdle: nothing was heard, or taken, for too long.
	CodeIdle = 4408
	// CodeFull: there is no room for another player.
	CodeFull = 4503
)

// A CloseError is why an association was not taken in, or why it was closed, by this end or by the
// other.
type CloseError struct {
	// Code is one of the close codes.
	Code int
	// Reason is for people.
	Reason string
}

// Error tells the reason, and the code.
func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("web: closed with code %d", e.Code)
	}
	return fmt.Sprintf("web: %s (close code %d)", e.Reason, e.Code)
}

// refusals counts them by reason.
type refusals struct {
	full, crowded, tooOften, origin, rules, closed atomic.Uint64
}

type refusalKind uint8

const (
	refusedFull refusalKind = iota
	refusedCrowded
	refusedOrigin
	refusedRules
	refusedClosed
)

// say counts a refusal and finds words for it; n is the limit, where there is one.
func (r *refusals) say(kind refusalKind, n int) *CloseError {
	switch kind {
	case refusedFull:
		r.full.Add(1)
		return &CloseError{CodeFull, fmt.Sprintf("the server has no room for another browser player (%d)", n)}
	case refusedCrowded:
		r.crowded.Add(1)
		return &CloseError{CodeFull, fmt.Sprintf("the server has no room for another browser player from this address (%d)", n)}
	case refusedOrigin:
		r.origin.Add(1)
		return &CloseError{CodeOrigin, "pages of this origin may not play here"}
	case refusedRules:
		r.rules.Add(1)
		return &CloseError{CodeRules, "want the subprotocol " + Subprotocol}
	default:
		r.closed.Add(1)
		return &CloseError{CodeGoingAway, "the server has closed"}
	}
}

// limits bound the associations of each kind, in all and from each address. The lock is the
// board's.
type limits struct {
	players, perAddress int // below 1: no limit
	open                [kinds]int
	from                map[source]int
}

// A source is what the limit per address counts by.
type source struct {
	kind transport.Kind
	net  netip.Prefix
}

func (l *limits) init() { l.from = map[source]int{} }

// sourceOf is the address, or the /64 that one host of IPv6 has to itself (RFC 6177, section 2).
func sourceOf(kind transport.Kind, remote netip.Addr) source {
	bits := 64
	if remote = remote.Unmap(); remote.Is4() {
		bits = 32
	}
	net, _ := remote.Prefix(bits) // an unknown address has the zero prefix
	return source{kind, net}
}

// refuse says why one more is not let in; nil: he is.
func (l *limits) refuse(kind transport.Kind, remote netip.Addr, r *refusals) *CloseError {
	from := sourceOf(kind, remote)
	switch {
	case l.players > 0 && l.open[kindIndex(kind)] >= l.players:
		return r.say(refusedFull, l.players)
	case l.perAddress > 0 && from.net.IsValid() && l.from[from] >= l.perAddress:
		return r.say(refusedCrowded, l.perAddress)
	}
	return nil
}

// admit counts one more in, or says why not.
func (l *limits) admit(kind transport.Kind, remote netip.Addr, r *refusals) *CloseError {
	if why := l.refuse(kind, remote, r); why != nil {
		return why
	}
	l.open[kindIndex(kind)]++
	l.from[sourceOf(kind, remote)]++
	return nil
}

func (l *limits) leave(kind transport.Kind, remote netip.Addr) {
	l.open[kindIndex(kind)]--
	from := sourceOf(kind, remote)
	if l.from[from]--; l.from[from] == 0 {
		delete(l.from, from)
	}
}
