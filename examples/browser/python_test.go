//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// python starts the chat of a player in Python; what is written to it he says.
func python(t *testing.T, site string) (*child, io.WriteCloser) {
	t.Helper()
	if out, err := exec.Command("python3", "-c", "import cryptography").CombinedOutput(); err != nil {
		t.Fatalf("%v, %s: make deps installs python3 and python3-cryptography", err, out)
	}
	cmd := exec.Command("python3", "-B", "python/chat.py", site)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, cmd), in
}

// TestPython: a client that was written from SPEC.md alone says and hears, reliably or not, more than its first credit is
// good for, hears what is longer than a datagram, and leaves in order.
func TestPython(t *testing.T) {
	r := opened(t, nil, nil)
	ada, in := python(t, site(r.address))
	ada.hears("player 1 is here")
	r.say("%s", strings.Repeat("long ", 20_000))
	ada.hears(strings.Repeat("long ", 20_000))
	const lines = 300 // of 500 bytes: more than two windows, each way
	go func() {
		for n := range lines {
			fmt.Fprintf(in, "%03d %s\n", n, strings.Repeat(".", 500))
		}
	}()
	for n := range lines {
		ada.hears(fmt.Sprintf("player 1: %03d %s", n, strings.Repeat(".", 500)))
	}
	fmt.Fprintln(in, "and a spark")
	ada.hears("a spark at 128, 64")
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	ada.hears("it is over: we have left")
}

// TestPythonBadLink: over a link that loses one datagram in ten each way and lets others overtake it still hears all, in order.
func TestPythonBadLink(t *testing.T) {
	const seed = 7
	bad := simnet.LinkConfig{Delay: 10 * time.Millisecond, Jitter: 10 * time.Millisecond, JitterReorders: true, Loss: 0.1}
	h := newHall(t, hall{wrap: func(u *udp.Socket) transport.Socket {
		return must(simnet.Wrap(u, simnet.Links{Up: bad, Down: bad}, seed))
	}})
	r := h.room
	ada, in := python(t, h.login)
	ada.hears("player 1 is here")
	r.say("%s", strings.Repeat("long ", 4000))
	ada.hears(strings.Repeat("long ", 4000))
	long := strings.Repeat(".", 600) // so that each is a packet of its own
	go func() {
		for n := range 100 {
			fmt.Fprintln(in, n, long)
		}
	}()
	for n := range 100 {
		ada.hears(fmt.Sprintf("player 1: %d %s", n, long))
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	ada.hears("it is over: we have left")
}

// TestPythonIsTold: the server's end is told with its reason.
func TestPythonIsTold(t *testing.T) {
	r := opened(t, nil, nil)
	ada, _ := python(t, site(r.address))
	ada.hears("player 1 is here")
	for _, conn := range r.hub.Conns() {
		if err := conn.Close(1000, "we are closing for today"); err != nil {
			t.Error(err)
		}
	}
	ada.hears("it is over: code 1000: we are closing for today")
}

// A hall is a room whose server and tokens are as a test wants them.
type hall struct {
	change  func(*tickwire.ServerConfig)
	wrap    func(*udp.Socket) transport.Socket
	reached func(netip.AddrPort) netip.AddrPort // where players find it; nil: where it is
	timeout time.Duration

	room  *room
	login string
}

func newHall(t *testing.T, h hall) hall {
	t.Helper()
	key, native := newKey(), must(udp.Listen("127.0.0.1:0"))
	var socket transport.Socket = native
	if h.wrap != nil {
		socket = h.wrap(native)
	}
	address := native.LocalAddr()
	if h.reached != nil {
		address = h.reached(address)
	}
	cfg := tickwire.ServerConfig{
		Config:     tickwire.Config{Channels: tickwire.Channels(chat, sparks)},
		PrivateKey: key, MaxTokenLifetime: -1, PublicAddresses: []netip.AddrPort{address},
	}
	if h.change != nil {
		h.change(&cfg)
	}
	h.room = &room{tickwire.NewHub(must(tickwire.Listen(cfg, socket))), address}
	playing(t, h.room)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		token, err := netcode.Mint(time.Now(), netcode.MintConfig{
			Key: key, ClientID: 1, Addresses: []netip.AddrPort{address}, Timeout: h.timeout,
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(token.Append(nil))
	}))
	t.Cleanup(site.Close)
	h.login = site.URL
	return h
}

// TestPythonRefused: who is not let in is told why, and when to come again.
func TestPythonRefused(t *testing.T) {
	h := newHall(t, hall{change: func(cfg *tickwire.ServerConfig) {
		cfg.Admit = func(tickwire.Applicant) error {
			return &tickwire.Refusal{Code: tickwire.CodeBanned, Text: "you were rude", RetryAfter: time.Minute}
		}
	}})
	ada, _ := python(t, h.login)
	ada.hears(fmt.Sprintf("it is over: code %d: you were rude; try again in 60 s", tickwire.CodeBanned))
}

// TestPythonKeys: it follows the server from epoch to epoch of its keys, each of twenty packets, and misses nothing.
func TestPythonKeys(t *testing.T) {
	h := newHall(t, hall{change: func(cfg *tickwire.ServerConfig) { cfg.EpochPackets = 20 }})
	ada, in := python(t, h.login)
	ada.hears("player 1 is here")
	const lines = 300
	go func() {
		for n := range lines {
			fmt.Fprintf(in, "%03d %s\n", n, strings.Repeat(".", 900)) // a packet each, or nearly
		}
	}()
	for n := range lines {
		ada.hears(fmt.Sprintf("player 1: %03d %s", n, strings.Repeat(".", 900)))
	}
	in.Close()
	ada.hears("it is over: we have left")
}

// TestPythonTimeout: a connection on which nobody has anything to say lasts for longer than its timeout, and
// ends at both ends soon after the line between them was cut.
func TestPythonTimeout(t *testing.T) {
	t.Parallel()
	var err error
	for range 3 { // one of two ends that wait for a processor is late, though not each time
		if err = pythonTimeout(t); err == nil {
			return
		}
	}
	t.Error(err)
}

func pythonTimeout(t *testing.T) error {
	const timeout = 4 * time.Second
	var line *simnet.Relay
	h := newHall(t, hall{timeout: timeout, reached: func(server netip.AddrPort) netip.AddrPort {
		line = must(simnet.NewRelay(simnet.RelayConfig{Target: server.String()}))
		go func() { _ = line.Run(t.Context()) }()
		return line.Addr()
	}})
	defer line.Close()
	ada, _ := python(t, h.login)
	ada.hears("player 1 is here")
	time.Sleep(3 * timeout / 2)
	h.room.say("still there?")
	ada.hears("still there?")
	line.Cut()
	cut := time.Now()
	ada.hears("it is over: nothing was heard for too long")
	if took := time.Since(cut); took < timeout/2 {
		t.Errorf("it was over after %v, want about %v", took, timeout)
	} else if took > 2*timeout {
		return fmt.Errorf("it was over after %v, want about %v", took, timeout)
	}
	for len(h.room.hub.Conns()) > 0 {
		if time.Since(cut) > 2*timeout {
			return errors.New("the server has not given it up")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// TestPythonFuzz: whatever a server sends, damaged or malicious, the client closes or reads on, by seed.
func TestPythonFuzz(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("python3", "-B", "python/fuzz.py", "1", "2000").CombinedOutput()
	if err != nil || string(out) != "2000 rounds from seed 1 on\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
