//go:build !js

package web

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/transport"
)

// TestConfigErrors: each names its field.
func TestConfigErrors(t *testing.T) {
	configs := map[string]Config{
		"Origins[1]":        {Origins: []string{"*", "https://"}},
		"TrustedProxies[0]": {TrustedProxies: make([]netip.Prefix, 1)},
		"Shards[0]":         {Shards: make([]Port, 1)},
		"Advertise[0]":      {Advertise: []netip.Addr{netip.IPv6Unspecified()}},
		"AdvertiseHost":     {AdvertiseHost: "https://udp.game.example"},
		"Queue":             {Queue: -1},
		"KeyFile":           {CertFile: "cert.pem"},
		"CertFile":          {CertFile: "none.pem", KeyFile: "none.pem"},
		"Listener":          {NoListen: true, Listener: &net.TCPListener{}},
	}
	wrong := func(field string, err error) {
		t.Helper()
		if fault, ok := errors.AsType[*ConfigError](err); !ok || fault.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for field, c := range configs {
		_, err := Listen("127.0.0.1:0", c)
		wrong(field, err)
	}
	for _, path := range []string{"tickwire", "//tickwire", "/a/../tickwire", "/a//b", "/./a", "/a%20b", "/a b", "/a?b", "/{a}"} {
		_, err := Listen("127.0.0.1:0", Config{Path: path})
		wrong("Path", err)
	}
	_, err := New(nil, Config{})
	wrong("u", err)
	for field, c := range map[string]DialConfig{"Timeout": {Timeout: -1}, "Queue": {Queue: -1}, "Origin": {Origin: "game.example"}} {
		_, err := Dial(t.Context(), "ws://127.0.0.1:1", c)
		wrong(field, err)
	}
	for _, url := range []string{"", "game.example", "ftp://game.example", "ws://", "ws://%zz"} {
		_, err := Dial(t.Context(), url, DialConfig{})
		wrong("address", err)
	}
}

// TestPortTaken: who may not have a port reads which, why, and what to do.
func TestPortTaken(t *testing.T) {
	say := func(err error, words ...string) {
		t.Helper()
		for _, w := range append(words, "already in use") {
			if err == nil || strings.Count(err.Error(), w) != 1 {
				t.Errorf("%v does not say %q once", err, w)
			}
		}
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	_, err = Listen(tcp.Addr().String(), Config{})
	say(err, "web: ", "listen tcp", "free for both")
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	_, err = Listen(udp.LocalAddr().String(), Config{})
	say(err, "web: ", "listen udp", "free for both")
	taken := &ownPort{local: netip.MustParseAddrPort(tcp.Addr().String())}
	_, err = New(portOf{taken}, Config{})
	say(err, "web: ", "listen tcp", "NoListen")
}

// A portOf is a port that nobody reads.
type portOf struct{ *ownPort }

func (portOf) SetDiverter(transport.Diverter) {}

// TestFailedNewTakesNothing: a port that a socket could not be opened beside is as it was, with the diverter that it had.
func TestFailedNewTakesNothing(t *testing.T) {
	port, err := openPort("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer port.close()
	u := &divertedPort{ownPort: port}
	if _, err := New(u, Config{NoListen: true, CertFile: "none.pem", KeyFile: "none.pem"}); err == nil || u.calls != 0 {
		t.Errorf("%v, and the port was given a diverter %d times", err, u.calls)
	}
	s, err := New(u, Config{NoListen: true})
	if err != nil || u.by == nil {
		t.Fatal(err, u.by)
	}
	s.Close()
	if u.by != nil {
		t.Error("after Close the port has the diverter still")
	}
}

// A divertedPort notes who diverts.
type divertedPort struct {
	*ownPort
	by    transport.Diverter
	calls int
}

func (p *divertedPort) SetDiverter(d transport.Diverter) { p.by, p.calls = d, p.calls+1 }

// TestUnsent: what the system does not take of pion's and quic-go's is counted, and of one that is too large the port goes on.
func TestUnsent(t *testing.T) {
	s := newSharedPort(t, limits{})
	e, to := s.d.envoy(), s.port.LocalAddr()
	for _, n := range []int{1200, 1 << 17, 1200} {
		if err := e.send(make([]byte, n), to, netip.Addr{}); err != nil {
			t.Error(err)
		}
	}
	if n := s.d.count.unsent.Load(); n != 1 {
		t.Errorf("%d are counted, want 1", n)
	}
}

var _ transport.Mortal = (*Socket)(nil)
