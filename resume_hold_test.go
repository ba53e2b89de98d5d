package tickwire_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
)

// A loading is a player whose game is busy for half a minute, and a server that keeps his seat
// for as long after his timeout of ten seconds.
type loading struct {
	*world
	p            *process
	client       *tickwire.Client
	socket       *simnet.Socket
	conn, player *tickwire.Conn
	up, down     []string
}

func newLoading(t *testing.T, change func(*tickwire.ServerConfig)) *loading {
	l := &loading{world: newWorld(t)}
	l.p = l.process(func(cfg *tickwire.ServerConfig) {
		keeping(cfg)
		if change != nil {
			change(cfg)
		}
	})
	l.socket = l.world.socket(l.address())
	l.client = l.joinOver(nil, l.socket)
	l.conn, _ = l.ticketed(l.client, l.p.srv, 1)
	l.player = players(l.p.srv)[0]
	return l
}

// holds has one end announce its silence, and stop.
func (l *loading) holds(conn *tickwire.Conn, d driver, time time.Duration) {
	l.t.Helper()
	must(l.t, conn.Hold(time))
	l.until("known", conn.HoldKnown)
	l.remove(d)
}

// tick reads what has come.
func (l *loading) tick() bool {
	for b := range chat.Receive(l.player) {
		l.up = append(l.up, string(b))
	}
	for b := range chat.Receive(l.conn) {
		l.down = append(l.down, string(b))
	}
	return false
}

func (l *loading) there() bool { l.tick(); return l.conn.Away()+l.player.Away() == 0 }

// TestHoldAndAway: a silence that was announced is nobody's being away. Only one that lasts a
// timeout longer is, and who comes back then has everything that was said before and meanwhile.
func TestHoldAndAway(t *testing.T) {
	for _, late := range []time.Duration{5 * time.Second, 25 * time.Second} {
		for _, cut := range []bool{false, true} {
			l := newLoading(t, nil)
			must(t, chat.Send(l.conn, []byte("loading")))
			l.holds(l.conn, l.client, 30*time.Second)
			l.cut(l.socket, l.p.srv, cut)
			must(t, chat.Send(l.player, []byte("hurry up")))
			l.run(38*time.Second, l.tick)
			if l.player.Away() != 0 || l.player.Held() != 0 {
				t.Fatalf("away for %v, held for %v more", l.player.Away(), l.player.Held())
			}
			l.run(late-8*time.Second+time.Second, l.tick)
			if away := l.player.Away(); away > 0 != (late > 10*time.Second) || away > 15*time.Second {
				t.Errorf("%v later: away for %v more", late, away)
			}
			l.cut(l.socket, l.p.srv, false)
			l.add(l.client)
			must(t, chat.Send(l.conn, []byte("ready")))
			l.until("back", l.there)
			l.run(6*time.Second, l.tick)
			if !slices.Equal(l.up, []string{"loading", "ready"}) || !slices.Equal(l.down, []string{"hurry up"}) {
				t.Errorf("%v late, cut %v: heard %q and %q", late, cut, l.up, l.down)
			}
			want := []string{"Connected false"}
			if late > 10*time.Second {
				want = append(want, "Away", "Back true")
			}
			l.wantKinds(l.p.srv, want...)
		}
	}
}

// TestHoldOfServer: a server holds, and then is busy for longer than it said. Its player is away
// meanwhile, knocks at a door that nobody opens, and is back when the server looks again.
func TestHoldOfServer(t *testing.T) {
	l := newLoading(t, nil)
	l.holds(l.player, l.p.srv, 30*time.Second)
	must(t, chat.Send(l.conn, []byte("anybody there?")))
	l.run(38*time.Second, l.tick)
	if l.conn.Away() != 0 {
		t.Fatalf("away for %v", l.conn.Away())
	}
	l.until("away", func() bool { return l.conn.Away() > 0 })
	l.run(12*time.Second, l.tick)
	l.add(l.p.srv)
	must(t, chat.Send(l.player, []byte("go on")))
	l.until("back", l.there)
	l.run(6*time.Second, l.tick)
	if !slices.Equal(l.up, []string{"anybody there?"}) || !slices.Equal(l.down, []string{"go on"}) {
		t.Errorf("heard %q and %q", l.up, l.down)
	}
	l.wantKinds(l.client, "Connected false", "Away", "Back true")
}

// TestHoldOutlivedByTicket: while a player holds he is given no ticket. The one that he has is good
// for the longest hold, his timeout, and all the time that his seat is kept, though he began
// to hold just before he would have got the next one: whether only his ticket brings him back
// since he was led elsewhere, or since the server was restarted.
func TestHoldOutlivedByTicket(t *testing.T) {
	for _, most := range []time.Duration{0, 5 * time.Minute, -1} {
		for _, restart := range []bool{false, true} {
			l := newLoading(t, func(cfg *tickwire.ServerConfig) { cfg.MaxHold = most })
			hold := max(most, 0)
			if most == 0 {
				hold = time.Minute
			}
			had := string(l.conn.Ticket())
			for string(l.conn.Ticket()) == had { // until another one has come
				l.run(time.Second, nil)
			}
			had, began := string(l.conn.Ticket()), l.nw.Now()
			next := max(10*time.Second+30*time.Second+hold, time.Minute)
			l.run(next-2*time.Second, nil)
			if string(l.conn.Ticket()) != had {
				t.Fatalf("another ticket after %v", l.nw.Now().Sub(began))
			}
			if hold > 0 {
				l.holds(l.conn, l.client, hold)
			}
			l.run(hold-time.Second, nil)
			l.cut(l.socket, l.p.srv, true) // the next ticket does not come
			l.run(time.Second, nil)
			if hold > 0 {
				l.add(l.client)
			}
			l.run(35*time.Second, nil)
			if l.conn.Away() == 0 || l.player.Away() == 0 {
				t.Fatalf("MaxHold %v: away for %v and %v more", most, l.conn.Away(), l.player.Away())
			}
			if restart {
				l.p.restart()
			}
			l.move(l.socket) // where nothing is cut
			l.until("back", func() bool { return l.conn.Away() == 0 })
			want := []string{"Connected false", "Away", fmt.Sprintf("Back %v", !restart)}
			l.wantKinds(l.client, want...)
		}
	}
}
