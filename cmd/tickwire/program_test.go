package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the command, built as a user would, once for all tests that run it.
var built struct {
	once sync.Once
	file string
	err  error
}

func buildProgram(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		dir, err := os.MkdirTemp("", "tickwire")
		if err != nil {
			built.err = err
			return
		}
		built.file = filepath.Join(dir, "tickwire.exe")
		if out, err := exec.Command("go", "build", "-o", built.file, ".").CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.file
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.file != "" {
		_ = os.RemoveAll(filepath.Dir(built.file))
	}
	os.Exit(code)
}

// A program is a process that a test started.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *transcript
	over chan error
}

func start(t *testing.T, name string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.CommandContext(t.Context(), name, args...), out: new(transcript), over: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.Env = append(os.Environ(), "TICKWIRE_KEY="+testKey)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() { p.over <- p.cmd.Wait() }()
	return p
}

// wait waits for the end and returns the exit code.
func (p *program) wait() int {
	p.t.Helper()
	select {
	case err := <-p.over:
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
			p.t.Fatalf("%v: %v", exit, err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("does not end:\n%s", p.out)
		return -1
	}
}

func (p *program) say(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

// TestProgram: the commands as README shows them, SIGTERM, and exit codes.
func TestProgram(t *testing.T) {
	t.Parallel()
	binary := buildProgram(t)
	server := start(t, binary, "serve", "--listen=127.0.0.1:0", "--protocol=7")
	addr := listening(t, server.out)
	var token bytes.Buffer
	mint := exec.Command(binary, "token", "new", "--server", addr, "--protocol=7", "--client=42")
	mint.Stdout, mint.Env = &token, append(os.Environ(), "TICKWIRE_KEY="+testKey)
	if err := mint.Run(); err != nil || token.Len() != 2048 {
		t.Fatalf("%v, %d bytes", err, token.Len())
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, token.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if p := start(t, binary, "token", "inspect", file, "--json"); p.wait() != 0 || !strings.Contains(p.out.String(), `"client_id": 42`) {
		t.Errorf("%s", p.out)
	}
	if p := start(t, binary, "token", "inspect", os.Args[0]); p.wait() != exitBad || !strings.Contains(p.out.String(), "WRONG     length: ") {
		t.Errorf("%s", p.out)
	}
	player := start(t, binary, "connect", "--token", file)
	player.say("hello")
	waitFor(t, player.out, "\nhello\n")
	if again := start(t, binary, "connect", "--token", file); again.wait() != exitBad {
		t.Errorf("a second time: %s", again.out)
	}
	if err := server.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := server.wait(); code != 0 || !strings.HasSuffix(server.out.String(), "\nended\n") {
		t.Errorf("the server's exit code is %d after\n%s", code, server.out)
	}
	if code := player.wait(); code != 0 || !strings.Contains(player.out.String(), "* ended: server going away") {
		t.Errorf("the player's exit code is %d after\n%s", code, player.out)
	}
	demoEnds(t, binary)
	mistakesStayAside(t, binary)
}

// mistakesStayAside: what reads the output of a wrong command line gets nothing, and a person all of it.
func mistakesStayAside(t *testing.T, binary string) {
	t.Helper()
	var out, aside bytes.Buffer
	soak := exec.Command(binary, "soak", "--json", "--bogus")
	soak.Stdout, soak.Stderr = &out, &aside
	if err := soak.Run(); err == nil || soak.ProcessState.ExitCode() != exitUsage {
		t.Errorf("an unknown flag: %v", err)
	}
	if out.Len() > 0 || !strings.Contains(aside.String(), "Usage: tickwire soak") || !strings.Contains(aside.String(), "--bogus") {
		t.Errorf("an unknown flag prints %q, and aside %q", out.String(), aside.String())
	}
	for _, args := range [][]string{nil, {"help"}} {
		help, err := exec.Command(binary, args...).Output()
		if err != nil || !strings.Contains(string(help), "bench traces") {
			t.Errorf("tickwire %q: %v\n%s", args, err, help)
		}
	}
}

// demoEnds has SIGTERM end a demo in which somebody plays.
func demoEnds(t *testing.T, binary string) {
	t.Helper()
	demo := start(t, binary, "demo", "--bots=1", "--link=none", "--listen=127.0.0.1:0")
	at := demoAt(t, demo.out)
	guest := start(t, binary, "join", "--addr="+at)
	waitFor(t, guest.out, "you play as ")
	if err := demo.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := demo.wait(); code != 0 || !strings.Contains(demo.out.String(), "heard by the bots") {
		t.Errorf("the demo's exit code is %d after\n%s", code, demo.out)
	}
	if code := guest.wait(); code != 0 || !strings.Contains(guest.out.String(), "* server going away: the demo is over (by the peer)") {
		t.Errorf("the guest's exit code is %d after\n%s", code, guest.out)
	}
}

// startNode starts a plain netcode peer that shares no code with us.
func startNode(t *testing.T, role string, config map[string]any) *program {
	t.Helper()
	if _, err := os.Stat("../../netcode/interop/node_modules/@noble/ciphers"); err != nil {
		t.Fatal("@noble/ciphers is not installed in netcode/interop; `make test` installs it, and Node")
	}
	b, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "node", "../../netcode/interop/peer.mjs", role, string(b))
	t.Cleanup(func() { p.in.Close() })
	return p
}

// TestServePlain: a plain netcode client of another implementation gets its echo,
// and is told when the server ends.
func TestServePlain(t *testing.T) {
	s := serve(t)
	token, err := os.ReadFile(s.token("--client=9", "--plain"))
	if err != nil {
		t.Fatal(err)
	}
	p := startNode(t, "client", map[string]any{"token": hex.EncodeToString(token)})
	waitFor(t, p.out, `"state":3`)
	p.say(`{"cmd":"send","data":"c0ffee"}`)
	waitFor(t, p.out, `{"event":"payload","data":"c0ffee"}`)
	if !strings.Contains(s.out.String(), "client 9 connected from 127.0.0.1:") || !strings.Contains(s.out.String(), ", plain netcode\n") {
		t.Errorf("%s", s.out)
	}
	s.stop()
	waitFor(t, p.out, `"state":0`)
}

// TestConnectPlain: a plain netcode server of another implementation.
func TestConnectPlain(t *testing.T) {
	node := startNode(t, "server", map[string]any{"protocolId": "7", "key": testKey, "maxClients": 2})
	waitFor(t, node.out, `"address":"127.0.0.1:`)
	_, rest, _ := strings.Cut(node.out.String(), `"address":"`)
	addr, _, _ := strings.Cut(rest, `"`)

	in, typed := io.Pipe()
	out, over := new(transcript), make(chan error, 1)
	token := tokenFile(t, "--server", addr, "--plain", "--user-data=hello")
	go func() { over <- connect(t, token, in, out) }()
	waitFor(t, out, ", plain netcode\n")
	if _, err := io.WriteString(typed, "from us\n"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, node.out, hex.EncodeToString([]byte("from us")))
	node.say(`{"cmd":"send","index":0,"data":"` + hex.EncodeToString([]byte("from it")) + `"}`)
	waitFor(t, out, "\nfrom it\n")
	node.say(`{"cmd":"kick","index":0}`)
	if err := <-over; err != nil || !strings.HasSuffix(out.String(), "* ended: closed (by the peer)\n") {
		t.Errorf("%v after\n%s", err, out)
	}
	typed.Close()
}
