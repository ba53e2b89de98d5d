package tickwire

import (
	"errors"
	"math"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/netcode"
)

// judge decides about a client whose token and address are proven. The endpoint
// that it makes to read the client's HELLO waits in judged for the seat.
func (s *Server) judge(o netcode.Offer) (hello []byte, refusal netcode.Refusal, ok bool) {
	old := s.resumes(&o)
	continues := old != nil && s.continues(old, &o)
	switch {
	case s.shutBy != never && !continues:
		return nil, netcode.Refusal{Code: CodeGoingAway, Text: serverClosed}, false
	case old != nil && !continues && !old.open():
		return nil, netcode.Refusal{Code: CodeRefused, Text: "the connection was closed"}, false
	}
	if m := s.mismatch(&o); m != nil && !continues {
		return nil, netcode.Refusal{Code: m.Code, Text: m.Text, Rows: m.Rows}, false
	}
	if s.cfg.Admit != nil {
		err := s.cfg.Admit(Applicant{
			o.ClientID, o.UserData, o.Source.AddrPort(), o.Plain, o.Reserved, o.Resumed,
		})
		if err != nil {
			return nil, s.refusalOf(o.ClientID, err), false
		}
	}
	switch {
	case o.Plain:
		return nil, refusal, true
	case continues:
		s.forgetJudged()
		s.hello = old.end.AppendHello(s.now, s.hello[:0])
		return s.hello, refusal, true
	}
	end, err := s.newEndpoint(0, s.near, 0)
	if err != nil {
		return nil, netcode.Refusal{Code: wire.CodeInternal}, false
	}
	if m := matchHello(end, s.now, o.Hello); m != nil {
		end.Release()
		return nil, netcode.Refusal{Code: m.Code, Text: m.Text, Rows: m.Rows}, false
	}
	s.forgetJudged()
	s.judged = end
	s.hello = end.AppendHello(s.now, s.hello[:0])
	return s.hello, refusal, true
}

// mismatch reports why we cannot talk to a client, before anything is made for it or anybody is
// asked about it; nil if we can.
func (s *Server) mismatch(o *netcode.Offer) *endpoint.MismatchError {
	if o.Plain {
		return nil
	}
	return mismatchOf(s.plan.Match(o.Hello))
}

// forgetJudged drops the endpoint of a client that was let in and found no seat.
func (s *Server) forgetJudged() {
	if s.judged != nil {
		s.judged.Release()
		s.judged = nil
	}
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
		s.notices.failed(s, clientID, err)
		return netcode.Refusal{Code: CodeRefused}
	}
	seconds := min(max(r.RetryAfter, 0)/time.Second, math.MaxUint16)
	return netcode.Refusal{Code: r.Code, Text: r.Text, RetryAfter: uint16(seconds)}
}
