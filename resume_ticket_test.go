package tickwire_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
)

// ticketed opens a connection, and takes its ticket when it has one.
func (w *world) ticketed(client *tickwire.Client, srv *tickwire.Server, player uint64) (conn *tickwire.Conn, ticket []byte) {
	w.t.Helper()
	conn = w.open(client, srv, player)
	w.until("a ticket has come", func() bool { ticket = conn.Ticket(); return ticket != nil })
	return conn, ticket
}

// perish ends a client as if its process was killed: nobody is told.
func (w *world) perish(c *tickwire.Client, s *simnet.Socket) {
	w.t.Helper()
	w.remove(c)
	must(w.t, s.Close())
}

// resume starts another client with a ticket, and waits until it is in or refused.
func (w *world) resume(ticket []byte) (*tickwire.Client, *tickwire.Conn) {
	w.t.Helper()
	client := w.join(nil)
	conn, err := client.Resume(ticket)
	must(w.t, err)
	w.until("in or out", func() bool { return conn.Open() || conn.Reason() != tickwire.Reason{} })
	w.run(200*time.Millisecond, nil)
	return client, conn
}

// TestClientRestart: a player's process is killed, and another one comes back from elsewhere with
// the ticket that the first one has stored: at once, while his seat is kept, and after that.
func TestClientRestart(t *testing.T) {
	for _, gone := range []time.Duration{0, 20 * time.Second, 60 * time.Second} {
		w := newWorld(t)
		srv := w.serve(w.address(), keeping)
		socket := w.socket(w.address())
		client := w.joinOver(nil, socket)
		conn, ticket := w.ticketed(client, srv, 9)
		player := players(srv)[0]
		player.Value = "state"
		must(t, chat.Send(player, []byte("the first process hears this, or nobody")))
		w.perish(client, socket)
		must(t, chat.Send(conn, []byte("nobody hears that")))
		w.run(gone, nil)
		client, conn = w.resume(ticket)
		want := map[time.Duration][]string{
			0:                {"Connected false", "Back false"},
			20 * time.Second: {"Connected false", "Away", "Back false"},
			60 * time.Second: {"Connected false", "Away", "Disconnected", "Connected true"},
		}[gone]
		w.wantKinds(srv, want...)
		w.wantKinds(client, "Connected true")
		if now := players(srv); len(now) != 1 || now[0].ClientID() != 9 || (now[0] == player) != (gone < time.Minute) || (now[0].Value == nil) == (now[0] == player) {
			t.Fatalf("gone for %v: %d players", gone, len(now))
		}
		wantSeats(t, srv.Stats(), 1, 0)
		talk := w.talk(conn, players(srv)[0])
		talk.run(time.Second)
		talk.settle()
	}
}

// refusedTicket wants a ticket to be of no use: the attempt ends with a reason and with the way out.
func (w *world) refusedTicket(what string, ticket []byte, code tickwire.Code) {
	w.t.Helper()
	client, conn := w.resume(ticket)
	if r := conn.Reason(); r.Code != code || !r.Remote || !strings.HasSuffix(r.Text, "connect with a fresh connect token") {
		w.t.Errorf("%s: %+v", what, r)
	}
	w.wantKinds(client, "Disconnected")
}

// TestTicketRefused: a ticket that was used, and one of another server with the same key, is of no
// use.
func TestTicketRefused(t *testing.T) {
	w := newWorld(t)
	srv, other := w.serve(w.address(), keeping), w.serve(w.address(), keeping)
	socket := w.socket(w.address())
	client := w.joinOver(nil, socket)
	_, ticket := w.ticketed(client, srv, 1)
	w.perish(client, socket)
	if _, conn := w.resume(ticket); !conn.Open() {
		t.Fatalf("not let in: %v", conn.Reason())
	}
	w.refusedTicket("used", ticket, tickwire.CodeUsed)
	_, ticket = w.ticketed(w.join(nil), other, 2)
	parsed, err := netcode.ParseResumeTicket(ticket)
	must(t, err)
	parsed.Addresses = srv.PublicAddresses()
	ticket, err = parsed.AppendBinary(nil)
	must(t, err)
	w.refusedTicket("elsewhere", ticket, tickwire.CodeWrongAddress)
}

// TestUnwantedTicketRefused: the ticket of a player who was banned meanwhile, of one whom the
// server has sent away, and of one who was replaced.
func TestUnwantedTicketRefused(t *testing.T) {
	w := newWorld(t)
	banned := false
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.Admit = func(a tickwire.Applicant) error {
			if banned && a.ClientID == 3 {
				return &tickwire.Refusal{Code: tickwire.CodeBanned, Text: "until Monday"}
			}
			return nil
		}
	})
	_, ticket := w.ticketed(w.join(nil), srv, 3)
	banned = true
	w.refusedTicket("banned", ticket, tickwire.CodeBanned)
	for _, code := range []tickwire.Code{tickwire.CodeApplication, tickwire.CodeReplaced} {
		var conn *tickwire.Conn
		conn, ticket = w.ticketed(w.join(nil), srv, 4)
		for _, player := range players(srv) {
			if player.ClientID() == 4 {
				player.Close(code, "")
			}
		}
		w.until("over", func() bool { return conn.Reason() != tickwire.Reason{} })
		w.refusedTicket("sent away", ticket, tickwire.CodeUsed)
	}
}

// TestTicketNotShown: a ticket that has expired is not even shown, nor is what is none, or one of
// another game.
func TestTicketNotShown(t *testing.T) {
	w := newWorld(t)
	_, ticket := w.ticketed(w.join(nil), w.serve(w.address(), keeping), 5)
	w.run(4*time.Minute, nil)
	var wrong *netcode.TicketError
	if _, err := w.join(nil).Resume(ticket); !errors.As(err, &wrong) || wrong.Field != "expiry" {
		t.Errorf("expired: %v", err)
	}
	if _, err := w.join(nil).Resume([]byte("ticket")); !errors.As(err, &wrong) {
		t.Errorf("no ticket: %v", err)
	}
	var field *tickwire.ConfigError
	if _, err := w.join(func(cfg *tickwire.ClientConfig) { cfg.ProtocolID = 8 }).Resume(ticket); !errors.As(err, &field) || field.Field != "ProtocolID" {
		t.Errorf("another game: %v", err)
	}
}
