package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// parse reads a command line as main does, but fails where main would exit.
func parse(t *testing.T, args ...string) (*cli, error) {
	t.Helper()
	c := new(cli)
	k, err := newParser(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	k.Exit = func(int) { t.Error("the parser wants to exit") }
	k.Stdout, k.Stderr = io.Discard, io.Discard
	_, err = k.Parse(args)
	return c, err
}

// runDemo runs the demo to its end and returns what it printed.
func runDemo(t *testing.T, ctx context.Context, args ...string) string {
	t.Helper()
	c, err := parse(t, append([]string{"demo", "--listen=127.0.0.1:0"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Demo.run(ctx, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestDemoJSON: everybody connected, and received states.
func TestDemoJSON(t *testing.T) {
	type player struct {
		Name   string  `json:"name"`
		RTT    float64 `json:"rtt_ms"`
		Inputs int     `json:"inputs_received_count"`
	}
	var s struct {
		Link   string `json:"link"`
		Bots   int    `json:"bots_connected_count"`
		Fewest int    `json:"states_received_fewest_count"`
		Stale  int    `json:"states_stale_count"`
		LinkUp struct {
			Sent int `json:"datagrams_count"`
		} `json:"link_up"`
		Players []player `json:"players"`
	}
	t.Parallel()
	var out string
	again(t, func() error {
		out = runDemo(t, t.Context(), "--bots=4", "--link=wifi", "--for=3s", "--json")
		if err := json.Unmarshal([]byte(out), &s); err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		if s.Stale != 0 {
			t.Errorf("%d states were stale", s.Stale)
		}
		idle := slices.ContainsFunc(s.Players, func(p player) bool { return p.RTT <= 0 || p.Inputs == 0 })
		if s.Link != "wifi" || s.Bots != 4 || len(s.Players) != 4 || idle || s.Fewest == 0 || s.LinkUp.Sent == 0 {
			return fmt.Errorf("the summary says %+v", s)
		}
		return nil
	})
	// Every number says its unit, but for names of things.
	unit := regexp.MustCompile(`_(ms|s|percent|kbit_per_s|bytes|count)$`)
	for _, m := range regexp.MustCompile(`"(\w+)": [0-9]`).FindAllStringSubmatch(out, -1) {
		if m[1] != "id" && !unit.MatchString(m[1]) {
			t.Errorf("%q has no unit", m[1])
		}
	}
}

// TestDemoWithoutLink ends when it is interrupted, and says so with its summary.
func TestDemoWithoutLink(t *testing.T) {
	t.Parallel()
	again(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		out := runDemo(t, ctx, "--bots=2", "--link=none")
		if strings.Contains(out, "\x1b") {
			t.Error("escapes in a pipe")
		}
		return says(out, "2 bots, link none", "ctrl-C ends it", "bot 1 ", "2 of 2 bots connected", "ReliableOrdered")
	})
}

// again tries up to five times what goes wrong now and then on a machine that does something else: what is wrong goes wrong
// each time.
func again(t *testing.T, try func() error) {
	t.Helper()
	var err error
	for range 5 {
		if err = try(); err == nil {
			return
		}
		t.Log("once more: ", err)
	}
	t.Error(err)
}

// says tells which text is not in what was printed.
func says(out string, wanted ...string) error {
	for _, want := range wanted {
		if !strings.Contains(out, want) {
			return fmt.Errorf("%q is not in\n%s", want, out)
		}
	}
	return nil
}

// TestDemoRebinds: bots stay whose ports change all the time, and hear everything.
func TestDemoRebinds(t *testing.T) {
	t.Parallel()
	again(t, func() error {
		out := runDemo(t, t.Context(), "--bots=3", "--link=wifi", "--rebind=300ms", "--for=3s")
		if err := says(out, ", 0 of them out of order or after a gap"); err != nil {
			t.Error(err)
		}
		return says(out, "3 of 3 bots connected", "the bots came from another port ")
	})
	for args, want := range map[string]string{"--rebind=-1s": "--rebind is -1s", "--rebind=1ns": "--rebind is 1ns"} {
		if _, err := parse(t, append([]string{"demo"}, strings.Fields(args)...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// freePort finds a port that is free now, of TCP and of UDP.
func freePort(t *testing.T) string {
	t.Helper()
	for range 10 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if c, err := net.ListenPacket("udp", l.Addr().String()); err == nil {
			c.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free of TCP and of UDP")
	return ""
}

// A transcript may be written by one goroutine while another one looks.
type transcript struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestJoin plays beside a bot, over a pipe, until the demo is over.
func TestJoin(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	demo, err := parse(t, "demo", "--bots=1", "--link=lan", "--listen=127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	shown := new(transcript)
	over := make(chan error, 1)
	go func() { over <- demo.Demo.run(ctx, shown) }()
	at := demoAt(t, shown)

	join, err := parse(t, "join", "--name=alice", "--addr="+at)
	if err != nil {
		t.Fatal(err)
	}
	heard := new(transcript)
	left := make(chan error, 1)
	go func() { left <- join.Join.run(t.Context(), strings.NewReader("hello\n\x1b[2Jworld\n"), heard) }()
	waitFor(t, heard, "alice: hello\nalice: [2Jworld\n")
	checkStay(t, at)
	end()
	if err := <-over; err != nil {
		t.Error(err)
	}
	if err := <-left; err != nil {
		t.Error(err)
	}
	waitFor(t, heard, "the demo is over")
	if !strings.Contains(shown.String(), "alice ") {
		t.Errorf("no alice in\n%s", shown)
	}
}

// checkStay joins for a moment, with and without a link of its own, and reads the summary for
// machines.
func checkStay(t *testing.T, at string) {
	t.Helper()
	if s := stayFor(t, at, "none"); s.StaleStates != 0 {
		t.Errorf("the summary says %+v", s)
	}
	if s := stayFor(t, at, "wifi"); s.RTT < 24 { // 12 ms each way
		t.Errorf("over Wi-Fi the summary says %+v", s)
	}
}

// stayFor joins for a moment in which he plays, if the machine has time for it.
func stayFor(t *testing.T, at, link string) (s stay) {
	t.Helper()
	again(t, func() error {
		if s = stayOnce(t, at, link); s.Name != "bob" || s.Ended != "left" {
			t.Errorf("the summary says %+v", s)
		}
		if s.States == 0 || s.Players != 3 || s.RTT <= 0 {
			return fmt.Errorf("the summary says %+v", s)
		}
		return nil
	})
	return s
}

func stayOnce(t *testing.T, at, link string) stay {
	t.Helper()
	c, err := parse(t, "join", "--name=bob", "--addr="+at, "--for=2s", "--json", "--link="+link)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Join.run(t.Context(), strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	var s stay
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		t.Fatalf("%v in\n%s", err, &out)
	}
	return s
}

// patience is how long a test waits for what has to come. A machine that does something else takes some of it, and only
// what is wrong takes all.
const patience = time.Minute

func waitFor(t *testing.T, s *transcript, text string) {
	t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(s.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q does not come in\n%s", text, s)
		}
	}
}

// TestMistakes: each one is named, with the way out.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"demo --bots=-1", "--bots is -1: want 0 to 512"},
		{"demo --bots=1000000", "--bots is 1000000: want 0 to 512"},
		{"demo --bots=many", `--bots: "many" is not a whole number: want one such as 16`},
		{"demo --link=5g", "want one of none, lan, wifi, wifi-bad, 4g, 4g-driving, satellite"},
		{"demo --for=-1s", "--for is -1s: want a time such as 10s"},
		{"demo --listen=:7777", "wants a loopback address such as 127.0.0.1:7777"},
		{"demo --listen=192.0.2.1:7777", "wants a loopback address such as 127.0.0.1:7777"},
		{"demo --listen=127.0.0.1", "want host:port, such as 127.0.0.1:7777"},
		{"demo --listen=127.0.0.1:99999", "--listen is \"127.0.0.1:99999\": want a port from 0 to 65535"},
		{"demo --listen=0.0.0.0:7777", "or --anyone beside this one"},
		{"join --link=5g", "want one of none, lan, wifi, wifi-bad, 4g, 4g-driving, satellite"},
		{"join --for=-1s", "--for is -1s: want a time such as 10s"},
		{"join --name=a-name-that-is-far-too-long", "--name has 27 characters: want 1 to 16"},
		{"join --addr=nonsense", "--addr is \"nonsense\": want host:port, such as 127.0.0.1:7777"},
		{"dance", "unexpected argument dance"},
		{"", "expected one of"},
	} {
		_, err := parse(t, strings.Fields(c.args)...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("tickwire %s: %v\nwant %s", c.args, err, c.want)
		}
	}
	c, err := parse(t, "demo")
	if err != nil || c.Demo.Listen != defaultListen || c.Demo.Bots != 16 {
		t.Errorf("defaults: %+v, %v", c.Demo, err)
	}
	if c, err = parse(t, "join"); err != nil || c.Join.Addr != defaultListen {
		t.Errorf("defaults: %+v, %v", c.Join, err)
	}
}

// TestTaken: a port that somebody else has, of both kinds, and nobody there to join.
func TestTaken(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for _, taken := range []string{tcp.Addr().String(), udp.LocalAddr().String()} {
		d := demoCmd{Bots: 1, Link: "none", Listen: taken}
		if err := d.run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), taken+" is taken, perhaps by another demo: end that one, or say --listen") {
			t.Errorf("the port is taken: %v", err)
		}
	}
	j := joinCmd{Addr: freePort(t), Name: "nobody"}
	if err := j.run(t.Context(), strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "start one with") {
		t.Errorf("nobody hands out tokens: %v", err)
	}
}
