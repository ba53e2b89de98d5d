package tickwire_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// TestRedial: when nobody answers any more the client opens another socket, goes on over it,
// and closes the first path.
func TestRedial(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), nil)
	first := w.socket(w.address())
	var dialed []*simnet.Socket
	client := w.joinOver(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(tickwire.Redial) (transport.Socket, error) {
			dialed = append(dialed, w.socket(w.address()))
			return dialed[len(dialed)-1], nil
		}
	}, first)
	conn := w.open(client, srv, 1)
	player := players(srv)[0]
	talk := w.talk(conn, player)
	talk.run(2 * time.Second)
	if len(dialed) != 0 {
		t.Fatal("redialed without need")
	}
	for i := range 12 {
		w.cut(append([]*simnet.Socket{first}, dialed...)[i], srv, true)
		talk.forgetGaps()
		talk.run(3 * time.Second)
		if len(dialed) != i+1 || player.RemoteAddr() != dialed[i].PublicAddr() {
			t.Fatalf("dialed %d times, the player is at %v", len(dialed), player.RemoteAddr())
		}
		if talk.up.gap > 500*time.Millisecond || talk.down.gap > 500*time.Millisecond {
			t.Errorf("nothing came for %v up, %v down", talk.up.gap, talk.down.gap)
		}
	}
	t.Logf("the last change: nothing came for %v up, %v down", talk.up.gap, talk.down.gap)
	talk.settle()
	if paths := slices.Collect(conn.Paths()); len(paths) != 1 || len(client.Stats().Sockets) != 2 {
		t.Errorf("%d paths and %d sockets are left", len(paths), len(client.Stats().Sockets))
	}
}

// TestRedialBacksOff: at once, and then after 1, 2, 4, 8 and each 16 seconds; and a path that
// answers again ends that.
func TestRedialBacksOff(t *testing.T) {
	w := newWorld(t)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) {
		cfg.DevelopmentToken = forAMinute
	})
	first := w.socket(w.address())
	var tries []time.Duration
	var began time.Time
	client := w.joinOver(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(tickwire.Redial) (transport.Socket, error) {
			tries = append(tries, w.nw.Now().Sub(began).Round(time.Second/2))
			return nil, errors.New("no other network")
		}
	}, first)
	conn := w.open(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	talk.run(time.Second)
	w.cut(first, srv, true)
	began = w.nw.Now()
	talk.run(50 * time.Second)
	want := []time.Duration{0, 1, 3, 7, 15, 31, 47}
	for i := range want {
		want[i] = want[i]*time.Second + tries[0]
	}
	if tries[0] > time.Second || !slices.Equal(tries, want) {
		t.Errorf("tried after %v, want %v, the first within a second", tries, want)
	}
	w.cut(first, srv, false)
	talk.run(5 * time.Second)
	tries = nil
	talk.run(60 * time.Second)
	talk.settle()
	if len(tries) > 0 {
		t.Errorf("redialed while all was well: %v", tries)
	}
}

// A phone is a socket that knows by which of its host's addresses it sends.
type phone struct {
	*simnet.Socket
	local netip.Addr
}

func (s *phone) LocalTo(transport.Path) netip.Addr { return s.local }

// TestHostMoves: a client that is told by its socket that the host has another address says so
// to its server at once, though its game is silent, and need not wait for a silence; with
// Redial it goes there.
func TestHostMoves(t *testing.T) {
	for phase := range time.Duration(6) { // of the PINGs, which would tell it too
		redial := phase == 5
		w := newWorld(t)
		srv := w.serve(w.address(), nil)
		first := &phone{Socket: w.socket(w.address())}
		first.local = first.LocalAddr().Addr()
		var dialed []*phone
		client := w.joinOver(func(cfg *tickwire.ClientConfig) {
			if redial {
				cfg.Redial = func(tickwire.Redial) (transport.Socket, error) {
					s := &phone{Socket: w.socket(w.address())}
					s.local = s.LocalAddr().Addr()
					dialed = append(dialed, s)
					return s, nil
				}
			}
		}, first)
		conn := w.open(client, srv, 1)
		player := players(srv)[0]
		w.run(10*time.Second+phase*time.Second/2, nil)
		next := w.move(first.Socket)
		first.local = next.Addr()
		w.run(1500*time.Millisecond, nil)
		want := next
		if redial {
			if len(dialed) != 1 {
				t.Fatalf("redialed %d times", len(dialed))
			}
			want = dialed[0].PublicAddr()
		}
		if player.RemoteAddr() != want {
			t.Errorf("redial %v: the player is at %v, not at %v", redial, player.RemoteAddr(), want)
		}
		if n := len(slices.Collect(conn.Paths())); n != 1 {
			t.Errorf("redial %v: %d paths", redial, n)
		}
		talk := w.talk(conn, player)
		talk.run(time.Second)
		talk.settle()
	}
}

// TestPathSocketFails: a connection outlives the socket that it went by, if there is another one
// or somebody who brings one; else the Client ends as ever.
func TestPathSocketFails(t *testing.T) {
	w := newWorld(t)
	d := w.duo(tickwire.PathConfig{}, 20*time.Millisecond)
	d.first.Close()
	d.forgetGaps()
	d.run(2 * time.Second)
	d.settle()
	if d.player.RemoteAddr() != d.second.PublicAddr() || len(d.client.Stats().Sockets) != 1 {
		t.Errorf("the player is at %v, over %d sockets", d.player.RemoteAddr(), len(d.client.Stats().Sockets))
	}
	if d.up.gap > 200*time.Millisecond {
		t.Errorf("nothing came for %v", d.up.gap)
	}

	srv := w.serve(w.address(), nil)
	first, next := w.socket(w.address()), w.socket(w.address())
	client := w.joinOver(func(cfg *tickwire.ClientConfig) {
		cfg.Redial = func(tickwire.Redial) (transport.Socket, error) { return next, nil }
	}, first)
	conn := w.open(client, srv, 1)
	talk := w.talk(conn, players(srv)[0])
	talk.run(time.Second)
	first.Close()
	talk.run(2 * time.Second)
	talk.settle()
	if players(srv)[0].RemoteAddr() != next.PublicAddr() || len(client.Stats().Sockets) != 1 {
		t.Errorf("the player is at %v, over %d sockets", players(srv)[0].RemoteAddr(), len(client.Stats().Sockets))
	}
	must(t, client.Close())
}

// forAMinute is how long players may be silent.
func forAMinute(cfg *netcode.MintConfig) { cfg.Timeout = time.Minute }
