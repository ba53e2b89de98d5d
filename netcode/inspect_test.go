package netcode

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// faultsOf joins what an inspection finds.
func faultsOf(i *Inspection) string {
	var b strings.Builder
	for _, f := range i.Faults {
		fmt.Fprintf(&b, "%s: %s\n", f.Field, f.Problem)
	}
	return b.String()
}

// TestInspectForeign: tokens of another implementation are read to the last field.
func TestInspectForeign(t *testing.T) {
	tr := readTranscript(t)
	key := KeyFrom([KeyBytes]byte(tr.PrivateKey))
	for _, token := range tr.Tokens {
		i := Inspect(token.Token, &key)
		if len(i.Faults) > 0 || i.Private == nil {
			t.Errorf("%s: %s", token.Name, faultsOf(i))
			continue
		}
		p := i.Private
		want := append(token.UserData.clone(), make([]byte, UserDataBytes-len(token.UserData))...)
		if fmt.Sprint(p.ClientID) != token.ClientID || p.TimeoutSeconds != token.Timeout || !bytes.Equal(p.UserData, want) ||
			len(p.Addresses) != len(token.Addresses) || i.Pad.Present || p.Pad.Present || fmt.Sprint(i.Expires) != token.Expires {
			t.Errorf("%s: %+v, %+v", token.Name, i, p)
		}
		if public := Inspect(token.Token, nil); public.Private != nil || len(public.Faults) > 0 {
			t.Errorf("%s, without the key: %+v", token.Name, public)
		}
	}
}

// TestInspectDamage: each damage is named, with field and value.
func TestInspectDamage(t *testing.T) {
	w := newWorld(t, nil)
	good := w.mint(1, nil).Append(nil)
	key := testKey()
	for _, c := range []struct {
		want string
		at   int
		b    []byte
	}{
		{"version: \"NETCODE 1.01\\x00\", not \"NETCODE 1.02\\x00\"", 11, []byte{'1'}},
		{"private part: does not open with this key: it was made with another one, or for another protocol id than 0x1122334455667700", 13, []byte{0}},
		{"expiry: expires at 1, before it was created at 1700000000", 29, []byte{1, 0, 0, 0, 0, 0, 0, 0}},
		{"private part: does not open", 37, []byte{0, 0, 0}},
		{"private part: does not open", 1084, []byte{0, 0}},
		{"private timeout: 10 s, but the public part says -1 s", 1085, []byte{255, 255, 255, 255}},
		{"addresses: 0 of them, not 1 to 32", 1089, []byte{0}},
		{"addresses: 33 of them, not 1 to 32", 1089, []byte{33}},
		{"addresses: number 1 of 1 is of type 3, not 1 (IPv4) or 2 (IPv6)", 1093, []byte{3}},
		{"addresses: 127.0.0.1:0 cannot be reached", 1098, []byte{0, 0}},
		{"addresses: 0.0.0.0:40000 cannot be reached", 1094, []byte{0, 0, 0, 0}},
		{"private keys: others than in the public part", 1100, []byte{1, 2, 3}},
		{"keys: all zero", 1100, make([]byte, 32)},
		{"keys: the same in both directions", 1100, bytes.Repeat([]byte{7}, 64)},
		{"pad: malformed, or of a later version of tickwire: of version 2; this one reads version 1", 1988, []byte{2}},
		{"private pad: another one than in the public part", 1984, make([]byte, 6)},
		{"pad: malformed, or of a later version of tickwire: 59 bytes of items, at most 58 fit", 1989, []byte{59}},
		{"pad: malformed, or of a later version of tickwire: the item at byte 6 is cut short", 1989, []byte{3, 1, 2, 1}},
		{"pad: malformed, or of a later version of tickwire: the item at byte 6 is cut short", 1989, []byte{58, 0x11, 57}},
		{"pad: malformed, or of a later version of tickwire: the item at byte 8 is cut short", 1989, []byte{3, 0x11, 0, 5}},
		{"pad: malformed, or of a later version of tickwire: item 0x91 with 1 bytes", 1989, []byte{5, 0x11, 0, 0x91, 1, 1}},
		{"pad: malformed, or of a later version of tickwire: item 0x90 with 1 bytes", 1989, []byte{3, 0x90, 1, 1}},
		{"pad: malformed, or of a later version of tickwire: item 0x90 with 0 bytes", 1989, []byte{2, 0x90, 0}},
		{"pad: asks for protection suite 9", 1989, []byte{4, 0x81, 2, 9, 16}},
	} {
		b := bytes.Clone(good)
		copy(b[c.at:], c.b)
		if got := faultsOf(Inspect(b, &key)); !strings.Contains(got, c.want) {
			t.Errorf("byte %d: %s\nwant %s", c.at, got, c.want)
		}
	}
	twoLists := bytes.Clone(good)
	twoLists[1097] = 9 // which clients are told, and not the server
	if i := Inspect(twoLists, &key); len(i.Faults) > 0 || i.Addresses[0].String() != "127.0.0.9:40000" || i.Private.Addresses[0] != serverAddr {
		t.Errorf("public and private addresses: %+v", i)
	}
	for _, n := range []int{0, 2047} {
		if got := faultsOf(Inspect(good[:n], &key)); got != fmt.Sprintf("length: %d bytes, a token has 2048\n", n) {
			t.Errorf("%d bytes: %s", n, got)
		}
	}
	other := KeyFrom([KeyBytes]byte{1})
	if i := Inspect(good, &other); i.Private != nil || len(i.Faults) != 1 || i.Addresses[0] != serverAddr {
		t.Errorf("with another key: %+v", i)
	}
}

// TestInspectPartOfAddresses: of a list that cannot be read to its end nothing is taken for an address.
func TestInspectPartOfAddresses(t *testing.T) {
	b := newWorld(t, nil).foreign(nil).Append(nil)
	const second = publicAddressesAt + 4 + 1 + 4 + 2
	b[second] = 9
	i := Inspect(b, nil)
	if len(i.Addresses) != 0 || faultsOf(i) != "addresses: number 2 of 2 is of type 9, not 1 (IPv4) or 2 (IPv6)\n" {
		t.Errorf("addresses %v, %s", i.Addresses, faultsOf(i))
	}
}

// TestInspectPrivateDamage: a backend that seals nonsense is told so.
func TestInspectPrivateDamage(t *testing.T) {
	w := newWorld(t, nil)
	key := testKey()
	for want, change := range map[string]func([]byte){
		"private addresses: 40 of them, not 1 to 32":              func(b []byte) { b[12] = 40 },
		"private addresses: number 1 of 1 is of type 0":           func(b []byte) { b[16] = 0 },
		"private pad: of version 3; this one reads version 1":     func(b []byte) { b[privatePadAt+4] = 3 },
		"private timeout: 99 s, but the public part says 10 s":    func(b []byte) { b[8] = 99 },
		"private keys: others than in the public part; the two s": func(b []byte) { b[30]++ },
	} {
		token := w.mint(1, nil)
		ad := tokenAD(token.ProtocolID, token.Expires)
		b, err := xchacha(key.raw()).Open(nil, token.nonce[:], token.private[:], ad)
		if err != nil {
			t.Fatal(err)
		}
		change(b)
		xchacha(key.raw()).Seal(token.private[:0], token.nonce[:], b, ad)
		if got := faultsOf(Inspect(token.Append(nil), &key)); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s\nwant %s, and no more", got, want)
		}
	}
}

// TestInspectTokenList: what is there is inspected, also if it is not what the header says.
func TestInspectTokenList(t *testing.T) {
	key := testKey()
	list, err := MintTokenList(wall(testUnix), MintConfig{Key: key, ClientID: 5}, []netip.AddrPort{serverAddr}, []netip.AddrPort{otherAddr})
	if err != nil {
		t.Fatal(err)
	}
	b := list.Append(nil)
	tokens, fault := InspectTokenList(b, &key)
	if fault != nil || len(tokens) != 2 || tokens[1].Private.ClientID != 5 || tokens[1].Addresses[0] != otherAddr {
		t.Errorf("%v, %v", tokens, fault)
	}
	for want, change := range map[string]func([]byte) []byte{
		"version 2, count 2, 4096 bytes":   func(b []byte) []byte { b[4] = 2; return b },
		"version 1, count 0, 4096 bytes":   func(b []byte) []byte { b[5] = 0; return b },
		"version 1, count 2, 4095 bytes":   func(b []byte) []byte { return b[:len(b)-1] },
		"version 1, count 2, 106496 bytes": func(b []byte) []byte { return append(b, make([]byte, 50*TokenBytes)...) },
		"version 1, count 2, 0 bytes":      func(b []byte) []byte { return b[:6] },
	} {
		b := change(bytes.Clone(b))
		tokens, fault := InspectTokenList(b, &key)
		if fault == nil || !strings.Contains(fault.Problem, want) || len(tokens) > MaxListTokens {
			t.Errorf("%d tokens, %v; want %s", len(tokens), fault, want)
		}
		if _, err := ParseTokenList(b); err == nil || err.Error() != fault.Error() {
			t.Errorf("a client says %v, an inspection %v", err, fault)
		}
	}
	more := append(bytes.Clone(b), 1)
	if tokens, fault := InspectTokenList(more, &key); fault == nil || len(tokens) != 3 || len(tokens[1].Faults) > 0 || len(tokens[2].Faults) == 0 ||
		!strings.Contains(fault.Problem, "want version 1 and 1 to 8 tokens of 2048 bytes") {
		t.Errorf("a byte too much: %d tokens, %v", len(tokens), fault)
	}
	if tokens, fault := InspectTokenList(b[6:6+TokenBytes], nil); fault != nil || len(tokens) != 1 || len(tokens[0].Faults) > 0 {
		t.Errorf("a single one: %v, %v", tokens, fault)
	}
}

// TestInspectSharesNothing: what is inspected may be overwritten.
func TestInspectSharesNothing(t *testing.T) {
	b := newWorld(t, nil).mint(1, nil).Append(nil)
	key := testKey()
	before := Inspect(b, &key)
	said := fmt.Sprintf("%+v %+v", *before, *before.Private)
	for i := range b {
		b[i] = 0xaa
	}
	if now := fmt.Sprintf("%+v %+v", *before, *before.Private); now != said {
		t.Errorf("%s became %s", said, now)
	}
}

func TestPerServer(t *testing.T) {
	v6 := netip.MustParseAddrPort("[2001:db8::1]:40000")
	for _, c := range []struct {
		addresses []netip.AddrPort
		tokens    int
	}{
		{nil, 0},
		{[]netip.AddrPort{serverAddr}, 1},
		{[]netip.AddrPort{v6, serverAddr}, 1},
		{[]netip.AddrPort{serverAddr, otherAddr}, 2},
		{[]netip.AddrPort{v6, serverAddr, otherAddr}, 3},
	} {
		servers := PerServer(c.addresses)
		if len(servers) != c.tokens || !slices.Equal(slices.Concat(servers...), c.addresses) {
			t.Errorf("%v became %v", c.addresses, servers)
		}
		if _, err := MintTokenList(wall(0), MintConfig{Key: testKey(), ClientID: 5}, servers...); (err == nil) != (c.tokens > 0) {
			t.Errorf("%v: %v", servers, err)
		}
	}
}
