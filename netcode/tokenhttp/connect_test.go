package tokenhttp_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

func loopback(t *testing.T) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c, c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// admit serves one player over UDP until it is in, and says who it is.
func admit(t *testing.T, conn *net.UDPConn, addr netip.AddrPort) <-chan string {
	t.Helper()
	start := time.Now()
	s, err := netcode.NewServer(0, start.Unix(), netcode.ServerConfig{
		ProtocolID: 7, PrivateKey: theKey, Addresses: []netip.AddrPort{addr}, MaxTokenLifetime: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	in := make(chan string, 1)
	go func() {
		defer close(in)
		b := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			ev := s.HandleDatagram(int64(time.Since(start)), time.Now().Unix(), netcode.SourceFrom(from), b[:n], nil)
			if len(ev.Reply) > 0 {
				_, _ = conn.WriteToUDPAddrPort(ev.Reply, from)
			}
			if ev.Kind == netcode.EventConnected {
				in <- string(ev.Seat.UserData()[:7])
				return
			}
		}
	}()
	return in
}

// connect brings a client in over UDP.
func connect(t *testing.T, conn *net.UDPConn, token *netcode.Token) {
	t.Helper()
	start := time.Now()
	c, err := netcode.NewClient(0, start.Unix(), token, netcode.ClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 2048)
	for c.State() != netcode.StateConnected {
		for d, to, ok := c.NextDatagram(nil); ok; d, to, ok = c.NextDatagram(nil) {
			if _, err := conn.WriteToUDPAddrPort(d, to.AddrPort()); err != nil {
				t.Fatal(err)
			}
		}
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			t.Fatalf("in state %v: %v", c.State(), err)
		}
		c.HandleDatagram(int64(time.Since(start)), time.Now().Unix(), 0, netcode.SourceFrom(from), b[:n])
	}
}

// TestLoginToConnected: a player logs in over HTTP and is let in over UDP, with
// what the login said about it.
func TestLoginToConnected(t *testing.T) {
	game, addr := loopback(t)
	h, err := tokenhttp.Handler(tokenhttp.Config{
		Token:   netcode.MintConfig{Key: theKey, ProtocolID: 7, ForwardSecrecy: true},
		Servers: []string{addr.String()},
		Login: func(r *http.Request) (tokenhttp.Grant, error) {
			if name, password, _ := r.BasicAuth(); name != "ada" || password != "lovelace" {
				return tokenhttp.Grant{}, &tokenhttp.Refusal{Status: 401, Text: "who are you?"}
			}
			return tokenhttp.Grant{ClientID: 42, UserData: []byte("level 3")}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	login := httptest.NewTLSServer(h)
	defer login.Close()
	r, err := http.NewRequest("POST", login.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("ada", "lovelace")
	resp, err := login.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := netcode.ParseTokenList(b)
	if err != nil {
		t.Fatal(err)
	}
	in := admit(t, game, addr)
	player, _ := loopback(t)
	connect(t, player, tokens[0])
	if who := <-in; who != "level 3" {
		t.Errorf("the server admitted %q", who)
	}
}

// TestManyAtOnce: requests share nothing but the names; each gets a token of its own.
func TestManyAtOnce(t *testing.T) {
	d := newDesk(t, func(c *tokenhttp.Config) {
		c.Resolver = book{"eu.example": {netip.MustParseAddr("192.0.2.1")}}
		c.Servers, c.Interval = []string{"eu.example:7"}, -1
	})
	srv := httptest.NewServer(d.h)
	defer srv.Close()
	tokens := make(chan string)
	for range 50 {
		go func() {
			resp, err := srv.Client().Post(srv.URL, "", nil)
			if err != nil {
				tokens <- err.Error()
				return
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			tokens <- string(b)
		}()
	}
	seen := map[string]bool{}
	for range 50 {
		b := <-tokens
		if ts, err := netcode.ParseTokenList([]byte(b)); err != nil || inspect(t, ts[0]).Private.ClientID != 42 {
			t.Fatalf("%v", err)
		}
		seen[b] = true
	}
	if len(seen) != 50 {
		t.Errorf("%d different tokens", len(seen))
	}
}
