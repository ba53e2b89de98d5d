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

// A pilgrimage is one world of TestComeAndGo: two servers, and players who come and go.
type pilgrimage struct {
	*world
	servers  [2]*process
	pilgrims []*pilgrim
	said     *chronicle
	random   *rand.Rand
}

func newPilgrimage(t *testing.T, seed uint64) *pilgrimage {
	w := newWorld(t)
	w.seed = byte(seed)
	p := &pilgrimage{
		world:  w,
		random: rand.New(rand.NewPCG(seed, 0x636f6d65)),
		said:   &chronicle{t: t, names: map[*tickwire.Conn]uint32{}},
	}
	must(t, w.nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond, Loss: float64(p.random.IntN(3)) * 0.05}))
	p.servers = [2]*process{w.process(keeping), w.process(keeping)}
	for id := range uint64(3) {
		one := &pilgrim{w: w, id: id + 1} // nobody is player 0
		one.connect(p.servers[0])
		p.pilgrims = append(p.pilgrims, one)
	}
	return p
}

// tick lets everybody speak and listen.
func (p *pilgrimage) tick() bool {
	for _, one := range p.pilgrims {
		one.tick(p.servers[0], p.said)
	}
	for _, s := range p.servers {
		ids := map[uint64]bool{}
		for c := range s.srv.Conns() {
			p.said.listen(c)
			if ids[c.ClientID()] && c.Open() {
				p.t.Fatalf("seed %d: player %d has two seats", p.seed, c.ClientID())
			}
			ids[c.ClientID()] = ids[c.ClientID()] || c.Open()
			p.said.speak(c)
		}
	}
	return false
}

// happens does something to one of the players or servers.
func (p *pilgrimage) happens() {
	one, n := p.pilgrims[p.random.IntN(len(p.pilgrims))], p.random.IntN(2)
	s, other := p.servers[n], p.servers[1-n]
	switch p.random.IntN(8) {
	case 0:
		s.restart()
	case 1:
		one.dies(s)
	case 2, 3:
		p.cut(one.socket, p.servers[0].srv, true)
		p.cut(one.socket, p.servers[1].srv, true)
	case 4:
		p.nw.HealAll()
	case 5:
		p.move(one.socket)
	case 6:
		for _, c := range players(s.srv) {
			must(p.t, c.HandOver(p.mint(c.ClientID(), nil, other.srv.PublicAddresses()...), 5*time.Second))
		}
	}
}

// wantAllIn wants everybody to be in, once.
func (p *pilgrimage) wantAllIn() {
	p.t.Helper()
	in := len(players(p.servers[0].srv)) + len(players(p.servers[1].srv))
	for _, one := range p.pilgrims {
		if !one.conn.Open() || one.conn.Away() > 0 || in != len(p.pilgrims) {
			p.t.Errorf("seed %d: player %d is in: %v, away for %v; %d seats are taken", p.seed, one.id, one.conn.Open(), one.conn.Away(), in)
		}
	}
}

// A comeTally counts in which ways somebody came back: with all messages or without, on a new Conn,
// and on another server.
type comeTally struct{ kept, lost, resumed, moved int }

func (n *comeTally) count(w *world) {
	for _, heard := range w.heard {
		for _, ev := range heard {
			switch {
			case ev.Kind == tickwire.Back && ev.Kept:
				n.kept++
			case ev.Kind == tickwire.Back:
				n.lost++
			case ev.Resumed:
				n.resumed++
			case ev.Kind == tickwire.Connected && ev.From != nil:
				n.moved++
			}
		}
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
	var tally comeTally
	for seed := range uint64(n) {
		p := newPilgrimage(t, seed)
		for range 25 {
			p.happens()
			p.run(time.Duration(p.random.IntN(8000))*time.Millisecond, p.tick)
		}
		p.nw.HealAll()
		p.run(70*time.Second, p.tick)
		p.wantAllIn()
		if tally.count(p.world); t.Failed() {
			return
		}
	}
	t.Logf("%d worlds: back with everything %d times, without %d times, on a new Conn %d times, on another server %d times",
		n, tally.kept, tally.lost, tally.resumed, tally.moved)
	if tally.kept == 0 || tally.lost == 0 || tally.resumed == 0 || tally.moved == 0 {
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
