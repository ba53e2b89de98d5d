package netcode

import (
	"bytes"
	"net/netip"
	"strconv"
	"testing"
)

// A resumeVector is a connection that comes of a ticket, which was given on the connection of one
// of the handshakes.
type resumeVector struct {
	Name string `json:"name"`
	Of   int    `json:"of"` // the handshakes, from 0

	TicketKey  hexBytes `json:"ticketKey"`  // of the server
	Resumption hexBytes `json:"resumption"` // of the connection
	Ticket     hexBytes `json:"ticket"`
	Content    struct {
		Expires      string   `json:"expires"`
		Lifetime     uint32   `json:"lifetime"`
		Issued       string   `json:"issued"`
		Secret       hexBytes `json:"secret"`
		Player       string   `json:"player"`
		ConnectionID hexBytes `json:"connectionId"`
		Timeout      uint32   `json:"timeout"`
		PadItems     hexBytes `json:"padItems"`
		Addresses    hexBytes `json:"addresses"`
		UserData     hexBytes `json:"userData"`
	} `json:"content"`

	Cookie   hexBytes `json:"cookie"`
	Flags    uint8    `json:"flags"` // of RESUME and of ACCEPT
	Attempt  string   `json:"attempt"`
	Instance string   `json:"instance"`
	First    hexBytes `json:"first"` // RESUME without the cookie
	Retry    hexBytes `json:"retry"`
	Resume   hexBytes `json:"resume"`

	// The rest is as in a handshake with a token.
	handshakeVector `json:"connection"`
}

// makeResume builds a vector of a connection that resumes the one of another.
func makeResume(t *testing.T, name string, of int, before *handshakeVector, wire []byte, flags uint8) resumeVector {
	token, err := ParseToken(before.Token)
	if err != nil {
		t.Fatal(err)
	}
	random := newSeeded(uint64(1000 + len(name)))
	v := resumeVector{Name: name, Of: of, Cookie: run(13, cookieBytes), Flags: flags, Attempt: "28521267200000001", Instance: "0"}
	if flags&flagContinue != 0 {
		v.Instance = "81985529216486895"
	}
	secret, keys := v.makeTicket(t, before, token)
	v.TicketKey = expand(extract(bytes.Clone(keys.raw()[:]), "tickwire 1 tickets"), "tickwire 1 ticket key"+string(le64(testProtocol)), 32)

	c := &v.handshakeVector
	c.PadItems, c.ClientShare, c.ServerShare, c.ConnectionID, c.ClientID = before.PadItems, run(21, 32), run(22, 32), []byte{3, 0x22, 0x34, 0x58}, wire
	c.ClientHello, c.ServerHello, c.ClientIndex, c.MaxClients, c.Source = []byte("client hello"), []byte("server hello"), 12, 64, before.Source
	c.exchange(t, &token.Pad)
	k := newResumeKeys(&secret, testProtocol)
	id := wireID{n: uint8(len(wire))}
	copy(id.b[:], wire)
	r := resume{
		version: 1, share: [32]byte(c.ClientShare), wireID: id, flags: flags,
		attempt: number(t, v.Attempt), instance: number(t, v.Instance), hello: c.ClientHello,
	}
	v.First, _ = r.append(random, k, nil, v.Ticket)
	jar, _ := newCookieJar(testUnix, random)
	v.Retry, _ = jar.appendRetry(random, k, nil, id, &r.share, v.Cookie)
	r.cookie = v.Cookie
	v.Resume, _ = r.append(random, k, nil, v.Ticket)
	a := accept{
		connectionID: [4]byte(c.ConnectionID), share: [32]byte(c.ServerShare), flags: flags, padItems: c.PadItems,
		index: 12, max: 64, source: Source(c.Source), hello: c.ServerHello,
	}
	c.Accept, _ = a.append(random, k, nil, id, &r.share)
	c.Refusal.Code, c.Refusal.Text = uint8(CodeUsed), "again"
	c.ReasonOffer, _ = appendReason(random, k, nil, Refusal{Code: CodeUsed, Text: "again"}, id, echo(r.share[:8]), len(v.Resume))
	c.addKeys(k, id, token)
	c.addData(t, id, &token.Pad)
	return v
}

// makeTicket seals the ticket as AppendTicket does, and returns its secret and what the
// server's key is derived from.
func (v *resumeVector) makeTicket(t *testing.T, before *handshakeVector, token *Token) (secret rawKey, key Key) {
	x := trafficContext{
		protocolID: testProtocol, pad: token.Pad, connectionID: [4]byte(before.ConnectionID),
		wireID: wireID{n: uint8(len(before.ClientID))},
	}
	copy(x.wireID.b[:], before.ClientID)
	old := newHandshakeKeys(token.keys(), testProtocol)
	_, _, resumption := x.trafficSecrets(old.connectionSecret((*[32]byte)(before.ClientShare), (*[32]byte)(before.ServerShare), before.Agreed))
	v.Resumption = resumption
	nonce := run(31, nonceXBytes)
	p := privateTicket{
		issued: 1782579200000123, secret: ticketSecret((*rawKey)(resumption), nonce), clientID: 7, connectionID: x.connectionID,
		timeoutSeconds: 10, pad: token.Pad, addresses: []netip.AddrPort{serverAddr, netip.MustParseAddrPort("[2001:db8::1]:7777")},
	}
	copy(p.userData[:], "user data")
	c := &v.Content
	c.Expires, c.Lifetime, c.Issued, c.Secret = "1700003600", 3600, strconv.FormatUint(p.issued, 10), bytes.Clone(p.secret[:])
	c.Player, c.ConnectionID, c.Timeout, c.PadItems = "7", x.connectionID[:], 10, before.PadItems
	c.Addresses, c.UserData = appendAddresses(nil, p.addresses), []byte("user data")
	key = testKey()
	sealer := newTicketSealer(key.raw(), testProtocol)
	head := append(le64(number(t, c.Expires)), 16, 14, 0, 0)
	v.Ticket = sealer.append(&p, append(head, nonce...), 0)
	return p.secret, key
}

func le64(n uint64) []byte {
	return []byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), byte(n >> 32), byte(n >> 40), byte(n >> 48), byte(n >> 56)}
}

// readResume opens every packet of a vector with nothing but its ticket, the server's key and the
// secret.
func readResume(t *testing.T, v *resumeVector) {
	key := testKey()
	sealer := newTicketSealer(key.raw(), testProtocol)
	var ticket privateTicket
	if drop := sealer.open(&ticket, v.Ticket); drop != DropNone || ticket.clientID != 7 || !bytes.Equal(ticket.pad.raw(), v.PadItems) {
		t.Fatalf("ticket %+v, %v", ticket, drop)
	}
	k := newResumeKeys(&ticket.secret, testProtocol)
	var r resume
	for _, b := range []hexBytes{v.First, v.Resume} {
		inside, nonce, ok := splitResume(b)
		if drop := r.open(k, b.clone(), nonce); !ok || drop != DropNone || !bytes.Equal(inside, v.Ticket) {
			t.Fatalf("RESUME: %v, %v", ok, drop)
		}
	}
	if !bytes.Equal(r.share[:], v.ClientShare) || !bytes.Equal(r.hello, v.ClientHello) || r.flags != v.Flags ||
		r.attempt != number(t, v.Attempt) || r.instance != number(t, v.Instance) || !bytes.Equal(r.cookie, v.Cookie) {
		t.Fatalf("RESUME %+v", r)
	}
	if number, cookie, drop := openRetry(k, v.Retry.clone(), r.wireID, &r.share); drop != DropNone || number != 1782579200000001 || !bytes.Equal(cookie, v.Cookie) {
		t.Fatalf("RETRY: %x, %v", cookie, drop)
	}
	var a accept
	if drop := a.open(k, v.Accept.clone(), r.wireID, &r.share); drop != DropNone || a.flags != v.Flags || !bytes.Equal(a.share[:], v.ServerShare) {
		t.Fatalf("ACCEPT %+v, %v", a, drop)
	}
	if _, e, drop := openReason(k, v.ReasonOffer.clone(), r.wireID); drop != DropNone || e != echo(r.share[:8]) {
		t.Fatalf("REASON: %v", drop)
	}
	v.readData(t, &ticket.pad, len(v.ClientID))
}
