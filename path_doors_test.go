package tickwire_test

import (
	"testing"
	"time"

	"github.com/tickwire/tickwire"
)

// TestPathToAnotherDoor: a server listens on two sockets, of which one is as reliable as a
// stream. A path to that one is reliable for the server, and stays where it is while the other one
// moves more often than a Conn has numbers for ways.
func TestPathToAnotherDoor(t *testing.T) {
	w := newWorld(t)
	near, far := w.socket(w.address()), stream{w.socket(w.address())}
	cfg := tickwire.ServerConfig{Config: config(), Development: true}
	w.simulate(&cfg.Config)
	srv, err := tickwire.Listen(cfg, near, far)
	must(t, err)
	w.add(srv)
	first, second := w.socket(w.address()), w.socket(w.address())
	client := w.joinOver(nil, first)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	path, err := conn.OpenPath(second, tickwire.PathConfig{Server: far.LocalAddr()})
	must(t, err)
	talk.run(time.Second)
	check := func() {
		t.Helper()
		for _, c := range []*tickwire.Conn{conn, player} {
			st, there := c.PathStats(path), far.LocalAddr()
			if c == player {
				there = second.PublicAddr()
			}
			if st.State != tickwire.PathActive || st.Remote != there || st.Reliable != (c == player) {
				t.Fatalf("%+v", st)
			}
		}
	}
	check()
	for range 90 {
		w.move(first)
		talk.run(200 * time.Millisecond)
	}
	check()
	talk.run(time.Second)
	talk.settle()
	if player.RemoteAddr() != first.PublicAddr() {
		t.Errorf("the player is at %v, not at %v", player.RemoteAddr(), first.PublicAddr())
	}
}
