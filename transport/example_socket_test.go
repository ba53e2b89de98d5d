package transport_test

import (
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A Pipe is a socket of one's own: one end of a pair within the process. Its Bell does all that is
// to be done about waiting, and its Ownership tells whoever is given it twice.
type Pipe struct {
	transport.Ownership
	bell  *transport.Bell
	other *Pipe

	mu   sync.Mutex
	came [][]byte // not read yet
	lent [][]byte // by the last Read, until the next
	free [][]byte // to be written to
}

// mostWaiting bounds what may wait in a Pipe.
const mostWaiting = 256

// NewPipe returns two ends that reach each other.
func NewPipe() (a, b *Pipe) {
	a, b = &Pipe{bell: transport.NewBell()}, &Pipe{bell: transport.NewBell()}
	a.other, b.other = b, a
	return a, b
}

// Peer implements transport.Joined: a Client that has a Pipe asks no token where its server is.
func (p *Pipe) Peer() transport.Path {
	return transport.Path{Kind: transport.KindCustom, Association: 1}
}

// Read lends what has come, and takes back what it lent before.
func (p *Pipe) Read(ds []transport.Datagram) (n int, err error) {
	if p.bell.Closed() {
		return 0, transport.ErrClosed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, p.lent...)
	n = min(len(ds), len(p.came))
	p.lent = append(p.lent[:0], p.came[:n]...)
	p.came = append(p.came[:0], p.came[n:]...)
	for i, b := range p.lent {
		ds[i] = transport.Datagram{Path: p.Peer(), Bytes: b}
	}
	return n, nil
}

// Write copies what the other end has room for; the rest is lost, as on any network.
func (p *Pipe) Write(ds []transport.Datagram) (int, error) {
	if p.bell.Closed() {
		return 0, transport.ErrClosed
	}
	for _, d := range ds {
		if d.Path == p.Peer() && len(d.Bytes) <= p.MaxDatagram(d.Path) {
			p.other.put(d.Bytes)
		}
	}
	return len(ds), nil
}

func (p *Pipe) put(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.came) == mostWaiting {
		return
	}
	var room []byte
	if last := len(p.free) - 1; last >= 0 {
		room, p.free = p.free[last], p.free[:last]
	}
	p.came = append(p.came, append(room[:0], b...))
	p.bell.Ring()
}

// Wait, Wake and Close are the Bell's.
func (p *Pipe) Wait(until time.Time) (bool, error) { return p.bell.Wait(until, p.waiting) }

func (p *Pipe) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.came) > 0
}

func (p *Pipe) Wake() { p.bell.Wake() }

func (p *Pipe) Close() error {
	if !p.bell.Close() {
		return transport.ErrClosed
	}
	return nil
}

// Own refuses a new owner when the Pipe is closed, too.
func (p *Pipe) Own() error {
	if p.bell.Closed() {
		return transport.ErrClosed
	}
	return p.Ownership.Own()
}

func (p *Pipe) LocalAddr() netip.AddrPort                          { return netip.AddrPort{} }
func (p *Pipe) MaxDatagram(transport.Path) int                     { return 1200 }
func (p *Pipe) Properties(transport.Path) (_ transport.Properties) { return }

// A socket of one's own by a Bell: all that there is of it. transporttest.Run checks that it keeps
// what the seam asks for, and tickwire.Listen, NewClient and Dial take it as it is.
func ExampleSocket() {
	a, b := NewPipe()
	go a.Write([]transport.Datagram{{Path: a.Peer(), Bytes: []byte("hello")}})
	ready, err := b.Wait(time.Now().Add(time.Minute))
	if !ready || err != nil {
		fmt.Println("nothing came:", err)
		return
	}
	ds := make([]transport.Datagram, 16)
	n, err := b.Read(ds)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range ds[:n] {
		fmt.Printf("%s from association %d\n", d.Bytes, d.Path.Association)
	}
	a.Close()
	_, err = a.Read(ds)
	fmt.Println(err)
	// Output:
	// hello from association 1
	// transport: socket closed
}
