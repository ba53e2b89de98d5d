package tickwire_test

import (
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
)

// The size of TestComeAndGo. A long run:
//
//	go test . -run TestComeAndGo -comings 2000
var comings = flag.Int("comings", 6, "seeds of TestComeAndGo")

// A pilgrim is a player in TestComeAndGo. He comes and goes by all ways there are.
type pilgrim struct {
	w      *world
	id     uint64
	socket *simnet.Socket
	client *tickwire.Client
	conn   *tickwire.Conn
	stored []byte // the newest ticket
	heard  int
}

// connect comes with a token, from another address, with another process.
func (p *pilgrim) connect(to *process) {
	p.process()
	conn, err := p.client.Connect(p.w.mint(p.id, func(cfg *netcode.MintConfig) { cfg.Timeout = 5 * time.Second }, to.srv.PublicAddresses()...))
	must(p.w.t, err)
	p.conn = conn
}

func (p *pilgrim) process() {
	p.socket = p.w.socket(p.w.address())
	p.client = p.w.joinOver(nil, p.socket)
	p.heard, p.stored = 0, nil
}

// dies ends his process without a word, and begins another one with the ticket that is stored.
func (p *pilgrim) dies(to *process) {
	ticket := p.stored
	p.w.remove(p.client)
	must(p.w.t, p.socket.Close())
	if ticket == nil {
		p.connect(to)
		return
	}
	p.process()
	conn, err := p.client.Resume(ticket)
	if err != nil { // it has expired
		p.w.remove(p.client)
		must(p.w.t, p.socket.Close())
		p.connect(to)
		return
	}
	p.conn = conn
}

// tick speaks, and goes where he is told to. Whoever is not let in comes with another token.
func (p *pilgrim) tick(home *process, k *chronicle) {
	for ; p.heard < len(p.w.heard[p.client]); p.heard++ {
		switch ev := p.w.heard[p.client][p.heard]; {
		case ev.Kind == tickwire.Connected:
			p.conn = ev.Conn
		case ev.Kind == tickwire.Disconnected && ev.Conn == p.conn:
			p.w.remove(p.client)
			must(p.w.t, p.client.Close())
			p.connect(home)
			return
		}
	}
	for c := range p.client.Conns() {
		k.listen(c)
	}
	if t := p.conn.Ticket(); t != nil {
		p.stored = t
	}
	if p.conn.Open() {
		k.speak(p.conn)
	}
}

// A chronicle knows what was said on each Conn, and what of it was heard.
type chronicle struct {
	t     testing.TB
	names map[*tickwire.Conn]uint32
	said  []uint32
	heard []uint32
}

// speak sends a number that grows, in the name of a Conn.
func (k *chronicle) speak(c *tickwire.Conn) {
	name, known := k.names[c]
	if !known {
		name = uint32(len(k.names))
		k.names[c], k.said, k.heard = name, append(k.said, 0), append(k.heard, 0)
	}
	k.said[name]++
	b := binary.LittleEndian.AppendUint32(nil, name)
	_ = chat.Send(c, binary.LittleEndian.AppendUint32(b, k.said[name])) // or the queue is full
}

// listen fails if a message came twice, or out of order.
func (k *chronicle) listen(c *tickwire.Conn) {
	k.t.Helper()
	for b := range chat.Receive(c) {
		name, number := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
		if number <= k.heard[name] {
			k.t.Fatalf("message %d came after %d", number, k.heard[name])
		}
		k.heard[name] = number
	}
}

// TestComeAndGo plays worlds by seed in which lines die, addresses change, processes of players
// and servers are killed, and servers hand their players over to each other, all at
// any time. No message comes twice or out of order, nobody has two seats, and when it is over
// everybody is in, once, and what he says is heard.
func TestComeAndGo(t *testing.T) {
	n := *comings
	if raced {
		n = min(n, 5)
	}
	var kept, lost, resumed, moved int
	for seed := range uint64(n) {
		rnd := rand.New(rand.NewPCG(seed, 0x636f6d65))
		w := newWorld(t)
		w.seed = byte(seed)
		must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: float64(rnd.IntN(3)) * 0.05}))
		servers := [2]*process{w.process(keeping), w.process(keeping)}
		var pilgrims []*pilgrim
		for id := range uint64(3) {
			p := &pilgrim{w: w, id: id}
			p.connect(servers[0])
			pilgrims = append(pilgrims, p)
		}
		k := &chronicle{t: t, names: map[*tickwire.Conn]uint32{}}
		tick := func() bool {
			for _, p := range pilgrims {
				p.tick(servers[0], k)
			}
			for _, s := range servers {
				ids := map[uint64]bool{}
				for c := range s.srv.Conns() {
					k.listen(c)
					if ids[c.ClientID()] && c.Open() {
						t.Fatalf("seed %d: player %d has two seats", seed, c.ClientID())
					}
					ids[c.ClientID()] = ids[c.ClientID()] || c.Open()
					k.speak(c)
				}
			}
			return false
		}
		for range 25 {
			p, s := pilgrims[rnd.IntN(len(pilgrims))], servers[rnd.IntN(2)]
			switch rnd.IntN(8) {
			case 0:
				s.restart()
			case 1:
				p.dies(s)
			case 2, 3:
				w.cut(p.socket, servers[0].srv, true)
				w.cut(p.socket, servers[1].srv, true)
			case 4:
				w.nw.HealAll()
			case 5:
				w.move(p.socket)
			case 6:
				for _, c := range players(s.srv) {
					other := servers[0]
					if s == other {
						other = servers[1]
					}
					must(t, c.HandOver(w.mint(c.ClientID(), nil, other.srv.PublicAddresses()...), 5*time.Second))
				}
			}
			w.run(time.Duration(rnd.IntN(8000))*time.Millisecond, tick)
		}
		w.nw.HealAll()
		w.run(70*time.Second, tick)
		in := len(players(servers[0].srv)) + len(players(servers[1].srv))
		for _, p := range pilgrims {
			if !p.conn.Open() || p.conn.Away() > 0 || in != len(pilgrims) {
				t.Errorf("seed %d: player %d is in: %v, away for %v; %d seats are taken", seed, p.id, p.conn.Open(), p.conn.Away(), in)
			}
		}
		for drv := range w.heard {
			for _, ev := range w.heard[drv] {
				switch {
				case ev.Kind == tickwire.Back && ev.Kept:
					kept++
				case ev.Kind == tickwire.Back:
					lost++
				case ev.Resumed:
					resumed++
				case ev.Kind == tickwire.Connected && ev.From != nil:
					moved++
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d worlds: back with everything %d times, without %d times, on a new Conn %d times, on another server %d times",
		n, kept, lost, resumed, moved)
	if kept == 0 || lost == 0 || resumed == 0 || moved == 0 {
		t.Error("not everything has happened")
	}
}

// TestRestartLong: the server of a thousand players is killed and started again. All of them are
// back within seconds, as the same players, though they ask at the same time.
func TestRestartLong(t *testing.T) {
	n := 1000
	if raced {
		n = 50
	}
	w := newWorld(t)
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: 0.02}))
	p := w.process(func(cfg *tickwire.ServerConfig) { keeping(cfg); cfg.MaxClients = n })
	movers := make([]*mover, n)
	for i := range movers {
		movers[i] = w.mover(p.srv, uint64(i)+1, nil)
	}
	w.until("everybody is in", func() bool { return len(players(p.srv)) == n })
	steps := 0
	speak := func() {
		if steps++; steps%6 == 0 {
			for _, m := range movers {
				must(t, inputs.Send(m.conn, input{1, 2}))
			}
		}
	}
	w.run(time.Second, func() bool { speak(); return false })
	p.restart()
	began := w.nw.Now()
	var back [3]time.Duration // a half, 99 of a hundred, all
	w.until("everybody is back", func() bool {
		speak()
		in := len(players(p.srv))
		for i, want := range []int{n / 2, n * 99 / 100, n} {
			if in >= want && back[i] == 0 {
				back[i] = w.nw.Now().Sub(began)
			}
		}
		return in == n
	})
	w.run(time.Second, func() bool { speak(); return false })
	for _, m := range movers {
		if !m.conn.Open() || m.conn.Away() != 0 {
			t.Fatalf("%v", m.conn.Reason())
		}
	}
	t.Logf("%d players: half of them are back after %v, 99 %% after %v, all after %v", n, back[0], back[1], back[2])
	if back[2] > 8*time.Second || p.srv.Stats().Resumed != uint64(n) {
		t.Errorf("all are back after %v, %d with tickets", back[2], p.srv.Stats().Resumed)
	}
}
