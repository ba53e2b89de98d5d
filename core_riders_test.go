package tickwire

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport"
)

// A deathbed is a socket whose paths end when a test says so.
type deathbed struct {
	transport.Socket
	over []transport.Ending
}

func (d *deathbed) Ended(dst []transport.Ending) []transport.Ending {
	dst = append(dst, d.over...)
	d.over = d.over[:0]
	return dst
}

func path(n int) transport.Path {
	return transport.Path{Kind: transport.KindWebSocket, Association: uint64(n)}
}

// TestRiders: whatever ways Conns take and leave, by a seed, those who are found by a path are those who
// have a way by it, and nothing is kept of a path that nobody takes.
func TestRiders(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		ports := []*port{{riders: riders{}}, {riders: riders{}}, {}}
		where := func() way { return way{port: ports[random.IntN(3)], path: path(random.IntN(8))} }
		k := &core{}
		k.roster.init()
		for range 400 {
			switch n := random.IntN(10); {
			case n == 0:
				end, err := endpoint.New(0, endpoint.Config{})
				if err != nil {
					t.Fatal(err)
				}
				c := k.newConn(where())
				c.end, c.peer = end, &bystander{}
				k.enroll(c)
			case len(k.live) == 0:
			case n == 1:
				i := random.IntN(len(k.live))
				k.live[i].forget()
				k.live = slices.Delete(k.live, i, i+1)
			case n == 2:
				k.live[random.IntN(len(k.live))].aimAt(where())
			default:
				k.live[random.IntN(len(k.live))].route(where())
			}
			if err := checkRiders(k, ports); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}

// A bystander is a peer who is not asked for anything but to be forgotten.
type bystander struct{ peer }

func (*bystander) forget() {}

func checkRiders(k *core, ports []*port) error {
	for i, p := range ports {
		known := 0
		for n := range 8 {
			var want []*Conn
			for _, c := range k.live {
				if c.goesBy(&way{port: p, path: path(n)}) {
					want = append(want, c)
				}
			}
			got := p.riders[path(n)]
			if p.riders == nil {
				want = nil
			}
			if len(got) != len(want) || slices.ContainsFunc(want, func(c *Conn) bool { return !slices.Contains(got, c) }) {
				return fmt.Errorf("by path %d of port %d are found %d, want %d", n, i, len(got), len(want))
			}
			known += min(len(want), 1)
		}
		if len(p.riders) != known {
			return fmt.Errorf("port %d keeps %d paths, and %d are taken", i, len(p.riders), known)
		}
	}
	return nil
}

// BenchmarkEnding is what it costs a server with so many players that the path of one has ended.
func BenchmarkEnding(b *testing.B) {
	for _, players := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprintf("players=%d", players), func(b *testing.B) {
			socket := &deathbed{}
			k := &core{role: &Server{}}
			p := &port{socket: socket, mortal: socket, riders: riders{}}
			k.roster.init()
			for n := range players {
				c := k.newConn(way{port: p, path: path(n)})
				end, err := endpoint.New(0, endpoint.Config{})
				if err != nil {
					b.Fatal(err)
				}
				c.end, c.state = end, connOpen
				k.enroll(c)
			}
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				socket.over = append(socket.over, transport.Ending{Path: path(n % players)})
				n++
				k.lookAtPaths(p)
			}
		})
	}
}
