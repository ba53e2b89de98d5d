package tickwire_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// TestLatest: of what has gathered the newest is taken and nothing of the rest, and what was not taken
// is there as long as nobody asks.
func TestLatest(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	conn := w.open(w.join(nil), srv, 1)
	player := players(srv)[0]
	say := func(n int) {
		for i := range n {
			must(t, inputs.Send(conn, input{X: int16(i)}))
			w.run(20*time.Millisecond, nil)
		}
		w.run(100*time.Millisecond, nil)
	}
	if in, ok, err := inputs.Latest(player); ok || err != nil {
		t.Fatalf("before there is one: %v, %v", in, err)
	}
	say(20)
	if in, ok, err := inputs.Latest(player); !ok || err != nil || in.X != 19 {
		t.Errorf("the newest is %v, %v, %v", in, ok, err)
	}
	if in, ok, _ := inputs.Latest(player); ok {
		t.Errorf("once more: %v", in)
	}
	t.Log("# Receive has all of them, the oldest first")
	say(20)
	var all []int16
	for in, err := range inputs.Receive(player) {
		must(t, err)
		all = append(all, in.X)
	}
	if len(all) != 20 || !slices.IsSorted(all) {
		t.Errorf("received %v", all)
	}
	t.Log("# one that cannot be decoded is an error that tells from where it came")
	say(3)
	must(t, conn.Send(1, []byte("three")))
	w.run(100*time.Millisecond, nil)
	_, ok, err := inputs.Latest(player)
	if bad, is := errors.AsType[*tickwire.DecodeError](err); ok || !is || bad.Conn != player || bad.Bytes != 5 {
		t.Errorf("%v, %v", ok, err)
	}
	t.Log("# bytes")
	for _, text := range []string{"a", "b", "c"} {
		must(t, chat.Send(conn, []byte(text)))
	}
	w.run(100*time.Millisecond, nil)
	if b, ok := chat.Latest(player); !ok || string(b) != "c" {
		t.Errorf("%q, %v", b, ok)
	}
	if b, ok := player.Latest(chat.Config().ID); ok {
		t.Errorf("once more: %q", b)
	}
}

// TestDecodeError: it names the channel by number and name, and the Conn, and wraps its cause.
func TestDecodeError(t *testing.T) {
	w := newWorld(t)
	named := tickwire.NewChannel[input](tickwire.ChannelConfig{ID: 5, Name: "moves"})
	configure := func(cfg *tickwire.Config) { cfg.Channels = tickwire.Channels(named) }
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { configure(&cfg.Config) })
	conn := w.open(w.join(func(cfg *tickwire.ClientConfig) { configure(&cfg.Config) }), srv, 1)
	must(t, conn.Send(5, []byte("seven b")))
	w.run(100*time.Millisecond, nil)
	for _, err := range named.Receive(players(srv)[0]) {
		for _, part := range []string{"7 bytes", "5 (moves)", "Conn 1", "input: want 4 bytes"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v lacks %q", err, part)
			}
		}
		return
	}
	t.Error("nothing came")
}
