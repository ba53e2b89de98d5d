//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/browser"
	"github.com/tickwire/tickwire/internal/netns"
	"github.com/tickwire/tickwire/internal/node"
)

const ts = "../../ts"

// installed is the client, built once for all tests, which TestMain removes.
var installed struct {
	sync.Once
	dir    string
	client fs.FS
}

func TestMain(m *testing.M) {
	code := m.Run()
	if installed.dir != "" {
		_ = os.RemoveAll(installed.dir)
	}
	os.Exit(code)
}

// install builds the client as `make client` does, and returns a folder whose programs find it, and what
// pages load.
func install(t *testing.T) (dir string, client fs.FS) {
	t.Helper()
	installed.Do(func() {
		installed.dir = must(os.MkdirTemp("", "tickwire-client"))
		installed.client = build(t, installed.dir)
	})
	if installed.client == nil {
		t.Fatal("the client was not built; the first test that wanted it says why")
	}
	return installed.dir, installed.client
}

func build(t *testing.T, dir string) fs.FS {
	t.Helper()
	to := filepath.Join(dir, "node_modules/@tickwire/client")
	dist := filepath.Join(to, "dist")
	node.Tool(t, ts, "tsc", "-p", filepath.Join(ts, "tsconfig.build.json"), "--outDir", dist)
	copied(t, filepath.Join(ts, "package.json"), to)
	sources := must(filepath.Abs(ts)) // which the build for browsers looks for beside dist
	for _, one := range must(os.ReadDir(sources)) {
		if one.Name() != "dist" && one.Name() != "package.json" {
			must(one, os.Symlink(filepath.Join(sources, one.Name()), filepath.Join(to, one.Name())))
		}
	}
	if out, err := exec.Command("node", filepath.Join(dist, "build/main.js")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return os.DirFS(filepath.Join(dist, "browser"))
}

// typed compiles the page in TypeScript.
func typed(t *testing.T, dir string) fs.FS {
	t.Helper()
	for _, name := range []string{"package.json", "tsconfig.json", "typed.ts"} {
		copied(t, name, dir)
	}
	if err := os.Mkdir(filepath.Join(dir, "spark"), 0o777); err != nil {
		t.Fatal(err)
	}
	copied(t, "spark/spark.ts", filepath.Join(dir, "spark"))
	node.Tool(t, ts, "tsc", "-p", dir)
	return os.DirFS(filepath.Join(dir, "dist"))
}

func copied(t *testing.T, name, dir string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, filepath.Base(name)), b, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// opened is a room that plays until the test ends.
func opened(t *testing.T, client, typed fs.FS) *room {
	t.Helper()
	r, err := open("127.0.0.1:0", client, typed)
	for tries := 0; tries < 10 && errors.Is(err, syscall.EADDRINUSE); tries++ { // somebody has that number by TCP
		r, err = open("127.0.0.1:0", client, typed)
	}
	if err != nil {
		t.Fatal(err)
	}
	playing(t, r)
	return r
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // the end of the test
	}
	return v
}

func playing(t *testing.T, r *room) {
	over := make(chan error, 1)
	go func() { over <- r.play() }()
	t.Cleanup(func() {
		if err := r.hub.Close(); err != nil {
			t.Error(err)
		}
		<-over
	})
}

// until waits for something that a page shows.
func until(t *testing.T, p *browser.Page, condition string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !browser.Eval[bool](p, condition); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s; the page shows %q", condition, browser.Eval[string](p, "document.body.innerText"))
		}
	}
}

// say is what somebody in front of the page does.
func say(p *browser.Page, line string) {
	browser.Eval[bool](p, fmt.Sprintf(`document.forms[0].elements[0].value = %q, document.forms[0].requestSubmit(), true`, line))
}

// clicks has somebody click ten times a second, so far from the left as a part of the window.
func clicks(p *browser.Page, x float64) {
	browser.Eval[bool](p, fmt.Sprintf(`setInterval(() => document.body.dispatchEvent(
		new MouseEvent("click", {clientX: %v * innerWidth, bubbles: true})), 100) > 0`, x))
}

// shows is whether a spark of such a click is there.
func shows(x float64) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".spark")].some(s => Math.abs(parseFloat(s.style.left) - %v) < 1)`, 100*x)
}

// A child is a program that plays.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan string
}

func start(t *testing.T, cmd *exec.Cmd) *child {
	t.Helper()
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("%v: make deps installs what the tests need", err)
	}
	c := &child{t, cmd, make(chan string, 100)}
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Buffer(nil, 1<<20); lines.Scan(); {
			c.lines <- lines.Text()
		}
		close(c.lines)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // ended, or killed
		if t.Failed() {
			t.Logf("%v complains: %s", cmd, &complaints)
		}
	})
	return c
}

// hears waits until the program has printed a line.
func (c *child) hears(want ...string) {
	c.t.Helper()
	var all []string
	for timeout := time.After(time.Minute); ; {
		select {
		case line, ok := <-c.lines:
			if slices.Contains(want, line) {
				return
			}
			if all = append(all, line); !ok {
				c.t.Fatalf("%v has ended, and has printed %q, not %q", c.cmd, all, want)
			}
		case <-timeout:
			c.t.Fatalf("%v has printed %q, not %q", c.cmd, all, want)
		}
	}
}

// TestLongPage: two pages climb to WebTransport, hear each other in order, and see each other's sparks, as the
// page in TypeScript does.
func TestLongPage(t *testing.T) {
	netns.Run(t, func(n *netns.Net) {
		n.Pair(n.Here(), "eth0", "10.77.0.1/24", n.Host("nobody"), "eth0", "10.77.0.2/24")
		dir, client := install(t)
		chromium := browser.Start(t)
		site := site(opened(t, client, typed(t, dir)).address)
		ada, bob := chromium.Open(site), chromium.Open(site)
		for _, p := range []*browser.Page{ada, bob} {
			until(t, p, `state.textContent == "connected by webtransport"`)
		}
		say(ada, "hello")
		say(ada, "how are you?")
		until(t, bob, `/^player ([12]): how are you\?\nplayer \1: hello$/m.test(said.textContent)`)
		until(t, ada, `/^player [12]: hello$/m.test(said.textContent)`)
		eve := chromium.Open(site + "/typed")
		clicks(ada, 0.2)
		clicks(eve, 0.6)
		for _, p := range []*browser.Page{ada, bob, eve} {
			until(t, p, shows(0.2))
			until(t, p, shows(0.6))
		}
		bob.Close()
		until(t, ada, `/^player [12] has left$/m.test(said.textContent)`)
	})
}

func site(address netip.AddrPort) string { return "http://" + address.String() }

// TestBot: the bot answers a page's question, by UDP.
func TestBot(t *testing.T) {
	t.Parallel()
	dir, client := install(t)
	copied(t, "bot.mjs", dir)
	r := opened(t, client, nil)
	cmd := exec.Command("node", filepath.Join(dir, "bot.mjs"), site(r.address))
	bot := start(t, cmd)
	bot.hears("player 1 is here")
	r.say("is there a bot?")
	bot.hears("player 1: yes", "player 1: no")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	bot.hears("it is over: closed (by this side)")
}

// TestNobodyThere: a bot and a player in Python that are started before their server say so in a line.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	dir, _ := install(t)
	copied(t, "bot.mjs", dir)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	bot := exec.Command("node", filepath.Join(dir, "bot.mjs"), nobody)
	if out, err := bot.CombinedOutput(); err == nil || !regexp.MustCompile("^bot: "+nobody+" lets nobody in: .*\n$").Match(out) {
		t.Errorf("%v, the bot said %s", err, out)
	}
	player := exec.Command("python3", "-B", "python/chat.py", nobody)
	if out, err := player.CombinedOutput(); err != nil || !regexp.MustCompile("^it is over: .*refused.*\n$").Match(out) {
		t.Errorf("%v, the player said %s", err, out)
	}
}

// TestLength: a newcomer reads these first.
func TestLength(t *testing.T) {
	for name, most := range map[string]int{"page.html": 40, "bot.mjs": 30, "typed.ts": 40, "python/chat.py": 50} {
		text, err := os.ReadFile(name)
		if lines := bytes.Count(text, []byte("\n")); err != nil || lines < 10 || lines > most {
			t.Errorf("%s: %d lines, at most %d are short; %v", name, lines, most, err)
		}
	}
}
