package netcode

import (
	"bytes"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// FuzzTicket: whatever the content of a ticket is, the server reads it without harm, and what it
// takes it would write the same.
func FuzzTicket(f *testing.F) {
	key := testKey()
	k := newTicketSealer(key.raw(), testProtocol)
	for _, want := range protections {
		t := privateTicket{issued: 3, clientID: 7, timeoutSeconds: 10, pad: padOf(want)}
		t.addresses = append(t.addresses, serverAddr, otherAddr)
		copy(t.userData[:], "user data")
		sealed := k.append(&t, make([]byte, ticketSealedAt), 0)
		plain, err := k.aead.Open(nil, sealed[ticketNonceAt:ticketSealedAt], sealed[ticketSealedAt:], k.adOf(sealed))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
		f.Add(plain[:len(plain)-len("user data")])
		f.Add(plain[:len(plain)-len("user data")-1])
		f.Add(append(plain, make([]byte, UserDataBytes)...))
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, plain []byte) {
		head := make([]byte, ticketSealedAt)
		if len(plain) > maxTicketBytes {
			return
		}
		b := k.aead.Seal(bytes.Clone(head), head[ticketNonceAt:], plain, k.adOf(head))
		var read, again privateTicket
		if k.open(&read, b) != DropNone {
			return
		}
		if drop := k.open(&again, k.append(&read, head, 0)); drop != DropNone || again.issued != read.issued ||
			again.pad != read.pad || again.userData != read.userData || len(again.addresses) != len(read.addresses) {
			t.Fatalf("%v: %+v was %+v", drop, again, read)
		}
	})
}

// FuzzResumeTicket: what a client has stored may have been changed.
func FuzzResumeTicket(f *testing.F) {
	w, p, seat := dataPair(f, nil)
	for _, want := range protections {
		t := w.ticket(p, seat)
		t.pad, t.Addresses, t.attempt = padOf(want), append(t.Addresses, otherAddr), 1<<63
		b, _ := t.AppendBinary(nil)
		f.Add(b)
		f.Add(b[:len(b)-len(t.ticket)])                   // without the ticket
		f.Add(append(b, make([]byte, maxTicketBytes)...)) // one that is too long
		f.Add(append([]byte("TWRT\x02"), b[5:]...))       // of a later version
		f.Add(append(bytes.Clone(b[:25]), b[26:]...))     // pad items that are something else
		f.Add(append(bytes.Clone(b[:len(b)/2]), b...))    // two of them
	}
	f.Add([]byte{})
	f.Add([]byte("TWTK\x01\x01")) // a token list, no ticket
	f.Fuzz(func(t *testing.T, b []byte) {
		ticket, err := ParseResumeTicket(b)
		if err != nil {
			return
		}
		stored, _ := ticket.AppendBinary(nil)
		again, err := ParseResumeTicket(stored)
		if err != nil || again.String() != ticket.String() || *again.secret() != *ticket.secret() || !bytes.Equal(again.ticket, ticket.ticket) {
			t.Fatalf("%v was %v, %v", again, ticket, err)
		}
		if c, err := NewResumeClient(0, 0, ticket, ClientConfig{Random: w.random}); err == nil {
			if b, _, ok := c.NextDatagram(nil); !ok || len(b) < minResumeBytes || len(b) > maxResumeBytes {
				t.Fatalf("RESUME of %d bytes", len(b))
			}
		}
	})
}

// FuzzResume: what somebody who has a ticket and its secret may seal, with any cookie or the
// right one. He gets a seat that waits, or nothing; no answer is larger.
func FuzzResume(f *testing.F) {
	w := newWorld(f, nil)
	p, seat := w.confirmed(w.mint(7, nil), 1)
	ticket := w.ticket(p, seat)
	q, b := w.sniffed(ticket, 1)
	_, nonce, _ := splitResume(b)
	k := q.was.handshake
	plain, _ := openLong(k.offer, bytes.Clone(b), nonce, b[:nonce])
	f.Add(plain, true)
	f.Add(plain, false)
	f.Add(plain[:60], true)
	f.Fuzz(func(t *testing.T, body []byte, right bool) {
		if len(body) > maxResumeBytes-nonce-nonceXBytes-macBytes {
			return
		}
		w.now += second
		body = bytes.Clone(body)
		if at := 1 + shareBytes; right && len(body) > at+2+cookieBytes {
			mac := *ticketMAC(ticket.ticket)
			body[at], body[at+1] = 0, cookieBytes
			copy(body[at+2:], w.server.adm.cookies.make(w.now/cookieLife, &mac, (*[shareBytes]byte)(body[1:]), &p.at))
		}
		b := append(append(bytes.Clone(b[:nonce]), make([]byte, nonceXBytes)...), body...)
		b, ok := sealLong(w.random, k.offer, b, nonce, b[:nonce])
		if !ok {
			t.Fatal("no randomness")
		}
		ev := w.toServer(p.at, b)
		if ev.Kind != EventNone && ev.Kind != EventResuming || ev.Seat == seat || w.server.adm.returning > 1 || w.server.Admission().Clients() != 1 {
			t.Fatalf("%+v, %d wait", ev, w.server.adm.returning)
		}
		if ev.Kind == EventResuming && len(b) < minResumeBytes {
			t.Fatalf("RESUME of %d bytes", len(b))
		}
		w.events = nil
	})
}

// FuzzRetry: what a hostile server may seal.
func FuzzRetry(f *testing.F) {
	w, p, seat := dataPair(f, nil)
	q := w.comeBack(w.ticket(p, seat), 2, func(c *ClientConfig) { c.WireID = []byte{8, 1} })
	f.Add(make([]byte, retryBody))
	f.Add(make([]byte, retryBody-1))
	f.Add(make([]byte, retryBody+1))
	f.Add(bytes.Repeat([]byte{0xff}, retryBody)) // the largest number
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		q.c.state = StateRequesting
		q.was.challenges.Reset()
		head := []byte{wire.PrefixHandshake, longRetry, 8, 1}
		b := append(append(bytes.Clone(head), make([]byte, nonceXBytes)...), body...)
		b, _ = sealLong(w.random, q.was.handshake.accept, b, 4, append(head, q.was.share[:]...))
		if ev := q.receive(b); (ev.Kind == ClientState) != (len(body) == retryBody) {
			t.Fatalf("%d bytes: %+v", len(body), ev)
		}
	})
}
