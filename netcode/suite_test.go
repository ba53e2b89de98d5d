package netcode

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

// protections are what an issuer can choose.
var protections = []MintConfig{
	{},
	{Suite: SuiteAES256GCM},
	{Suite: SuiteSignedOnly},
	{Suite: SuiteSignedOnly, TagBytes: MinTagBytes},
	{Suite: SuiteSignedOnly, TagBytes: 32},
	{ForwardSecrecy: true},
	{Suite: SuiteAES256GCM, ForwardSecrecy: true},
	{Suite: SuiteSignedOnly, TagBytes: MinTagBytes, ForwardSecrecy: true},
}

// protect asks for what want has.
func protect(want MintConfig) func(*MintConfig) {
	return func(c *MintConfig) {
		c.Suite, c.TagBytes, c.ForwardSecrecy = want.Suite, want.TagBytes, want.ForwardSecrecy
	}
}

func nameOf(c MintConfig) string {
	return fmt.Sprintf("%d-%d-%v", c.Suite, c.TagBytes, c.ForwardSecrecy)
}

// protectedPair is a confirmed connection with the given protection.
func protectedPair(t testing.TB, want MintConfig, change func(*ClientConfig)) (*world, *player, *Seat) {
	w := newWorld(t, func(c *ServerConfig) { c.EpochPackets = 8 })
	p := w.join(w.mint(7, protect(want)), 1, change)
	w.step(0)
	w.wantState(p, StateConnected)
	seat := w.last().Seat
	w.toServer(p.at, p.data(0, ""))
	return w, p, seat
}

// TestSuites: in each of them both directions talk, a packet has the overhead
// that is announced, no byte of it can be changed, and who may read it is as
// the issuer said.
func TestSuites(t *testing.T) {
	const text = "a text that is easily found"
	for _, want := range protections {
		t.Run(nameOf(want), func(t *testing.T) {
			w, p, seat := protectedPair(t, want, nil)
			tag := want.TagBytes
			if tag == 0 {
				tag = macBytes
			}
			up, down := p.data(1, text), seal(seat.Sealer(), 0, 1, text)
			if len(up)-len(text) != 7+tag || p.c.Sealer().Overhead(2) != 7+tag || len(down)-len(text) != 3+tag || seat.Sealer().Overhead(2) != 3+tag {
				t.Fatalf("%d and %d bytes around the frames", len(up)-len(text), len(down)-len(text))
			}
			if bytes.Contains(up, []byte(text)) != (want.Suite == SuiteSignedOnly) {
				t.Fatalf("packet %q", up)
			}
			for i := range 8 * len(up) {
				b := bytes.Clone(up)
				b[i/8] ^= 1 << (i % 8)
				if ev := w.toServer(p.at, b); ev.Kind != EventNone {
					t.Fatalf("bit %d changed: %+v", i, ev)
				}
			}
			for cut := range up {
				if ev := w.toServer(p.at, bytes.Clone(up[:cut])); ev.Kind != EventNone {
					t.Fatalf("cut to %d bytes: %+v", cut, ev)
				}
			}
			if ev := w.toServer(p.at, up); ev.Kind != EventPacket || string(ev.Frames) != text {
				t.Fatalf("the true one: %+v", ev)
			}
			if ev := p.receive(down); ev.Kind != ClientPacket || string(ev.Frames) != text {
				t.Fatalf("down: %+v", ev)
			}
		})
	}
}

// TestEncrypts: who may not be read is as the suites say.
func TestEncrypts(t *testing.T) {
	for suite, want := range map[Suite]bool{0: false, SuiteChaCha20Poly1305: true, SuiteAES256GCM: true, SuiteSignedOnly: false, 9: false} {
		if suite.Encrypts() != want {
			t.Errorf("%v encrypts: %v", suite, !want)
		}
	}
}

// TestMostEpochPackets: no side can be told to keep its keys for longer than the most that is safe.
func TestMostEpochPackets(t *testing.T) {
	w := newWorld(t, nil)
	for packets, good := range map[int]bool{-1: false, 0: true, 1: true, MaxEpochPackets: true, MaxEpochPackets + 1: false} {
		cfg := w.cfg
		cfg.EpochPackets = packets
		_, err := NewServer(w.now, w.unix(), cfg)
		_, err2 := NewClient(w.now, w.unix(), w.mint(7, nil), ClientConfig{EpochPackets: packets, Random: w.random})
		if (err == nil) != good || (err2 == nil) != good {
			t.Errorf("%d packets: %v, %v", packets, err, err2)
		}
	}
}

// TestSuitesShareNoKey: nothing that one suite sealed opens in another, even
// if all that is random were the same.
func TestSuitesShareNoKey(t *testing.T) {
	k := newHandshakeKeys(&tokenKeys{}, testProtocol)
	share, seen := [shareBytes]byte{1}, map[string]string{}
	for _, want := range protections {
		if want.ForwardSecrecy {
			continue // another secret to begin with
		}
		x := trafficContext{pad: padOf(want)}
		up, down, tickets := x.trafficSecrets(k.connectionSecret(&share, &share, nil))
		for direction, secret := range map[string][]byte{"up": up, "down": down, "tickets": tickets} {
			if other, ok := seen[string(secret)]; ok {
				t.Errorf("%s of %s has the keys of %s", direction, nameOf(want), other)
			}
			seen[string(secret)] = nameOf(want)
		}
	}
}

// TestPeerOfAnotherSuite: a peer that shook hands honestly and seals in another
// suite, with the very secrets of the connection, is not understood.
func TestPeerOfAnotherSuite(t *testing.T) {
	for _, want := range protections {
		w, p, seat := protectedPair(t, want, nil)
		for _, other := range protections {
			pad := padOf(other)
			if own := padOf(want); pad.Suite == own.Suite && pad.TagBytes == own.TagBytes {
				continue
			}
			up, down := *p.c.Sealer(), *seat.Sealer()
			up.epoch = newEpoch(up.epoch.keys().secret[:], pad.Suite, pad.TagBytes)
			down.epoch = newEpoch(down.epoch.keys().secret[:], pad.Suite, pad.TagBytes)
			if ev := w.toServer(p.at, seal(&up, 0, 1, "in another suite, and long enough")); ev.Drop != DropForged {
				t.Errorf("%s for %s at the server: %+v", nameOf(other), nameOf(want), ev)
			}
			if ev := p.receive(seal(&down, 0, 1, "in another suite, and long enough")); ev.Drop != DropForged {
				t.Errorf("%s for %s at the client: %+v", nameOf(other), nameOf(want), ev)
			}
		}
	}
}

// padOf is the pad that a protection makes.
func padOf(c MintConfig) (pad Pad) {
	pad.choose(cmp.Or(c.Suite, SuiteChaCha20Poly1305), uint8(cmp.Or(c.TagBytes, macBytes)), c.ForwardSecrecy)
	return pad
}

func padItems(c MintConfig) []byte {
	pad := padOf(c)
	return bytes.Clone(pad.raw())
}

// TestPadRewritten: whoever sits between backend and client and changes the
// public copy of the pad into that of another protection gets them no
// connection at all; to change the private copy takes the key.
func TestPadRewritten(t *testing.T) {
	for _, private := range protections {
		for _, public := range protections {
			w := newWorld(t, nil)
			token := w.mint(7, nil)
			rewritePad(token, padItems(public), padItems(private))
			p := w.join(token, 1, nil)
			w.step(0)
			if nameOf(private) == nameOf(public) {
				w.wantState(p, StateConnected)
				continue
			}
			w.wantState(p, StateDenied)
			if p.last().Refusal.Code != CodePad || len(w.events) != 0 {
				t.Fatalf("%s for %s: %+v", nameOf(public), nameOf(private), p.last())
			}
		}
	}
}

// TestPadFlipped changes each bit of each copy. Without its magic the public
// one is none, and the client takes the token for a foreign one: even then the
// server insists.
func TestPadFlipped(t *testing.T) {
	want := MintConfig{Suite: SuiteAES256GCM, ForwardSecrecy: true}
	connected := 0
	for at := publicPadAt; at < tokenBytes; at++ {
		for bit := range 8 {
			w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
			b := w.mint(7, protect(want)).Append(nil)
			b[at] ^= 1 << bit
			token, err := ParseToken(b)
			if err != nil {
				continue
			}
			p := w.join(token, 1, func(c *ClientConfig) { c.Plain = PlainAllow })
			for range 20 {
				w.step(100 * ms)
			}
			if p.c.State() == StateConnected {
				connected++
				if p.c.Plain() || !bytes.Equal(p.token.Pad.raw(), padItems(want)) {
					t.Fatalf("byte %d, bit %d: connected with %+v", at, bit, p.token.Pad)
				}
			} else if len(w.events) != 0 {
				t.Fatalf("byte %d, bit %d: a seat for a client in state %v", at, bit, p.c.State())
			}
		}
	}
	if items := len(padItems(want)); connected != 8*(maxPadItems-items) {
		t.Errorf("%d changed pads connected, want those whose zeros behind the items are no zeros", connected)
	}
	w := newWorld(t, func(c *ServerConfig) { c.FailuresPerSecond = -1 })
	token := w.mint(7, protect(want))
	for i := privatePadAt; i < privatePadAt+padBytes; i++ {
		token.private[i] ^= 1
		if ev := w.request(token, 1); ev.Drop != DropTokenForged {
			t.Fatalf("byte %d of the private part: %v", i, ev.Drop)
		}
		token.private[i] ^= 1
	}
}

// TestHandshakeFlipped: a man in the middle changes any byte of OFFER, ACCEPT
// or the challenge and delivers the true one behind it. Nothing comes of it:
// the two end up with the protection of the token, or with nothing.
func TestHandshakeFlipped(t *testing.T) {
	want := MintConfig{Suite: SuiteAES256GCM, ForwardSecrecy: true}
	flipped := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 0x41
		return b
	}
	flips := 0
	for at := range maxOfferBytes {
		w := newWorld(t, nil)
		p := w.join(w.mint(7, protect(want)), 1, nil)
		w.onServer = func(from Source, b []byte) bool {
			if b[0] == wire.PrefixHandshake && at < len(b) {
				flips++
				if ev := w.server.HandleDatagram(w.now, w.unix(), from, flipped(b, at), nil); ev.Kind != EventNone || len(ev.Reply) != 0 {
					t.Fatalf("OFFER, byte %d: %+v", at, ev)
				}
			}
			return true
		}
		w.onClient = func(_ Source, b []byte) bool {
			if b[0] != wire.PrefixRequest && at < len(b) {
				flips++
				if ev := p.receive(flipped(b, at)); ev.Kind != ClientNone {
					t.Fatalf("byte %d of the answer %x…: %+v", at, b[:2], ev)
				}
			}
			return true
		}
		w.step(0)
		w.wantState(p, StateConnected)
		seat := w.last().Seat
		if e := p.c.sealer.epoch; e.suite != want.Suite || p.c.private != nil || e.keys().secret != seat.opener.now.keys().secret {
			t.Fatalf("byte %d: suite %v", at, e.suite)
		}
	}
	if flips < 800 {
		t.Fatalf("only %d packets were changed", flips)
	}
}

// TestLeastProtection: a side may want more than the issuer asks for.
func TestLeastProtection(t *testing.T) {
	for _, c := range []struct {
		least  Protection
		token  MintConfig
		refuse string
	}{
		{Encrypted, MintConfig{}, ""},
		{Encrypted, MintConfig{Suite: SuiteAES256GCM}, ""},
		{Encrypted, MintConfig{Suite: SuiteSignedOnly}, "no encryption"},
		{Encrypted, MintConfig{Suite: SuiteSignedOnly, ForwardSecrecy: true}, "no encryption"},
		{Encrypted, MintConfig{Plain: true}, ""},
		{ForwardSecret, MintConfig{}, "no forward secrecy"},
		{ForwardSecret, MintConfig{Suite: SuiteAES256GCM, ForwardSecrecy: true}, ""},
		{ForwardSecret, MintConfig{Plain: true}, "no forward secrecy"},
	} {
		w := newWorld(t, func(cfg *ServerConfig) { cfg.LeastProtection = c.least })
		token := w.mint(7, func(m *MintConfig) { protect(c.token)(m); m.Plain = c.token.Plain })
		if _, err := NewClient(w.now, w.unix(), token, ClientConfig{LeastProtection: c.least}); (err != nil) != (c.refuse != "") {
			t.Errorf("%s, at least %d: the client says %v", nameOf(c.token), c.least, err)
		}
		ev := w.request(token, 1)
		if (ev.Drop == DropSuite) != (c.refuse != "") {
			t.Errorf("%s, at least %d: the server drops as %v", nameOf(c.token), c.least, ev.Drop)
		}
		if c.refuse != "" {
			if r := w.readReason(token, ev.Reply); r.Code != CodeSuite || !strings.Contains(r.Text, c.refuse) {
				t.Errorf("%s, at least %d: explained as %v", nameOf(c.token), c.least, r)
			}
		}
	}
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	for want, cfg := range map[string]ClientConfig{
		"LeastProtection": {LeastProtection: 3}, "EpochPackets": {EpochPackets: -1}, "EpochPackets is 4194305: want 1 to 4194304": {EpochPackets: MaxEpochPackets + 1},
	} {
		if _, err := NewClient(0, 0, token, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestMintProtection(t *testing.T) {
	w := newWorld(t, nil)
	for _, want := range protections {
		token := w.mint(7, protect(want))
		again, err := ParseToken(token.Append(nil))
		if err != nil || again.Pad != token.Pad || again.Pad.ForwardSecrecy != want.ForwardSecrecy || again.Pad.Suite != max(want.Suite, 1) {
			t.Errorf("%s is read as %+v, %v", nameOf(want), again.Pad, err)
		}
	}
	for want, c := range map[string]MintConfig{
		" Suite is 4: want":                {Suite: 4},
		" TagBytes is 8: want 16":          {TagBytes: 8},
		" TagBytes is 7: want 8 to 32":     {Suite: SuiteSignedOnly, TagBytes: 7},
		" TagBytes is 33: want 8 to 32":    {Suite: SuiteSignedOnly, TagBytes: 33},
		" TagBytes is 272: want 8":         {Suite: SuiteSignedOnly, TagBytes: 256 + 16},
		" TagBytes is -1: want 16":         {TagBytes: -1},
		" Plain is true: want false":       {Plain: true, Suite: SuiteAES256GCM},
		"another Suite nor ForwardSecrecy": {Plain: true, ForwardSecrecy: true},
	} {
		c.Key, c.ClientID, c.Addresses = testKey(), 7, w.cfg.Addresses
		if _, err := Mint(wall(0), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	if got := fmt.Sprint(SuiteChaCha20Poly1305, SuiteAES256GCM, SuiteSignedOnly, Suite(9)); got != "ChaCha20-Poly1305 AES-256-GCM signed only suite 9" {
		t.Error(got)
	}
}
