package tickwire_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
)

// withKey configures a server as one in production is: tokens come from a backend.
func withKey(cfg *tickwire.ServerConfig) {
	cfg.Development, cfg.PrivateKey, cfg.MaxTokenLifetime = false, testKey, -1
}

// refused connects with tokens and returns why that failed.
func (w *world) refused(tokens []byte, change func(*tickwire.ClientConfig)) tickwire.Reason {
	w.t.Helper()
	client := w.join(change)
	conn, err := client.Connect(tokens)
	must(w.t, err)
	return w.ends(client, conn)
}

func TestAdmit(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	asked := 0
	srv := w.serve(at, func(cfg *tickwire.ServerConfig) {
		withKey(cfg)
		cfg.Admit = func(a tickwire.Applicant) error {
			asked++
			switch {
			case !a.Address.IsValid() || !bytes.HasPrefix(a.UserData, []byte("level 9")) || a.Plain:
				return errors.New("not what the token says")
			case a.ClientID == 1:
				return &tickwire.Refusal{Code: tickwire.CodeBanned, Text: "until Monday", RetryAfter: time.Hour}
			case a.ClientID == 2:
				return errors.New("we know you")
			}
			return nil
		}
	})
	data := func(cfg *netcode.MintConfig) { cfg.UserData = []byte("level 9") }
	t.Log("# a refusal reaches the client with its code, its text and when to come again")
	want := tickwire.Reason{Code: tickwire.CodeBanned, Text: "until Monday", Remote: true, RetryAfter: time.Hour}
	if r := w.refused(w.mint(1, data, at), nil); r != want {
		t.Errorf("reason %+v", r)
	}
	t.Log("# the text of any other error does not")
	want = tickwire.Reason{Code: tickwire.CodeRefused, Text: "refused", Remote: true}
	if r := w.refused(w.mint(2, data, at), nil); r != want {
		t.Errorf("reason %+v", r)
	}
	t.Log("# who is admitted gets in, and nobody took a seat before")
	client := w.join(nil)
	conn, err := client.Connect(w.mint(3, data, at))
	must(t, err)
	w.until("connected", func() bool { return conn.Open() && len(players(srv)) > 0 })
	if n := srv.Stats(); asked < 3 || n.Conns != 1 {
		t.Errorf("asked %d times, %d connections", asked, n.Conns)
	}
}

func TestFullServer(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = 1 })
	client := w.join(nil)
	conn := w.open(client, srv, 1)
	token, err := srv.DevToken(2)
	must(t, err)
	wantCode(t, w.refused(token, nil), tickwire.CodeFull, true)
	t.Log("# when the player has left there is room at once")
	conn.Close(tickwire.CodeNone, "")
	w.run(300*time.Millisecond, nil)
	w.open(w.join(nil), srv, 2)
}

// A tap keeps what is logged.
type tap struct{ bytes.Buffer }

func (l *tap) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// A gatehouse is a world with a server that says in its log whom it does not let in.
type gatehouse struct {
	*world
	at  netip.AddrPort
	log tap
}

func newGatehouse(t *testing.T, change func(*tickwire.ServerConfig)) *gatehouse {
	w := newWorld(t)
	g := &gatehouse{world: w, at: w.address()}
	w.serve(g.at, func(cfg *tickwire.ServerConfig) {
		withKey(cfg)
		cfg.Logger = g.log.logger()
		if change != nil {
			change(cfg)
		}
	})
	return g
}

// wantLog wants each part to be in the log, and no flood of them.
func (g *gatehouse) wantLog(parts ...string) {
	g.t.Helper()
	for _, part := range parts {
		if n := strings.Count(g.log.String(), part); n < 1 || n > 3 {
			g.t.Errorf("%d times %q in the log:\n%s", n, part, g.log.String())
		}
	}
}

// TestTokenTimes: a token that has expired, one that an earlier run may have seen, and one that
// lives for longer than the server remembers.
func TestTokenTimes(t *testing.T) {
	t.Run("expired", func(t *testing.T) {
		g := newGatehouse(t, nil)
		token := g.mint(1, nil, g.at)
		g.run(46*time.Second, nil)
		wantCode(t, g.refused(token, nil), tickwire.CodeExpired, true)
		g.wantLog("expired", "do the clocks")
	})
	t.Run("too early", func(t *testing.T) {
		g := newGatehouse(t, func(cfg *tickwire.ServerConfig) { cfg.MaxTokenLifetime = 0 })
		short := func(cfg *netcode.MintConfig) { cfg.Lifetime = 30 * time.Second }
		r := g.refused(g.mint(1, short, g.at), nil)
		wantCode(t, r, tickwire.CodeTooEarly, true)
		if r.RetryAfter != 16*time.Second {
			t.Errorf("retry after %v", r.RetryAfter)
		}
		g.wantLog("earlier run", "started=")
	})
	t.Run("too long", func(t *testing.T) {
		g := newGatehouse(t, func(cfg *tickwire.ServerConfig) { cfg.MaxTokenLifetime = 0 })
		long := func(cfg *netcode.MintConfig) { cfg.Lifetime = time.Hour }
		wantCode(t, g.refused(g.mint(1, long, g.at), nil), tickwire.CodeTooLong, true)
		g.wantLog("longer than MaxTokenLifetime")
	})
}

// TestTokenAddresses: a token names the address that players use, whichever the server's own is.
func TestTokenAddresses(t *testing.T) {
	t.Run("wrong address", func(t *testing.T) {
		g := newGatehouse(t, func(cfg *tickwire.ServerConfig) {
			cfg.PublicAddresses = []netip.AddrPort{netip.MustParseAddrPort("203.0.113.7:9000")}
		})
		wantCode(t, g.refused(g.mint(1, nil, g.at), nil), tickwire.CodeWrongAddress, true)
		g.wantLog("names another server", "expected=[203.0.113.7:9000]")
	})
	t.Run("behind a translated address", func(t *testing.T) {
		public := netip.MustParseAddrPort("10.0.0.99:7000")
		g := newGatehouse(t, func(cfg *tickwire.ServerConfig) { cfg.PublicAddresses = []netip.AddrPort{public} })
		must(t, g.nw.Rebind(g.at, public))
		client := g.join(nil)
		conn, err := client.Connect(g.mint(1, nil, public))
		must(t, err)
		g.until("connected", conn.Open)
	})
}

// TestTokenOfAnother key or game: the client hears nothing, the log says what is wrong.
func TestTokenOfAnother(t *testing.T) {
	t.Run("key", func(t *testing.T) {
		g := newGatehouse(t, nil)
		other := func(cfg *netcode.MintConfig) {
			cfg.Key = netcode.KeyFrom([netcode.KeyBytes]byte{5: 9})
			cfg.Timeout = time.Second
		}
		wantCode(t, g.refused(g.mint(1, other, g.at), nil), tickwire.CodeTimeout, false)
		g.wantLog("same PrivateKey")
		if n := strings.Count(g.log.String(), "same PrivateKey"); n != 1 {
			t.Errorf("%d times in the log, of one source", n)
		}
	})
	t.Run("key, and a short life", func(t *testing.T) {
		g := newGatehouse(t, nil)
		other := func(cfg *netcode.MintConfig) {
			cfg.Key = netcode.KeyFrom([netcode.KeyBytes]byte{5: 9})
			cfg.Lifetime = 5 * time.Second
		}
		r := g.refused(g.mint(1, other, g.at), nil)
		if wantCode(t, r, tickwire.CodeExpired, false); !strings.Contains(r.Text, "another key or protocol id, which its log says") {
			t.Errorf("the player reads %q", r.Text)
		}
		if n := strings.Count(g.log.String(), "same PrivateKey"); n != 1 {
			t.Errorf("%d times in the log, of one source", n)
		}
	})
	t.Run("game", func(t *testing.T) {
		g := newGatehouse(t, nil)
		other := func(cfg *netcode.MintConfig) { cfg.ProtocolID = 8; cfg.Timeout = time.Second }
		any := func(cfg *tickwire.ClientConfig) { cfg.ProtocolID = 0 }
		wantCode(t, g.refused(g.mint(1, other, g.at), any), tickwire.CodeTimeout, false)
		g.wantLog("another ProtocolID", "expected=7", "came=8")
	})
}

// TestAdmitFails: the log says why the game's own check failed, and no player reads it.
func TestAdmitFails(t *testing.T) {
	g := newGatehouse(t, func(cfg *tickwire.ServerConfig) {
		cfg.Admit = func(tickwire.Applicant) error { return errors.New("dial db-7.internal: refused") }
	})
	for player := range uint64(5) {
		r := g.refused(g.mint(player+1, nil, g.at), nil)
		if wantCode(t, r, tickwire.CodeRefused, true); r.Text != "refused" {
			t.Errorf("the player reads %q", r.Text)
		}
	}
	g.wantLog("Admit failed", "db-7.internal")
}

// TestTokenUsed: a token lets somebody in once; what is none is found out before anything is sent.
func TestTokenUsed(t *testing.T) {
	g := newGatehouse(t, nil)
	token := g.mint(1, nil, g.at)
	conn, err := g.join(nil).Connect(token)
	must(t, err)
	g.until("connected", conn.Open)
	g.run(time.Second, nil)
	wantCode(t, g.refused(token, nil), tickwire.CodeUsed, true)
	var e *netcode.TokenError
	if _, err := g.join(nil).Connect([]byte("token")); !errors.As(err, &e) {
		t.Errorf("error %v", err)
	}
}

func TestChannelMismatch(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	w.serve(at, withKey)
	other := func(cfg tickwire.ChannelConfig) func(*tickwire.ClientConfig) {
		return func(c *tickwire.ClientConfig) {
			c.Channels = tickwire.Channels(inputs, tickwire.NewRawChannel(cfg))
		}
	}
	for want, cfg := range map[string]tickwire.ChannelConfig{
		"channel 2 is Unreliable here and ReliableOrdered at the peer":     {ID: 2, Name: "chat"},
		"channel 2 is in Config.Channels of the peer, and not of this end": {ID: 3, Name: "chat"},
		"channel 2 has different names":                                    {ID: 2, Delivery: tickwire.ReliableOrdered},
	} {
		r := w.refused(w.mint(1, nil, at), other(cfg))
		wantCode(t, r, tickwire.CodeMismatch, true)
		if r.Text != want {
			t.Errorf("text %q, want %q", r.Text, want)
		}
	}
}

func TestTokensInTurn(t *testing.T) {
	w := newWorld(t)
	full, free := w.address(), w.address()
	w.serve(full, func(cfg *tickwire.ServerConfig) {
		withKey(cfg)
		cfg.Admit = func(tickwire.Applicant) error { return &tickwire.Refusal{Code: tickwire.CodeFull} }
	})
	w.serve(free, withKey)
	nobody := w.address()
	tokens, err := netcode.MintTokenList(w.nw.Now(), netcode.MintConfig{
		ProtocolID: 7, Key: testKey, ClientID: 5, Random: newSeeded(99),
	}, []netip.AddrPort{nobody}, []netip.AddrPort{full}, []netip.AddrPort{free})
	must(t, err)
	client := w.join(nil)
	began := w.nw.Now()
	conn, err := client.Connect(tokens.Append(nil))
	must(t, err)
	w.until("connected to the third", conn.Open)
	if conn.RemoteAddr() != free {
		t.Errorf("connected to %v", conn.RemoteAddr())
	}
	if took := w.nw.Now().Sub(began); took < 2*time.Second || took > 3*time.Second {
		t.Errorf("took %v: two seconds of silence, then a refusal", took)
	}
	want := "requesting, next server, answering, next server, answering, Connected"
	if got := strings.Join(w.states(client), ", "); got != want {
		t.Errorf("states %v", got)
	}
}

// TestOtherProtocol: a client that says which game it is refuses tokens for another one.
func TestOtherProtocol(t *testing.T) {
	w := newWorld(t)
	token, err := netcode.Mint(time.Unix(0, 0), netcode.MintConfig{
		ProtocolID: 0xbeef, Key: testKey, ClientID: 5, Addresses: []netip.AddrPort{w.address()},
	})
	must(t, err)
	for mine, ok := range map[uint64]bool{0: true, 0xbeef: true, 0xcafe: false} {
		client := w.join(func(cfg *tickwire.ClientConfig) { cfg.ProtocolID = mine })
		_, err := client.Connect(token.Append(nil))
		var wrong *tickwire.ConfigError
		switch {
		case ok && err != nil:
			t.Errorf("ProtocolID %#x: %v", mine, err)
		case !ok && (!errors.As(err, &wrong) || wrong.Field != "ProtocolID" ||
			!strings.Contains(err.Error(), "0xcafe") || !strings.Contains(err.Error(), "0xbeef")):
			t.Errorf("ProtocolID %#x: error %v", mine, err)
		}
	}
}

// TestDevTokenAtStart: a development server whose key is given, which an earlier run may have
// had too, refuses tokens of the second of its start; those that it makes itself are good.
func TestDevTokenAtStart(t *testing.T) {
	w := newWorld(t)
	at := w.address()
	srv := w.serve(at, func(cfg *tickwire.ServerConfig) { cfg.PrivateKey = testKey })
	first, r := w.enters(srv, 1)
	if !first.Open() {
		t.Errorf("a token of the server itself: %v", r)
	}
	w.run(1500*time.Millisecond, nil)
	if second, r := w.enters(srv, 2); !second.Open() {
		t.Errorf("a later one: %v", r)
	}
}
