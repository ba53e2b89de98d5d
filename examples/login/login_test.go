package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// ask logs in as a player's program does.
func ask(t *testing.T, url, name, password string) (status int, body []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
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

// TestLogin: Ada logs in and plays; the game server knows who she is.
func TestLogin(t *testing.T) {
	key := netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3})
	socket, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := tickwire.Listen(tickwire.ServerConfig{
		Config: tickwire.Config{ProtocolID: 7, LeastProtection: netcode.ForwardSecret}, PrivateKey: key, MaxTokenLifetime: -1, // it has no earlier run
	}, socket)
	if err != nil {
		t.Fatal(err)
	}
	hub := tickwire.NewHub(srv)
	defer hub.Close()

	tokens, err := newTokens(key, 7, socket.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	login := httptest.NewServer(tokens)
	defer login.Close()
	status, token := ask(t, login.URL, "ada", "lovelace")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, token)
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
		if ev.Conn.ClientID() != 42 || !bytes.HasPrefix(ev.Conn.UserData(), []byte("level 3\x00")) {
			t.Errorf("the server sees player %d, %q", ev.Conn.ClientID(), ev.Conn.UserData())
		}
		break
	}
}

// TestNoLogin: who does not know the password, has no account, or is banned.
func TestNoLogin(t *testing.T) {
	tokens, err := newTokens(netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}), 7, "192.0.2.1:7777")
	if err != nil {
		t.Fatal(err)
	}
	login := httptest.NewServer(tokens)
	defer login.Close()
	for _, c := range []struct {
		name, password string
		status         int
		code           string
	}{
		{"ada", "babbage", 401, "login"},
		{"nobody", "", 401, "login"},
		{"charles", "babbage", 403, "banned"},
	} {
		status, body := ask(t, login.URL, c.name, c.password)
		var answer struct{ Error string }
		if err := json.Unmarshal(body, &answer); err != nil || status != c.status || answer.Error != c.code {
			t.Errorf("%s: %d %s, %v", c.name, status, body, err)
		}
	}
}
