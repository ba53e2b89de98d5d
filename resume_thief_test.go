package tickwire_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
)

// What becomes of tickets that are shown by who should not, or where nobody can read them.

// wantUsed fails unless a ticket is refused since it was used, with the way out said once.
func (w *world) wantUsed(what string, ticket []byte) {
	w.t.Helper()
	_, conn := w.resume(ticket)
	if r := conn.Reason(); r.Code != tickwire.CodeUsed || !r.Remote || strings.Count(r.String(), "resume ticket was used") != 1 ||
		strings.Count(r.String(), "connect with a fresh connect token") != 1 {
		w.t.Errorf("%s: %v", what, r)
	}
}

// TestTicketStolenFile: somebody has a copy of the file in which a player stores his ticket. When the
// player has come back with it, or with a newer one, it is worth nothing, and he is left alone.
// Shown earlier it is the thief's comeback; then the player hears that it was used, and his next
// connection with a token of his own puts the thief out, whose later tickets are worthless then.
func TestTicketStolenFile(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	_, stolen := w.ticketed(client, srv, 1)
	w.perish(client, socket)
	socket = w.socket(w.address())
	conn, err := w.joinOver(nil, socket).Resume(stolen)
	must(t, err)
	w.until("back", func() bool { return slices.Contains(w.kinds(srv), "Back false") })
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(time.Second)
	w.wantUsed("after the player", stolen)
	stolen = conn.Ticket()
	for range 3 { // each comeback of the same process uses up what it had before
		w.cut(socket, srv, true)
		talk.run(15 * time.Second)
		w.move(socket) // where nothing is cut
		w.until("back", func() bool { talk.tick(); return conn.Away()+player.Away() == 0 })
		talk.run(time.Second)
	}
	if n := srv.Stats().Resumed; n < 3 {
		t.Fatalf("resumed %d times", n)
	}
	w.wantUsed("after the player's own comebacks", stolen)
	talk.run(time.Second)
	talk.settle()
	if player.Reason() != (tickwire.Reason{}) || len(players(srv)) != 1 {
		t.Errorf("the player: %v", player.Reason())
	}

	t.Log("# the thief is faster")
	stolen = conn.Ticket()
	_, thief := w.resume(stolen)
	if !thief.Open() {
		t.Fatalf("the thief: %v", thief.Reason())
	}
	w.until("the player knows", func() bool { return conn.Reason() != tickwire.Reason{} })
	if r := conn.Reason(); r.Code != tickwire.CodeUsed {
		t.Errorf("the player: %v", r)
	}
	later := thief.Ticket()
	again := w.dial(w.join(nil), srv, 1)
	w.until("the thief is out", func() bool { return again.Open() && thief.Reason() != tickwire.Reason{} })
	if code := thief.Reason().Code; code != tickwire.CodeReplaced {
		t.Errorf("the thief: %v", thief.Reason())
	}
	w.wantUsed("the thief's next one", later)
	if !again.Open() || len(players(srv)) != 1 {
		t.Errorf("the player's new connection: %v", again.Reason())
	}
}

// TestTicketKeyChanged: a server was restarted with another key for tickets. Its log says so, and who
// had a ticket is told that he needs a token, by the new process at once, and by the old one when
// its time is over. A key for tickets alone is nothing to tokens.
func TestTicketKeyChanged(t *testing.T) {
	var log tap
	w := newWorld(t)
	p := w.process(func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.TicketKey = netcode.KeyFrom([netcode.KeyBytes]byte{1})
	})
	client := w.join(func(cfg *tickwire.ClientConfig) { cfg.ResumeFor = 10 * time.Second })
	conn, ticket := w.ticketed(client, p.srv, 1)
	p.restart()
	w.until("back, with the same key", func() bool { return len(players(p.srv)) == 1 && conn.Away() == 0 })
	p.change = func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.TicketKey, cfg.Logger = netcode.KeyFrom([netcode.KeyBytes]byte{2}), log.logger()
	}
	p.restart()
	wantCode(t, w.ends(client, conn), tickwire.CodeForgotten, false)
	if text := conn.Reason().Text; !strings.Contains(text, "does not let us in; connect with a fresh connect token") {
		t.Errorf("text %q", text)
	}
	_, again := w.resume(ticket)
	if r := again.Reason(); r.Code != tickwire.CodeTimeout || !strings.Contains(r.Text, "another key") || !strings.Contains(r.Text, "its log says") {
		t.Errorf("another process: %+v", r)
	}
	if n := strings.Count(log.String(), "resume ticket does not open: is TicketKey,"); n < 1 || n > 20 {
		t.Errorf("%d times in the log:\n%s", n, log.String())
	}
	if conn := w.open(client, p.srv, 1); !conn.Open() || len(players(p.srv)) != 1 {
		t.Errorf("with a token: %v", conn.Reason())
	}
}
