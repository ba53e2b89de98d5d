package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// A served is `tickwire serve` in this process.
type served struct {
	t    *testing.T
	addr string
	out  *transcript
	end  context.CancelFunc
	over chan error
}

func serve(t *testing.T, args ...string) *served {
	t.Helper()
	c, err := parse(t, append([]string{"serve", "--listen=127.0.0.1:0", "--protocol=7", "--max-lifetime=-1s", "--key", testKey}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	s := &served{t: t, out: new(transcript), end: end, over: make(chan error, 1)}
	go func() { s.over <- c.Serve.run(ctx, s.out) }()
	t.Cleanup(s.stop)
	s.addr = listening(t, s.out)
	return s
}

// listening waits until a server says where it listens.
func listening(t *testing.T, out *transcript) string {
	t.Helper()
	waitFor(t, out, "ends it\n")
	m := regexp.MustCompile(`\[(\S+)[^]]*\];`).FindStringSubmatch(out.String())
	if m == nil {
		t.Fatalf("no address in %s", out)
	}
	return m[1]
}

// stop ends the server, which must succeed, once.
func (s *served) stop() {
	s.end()
	if s.over == nil {
		return
	}
	if err := <-s.over; err != nil || !strings.HasSuffix(s.out.String(), "\nended\n") {
		s.t.Errorf("%v after\n%s", err, s.out)
	}
	s.over = nil
}

// token makes a token in a file.
func (s *served) token(args ...string) string {
	s.t.Helper()
	return tokenFile(s.t, append([]string{"--server", s.addr}, args...)...)
}

func tokenFile(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	c, err := parse(t, append([]string{"token", "new", "--protocol=7", "--key", testKey, "--out", file}, args...)...)
	if err == nil {
		err = c.Token.New.run(t.Context(), time.Now(), io.Discard, io.Discard)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// connect runs `tickwire connect` to its end.
func connect(t *testing.T, token string, in io.Reader, out io.Writer, args ...string) error {
	t.Helper()
	c, err := parse(t, append([]string{"connect", "--linger=300ms", "--token", token}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c.Connect.run(t.Context(), in, out)
}

// A pause in what is read ends when there is a text in a transcript, or too late.
type pause struct {
	until string
	in    *transcript
}

// Read implements io.Reader.
func (p pause) Read([]byte) (int, error) {
	for end := time.Now().Add(patience); !strings.Contains(p.in.String(), p.until) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	return 0, io.EOF
}

// conversation connects, sends lines, and returns those that came back; it leaves some time after the last of them did.
func conversation(t *testing.T, token, in string, args ...string) []string {
	t.Helper()
	out, last := new(transcript), in[strings.LastIndex("\n"+in[:len(in)-1], "\n"):]
	if err := connect(t, token, io.MultiReader(strings.NewReader(in), pause{"\n" + last, out}), out, args...); err != nil {
		t.Fatalf("%v after\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if first, last := lines[0], lines[len(lines)-1]; !strings.HasPrefix(first, "* connected to 127.0.0.1:") || last != "* ended: we left" {
		t.Errorf("said %q and %q", first, last)
	}
	return lines[1 : len(lines)-1]
}

// TestEcho: what is sent comes back, on each channel, under each protection.
func TestEcho(t *testing.T) {
	s := serve(t)
	t.Run("channel", func(t *testing.T) {
		for i, d := range echoDeliveries {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				s.echoes(t, i+1, d.name)
			})
		}
	})
	if strings.Count(s.out.String(), ", tickwire\n") != len(echoDeliveries) {
		t.Errorf("%s", s.out)
	}
}

// TestServeListens: as soon as it says that it listens, it takes what a backend makes.
func TestServeListens(t *testing.T) {
	t.Parallel()
	s := serve(t, "--max-lifetime=45s")
	conversation(t, s.token(), "hello\n")
}

// echoes has one player talk to the server on one channel.
func (s *served) echoes(t *testing.T, client int, channel string) {
	suite := []string{"chacha20", "aes256", "signed"}[client%3]
	token := tokenFile(t, "--server", s.addr, fmt.Sprint("--client=", client), "--suite", suite, fmt.Sprint("--forward-secrecy=", client%2 == 1))
	got := conversation(t, token, "hello\nworld\n", "--on", channel)
	slices.Sort(got) // deliveries without an order
	latest := strings.Contains(channel, "latest")
	if !latest && !slices.Equal(got, []string{"hello", "world"}) || latest && !slices.Contains(got, "world") {
		t.Errorf("%q", got)
	}
	waitFor(t, s.out, fmt.Sprintf("client %d ended: closed (by the peer)\n", client))
}

// TestEchoLong: more than any queue holds comes back whole and in order.
func TestEchoLong(t *testing.T) {
	s := serve(t)
	var in strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&in, "line %d\n", i)
	}
	in.WriteString(strings.Repeat("x", 500_000) + "\n")
	if got := strings.Join(conversation(t, s.token(), in.String()), "\n") + "\n"; got != in.String() {
		t.Errorf("%d bytes came back of %d", len(got), in.Len())
	}
}

// TestEchoTooLong: a line that no message can hold is named, not cut.
func TestEchoTooLong(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		length int
		on     string
		want   string
	}{
		{maxLine + 10, "reliable-ordered", "a line of more than 1048576 bytes, and what followed it, was not sent"},
		{100_000, "unreliable", "a line of 100000 bytes, and what followed it, was not sent"},
	} {
		out := new(transcript)
		err := connect(t, s.token("--client=5"), io.MultiReader(
			strings.NewReader("first\n"), pause{"\nfirst\n", out}, strings.NewReader(strings.Repeat("x", c.length)+"\nlast\n")), out, "--on", c.on)
		if err == nil || exitCode(err) != 1 || !strings.Contains(err.Error(), c.want) || !strings.Contains(out.String(), "\nfirst\n") || strings.Contains(out.String(), "last") {
			t.Errorf("%v after\n%.200s", err, out)
		}
	}
}

// TestServeEnds: players are told, and that is no error of theirs.
func TestServeEnds(t *testing.T) {
	s := serve(t)
	in, typed := io.Pipe()
	defer typed.Close()
	out, over := new(transcript), make(chan error, 1)
	token := s.token("--client=42")
	go func() { over <- connect(t, token, in, out) }()
	if _, err := io.WriteString(typed, "here\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, out, "\nhere\n")
	s.stop()
	if err := <-over; err != nil || !strings.HasSuffix(out.String(), "* ended: server going away: server closed (by the peer)\n") {
		t.Errorf("%v after\n%s", err, out)
	}
	if !strings.Contains(s.out.String(), "ending: telling 1 players\nclient 42 ended: ") {
		t.Errorf("%s", s.out)
	}
}

// A mute socket says nothing once it is silent.
type mute struct {
	transport.Socket
	silent bool
}

// Write implements transport.Socket.
func (m *mute) Write(ds []transport.Datagram) (int, error) {
	if m.silent {
		return len(ds), nil
	}
	return m.Socket.Write(ds)
}

// TestServeEndsWithin: a player who has fallen silent, with echoes under way to him, holds nothing up
// for longer than --end-within.
func TestServeEndsWithin(t *testing.T) {
	t.Parallel()
	s := serve(t, "--end-within=500ms")
	token, err := os.ReadFile(s.token("--client=42"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := udp.Open()
	if err != nil {
		t.Fatal(err)
	}
	socket := &mute{Socket: open}
	player, err := tickwire.NewClient(tickwire.ClientConfig{Config: tickwire.Config{ProtocolID: 7, Channels: echoChannels()}}, socket)
	if err != nil {
		t.Fatal(err)
	}
	defer player.Close()
	conn, err := player.Connect(token)
	if err != nil {
		t.Fatal(err)
	}
	for range player.Ticks(t.Context(), 100) {
		player.Update(time.Now())
		if player.Flush(time.Now()); conn.Open() {
			break
		}
	}
	waitFor(t, s.out, "client 42 connected")
	if err := conn.Send(echoChannel("reliable-ordered"), []byte("hello")); err != nil {
		t.Fatal(err)
	}
	player.Flush(time.Now())
	socket.silent = true
	echoed := false
	for range player.Ticks(t.Context(), 100) {
		player.Update(time.Now())
		for range conn.Receive(echoChannel("reliable-ordered")) {
			echoed = true
		}
		if echoed {
			break
		}
	}
	began := time.Now()
	s.stop()
	if took := time.Since(began); took < 400*time.Millisecond || took > 6*time.Second { // 8 s without --end-within
		t.Errorf("it took %v", took)
	}
	if !strings.HasSuffix(s.out.String(), "client 42 ended: server going away: server closed (by this side); messages that may be lost: 1\n"+
		"not everybody has confirmed it within 500ms\nended\n") {
		t.Errorf("%s", s.out)
	}
}

// TestConnectRefused: why, and an exit code of its own.
func TestConnectRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, "--max-clients=1", "--least=encrypted")
	in, typed := io.Pipe()
	defer typed.Close()
	out, over := new(transcript), make(chan error, 1)
	first := s.token("--client=1")
	go func() { over <- connect(t, first, in, out) }()
	waitFor(t, out, "connected")
	for want, token := range map[string]string{
		"server full":        s.token("--client=2"),
		"no encryption":      s.token("--client=1", "--suite=signed"),
		"did not answer":     tokenFile(t, "--server", s.addr, "--key", strings.Repeat("77", 32), "--timeout=1s"),
		"token already used": first,
		"length: 5 bytes":    garbage(t),
		"token expired":      expired(t, s.addr),
	} {
		err := connect(t, token, strings.NewReader(""), io.Discard)
		if err == nil || exitCode(err) != exitBad || !regexp.MustCompile("not let in: .*("+want+")").MatchString(err.Error()) {
			t.Errorf("%v, want %s and exit code %d", err, want, exitBad)
		}
	}
	if err := connect(t, "/nowhere", nil, io.Discard); err == nil || exitCode(err) != 1 {
		t.Errorf("no such file: %v", err)
	}
	// The same player again: the newer one stays.
	if got := conversation(t, s.token("--client=1"), "again\n"); len(got) != 1 {
		t.Errorf("%q", got)
	}
	if err := <-over; exitCode(err) != exitOver || !strings.Contains(out.String(), "* ended: replaced") {
		t.Errorf("%v after\n%s", err, out)
	}
}

func garbage(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("a\x00b\x00c"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func expired(t *testing.T, addr string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if _, _, err := tokenNew(t, "--server", addr, "--protocol=7", "--out", file); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestConnectLate: whose token has run out learns it, whether a server is there or not.
func TestConnectLate(t *testing.T) {
	token, err := readTokenFile(tokenFile(t, "--server=127.0.0.1:9", "--key", testKey, "--lifetime=45s"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := late(token, time.Now()); text != "" {
		t.Errorf("a good one: %q", text)
	}
	now := time.Unix(time.Now().Unix()+1000, 0)
	if text := late(token, now); !strings.HasPrefix(text, "; by this machine's clock it expired 95") {
		t.Errorf("a late one: %q", text)
	}
	if text := late([]byte("junk"), now); text != "" {
		t.Errorf("none at all: %q", text)
	}
}

// TestConnectInterrupted: ctrl-C leaves in order, whatever waits to be read.
func TestConnectInterrupted(t *testing.T) {
	s := serve(t)
	c, err := parse(t, "connect", "--token", s.token("--client=3"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	defer typed.Close()
	out, over := new(transcript), make(chan error, 1)
	go func() { over <- c.Connect.run(ctx, in, out) }()
	waitFor(t, out, "connected")
	interrupt()
	if err := <-over; err != nil || !strings.HasSuffix(out.String(), "* ended: we left\n") {
		t.Errorf("%v after\n%s", err, out)
	}
	waitFor(t, s.out, "client 3 ended: closed (by the peer)\n")
}

// TestServeMistakes: each is named with its flag, and what it may be.
func TestServeMistakes(t *testing.T) {
	for flag, want := range map[string]string{
		"--max-clients=0":     "--max-clients is 0: want 1 to 65536",
		"--end-within=0s":     "--end-within is 0s: want a time such as 8s",
		"--keep-seats=-1s":    "--keep-seats is -1s: want a time such as 30s, or 0",
		"--keep-seats=25h":    "--keep-seats is 25h0m0s: want at most 24h, or 0",
		"--max-clients=-1":    "--max-clients is -1: want 1 to 65536",
		"--max-clients=65537": "--max-clients is 65537: want 1 to 65536",
		"--max-lifetime=0s":   "--max-lifetime is 0s: want a time such as 45s, or a negative one for none",
		"--least=some":        "--least must be one of",
		"--key=12":            "--key: want 64 hex digits",
	} {
		if _, err := parse(t, "serve", "--key", testKey, flag); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", flag, err, want)
		}
	}
}

// TestServePublic: what tokens may name.
func TestServePublic(t *testing.T) {
	t.Parallel()
	s := serve(t, "--listen=:0")
	if got := conversation(t, tokenFile(t, "--server", "127.0.0.1:"+s.addr[strings.LastIndex(s.addr, ":")+1:]), "hi\n"); len(got) != 1 {
		t.Errorf("%q", got)
	}
	c, err := parse(t, "serve", "--key", testKey, "--listen=127.0.0.1:0", "--public=nowhere.invalid:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Serve.run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "nowhere.invalid") {
		t.Errorf("%v", err)
	}
	c.Serve.Public = []string{"0.0.0.0:7"}
	if err := c.Serve.run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "--public is 0.0.0.0:7: want an address that clients can reach") {
		t.Errorf("%v", err)
	}
	c.Serve.Public, c.Serve.Listen = nil, "nonsense"
	if err := c.Serve.run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "--listen: ") {
		t.Errorf("%v", err)
	}
}

// TestConnectUnconfirmed: whoever leaves a server that is gone is told that he waits, for what, and
// that it did not arrive.
func TestConnectUnconfirmed(t *testing.T) {
	t.Parallel()
	binary := buildProgram(t)
	server := start(t, binary, "serve", "--listen=127.0.0.1:0", "--protocol=7")
	token := tokenFile(t, "--server", listening(t, server.out))
	player := start(t, binary, "connect", "--token", token, "--linger=10ms", "--end-within=2500ms")
	player.say("one")
	waitFor(t, player.out, "\none\n")
	if err := server.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	server.wait()
	player.say("two")
	player.in.Close()
	code := player.wait()
	for _, want := range []string{"not confirmed everything yet", "* ended: we left\n", "did not confirm 1 of the messages"} {
		if !strings.Contains(player.out.String(), want) {
			t.Errorf("no %q in\n%s", want, player.out)
		}
	}
	if code != exitOver {
		t.Errorf("exit code %d after\n%s", code, player.out)
	}
}

// TestSpecNamesEchoChannels: whoever writes a client tries it against them, and has their names from SPEC.md, 13.
func TestSpecNamesEchoChannels(t *testing.T) {
	page, err := os.ReadFile("../../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), " ")
	for i, d := range echoDeliveries {
		if want := fmt.Sprintf("%d `%s`", i+1, d.name); !strings.Contains(text, want) || int(d.delivery) != i {
			t.Errorf("SPEC.md does not say that channel %d is %s, of %v", i+1, d.name, d.delivery)
		}
	}
}
