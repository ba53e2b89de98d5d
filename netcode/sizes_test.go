package netcode

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
	"github.com/tickwire/tickwire/transport"
)

// handshakeSizes measures handshake packets.
type handshakeSizes struct {
	t      *testing.T
	keys   *handshakeKeys
	random *seeded
}

// offer is the bytes of an OFFER and of the ACCEPT that answers it, with n bytes of
// wire id, p of pad, and the HELLOs.
func (s handshakeSizes) offer(n, p, clientHello, serverHello int) (offered, accepted int) {
	s.t.Helper()
	id := wireID{n: uint8(n)}
	o := offer{version: 1, wireID: id, padItems: make([]byte, p), challenge: make([]byte, challengeTokenBytes), hello: make([]byte, clientHello)}
	a := accept{padItems: o.padItems, hello: make([]byte, serverHello)}
	b, ok := o.append(s.random, s.keys, nil)
	c, fine := a.append(s.random, s.keys, nil, id, &o.share)
	if !ok || !fine {
		s.t.Fatal("no randomness")
	}
	return len(b), len(c)
}

// resume is the bytes of a RESUME, with n of wire id, p of pad, user data, and h of HELLO.
func (s handshakeSizes) resume(n, p, data, h int) int {
	s.t.Helper()
	ticket := privateTicket{addresses: []netip.AddrPort{serverAddr}}
	ticket.pad.n = uint8(p)
	for i := range data {
		ticket.userData[i] = 1
	}
	key := testKey()
	sealer := newTicketSealer(key.raw(), testProtocol)
	b := sealer.append(&ticket, make([]byte, ticketSealedAt), 0)
	if len(b) != 120+p+data {
		s.t.Fatalf("ticket of %d bytes with p %d and %d of user data", len(b), p, data)
	}
	r := resume{version: 1, wireID: wireID{n: uint8(n)}, cookie: make([]byte, cookieBytes), hello: make([]byte, h)}
	b, ok := r.append(s.random, s.keys, nil, b)
	if !ok || len(b) > maxResumeBytes {
		s.t.Fatalf("RESUME of %d bytes", len(b))
	}
	return len(b)
}

// TestNoAnswerIsLarger: the sizes that SPEC.md, 3.1, gives, and that nothing
// answers with more bytes than it got, whatever the ids, pads and HELLOs are.
func TestNoAnswerIsLarger(t *testing.T) {
	for what, answers := range map[string]func(handshakeSizes){
		"ACCEPT": handshakeSizes.accepts, "RETRY": handshakeSizes.retries, "REASON": handshakeSizes.refuses,
	} {
		t.Run(what, func(t *testing.T) {
			answers(handshakeSizes{t, newHandshakeKeys(&tokenKeys{}, testProtocol), newSeeded(1)})
		})
	}
}

// accepts: a challenge answers a request, and ACCEPT an OFFER.
func (s handshakeSizes) accepts() {
	for n := range 5 {
		for _, p := range []int{0, 1, maxPadItems} {
			for _, h := range []int{0, 36, wire.MaxHelloBytes} {
				offered, accepted := s.offer(n, p, h, h)
				if offered != 385+n+p+h || accepted != 108+n+p+h {
					s.t.Fatalf("OFFER of %d and ACCEPT of %d bytes with n %d, p %d, h %d", offered, accepted, n, p, h)
				}
			}
			if offered, accepted := s.offer(n, p, 0, wire.MaxHelloBytes); accepted > offered {
				s.t.Fatalf("ACCEPT of %d bytes answers OFFER of %d", accepted, offered)
			}
		}
	}
	if offered, accepted := s.offer(4, maxPadItems, wire.MaxHelloBytes, wire.MaxHelloBytes); offered != 703 || accepted != 426 {
		s.t.Fatalf("the largest OFFER has %d bytes, the largest ACCEPT %d", offered, accepted)
	}
	const challenged = 1 + 8 + challengeBody + macBytes // the global sequence takes eight bytes
	if requestBytes != transport.MinDatagram || challenged != 333 || minOfferBytes != 385 || maxOfferBytes != 703 {
		s.t.Fatalf("request %d, challenge %d, OFFER %d bytes", requestBytes, challenged, minOfferBytes)
	}
}

// retries: RETRY and ACCEPT answer a RESUME.
func (s handshakeSizes) retries() {
	for _, c := range []struct{ n, p, data, h, want int }{
		{0, 0, 0, 36, 426}, {4, 58, 256, 256, 808}, {0, 0, 200, 36, 469}, {4, 58, 0, 256, 552},
	} {
		if got := s.resume(c.n, c.p, c.data, c.h); got != c.want || got < maxAcceptBytes {
			s.t.Fatalf("RESUME of %d bytes for %+v", got, c)
		}
	}
	if minTicketBytes != 120 || maxTicketBytes != 503 || minResumeBytes != 426 || maxResumeBytes != 877 {
		s.t.Fatalf("ticket %d to %d, RESUME %d to %d", minTicketBytes, maxTicketBytes, minResumeBytes, maxResumeBytes)
	}
	jar, _ := newCookieJar(testUnix, s.random)
	if b, ok := jar.appendRetry(s.random, s.keys, nil, wireID{n: 3}, &[shareBytes]byte{}, make([]byte, cookieBytes)); !ok || len(b) != 69 {
		s.t.Fatalf("RETRY of %d bytes", len(b))
	}
}

// refuses: REASON answers a request and an OFFER, and GONE the least packet.
func (s handshakeSizes) refuses() {
	for _, c := range []struct{ n, text, rows, want int }{{0, 0, 0, 54}, {3, 127, 0, 184}, {0, 128, 0, 183}, {4, 200, 2, 283}} {
		r := Refusal{Code: CodeMismatch, Text: strings.Repeat("x", c.text), Rows: make([]byte, c.rows*wire.ChannelRowSize)}
		b, ok := appendReason(s.random, s.keys, nil, r, wireID{n: uint8(c.n)}, echo{}, requestBytes)
		if !ok || len(b) != c.want {
			s.t.Fatalf("REASON of %d bytes for %+v", len(b), c)
		}
	}
	huge := Refusal{Code: CodeMismatch, Text: strings.Repeat("x", 300), Rows: make([]byte, 4096*wire.ChannelRowSize)}
	for _, limit := range []int{requestBytes, minOfferBytes} {
		if b, ok := appendReason(s.random, s.keys, nil, huge, wireID{}, echo{}, limit); !ok || len(b) > limit {
			s.t.Fatalf("REASON of %d bytes answers %d", len(b), limit)
		}
	}
	if b := appendGone(nil, make([]byte, 1+connectionIDBytes+1+MinTagBytes)); len(b) != 13 {
		s.t.Fatalf("GONE of %d bytes", len(b))
	}
}
