package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

// TestServeHandsOver: a server that is ended hands its players over to another one, where they
// go on; and what the players see of it.
func TestServeHandsOver(t *testing.T) {
	t.Parallel()
	second := serve(t)
	first := serve(t, "--hand-over", second.addr)
	in, typed := io.Pipe()
	out, over := new(transcript), make(chan error, 1)
	token := first.token("--client=42")
	go func() { over <- connect(t, token, in, out) }()
	say := func(line string) {
		t.Helper()
		if _, err := io.WriteString(typed, line+"\n"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, out, "\n"+line+"\n")
	}
	say("to the first")
	first.stop()
	waitFor(t, out, "* handed over to "+second.addr+"\n")
	say("to the second")
	if !strings.Contains(first.out.String(), "ending: handing 1 players over to "+second.addr+"\nclient 42 ended: server going away") {
		t.Errorf("%s", first.out)
	}
	waitFor(t, second.out, "client 42 connected from 127.0.0.1:")
	typed.Close()
	if err := <-over; err != nil || !strings.HasSuffix(out.String(), "* ended: we left\n") {
		t.Errorf("%v after\n%s", err, out)
	}
	c, err := parse(t, "serve", "--key", testKey, "--listen=127.0.0.1:0", "--hand-over=nowhere.invalid:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Serve.run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "--hand-over: ") {
		t.Errorf("%v", err)
	}
}

// TestServeKilled: a server is killed, and started anew with the same key; its player comes back
// by itself, with the ticket that the first one gave.
func TestServeKilled(t *testing.T) {
	t.Parallel()
	binary := buildProgram(t)
	server := start(t, binary, "serve", "--listen=127.0.0.1:0", "--protocol=7", "--max-lifetime=-1s")
	addr := listening(t, server.out)
	player := start(t, binary, "connect", "--token", tokenFile(t, "--server", addr, "--client=42"))
	player.say("one")
	waitFor(t, player.out, "\none\n")
	if err := server.cmd.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	server.wait()
	server = start(t, binary, "serve", "--listen", addr, "--protocol=7", "--max-lifetime=-1s")
	listening(t, server.out)
	waitFor(t, player.out, "* the server is silent; trying to come back for ")
	waitFor(t, player.out, "* back at "+addr+"; messages that may be lost: ")
	waitFor(t, server.out, "tickwire, with a resume ticket\n")
	player.say("two")
	waitFor(t, player.out, "\ntwo\n")
	player.in.Close()
	if code := player.wait(); code != 0 {
		t.Errorf("exit code %d after\n%s", code, player.out)
	}
}
