package tickwire_test

import (
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
)

var letters = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 1, Delivery: tickwire.ReliableOrdered})

// A Postman keeps a copy of each letter until he knows that it has arrived, and brings what was lost
// once more. One that had arrived, and whose receipt was lost, then comes twice: who minds numbers his
// letters, and the other side leaves out those that it has.
type Postman struct {
	unsure map[tickwire.Receipt]string
	lost   []string
}

func (p *Postman) send(c *tickwire.Conn, letter string) {
	r, err := letters.SendWith(c, []byte(letter), tickwire.SendOptions{Receipt: true})
	if err != nil { // the queue is full, or the Conn not open: later
		p.lost = append(p.lost, letter)
		return
	}
	p.unsure[r] = letter
}

func (p *Postman) handle(ev tickwire.Event) {
	switch ev.Kind {
	case tickwire.Delivered:
		delete(p.unsure, ev.Receipt)
	case tickwire.Lost: // for a reliable message: the connection ended, or began anew (Back, not Kept)
		p.lost = append(p.lost, p.unsure[ev.Receipt])
		delete(p.unsure, ev.Receipt)
	}
}

// tick sends again, as soon as somebody is there.
func (p *Postman) tick(c *tickwire.Conn) {
	if !c.Open() || c.Away() > 0 || len(p.lost) == 0 {
		return
	}
	lost := p.lost
	p.lost = nil
	for _, letter := range lost {
		fmt.Println("once more:", letter)
		p.send(c, letter)
	}
}

// The server's process dies and another one takes its place. The player comes back to it by himself, with
// his ticket; what the first one had not confirmed is lost, and sent again.
func ExampleConn_SendWith_again() {
	nw := simnet.NewNetwork(1)
	if err := nw.SetDefault(simnet.LinkConfig{Delay: 20 * time.Millisecond}); err != nil {
		log.Fatal(err)
	}
	srv, crash := postOffice(nw)
	client, conn := postClient(nw, srv)
	postman := Postman{unsure: map[tickwire.Receipt]string{}}
	began := nw.Now()
	for ms := range 12_000 {
		now := began.Add(time.Duration(ms) * time.Millisecond)
		nw.AdvanceTo(now)
		srv.Update(now)
		for c := range srv.Conns() {
			for letter := range letters.Receive(c) {
				fmt.Printf("the server reads %q\n", letter)
			}
		}
		srv.Flush(now)
		client.Update(now)
		for ev := range client.Events() {
			if ev.Kind == tickwire.Back {
				fmt.Println(ev)
			}
			postman.handle(ev)
		}
		postman.tick(conn)
		switch ms {
		case 1000:
			postman.send(conn, "first")
		case 2000:
			postman.send(conn, "second")
			crash() // it never comes to read that
			srv, crash = postOffice(nw)
		}
		client.Flush(now)
	}
	fmt.Println("still unsure:", len(postman.unsure)+len(postman.lost))
	// Output:
	// the server reads "first"
	// Back of conn 1: not kept, 1 reliable and 0 unreliable messages not known to have arrived
	// once more: second
	// the server reads "second"
	// still unsure: 0
}

// postOffice starts a server, always at the same place, with the key that the backend has.
func postOffice(nw *simnet.Network) (srv *tickwire.Server, crash func()) {
	socket, err := nw.Socket(netip.MustParseAddrPort("10.0.0.1:7777"), simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	srv, err = tickwire.Listen(tickwire.ServerConfig{
		Config: postConfig(nw, 1), KeepSeats: time.Minute,
		PrivateKey: netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}), MaxTokenLifetime: -1, // no earlier run
	}, socket)
	if err != nil {
		log.Fatal(err)
	}
	return srv, func() { socket.Close() }
}

func postConfig(nw *simnet.Network, seed byte) tickwire.Config {
	return tickwire.Config{
		Channels: tickwire.Channels(letters), Now: nw.Now(), Logger: slog.New(slog.DiscardHandler),
		Random: rand.NewChaCha8([32]byte{seed, byte(nw.Now().Unix())}),
	}
}

func postClient(nw *simnet.Network, srv *tickwire.Server) (*tickwire.Client, *tickwire.Conn) {
	socket, err := nw.Socket(netip.MustParseAddrPort("10.0.0.2:5000"), simnet.SocketConfig{})
	if err != nil {
		log.Fatal(err)
	}
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: postConfig(nw, 2)}, socket)
	if err != nil {
		log.Fatal(err)
	}
	token, err := netcode.Mint(nw.Now(), netcode.MintConfig{
		Key: netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}), ClientID: 42, Addresses: srv.PublicAddresses(),
	})
	if err != nil {
		log.Fatal(err)
	}
	conn, err := client.Connect(token.Append(nil))
	if err != nil {
		log.Fatal(err)
	}
	return client, conn
}
