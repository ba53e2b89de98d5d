package netcode

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// Readers see bytes that nobody has authenticated, or that a hostile peer has
// sealed: none may panic, and what they take must be written the same.

func FuzzParseToken(f *testing.F) {
	w := newWorld(f, nil)
	f.Add(w.mint(1, nil).Append(nil))
	f.Add(w.mint(1, plainToken).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		token, err := ParseToken(b)
		if err != nil {
			return
		}
		again, err := ParseToken(token.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(token.Append(nil), again.Append(nil)) {
			t.Fatal("not the same token")
		}
	})
}

func FuzzParseTokenList(f *testing.F) {
	w := newWorld(f, nil)
	f.Add(TokenList{w.mint(1, nil), w.mint(2, nil)}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if tokens, err := ParseTokenList(b); err == nil && (len(tokens) < 1 || len(tokens) > MaxListTokens) {
			t.Fatalf("%d tokens", len(tokens))
		}
	})
}

func FuzzReadPad(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x11, 0, itemProtection, 2, 1, 16, itemForwardSecrecy, 0, itemUnsealed, 0})
	f.Fuzz(func(t *testing.T, items []byte) {
		if len(items) > maxPadItems {
			return
		}
		b := append([]byte(padMagic), padVersion, byte(len(items)))
		b = append(b, items...)
		b = append(b, make([]byte, max(0, padBytes-len(b)))...)
		p, drop := readPad(b)
		if drop == DropNone && !bytes.Equal(p.append(nil), b[:padBytes]) {
			t.Fatalf("pad %x is written as %x", b, p.append(nil))
		}
	})
}

func FuzzPrivateToken(f *testing.F) {
	p := privateToken{pad: Pad{Present: true}}
	p.addresses = append(p.addresses, serverAddr, otherAddr)
	f.Add(p.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again privateToken
		if p.read(b) != DropNone {
			return
		}
		if drop := again.read(p.append(nil)); drop != DropNone || !reflect.DeepEqual(p, again) {
			t.Fatalf("%+v is read again as %+v: %v", p, again, drop)
		}
	})
}

// FuzzServerDatagram feeds raw datagrams to a server that knows a token and
// has a client of each suite.
func FuzzServerDatagram(f *testing.F) {
	w := newWorld(f, func(c *ServerConfig) { c.MaxClients = 20 })
	p, _ := w.confirmed(w.mint(7, nil), 1)
	for i, want := range protections {
		other, _ := w.confirmed(w.mint(uint64(20+i), protect(want)), uint16(20+i))
		f.Add(other.data(1, "frames"))
	}
	token := w.mint(9, nil)
	f.Add((&Client{token: token}).appendRequest(nil))
	f.Add(p.data(1, "frames"))
	f.Add(p.was.out.append(nil, kindResponse, 0, make([]byte, challengeBody)))
	f.Add(p.was.out.append(nil, kindPayload, 7, []byte("x")))
	offer, _ := (&Client{approach: p.was, token: p.token, wireID: p.c.wireID}).appendOffer(nil)
	f.Add(offer)
	_, resume := w.sniffed(w.ticket(p, w.server.adm.clients[7]), 1)
	f.Add(resume)
	f.Fuzz(func(t *testing.T, b []byte) {
		size := len(b)
		if ev := w.server.HandleDatagram(w.now, w.unix(), p.at, bytes.Clone(b), nil); len(ev.Reply) > size {
			t.Fatalf("%d bytes answered with %d", size, len(ev.Reply))
		}
	})
}

// FuzzClientDatagram feeds raw datagrams to a client with a token, and to one that resumes.
func FuzzClientDatagram(f *testing.F) {
	w, p, seat := dataPair(f, nil)
	q, _ := w.sniffed(w.ticket(p, seat), 2)
	cookie, _ := w.server.adm.cookies.appendRetry(w.random, q.was.handshake, nil, wireID{}, &q.was.share, make([]byte, cookieBytes))
	f.Add(cookie)
	f.Add(seal(seat.Sealer(), 0, 3, "frames"))
	f.Add(p.was.in.append(nil, kindChallenge, 1<<63, make([]byte, challengeBody)))
	f.Add([]byte("\x05eighteig"))
	f.Add([]byte("\x07\x02accept"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range []State{StateRequesting, StateResponding, StateConnected} {
			p.c.state, p.c.approach = s, p.was
			if s == StateConnected {
				p.c.approach = nil
			}
			if ev := p.receive(bytes.Clone(b)); ev.Kind == ClientConnected || ev.Kind == ClientEnded {
				t.Fatalf("%x, which the server did not say, brought %+v", b, ev)
			}
			if s != StateConnected {
				q.c.state = s
				q.receive(bytes.Clone(b))
			}
		}
	})
}

// FuzzSealedStandard: what a peer with keys may put into standard packets.
func FuzzSealedStandard(f *testing.F) {
	f.Add(uint8(3), uint64(0), make([]byte, challengeBody))
	f.Add(uint8(4), uint64(1), make([]byte, keepAliveBody))
	f.Add(uint8(5), uint64(1<<40), []byte("payload"))
	f.Add(uint8(6), ^uint64(0), []byte{})
	f.Fuzz(func(t *testing.T, kind uint8, sequence uint64, body []byte) {
		if len(body) > 2000 {
			return
		}
		w, p, seat := plainPair(t, nil)
		w.toServer(p.at, p.was.out.append(nil, packetKind(kind&15), sequence, body))
		if len(w.server.plain) == 1 {
			p.receive(seat.out.append(nil, packetKind(kind&15), sequence, body))
		}
	})
}

// FuzzOffer and those below: sealed as a hostile holder of the token could.
func FuzzOffer(f *testing.F) {
	w := newWorld(f, nil)
	token := w.mint(7, nil)
	k := newHandshakeKeys(token.keys(), testProtocol)
	o := offer{version: 1, challenge: make([]byte, challengeTokenBytes), hello: []byte("hello")}
	b, _ := o.append(w.random, k, nil)
	plain, _ := openLong(k.offer, b, offerNonceAt, b[:offerNonceAt])
	f.Add(uint64(0), plain)
	f.Fuzz(func(t *testing.T, sequence uint64, body []byte) {
		w.request(token, 1)
		o := offer{sequence: sequence}
		head, _ := o.append(w.random, k, nil)
		head = append(head[:offerNonceAt+nonceXBytes], body...)
		b, ok := sealLong(w.random, k.offer, head, offerNonceAt, head[:offerNonceAt])
		if !ok {
			t.Fatal("no randomness")
		}
		if ev := w.toServer(source(1), b); ev.Kind != EventNone {
			t.Fatalf("a seat without the server's challenge: %+v", ev)
		}
	})
}

func FuzzAccept(f *testing.F) {
	w, p, _ := dataPair(f, func(c *ClientConfig) { c.WireID = []byte{8, 1} })
	a := accept{hello: []byte("hello"), padItems: []byte{1, 0}}
	b, _ := a.append(w.random, p.was.handshake, nil, p.c.wireID, &p.was.share)
	plain, _ := openLong(p.was.handshake.accept, b, 4, acceptAD(&p.c.wireID, &p.was.share))
	f.Add(plain)
	f.Fuzz(func(t *testing.T, body []byte) {
		p.c.state, p.c.approach = StateResponding, p.was
		head := append([]byte{wire.PrefixHandshake, longAccept, 8, 1}, make([]byte, nonceXBytes)...)
		b, _ := sealLong(w.random, p.was.handshake.accept, append(head, body...), 4, acceptAD(&p.c.wireID, &p.was.share))
		p.receive(b)
	})
}

func FuzzReason(f *testing.F) {
	w, p, _ := dataPair(f, nil)
	k := p.was.handshake
	b, _ := appendReason(w.random, k, nil, Refusal{Code: CodeMismatch, Text: "text", Rows: make([]byte, 24)}, wireID{}, echo{}, 500)
	plain, _ := openLong(k.reason, b, 2, b[:2])
	f.Add(plain)
	f.Fuzz(func(t *testing.T, body []byte) {
		head := append([]byte{wire.PrefixHandshake, longReason}, make([]byte, nonceXBytes)...)
		b, _ := sealLong(w.random, k.reason, append(head, body...), 2, head[:2])
		r, _, drop := openReason(k, b, wireID{})
		if drop == DropNone && (len(r.Text) > 3*wire.MaxTextBytes || len(r.Rows)%wire.ChannelRowSize != 0) {
			t.Fatalf("read %+v", r)
		}
	})
}

// FuzzData: any header and any frames from a peer with keys, in any suite.
func FuzzData(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint64(1), uint8(1), []byte("frames"))
	f.Add(uint8(1), uint8(7), ^uint64(0), uint8(3), []byte{})
	f.Add(uint8(3), uint8(2), uint64(70000), uint8(2), []byte("signed"))
	f.Fuzz(func(t *testing.T, suite, path uint8, number uint64, bytesLess1 uint8, frames []byte) {
		w, p, _ := protectedPair(t, protections[int(suite)%len(protections)], nil)
		path &= pathMask
		n := int(bytesLess1&3) + 1
		s := p.c.Sealer()
		b := s.AppendHeader(nil, path, number, n)
		head := len(b)
		b = s.Seal(0, append(b, frames...), 0, head, path, number)
		ev := w.toServer(p.at, b)
		fits := number < 1<<(8*n-1) && (path != 0 || number > 0)
		if fits && (ev.Kind != EventPacket || ev.Number != number || ev.Path != path || !bytes.Equal(w.last().Frames, frames)) {
			t.Fatalf("path %d number %d: %+v", path, number, ev)
		}
	})
}

// FuzzEpochs: any order of sealing, changing keys, arriving, and being damaged
// on the way. What opens was sealed, and opens once.
func FuzzEpochs(f *testing.F) {
	f.Add(uint8(0), []byte("\x00\x00\x02\x01\x00\x02\x12\x03\x04\x02"))
	f.Add(uint8(2), []byte("\x00\x02\x01\x00\x12\x01\x00\x22\x02\xf4\x01\x00\x32\x23"))
	f.Fuzz(func(t *testing.T, suite uint8, ops []byte) {
		d := newDirection(t, padOf(protections[suite%4]), 0)
		var sealed [][]byte
		opened := map[string]bool{}
		for _, op := range ops[:min(len(ops), 300)] {
			arg := int(op >> 3)
			switch op & 7 {
			case 0:
				sealed = append(sealed, d.seal())
			case 1:
				d.out.ChangeKeys(d.now, 0, d.next, 0)
			case 2, 3, 4:
				if len(sealed) == 0 {
					continue
				}
				b := bytes.Clone(sealed[len(sealed)-1-arg%len(sealed)])
				if op&7 == 3 {
					b[0] ^= wire.PrefixDataEpoch
				} else if op&7 == 4 {
					b[arg%len(b)] ^= 0x80
				}
				if d.open(b) != DropNone {
					continue
				}
				if opened[string(b)] || op&7 != 2 {
					t.Fatalf("%x opened, by operation %d", b, op&7)
				}
				opened[string(b)] = true
			default:
				d.now += int64(arg*arg) * 10 * ms
			}
		}
	})
}

// FuzzAgree: no value of a peer panics or makes a secret that everybody knows.
func FuzzAgree(f *testing.F) {
	for _, share := range weakShares() {
		f.Add(share[:])
	}
	pad := padOf(forwardSecret)
	_, private, _ := newShare(newSeeded(1), &pad)
	f.Fuzz(func(t *testing.T, share []byte) {
		if len(share) != shareBytes {
			return
		}
		secret, ok := agree(private, (*[shareBytes]byte)(share))
		if ok && (len(secret) != shareBytes || bytes.Equal(secret, make([]byte, shareBytes))) {
			t.Fatalf("agreed on %x", secret)
		}
	})
}

// FuzzInspect: whatever a file holds, it is told what is wrong with it, and a
// token is sound for Inspect only if it is for who uses it.
func FuzzInspect(f *testing.F) {
	w := newWorld(f, nil)
	for _, plain := range []bool{false, true} {
		b := w.mint(1, func(c *MintConfig) { c.Plain = plain }).Append(nil)
		f.Add(b)
		for _, at := range []int{0, 12, 20, 36, 40, 500, 1085, 1089, 1093, 1100, 1984, 1988, 1989} {
			b := bytes.Clone(b)
			b[at] ^= 0xff
			f.Add(b)
		}
	}
	key := testKey()
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := ParseToken(b)
		public, all := Inspect(b, nil), Inspect(b, &key)
		if err != nil && len(public.Faults) == 0 {
			t.Fatalf("no fault, but %v", err)
		}
		if len(all.Faults) < len(public.Faults) || all.Private == nil && len(all.Faults) == 0 {
			t.Fatalf("%v, and with the key %v", public.Faults, all.Faults)
		}
		for _, fault := range all.Faults {
			if fault.Field == "" || fault.Problem == "" {
				t.Fatalf("%+v", fault)
			}
		}
	})
}
