package netcode

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

func TestFull(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.MaxClients = 1 })
	w.confirmed(w.mint(7, nil), 1)
	p := w.join(w.mint(8, nil), 2, nil)
	w.step(0)
	w.wantState(p, StateRequesting) // the REASON waits for a challenge that may still come
	w.step(100 * ms)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodeFull {
		t.Fatalf("refused with %v", r)
	}
}

func TestRefusedByApplication(t *testing.T) {
	rows := bytes.Repeat([]byte("twelve bytes"), 100)
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(o Offer) Verdict {
			return Verdict{Refusal: Refusal{Code: CodeMismatch, Text: strings.Repeat("ü", 150), RetryAfter: 9, Rows: rows}}
		}
	})
	p := w.join(w.mint(7, nil), 1, func(c *ClientConfig) { c.WireID = []byte{0x18, 1} })
	w.step(0)
	w.wantState(p, StateDenied)
	r := p.last().Refusal
	if r.Code != CodeMismatch || r.Text != strings.Repeat("ü", 100) || r.RetryAfter != 9 {
		t.Fatalf("refused with %v", r)
	}
	if n := len(r.Rows); n == 0 || n%12 != 0 || !bytes.HasPrefix(rows, r.Rows) {
		t.Fatalf("%d bytes of rows", n)
	}
	if w.server.Admission().Clients() != 0 || w.drops(DropRefused) != 1 {
		t.Fatal("a seat was taken")
	}
}

// TestReasonSize cuts rows first, then text, and never in the middle of either.
func TestReasonSize(t *testing.T) {
	k := newHandshakeKeys(&tokenKeys{}, 1)
	r := Refusal{Code: CodeMismatch, Text: strings.Repeat("ü", 100), Rows: make([]byte, 24)}
	for limit := range 400 {
		b, ok := appendReason(newSeeded(1), k, nil, r, wireID{n: 2}, echo{1}, limit)
		if ok != (limit >= reasonFixed+2) {
			t.Fatalf("limit %d: %v", limit, ok)
		}
		if !ok {
			continue
		}
		if len(b) > limit {
			t.Fatalf("%d bytes, limit %d", len(b), limit)
		}
		got, e, drop := openReason(k, b, wireID{n: 2})
		if drop != DropNone || e != (echo{1}) || !strings.HasPrefix(r.Text, got.Text) || len(got.Rows)%12 != 0 {
			t.Fatalf("limit %d: %+v, %v", limit, got, drop)
		}
		if len(got.Rows) > 0 && got.Text != r.Text {
			t.Fatalf("limit %d: text was cut before rows", limit)
		}
	}
}

func TestWrongAddress(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Addresses = []netip.AddrPort{otherAddr} })
	token := w.mint(7, nil)
	ev := w.request(token, 1)
	if ev.Drop != DropWrongAddress || w.readReason(token, ev.Reply).Code != CodeWrongAddress {
		t.Fatalf("event %+v", ev)
	}
}

// rewritePad gives both copies of a token's pad the items.
func rewritePad(token *Token, public, private []byte) {
	set := func(items []byte) Pad {
		b := append([]byte(padMagic), padVersion, byte(len(items)))
		p, _ := readPad(append(append(b, items...), make([]byte, padBytes)...)) // as far as it goes
		p.n = uint8(copy(p.items[:], items))
		return p
	}
	token.Pad = set(private)
	token.sealPrivate(&MintConfig{Key: testKey(), ClientID: 7})
	token.Pad = set(public)
}

// TestPadMismatch: someone between backend and client changed the public copy.
func TestPadMismatch(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	rewritePad(token, nil, []byte{0x11, 0})
	p := w.join(token, 1, nil)
	w.step(0)
	w.wantState(p, StateDenied)
	if r := p.last().Refusal; r.Code != CodePad || w.drops(DropPadMismatch) != 1 {
		t.Fatalf("refused with %v", r)
	}
}

func TestPadEchoed(t *testing.T) {
	w := newWorld(t, nil)
	token := w.mint(7, nil)
	items := []byte{0x11, 2, 5, 6, itemProtection, 2, 1, 16, itemUnsealed, 0} // permits, and demands nothing
	rewritePad(token, items, items)
	p := w.join(token, 1, nil)
	w.step(0)
	w.wantState(p, StateConnected)
}

func TestPadUnsupported(t *testing.T) {
	for name, c := range map[string]struct {
		items []byte
		drop  Drop
		text  string
	}{
		"suite 0":    {[]byte{itemProtection, 2, 0, 16}, DropSuite, "suite 0"},
		"suite 4":    {[]byte{itemProtection, 2, 4, 16}, DropSuite, "suite 4"},
		"short tag":  {[]byte{itemProtection, 2, 1, 8}, DropSuite, "8 bytes of tag"},
		"long tag":   {[]byte{itemProtection, 2, 2, 32}, DropSuite, "32 bytes of tag"},
		"no tag":     {[]byte{itemProtection, 2, 3, 0}, DropSuite, "0 bytes of tag"},
		"seven":      {[]byte{itemProtection, 2, 3, 7}, DropSuite, "7 bytes of tag"},
		"beyond":     {[]byte{itemProtection, 2, 3, 33}, DropSuite, "33 bytes of tag"},
		"long item":  {[]byte{itemProtection, 3, 3, 16, 0}, DropPad, "malformed"},
		"with value": {[]byte{itemForwardSecrecy, 1, 1}, DropPad, "malformed"},
		"unknown":    {[]byte{0x99, 0}, DropPad, "malformed"},
		"cut item":   {[]byte{0x11, 5, 1}, DropPad, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			token := w.mint(7, nil)
			rewritePad(token, c.items, c.items)
			if _, err := ParseToken(token.Append(nil)); err == nil || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("the client's error is %v", err)
			}
			ev := w.request(token, 1)
			if ev.Drop != c.drop {
				t.Fatalf("the server drops it as %v", ev.Drop)
			}
			if c.drop == DropSuite {
				if r := w.readReason(token, ev.Reply); r.Code != CodeSuite || !strings.Contains(r.Text, c.text) {
					t.Fatalf("explained as %v", r)
				}
			}
		})
	}
}

// TestPlainTypesWithPad: where our dialect is mandatory, types 4 to 6 are not
// read, whoever sealed them.
func TestPlainTypesWithPad(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) { c.Plain = PlainAllow })
	p, _ := w.confirmed(w.mint(7, nil), 1)
	for kind := kindResponse; kind < numKinds; kind++ {
		if ev := w.toServer(p.at, p.was.out.append(nil, kind, 0, nil)); ev.Drop != DropUnknownSource {
			t.Fatalf("type %d at the server: %v", kind, ev.Drop)
		}
	}
	for kind := kindKeepAlive; kind < numKinds; kind++ {
		if ev := p.receive(p.was.in.append(nil, kind, 0, nil)); ev.Drop != DropNotPlain {
			t.Fatalf("type %d at the client: %v", kind, ev.Drop)
		}
	}
}

// TestJudgeAsked: a player whom the application refuses, and who repeats his OFFER as fast as he
// can, has it asked ten times a second.
func TestJudgeAsked(t *testing.T) {
	asked := 0
	w := newWorld(t, func(c *ServerConfig) {
		c.Judge = func(Offer) Verdict { asked++; return Verdict{Refusal: Refusal{Code: CodeBanned}} }
	})
	var offer []byte
	w.onServer = func(_ Source, b []byte) bool {
		if b[0] == wire.PrefixHandshake {
			offer = bytes.Clone(b)
			return false
		}
		return true
	}
	p := w.join(w.mint(7, nil), 1, nil)
	w.step(0)
	if offer == nil {
		t.Fatal("no OFFER")
	}
	for range 100_000 {
		w.server.HandleDatagram(w.now, w.unix(), p.at, bytes.Clone(offer), nil)
		w.now += second / 100_000
	}
	if asked != 10 {
		t.Errorf("asked %d times in a second", asked)
	}
}
