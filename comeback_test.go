package tickwire_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport"
)

// How a client's Conn looks for the way back: whom it asks, by which socket, how often, and when it stops.

// TestComebackRefused: a refusal that passes is waited for, as long as the server advises; any other ends
// the Conn at once, with the reason and the way out.
func TestComebackRefused(t *testing.T) {
	for code, passes := range map[tickwire.Code]bool{
		tickwire.CodeFull: true, tickwire.CodeConnected: true, tickwire.CodeGoingAway: true, tickwire.CodeTooFast: true,
		tickwire.CodeInternal: true, tickwire.CodeBanned: false, tickwire.CodeRefused: false,
	} {
		w := newWorld(t)
		p := w.process(keeping)
		client := w.join(nil)
		conn, _ := w.ticketed(client, p.srv, 1)
		var tried []time.Time
		p.change = func(cfg *tickwire.ServerConfig) {
			keeping(cfg)
			cfg.Admit = func(tickwire.Applicant) error {
				if tried = append(tried, w.nw.Now()); len(tried) == 2 {
					return nil
				}
				return &tickwire.Refusal{Code: code, Text: "not now", RetryAfter: 7 * time.Second}
			}
		}
		p.restart()
		began := w.nw.Now()
		w.until("in or out", func() bool { return len(players(p.srv)) > 0 || conn.Reason() != tickwire.Reason{} })
		if !passes {
			if r := conn.Reason(); r.Code != code || !r.Remote || r.Text != "not now; connect with a fresh connect token" || w.nw.Now().Sub(began) > 4*time.Second {
				t.Errorf("%v: %+v after %v", code, r, w.nw.Now().Sub(began))
			}
			continue
		}
		if !conn.Open() || len(tried) != 2 || tried[1].Sub(tried[0]).Round(time.Second) != 7*time.Second {
			t.Errorf("%v: %v, asked at %v", code, conn.Reason(), tried)
		}
	}
}

// TestComebackMismatch: a server that was restarted has other channels. The client ends, and is told the
// difference; no token would help it.
func TestComebackMismatch(t *testing.T) {
	w := newWorld(t)
	p := w.process(keeping)
	client := w.join(nil)
	conn, _ := w.ticketed(client, p.srv, 1)
	p.change = func(cfg *tickwire.ServerConfig) { keeping(cfg); cfg.Channels = tickwire.Channels(inputs) }
	p.restart()
	if r := w.ends(client, conn); r.Code != tickwire.CodeMismatch || !r.Remote || r.Text != "channel 2 is in Config.Channels of this end, and not of the peer" {
		t.Errorf("%+v", r)
	}
}

// TestComebackAddresses: a server has two addresses, and after its restart it is found at the other one
// alone, to which its client goes on when nobody has answered for two seconds.
func TestComebackAddresses(t *testing.T) {
	w := newWorld(t)
	p := w.process(keeping)
	at, other := p.socket.LocalAddr(), netip.MustParseAddrPort("[fd00::1]:7000")
	p.kill()
	p.change = func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.PublicAddresses = []netip.AddrPort{at, other}
	}
	p.start(at)
	client := w.join(nil)
	conn, err := client.Connect(w.mint(1, nil, at, other))
	must(t, err)
	w.until("a ticket has come", func() bool { return conn.Ticket() != nil })
	p.kill()
	p.start(other)
	w.until("away", func() bool { return conn.Away() > 0 })
	began := w.nw.Now()
	w.until("back", func() bool { return conn.Away() == 0 && len(players(p.srv)) == 1 })
	if took := w.nw.Now().Sub(began); took < 2*time.Second || took > 2500*time.Millisecond || conn.RemoteAddr() != other {
		t.Errorf("back after %v, at %v", took, conn.RemoteAddr())
	}
	talk := w.talk(conn, players(p.srv)[0])
	talk.run(time.Second)
	talk.settle()
}

// TestRedialOfComeback: a server that was restarted is full for a while. The client asks it again and
// again, after 1, 2 and 4 s, and Redial for another socket each time, and no more often than that; the
// sockets that helped nobody are closed.
func TestRedialOfComeback(t *testing.T) {
	w := newWorld(t)
	p := w.process(keeping)
	var asked []time.Time
	client := w.joinOver(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(tickwire.Redial) (transport.Socket, error) {
			asked = append(asked, w.nw.Now())
			return w.socket(w.address()), nil
		}
	}, w.socket(w.address()))
	conn, _ := w.ticketed(client, p.srv, 1)
	full := true
	var tried []time.Time
	p.change = func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		cfg.Admit = func(tickwire.Applicant) error {
			tried = append(tried, w.nw.Now())
			if full {
				return &tickwire.Refusal{Code: tickwire.CodeFull}
			}
			return nil
		}
	}
	p.restart()
	w.until("away", func() bool { return conn.Away() > 0 })
	asked = nil
	w.run(4*time.Second, nil)
	full = false
	w.until("back", func() bool { return conn.Away() == 0 && len(players(p.srv)) == 1 })
	if len(tried) != 4 || len(asked) != 3 {
		t.Fatalf("tried %d times, asked for a socket %d times", len(tried), len(asked))
	}
	for i, want := range []time.Duration{1, 2, 4} {
		if pause := tried[i+1].Sub(tried[i]).Round(time.Second / 10); pause < want*time.Second || pause > want*time.Second+200*time.Millisecond {
			t.Errorf("pause %d of %v", i, pause)
		}
	}
	if w.run(5*time.Second, nil); len(client.Stats().Sockets) != 2 {
		t.Errorf("%d sockets are left", len(client.Stats().Sockets))
	}
}

// TestComebackByDeadlines: a client that is called when it says so, and not sixty times a second, asks as
// often as any other, and ends in time.
func TestComebackByDeadlines(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	resumes := 0
	home := &wiretap{Socket: w.socket(w.address()), see: func(b []byte) {
		if len(b) > 1 && b[0] == 7 && b[1] == 4 {
			resumes++
		}
	}}
	client := w.joinOver(func(cfg *tickwire.ClientConfig) { cfg.ResumeFor = 6 * time.Second }, home)
	conn, _ := w.ticketed(client, srv, 1)
	w.cut(home.Socket, srv, true)
	w.until("away", func() bool { return conn.Away() > 0 })
	resumes = 0
	w.service(w.nw.Now().Add(1500 * time.Millisecond))
	if resumes < 14 || resumes > 16 {
		t.Errorf("%d RESUMEs in a second and a half", resumes)
	}
	left := conn.Away()
	w.service(w.nw.Now().Add(left - 50*time.Millisecond))
	next := client.Service(w.nw.Now())
	if wait := next.Sub(w.nw.Now()); wait > 50*time.Millisecond {
		t.Errorf("wants to be called in %v", wait)
	}
	w.service(w.nw.Now().Add(100 * time.Millisecond))
	client.Update(w.nw.Now())
	wantCode(t, conn.Reason(), tickwire.CodeTimeout, false)
}

// TestResumeOtherSocket: the socket of a Conn has failed, and its Client has another one. The first try goes
// over that.
func TestResumeOtherSocket(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), keeping)
	first, second := w.socket(w.address()), w.socket(w.address())
	client := w.joinOver(nil, first, second)
	conn, _ := w.ticketed(client, srv, 1)
	player := players(srv)[0]
	must(t, first.Close())
	w.until("away", func() bool { return conn.Away() > 0 })
	began := w.nw.Now()
	w.until("back", func() bool { return conn.Away()+player.Away() == 0 })
	if took := w.nw.Now().Sub(began); took > time.Second || player.RemoteAddr() != second.PublicAddr() {
		t.Errorf("back after %v, at %v", took, player.RemoteAddr())
	}
	talk := w.talk(conn, player)
	talk.run(time.Second)
	talk.settle()
}

// TestCloseWhileAway: a game ends its Conn while that is away. It does not come back, whether the server
// would have let it in or its line works again.
func TestCloseWhileAway(t *testing.T) {
	for _, restart := range []bool{false, true} {
		w := newWorld(t)
		p := w.process(keeping)
		socket := w.socket(w.address())
		client := w.joinOver(nil, socket)
		conn, _ := w.ticketed(client, p.srv, 1)
		w.cut(socket, p.srv, true)
		w.until("away", func() bool { return conn.Away() > 0 })
		conn.Close(tickwire.CodeApplication, "enough")
		if restart {
			p.restart()
		}
		w.move(socket) // where nothing is cut
		w.run(10*time.Second, nil)
		wantCode(t, conn.Reason(), tickwire.CodeApplication, false)
		w.wantKinds(client, "Connected false", "Away", "Disconnected")
		if n := p.srv.Stats().Resumed; n != 0 || len(players(p.srv)) != 0 {
			t.Errorf("resumed %d times, %d players", n, len(players(p.srv)))
		}
	}
}
