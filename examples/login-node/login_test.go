// Package loginnode holds a test only: a login server in Node, whose connect tokens
// a tickwire server admits.
package loginnode

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// runLogin starts the login server on a free port and returns its address.
func runLogin(t *testing.T, key netcode.Key, server string) string {
	t.Helper()
	if _, err := os.Stat("node_modules/@noble/ciphers"); err != nil {
		t.Fatal("@noble/ciphers is not installed in examples/login-node; `make test` installs it (npm ci in that folder), and Node")
	}
	cmd := exec.Command("node", "server.mjs")
	cmd.Env = append(os.Environ(), "KEY="+hex.EncodeToString(key.Append(nil)), "PROTOCOL=7", "SERVER="+server, "PORT=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(url)
}

// ask logs in as a player's program does.
func ask(t *testing.T, method, url, name, password string) (status int, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(name, password)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// TestLogin: who logs in plays, and the game server knows who it is.
func TestLogin(t *testing.T) {
	key := netcode.KeyFrom([netcode.KeyBytes]byte{9, 8, 7})
	socket, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: tickwire.Config{ProtocolID: 7}, PrivateKey: key, Plain: tickwire.PlainRefuse, MaxTokenLifetime: -1, // it has no earlier run
	}, socket)
	if err != nil {
		t.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()

	url := runLogin(t, key, socket.LocalAddr().String())
	for _, c := range [][3]string{{"POST", "ada", "babbage"}, {"POST", "ada", "lovelace:x"}, {"POST", "constructor", ""}, {"GET", "ada", "lovelace"}} {
		if status, body := ask(t, c[0], url, c[1], c[2]); status != http.StatusUnauthorized || len(body) > 100 {
			t.Errorf("%v: %d, %d bytes", c, status, len(body))
		}
	}
	status, token := ask(t, "POST", url, "ada", "lovelace")
	if i := netcode.Inspect(token, &key); status != http.StatusOK || len(i.Faults) > 0 || i.Private == nil || !i.Pad.Present {
		t.Fatalf("%d, %+v", status, i)
	}
	player, err := udp.Open()
	if err != nil {
		t.Fatal(err)
	}
	session, err := tickwire.Dial(t.Context(), tickwire.ClientConfig{}, token, player)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for ev := range hub.Events(t.Context()) {
		if ev.Conn.Plain() || ev.Conn.ClientID() != 42 || !bytes.HasPrefix(ev.Conn.UserData(), []byte("level 3\x00")) {
			t.Errorf("the server sees player %d, %q", ev.Conn.ClientID(), ev.Conn.UserData())
		}
		break
	}
}

// TestLength: it stays as short as the README says.
func TestLength(t *testing.T) {
	source, err := os.ReadFile("server.mjs")
	if lines := bytes.Count(source, []byte("\n")); err != nil || lines == 0 || lines > 30 {
		t.Errorf("%d lines, %v", lines, err)
	}
}
