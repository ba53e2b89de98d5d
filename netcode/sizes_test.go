package netcode

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestNoAnswerIsLarger: the sizes that SPEC.md, 3.1, gives, and that nothing
// answers with more bytes than it got, whatever the ids, pads and HELLOs are.
func TestNoAnswerIsLarger(t *testing.T) {
	k, random := newHandshakeKeys(&tokenKeys{}, testProtocol), newSeeded(1)
	sizes := func(n, p, clientHello, serverHello int) (offered, accepted int) {
		id := wireID{n: uint8(n)}
		o := offer{version: 1, wireID: id, padItems: make([]byte, p), challenge: make([]byte, challengeTokenBytes), hello: make([]byte, clientHello)}
		a := accept{padItems: o.padItems, hello: make([]byte, serverHello)}
		b, ok := o.append(random, k, nil)
		c, fine := a.append(random, k, nil, id, &o.share)
		if !ok || !fine {
			t.Fatal("no randomness")
		}
		return len(b), len(c)
	}
	for n := range 5 {
		for _, p := range []int{0, 1, maxPadItems} {
			for _, h := range []int{0, 36, wire.MaxHelloBytes} {
				offered, accepted := sizes(n, p, h, h)
				if offered != 385+n+p+h || accepted != 108+n+p+h {
					t.Fatalf("OFFER of %d and ACCEPT of %d bytes with n %d, p %d, h %d", offered, accepted, n, p, h)
				}
			}
			if offered, accepted := sizes(n, p, 0, wire.MaxHelloBytes); accepted > offered {
				t.Fatalf("ACCEPT of %d bytes answers OFFER of %d", accepted, offered)
			}
		}
	}
	if offered, accepted := sizes(4, maxPadItems, wire.MaxHelloBytes, wire.MaxHelloBytes); offered != 703 || accepted != 426 {
		t.Fatalf("the largest OFFER has %d bytes, the largest ACCEPT %d", offered, accepted)
	}

	resumed := func(n, p, data, h int) int {
		t.Helper()
		ticket := privateTicket{addresses: []netip.AddrPort{serverAddr}}
		ticket.pad.n = uint8(p)
		for i := range data {
			ticket.userData[i] = 1
		}
		key := testKey()
		sealer := newTicketSealer(key.raw(), testProtocol)
		b := sealer.append(&ticket, make([]byte, ticketSealedAt), 0)
		if len(b) != 120+p+data {
			t.Fatalf("ticket of %d bytes with p %d and %d of user data", len(b), p, data)
		}
		r := resume{version: 1, wireID: wireID{n: uint8(n)}, cookie: make([]byte, cookieBytes), hello: make([]byte, h)}
		b, ok := r.append(random, k, nil, b)
		if !ok || len(b) > maxResumeBytes {
			t.Fatalf("RESUME of %d bytes", len(b))
		}
		return len(b)
	}
	for _, c := range []struct{ n, p, data, h, want int }{
		{0, 0, 0, 36, 426}, {4, 58, 256, 256, 808}, {0, 0, 200, 36, 469}, {4, 58, 0, 256, 552},
	} {
		if got := resumed(c.n, c.p, c.data, c.h); got != c.want || got < maxAcceptBytes {
			t.Fatalf("RESUME of %d bytes for %+v", got, c)
		}
	}
	if minTicketBytes != 120 || maxTicketBytes != 503 || minResumeBytes != 426 || maxResumeBytes != 877 {
		t.Fatalf("ticket %d to %d, RESUME %d to %d", minTicketBytes, maxTicketBytes, minResumeBytes, maxResumeBytes)
	}
	jar, _ := newCookieJar(testUnix, random)
	if b, ok := jar.appendRetry(random, k, nil, wireID{n: 3}, &[shareBytes]byte{}, make([]byte, cookieBytes)); !ok || len(b) != 69 {
		t.Fatalf("RETRY of %d bytes", len(b))
	}

	const challenged = 1 + 8 + challengeBody + macBytes // the global sequence takes eight bytes
	if requestBytes != 1078 || challenged != 333 || minOfferBytes != 385 || maxOfferBytes != 703 {
		t.Fatalf("request %d, challenge %d, OFFER %d bytes", requestBytes, challenged, minOfferBytes)
	}
	for _, c := range []struct{ n, text, rows, want int }{{0, 0, 0, 54}, {3, 127, 0, 184}, {0, 128, 0, 183}, {4, 200, 2, 283}} {
		r := Refusal{Code: CodeMismatch, Text: strings.Repeat("x", c.text), Rows: make([]byte, c.rows*wire.ChannelRowSize)}
		b, ok := appendReason(random, k, nil, r, wireID{n: uint8(c.n)}, echo{}, requestBytes)
		if !ok || len(b) != c.want {
			t.Fatalf("REASON of %d bytes for %+v", len(b), c)
		}
	}
	huge := Refusal{Code: CodeMismatch, Text: strings.Repeat("x", 300), Rows: make([]byte, 4096*wire.ChannelRowSize)}
	for _, limit := range []int{requestBytes, minOfferBytes} {
		if b, ok := appendReason(random, k, nil, huge, wireID{}, echo{}, limit); !ok || len(b) > limit {
			t.Fatalf("REASON of %d bytes answers %d", len(b), limit)
		}
	}
	if b := appendGone(nil, make([]byte, 1+connectionIDBytes+1+MinTagBytes)); len(b) != 13 {
		t.Fatalf("GONE of %d bytes", len(b))
	}
}
