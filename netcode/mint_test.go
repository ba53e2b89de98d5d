package netcode

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMint(t *testing.T) {
	v6 := netip.MustParseAddrPort("[2001:db8::1]:40000")
	token, err := Mint(wall(1000), MintConfig{
		ProtocolID: 5, Key: testKey(), ClientID: 9, Addresses: []netip.AddrPort{serverAddr, v6},
	})
	if err != nil {
		t.Fatal(err)
	}
	if token.Created != 1000 || token.Expires != 1045 || token.TimeoutSeconds != 10 || !token.Pad.Present {
		t.Fatalf("token %+v", token)
	}
	b := token.Append([]byte("before"))
	again, err := ParseToken(b[len("before"):])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Append(nil), b[len("before"):]) || len(again.Addresses) != 2 || again.Addresses[1] != v6 {
		t.Fatalf("read back as %+v", again)
	}
	other, _ := Mint(wall(1000), MintConfig{ProtocolID: 5, Key: testKey(), ClientID: 9, Addresses: []netip.AddrPort{serverAddr}})
	if *other.keys() == *token.keys() || other.nonce == token.nonce {
		t.Fatal("two tokens share keys or nonce")
	}
}

// TestPadPlace pins where a foreign backend has to write the pad.
func TestPadPlace(t *testing.T) {
	w := newWorld(t, nil)
	b := w.mint(1, nil).Append(nil)
	want := append([]byte("TWPD\x01\x00"), make([]byte, 58)...)
	if !bytes.Equal(b[1984:], want) {
		t.Fatalf("public pad %x", b[1984:])
	}
	p := privateToken{pad: Pad{Present: true}, addresses: []netip.AddrPort{serverAddr}}
	if b := p.append(nil); len(b) != 1008 || !bytes.Equal(b[944:], want) {
		t.Fatalf("private pad %x", b[944:])
	}
	p.pad, p.addresses = Pad{}, make([]netip.AddrPort, 32)
	for i := range p.addresses {
		p.addresses[i] = netip.MustParseAddrPort(fmt.Sprintf("[2001:db8::%d]:1", i))
	}
	b = p.append(nil)
	if len(b) != 1008 || !bytes.Equal(b[944:], make([]byte, 64)) {
		t.Fatalf("32 addresses take %d bytes, and leave as pad %x", len(b), b[944:])
	}
	var back privateToken
	if drop := back.read(b); drop != DropNone || !slices.Equal(back.addresses, p.addresses) || back.pad.Present {
		t.Fatalf("read back %v: %v, pad %+v", drop, back.addresses, back.pad)
	}
}

func TestMintErrors(t *testing.T) {
	good := MintConfig{Key: testKey(), ClientID: 9, Addresses: []netip.AddrPort{serverAddr}}
	for want, change := range map[string]func(*MintConfig){
		" Key is zero: want ": func(c *MintConfig) { c.Key = Key{} },
		"Addresses[0] is 0.0.0.0:7777: want an address that can be reached": func(c *MintConfig) { c.Addresses = []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:7777")} },
		"MintTokenList makes several":                                       func(c *MintConfig) { c.Addresses = append(c.Addresses, otherAddr) },
		"0 of IPv4 and 2 of IPv6": func(c *MintConfig) {
			c.Addresses = []netip.AddrPort{netip.MustParseAddrPort("[2001:db8::1]:1"), netip.MustParseAddrPort("[2001:db8::2]:1")}
		},
		"Addresses is empty: want the server's":                  func(c *MintConfig) { c.Addresses = nil },
		"Addresses[0] is invalid AddrPort: want an address":      func(c *MintConfig) { c.Addresses = make([]netip.AddrPort, 1) },
		"UserData is 257 bytes: want at most 256":                func(c *MintConfig) { c.UserData = make([]byte, 257) },
		"ClientID is 0: want the player's number":                func(c *MintConfig) { c.ClientID = 0 },
		"Lifetime is -1ns: want 0 for 45s, or up to 8760h0m0s: ": func(c *MintConfig) { c.Lifetime = -1 },
		"Lifetime is 8760h0m0.000000001s: want":                  func(c *MintConfig) { c.Lifetime = MaxLifetime + 1 },
		"Random is a source that fails: want":                    func(c *MintConfig) { c.Random = &failing{} },
	} {
		cfg := good
		change(&cfg)
		if _, err := Mint(wall(0), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	for timeout, want := range map[time.Duration]int32{0: 10, -1: -1, 1: 1, 1500 * time.Millisecond: 2, time.Minute: 60} {
		cfg := good
		cfg.Timeout = timeout
		if token, err := Mint(wall(0), cfg); err != nil || token.TimeoutSeconds != want {
			t.Errorf("timeout %v became %d seconds", timeout, token.TimeoutSeconds)
		}
	}
}

// TestMintTime: a token is made at a time of day; what is none, as a zero time and milliseconds taken for
// seconds, is refused with the way out.
func TestMintTime(t *testing.T) {
	cfg := MintConfig{Key: testKey(), ClientID: 9, Addresses: []netip.AddrPort{serverAddr}}
	for _, now := range []time.Time{{}, wall(-1), wall(wall(testUnix).UnixMilli())} {
		_, err := Mint(now, cfg)
		if err == nil || !strings.Contains(err.Error(), "now is "+now.String()+": want the time of day, as time.Now says it") {
			t.Errorf("at %v: %v", now, err)
		}
	}
	here := wall(testUnix).Add(999 * time.Millisecond).In(time.FixedZone("far", -11*3600))
	if token, err := Mint(here, cfg); err != nil || token.Created != uint64(testUnix) || token.Expires != uint64(testUnix)+45 {
		t.Errorf("%v, %v", token, err)
	}
	cfg.Lifetime = MaxLifetime
	if token, err := Mint(wall(0), cfg); err != nil || token.Expires != 365*86400 {
		t.Errorf("%v, %v", token, err)
	}
}

// TestUserDataText: the bytes come as the token has them, 256, and text without the zeros at their end.
func TestUserDataText(t *testing.T) {
	for _, data := range []string{"", "level 3", "a\x00b", strings.Repeat("x", UserDataBytes)} {
		w := newWorld(t, nil)
		_, seat := w.confirmed(w.mint(7, func(c *MintConfig) { c.UserData = []byte(data) }), 1)
		if got := seat.UserData(); len(got) != UserDataBytes || got.Text() != data || !strings.HasPrefix(string(got), data) {
			t.Errorf("%q came as %q, text %q", data, got, got.Text())
		}
	}
}

func TestParseTokenErrors(t *testing.T) {
	good := newWorld(t, nil).mint(1, nil).Append(nil)
	for want, change := range map[string]func([]byte) []byte{
		"length":              func(b []byte) []byte { return b[1:] },
		"version":             func(b []byte) []byte { b[11] = '1'; return b },
		"expiry":              func(b []byte) []byte { b[36] = 0; b[29] = 0; b[28] = 9; return b },
		"more than 8760h0m0s": func(b []byte) []byte { b[29+4] = 1; return b }, // expires 2^32 s later
		"addresses":           func(b []byte) []byte { b[1089] = 0; return b },
		"1 to 32":             func(b []byte) []byte { b[1089] = 33; return b },
		"pad":                 func(b []byte) []byte { b[1984+4] = 2; return b },
	} {
		_, err := ParseToken(change(bytes.Clone(good)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	for life, fails := range map[uint64]bool{365 * 86400: false, 365*86400 + 1: true} {
		for _, plain := range []bool{false, true} {
			token := newWorld(t, nil).mint(1, func(c *MintConfig) { c.Plain = plain })
			token.Expires = token.Created + life
			if _, err := ParseToken(token.Append(nil)); (err != nil) != (fails && !plain) {
				t.Errorf("a life of %d s, plain %v: %v", life, plain, err)
			}
		}
	}
}

// TestAddressFaults: who is told that the addresses of a token are wrong is told which one, of either kind.
func TestAddressFaults(t *testing.T) {
	w := newWorld(t, nil)
	v4, v6 := netip.MustParseAddrPort("192.0.2.1:5"), netip.MustParseAddrPort("[2001:db8::1]:5")
	for _, before := range []netip.AddrPort{v4, v6} {
		token := w.mint(1, nil)
		token.Addresses = []netip.AddrPort{before, v4}
		b := token.Append(nil)
		at := publicAddressesAt + len(appendAddresses(nil, token.Addresses[:1]))
		b[at] = 9
		if _, err := ParseToken(b); err == nil || !strings.Contains(err.Error(), "number 2 of 2 is of type 9") {
			t.Errorf("behind %v: %v", before, err)
		}
	}
}

// TestTokenWithout: a token that nobody made or read has the size of any other.
func TestTokenWithout(t *testing.T) {
	if n := len(new(Token).Append(nil)); n != TokenBytes {
		t.Errorf("%d bytes", n)
	}
}

// TestPrivateTokenCut: of a private part no byte may be missing, the pad's neither.
func TestPrivateTokenCut(t *testing.T) {
	whole := (&privateToken{addresses: []netip.AddrPort{serverAddr}, pad: Pad{Present: true}}).append(nil)
	for n := range whole {
		if drop := new(privateToken).read(whole[:n]); drop != DropTokenMalformed {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), drop)
		}
	}
	if drop := new(privateToken).read(whole); drop != DropNone {
		t.Errorf("all of it: %v", drop)
	}
}

func TestTokenKeepsItsSecrets(t *testing.T) {
	token := newWorld(t, nil).mint(1, nil)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{token, *token} {
			text := fmt.Sprintf(format, v)
			if strings.Contains(text, fmt.Sprint(token.keys().clientToServer[0])+" ") || len(text) > 200 {
				t.Errorf("%s of a %T prints %s", format, v, text)
			}
		}
	}
}

func TestTokenList(t *testing.T) {
	cfg := MintConfig{Key: testKey(), ClientID: 9}
	var servers [][]netip.AddrPort
	for i := range MaxListTokens {
		servers = append(servers, []netip.AddrPort{netip.AddrPortFrom(serverAddr.Addr(), uint16(i+1))})
	}
	tokens, err := MintTokenList(wall(0), cfg, servers...)
	if err != nil || len(tokens) != MaxListTokens {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	b := tokens.Append(nil)
	again, err := ParseTokenList(b)
	if err != nil || len(again) != MaxListTokens || !bytes.Equal(again.Append(nil), b) {
		t.Fatalf("%d tokens, %v", len(again), err)
	}
	if one, err := ParseTokenList(tokens[0].Append(nil)); err != nil || len(one) != 1 {
		t.Fatalf("a single token: %v", err)
	}
	for i, bad := range [][]byte{nil, b[:5], b[:len(b)-1], append([]byte("TWTK\x02\x08"), b[6:]...), append([]byte("TWTK\x01\x09"), b[6:]...), []byte("TWTK\x01\x00")} {
		if _, err := ParseTokenList(bad); err == nil {
			t.Errorf("bad tokens %d were taken", i)
		}
	}
	if _, err := MintTokenList(wall(0), cfg); err == nil {
		t.Error("minted tokens for no server")
	}
	if _, err := MintTokenList(wall(0), cfg, append(servers, servers[0])...); err == nil {
		t.Error("minted nine tokens")
	}
}

func TestServerConfigErrors(t *testing.T) {
	good := ServerConfig{PrivateKey: testKey(), Addresses: []netip.AddrPort{serverAddr}}
	for want, change := range map[string]func(*ServerConfig){
		" PrivateKey":          func(c *ServerConfig) { c.PrivateKey = Key{} },
		" Addresses":           func(c *ServerConfig) { c.Addresses = nil },
		" Plain":               func(c *ServerConfig) { c.Plain = 3 },
		" MaxClients":          func(c *ServerConfig) { c.MaxClients = 1 << 17 },
		" MaxTokens":           func(c *ServerConfig) { c.MaxTokens = -1 },
		" MaxClients is -1":    func(c *ServerConfig) { c.MaxClients = -1 },
		" MaxTokens is":        func(c *ServerConfig) { c.MaxTokens = maxEntries + 1 },
		" LeastProtection":     func(c *ServerConfig) { c.LeastProtection = ForwardSecret + 1 },
		" FailuresPerSecond":   func(c *ServerConfig) { c.FailuresPerSecond = 1<<24 + 1 },
		" HandshakesPerSecond": func(c *ServerConfig) { c.HandshakesPerSecond = 1<<24 + 1 },
	} {
		cfg := good
		change(&cfg)
		if _, err := NewServer(0, 0, cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	good.MaxTokens, good.LeastProtection = maxEntries, ForwardSecret
	if err := good.Validate(); err != nil {
		t.Errorf("the most of all: %v", err)
	}
	good.MaxTokens, good.LeastProtection = 0, AnyProtection
	if s, err := NewServer(0, 0, good); err != nil || s.Admission().MaxClients() != 256 {
		t.Errorf("the zero config: %v", err)
	}
}

func TestClientConfigErrors(t *testing.T) {
	w := newWorld(t, nil)
	for want, cfg := range map[string]ClientConfig{
		" Hello":  {Hello: make([]byte, 257)},
		" WireID": {WireID: make([]byte, 5)},
		" Plain":  {Plain: PlainOnly},
		" Least":  {LeastProtection: ForwardSecret + 1},
		" Random": {Random: &failing{}},
	} {
		if _, err := NewClient(0, 0, w.mint(1, nil), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
	if _, err := NewClient(0, 0, &Token{}, ClientConfig{}); err == nil {
		t.Error("a token without addresses was taken")
	}
}

func TestNames(t *testing.T) {
	if a, b := SourceFrom(serverAddr).String(), SourceOf(3, 4).String(); a != "127.0.0.1:40000" || b != "association 4 of kind 3" {
		t.Errorf("sources %s, %s", a, b)
	}
	if text := fmt.Sprintf("%v %+v %#v", testKey(), testKey(), MintConfig{Key: testKey()}); strings.Contains(text, "0xa") || strings.Contains(text, "10") {
		t.Errorf("keys in %s", text)
	}
	seen := map[string]bool{}
	for d := range NumDrops + 1 {
		name := d.String()
		if name == "" || seen[name] {
			t.Errorf("drop %d is called %q", d, name)
		}
		seen[name] = true
	}
	for s := StateTokenExpired - 1; s <= StateConnected+1; s++ {
		name := s.String()
		known := s >= StateTokenExpired && s <= StateConnected && s != -5 // which the standard has, and we have not
		if name == "" || seen[name] || strings.HasPrefix(name, "state ") == known {
			t.Errorf("state %d is called %q", s, name)
		}
		seen[name] = true
	}
	if WhyPeer.String() == WhyTimeout.String() || (Refusal{Code: CodeFull, Text: "x"}).String() != "server full: x" {
		t.Error(Refusal{Code: CodeFull, Text: "x"})
	}
	if StateTokenExpired != -6 || StateDenied != -1 || StateConnected != 3 {
		t.Error("states are not numbered as in the standard")
	}
}
