package tickwire

import (
	"cmp"
	"errors"
	"log/slog"
	"math"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
)

// judge decides about a client whose token and address are proven. Who is let in is answered with
// the HELLO of an endpoint that is made when he has a seat: the Note is its seed.
func (s *Server) judge(o netcode.Offer) netcode.Verdict {
	old := resumedBy(&o)
	continues := old != nil && old.canContinue(&o)
	switch {
	case s.parting && !continues:
		return refuse(netcode.Refusal{Code: CodeGoingAway, Text: serverClosed})
	case old != nil && !continues && !old.open():
		return refuse(netcode.Refusal{Code: CodeRefused, Text: "the connection was closed"})
	}
	if m := s.mismatch(&o); m != nil && !continues {
		return refuse(netcode.Refusal{Code: m.Code, Text: m.Text, Rows: m.Rows})
	}
	if s.cfg.Admit != nil {
		err := s.admit(Applicant{
			ClientID: o.ClientID, UserData: o.UserData, Address: o.Source.AddrPort(),
			Plain: o.Plain, Reserved: o.Reserved, Resumes: o.Resumed,
		})
		if err != nil {
			return refuse(s.refusalOf(o.ClientID, err))
		}
	}
	switch {
	case o.Plain:
		return netcode.Verdict{Admit: true}
	case continues:
		s.hello = old.end.AppendHello(s.now, s.hello[:0])
		return netcode.Verdict{Admit: true, Hello: s.hello}
	}
	seed, err := s.random.next()
	if err != nil {
		return refuse(netcode.Refusal{Code: wire.CodeInternal})
	}
	s.hello = s.plan.AppendHello(s.now, endpoint.Life{Seed: seed}, s.hello[:0])
	return netcode.Verdict{Admit: true, Hello: s.hello, Note: seed}
}

// admit asks the game.
func (s *Server) admit(a Applicant) error {
	defer s.enter("ServerConfig.Admit").leave()
	return s.cfg.Admit(a)
}

func refuse(r netcode.Refusal) netcode.Verdict { return netcode.Verdict{Refusal: r} }

// mismatch reports why we cannot talk to a client, before anything is made for it or anybody is
// asked about it; nil if we can.
func (s *Server) mismatch(o *netcode.Offer) *endpoint.MismatchError {
	if o.Plain {
		return nil
	}
	return mismatchOf(s.plan.Match(o.Hello))
}

// matchHello gives an endpoint the peer's HELLO; nil if the two can talk.
func matchHello(end *endpoint.Endpoint, now int64, hello []byte) *endpoint.MismatchError {
	return mismatchOf(end.HandleHello(now, hello))
}

func mismatchOf(err error) *endpoint.MismatchError {
	if err == nil {
		return nil
	}
	m, ok := errors.AsType[*endpoint.MismatchError](err)
	if !ok {
		m = &endpoint.MismatchError{Code: wire.CodeInternal, Text: err.Error()}
	}
	return m
}

// refusalOf is what the client of an Admit that failed is told. What is no Refusal may be of a
// database, and is for the operator alone.
func (s *Server) refusalOf(clientID uint64, err error) netcode.Refusal {
	r, ok := errors.AsType[*Refusal](err)
	if !ok {
		s.notice(noticeAdmit, slog.LevelError, "Admit failed, so this client was not let in, and is not told why: "+
			"an error that is a *tickwire.Refusal is told to the player", "client", clientID, "err", err)
		return netcode.Refusal{Code: CodeRefused}
	}
	seconds := min(max(r.RetryAfter, 0)/time.Second, math.MaxUint16)
	return netcode.Refusal{Code: cmp.Or(r.Code, CodeRefused), Text: r.Text, RetryAfter: uint16(seconds)}
}
