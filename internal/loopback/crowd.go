package loopback

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// A player is one client of a game, with a socket of his own.
type player interface {
	// step reads what has come, and sends what he does in this tick; it returns how
	// many messages came.
	step(now time.Time) (got int)
	ready() bool
	close() error
}

// A crowd is players who have each their moment within a tick, as they have in a game: so the
// server is not given all their datagrams at once.
type crowd struct {
	players []player
	due     []time.Time
	next    int // whose turn it is
	got     int
}

func (c *crowd) add(p player) { c.players = append(c.players, p) }

// begin spreads the players over the first tick.
func (c *crowd) begin(now time.Time) {
	c.due, c.next = c.due[:0], 0
	for i := range c.players {
		c.due = append(c.due, now.Add(time.Duration(i)*time.Second/tickRate/time.Duration(len(c.players))))
	}
}

// play steps each player when he is due, for a while.
func (c *crowd) play(d time.Duration) {
	for end := time.Now().Add(d); ; c.next = (c.next + 1) % len(c.players) {
		if left := time.Until(c.due[c.next]); left > 0 {
			time.Sleep(left)
		}
		now := time.Now()
		if now.After(end) {
			return
		}
		c.got += c.players[c.next].step(now)
		c.due[c.next] = c.due[c.next].Add(time.Second / tickRate)
	}
}

// join plays until all players are ready.
func (c *crowd) join() error {
	c.begin(time.Now())
	for end := time.Now().Add(patience); c.ready() < len(c.players); c.play(time.Second / tickRate) {
		if time.Now().After(end) {
			return fmt.Errorf("%d of %d players are connected after %v", c.ready(), len(c.players), patience)
		}
	}
	return nil
}

func (c *crowd) ready() (n int) {
	for _, p := range c.players {
		if p.ready() {
			n++
		}
	}
	return n
}

func (c *crowd) close() (err error) {
	for _, p := range c.players {
		err = errors.Join(err, p.close())
	}
	return err
}

// A barePlayer has a socket and nothing above.
type barePlayer struct {
	socket *udp.Socket
	out    [1]transport.Datagram
	in     [8]transport.Datagram
}

func newBarePlayer(t Trial, to netip.AddrPort) (player, error) {
	socket, err := openSocket(t)
	if err != nil {
		return nil, err
	}
	p := &barePlayer{socket: socket}
	p.out[0] = transport.Datagram{Path: transport.PathTo(to), Bytes: make([]byte, inputBytes)}
	return p, nil
}

func (p *barePlayer) step(time.Time) int {
	n, _ := p.socket.Read(p.in[:]) // what was lost shows in the count
	p.socket.Write(p.out[:])
	return n
}

func (p *barePlayer) ready() bool  { return true }
func (p *barePlayer) close() error { return p.socket.Close() }

// A clientPlayer is a Client.
type clientPlayer struct {
	client *tickwire.Client
	conn   *tickwire.Conn
	input  []byte
}

// newClientPlayer begins to connect to a server whose tokens are made with a key.
func newClientPlayer(t Trial, to netip.AddrPort, key netcode.Key, id uint64) (player, error) {
	socket, err := openSocket(t)
	if err != nil {
		return nil, err
	}
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: config()}, socket)
	if err != nil {
		return nil, err
	}
	p := &clientPlayer{client: client, input: make([]byte, inputBytes)}
	token, err := mint(to, key, id, t.Suite)
	if err == nil {
		p.conn, err = client.Connect(token)
	}
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return p, nil
}

func mint(to netip.AddrPort, key netcode.Key, id uint64, suite netcode.Suite) ([]byte, error) {
	token, err := netcode.Mint(time.Now(), netcode.MintConfig{
		ProtocolID: config().ProtocolID, Key: key, ClientID: id, Addresses: []netip.AddrPort{to}, Suite: suite,
	})
	if err != nil {
		return nil, err
	}
	return token.Append(nil), nil
}

func (p *clientPlayer) step(now time.Time) (got int) {
	p.client.Update(now)
	for range p.client.Events() {
		continue // ready looks at the Conn
	}
	for range p.conn.Receive(states) {
		got++
	}
	p.conn.Send(inputs, p.input) // fails until it is connected
	p.client.Flush(now)
	return got
}

func (p *clientPlayer) ready() bool  { return p.conn.Open() }
func (p *clientPlayer) close() error { return p.client.Close() }
