//go:build !js

package web

import (
	"context"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// An edge is a machine in front of a server: what speaks HTTP there is a proxy, and UDP comes by
// another address.
type edge struct {
	socket *Socket
	site   *httptest.Server
	udp    *simnet.Relay
}

// newEdge puts a server behind a proxy, and its UDP port behind 127.0.0.2; cfg says what it knows of
// that.
func newEdge(t *testing.T, cfg func(c *Config, udp netip.AddrPort)) *edge {
	t.Helper()
	inside := make(chan string, 1) // holds one: where the server is, once that is known
	where := func() string {
		at := <-inside
		inside <- at
		return at
	}
	relay, err := simnet.NewRelay(simnet.RelayConfig{
		Listen: "127.0.0.2:0", Target: "127.0.0.1:9",
		Dial: func(*net.UDPAddr) (*net.UDPConn, error) {
			return net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(where())))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = relay.Run(t.Context()) }()
	t.Cleanup(func() { _ = relay.Close() })
	site := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: where()})
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}})
	t.Cleanup(site.Close)
	c := Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	cfg(&c, relay.Addr())
	s := listen(t, c)
	inside <- s.LocalAddr().String()
	return &edge{s, site, relay}
}

// hello is what a server says first.
func (e *edge) hello(t *testing.T) (*websocket.Conn, *helloSignal) {
	t.Helper()
	ws := byHand(t, e.site.URL+DefaultPath, nil)
	return ws, readSignal(t, ws).Hello
}

func readSignal(t *testing.T, ws *websocket.Conn) signal {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	m, err := nextSignal(ctx, ws)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestAdvertised: a proxy has the pages and the WebSockets on one machine, UDP goes past it by
// another, and hello and the candidates say where.
func TestAdvertised(t *testing.T) {
	e := newEdge(t, func(c *Config, udp netip.AddrPort) {
		c.Advertise, c.AdvertiseHost, c.AdvertisePort = []netip.Addr{udp.Addr()}, udp.Addr().String(), udp.Port()
		c.Origins = []string{"https://game.example"}
	})
	l, err := Dial(t.Context(), e.site.URL, DialConfig{Origin: "https://game.example"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	eventually(t, "a session by the other machine", func() bool {
		return slices.ContainsFunc(l.Rungs(nil), func(p transport.Path) bool {
			return p.Kind == transport.KindWebTransport && p.Remote == e.udp.Addr()
		})
	})
	ws, hello := e.hello(t)
	if at := hello.WebTransport.url("game.example"); at != "https://"+e.udp.Addr().String()+DefaultPath {
		t.Errorf("WebTransport is said to be at %s", at)
	}
	if err := ws.Write(t.Context(), websocket.MessageText, appendSignal(nil, &signal{Want: &wantSignal{wantWebRTC}})); err != nil {
		t.Fatal(err)
	}
	offer := readSignal(t, ws).Offer
	if got := candidatesOf(offer.SDP); !slices.Equal(got, []string{e.udp.Addr().String()}) {
		t.Errorf("the candidates are %v, want the relay at %v alone", got, e.udp.Addr())
	}
	c, answer := rtcBrowser(t, offer.SDP)
	if err := ws.Write(t.Context(), websocket.MessageText, appendSignal(nil, &signal{Answer: &sdpSignal{offer.ID, answer}})); err != nil {
		t.Fatal(err)
	}
	within(t, "a data channel by the other machine", c.open)
}

// TestAdvertisedPort: of a relay on the same host nothing but the number is to be said.
func TestAdvertisedPort(t *testing.T) {
	s := listen(t, Config{AdvertisePort: 4711})
	ws := byHand(t, s.URL(), nil)
	if at := readSignal(t, ws).Hello.WebTransport.url("2001:db8::5"); at != "https://[2001:db8::5]:4711"+DefaultPath {
		t.Errorf("WebTransport is said to be at %s", at)
	}
	if err := ws.Write(t.Context(), websocket.MessageText, appendSignal(nil, &signal{Want: &wantSignal{wantWebRTC}})); err != nil {
		t.Fatal(err)
	}
	if got := candidatesOf(readSignal(t, ws).Offer.SDP); !slices.Equal(got, []string{"127.0.0.1:4711"}) {
		t.Errorf("the candidates are %v", got)
	}
}

// candidatesOf are the addresses in a description.
func candidatesOf(sdp string) (all []string) {
	for line := range strings.Lines(sdp) {
		if words := strings.Fields(line); strings.HasPrefix(line, "a=candidate:") {
			all = append(all, net.JoinHostPort(words[4], words[5]))
		}
	}
	return all
}
