package typed

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/bench/messages"
	"github.com/tickwire/tickwire/bench/messages/pb"
	"github.com/tickwire/tickwire/simnet"
	"google.golang.org/protobuf/proto"
)

// The channels, one for each library.
var (
	official = tickwire.NewChannelWith(on(1), Protobuf[*pb.Chat]())
	vt       = tickwire.NewChannelWith(on(2), VTProtobuf[*pb.Chat]())
	msgpack  = tickwire.NewChannelWith(on(3), MsgPack[messages.Chat]())
	inCBOR   = tickwire.NewChannelWith(on(4), CBOR[messages.Chat]())
	inJSON   = tickwire.NewChannelWith(on(5), JSON[messages.Chat]())
)

func on(id tickwire.ChannelID) tickwire.ChannelConfig {
	return tickwire.ChannelConfig{ID: id, Delivery: tickwire.ReliableOrdered}
}

// A pair is a server and a client on a simulated network, in virtual time.
type pair struct {
	t      *testing.T
	nw     *simnet.Network
	srv    *tickwire.Server
	client *tickwire.Client
	conn   *tickwire.Conn // the client's
	player *tickwire.Conn // the server's
}

func newPair(t *testing.T) *pair {
	t.Helper()
	nw := simnet.NewNetwork(1)
	if err := nw.SetDefault(simnet.LinkConfig{Delay: 10 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	socket := func(host byte) *simnet.Socket {
		return must(nw.Socket(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, host}), 7000), simnet.SocketConfig{}))
	}
	cfg := tickwire.Config{
		Channels: tickwire.Channels(official, vt, msgpack, inCBOR, inJSON),
		Now:      nw.Now(), Logger: slog.New(slog.DiscardHandler),
	}
	p := &pair{t: t, nw: nw}
	p.srv = must(tickwire.Listen(tickwire.ServerConfig{Config: cfg, Development: true}, socket(1)))
	p.client = must(tickwire.NewClient(tickwire.ClientConfig{Config: cfg}, socket(2)))
	t.Cleanup(func() { errors.Join(p.client.Close(), p.srv.Close()) })
	p.conn = must(p.client.Connect(must(p.srv.DevToken(1))))
	p.until(func() bool {
		for c := range p.srv.Conns() {
			p.player = c
		}
		return p.player != nil && p.conn.Open()
	})
	return p
}

// until ticks at 60 Hz until something has happened, for ten seconds.
func (p *pair) until(done func() bool) {
	p.t.Helper()
	for range 600 {
		if done() {
			return
		}
		p.client.Flush(p.nw.Now())
		p.srv.Flush(p.nw.Now())
		p.nw.Advance(time.Second / 60)
		p.client.Update(p.nw.Now())
		p.srv.Update(p.nw.Now())
	}
	p.t.Fatal("it did not happen within ten seconds")
}

// exchange takes messages of a format there, each into memory of its own, and back by one that is used again.
func exchange[T any](p *pair, name string, ch *tickwire.Channel[T], same func(a, b T) bool, all ...T) {
	for _, v := range all {
		if err := ch.Send(p.conn, v); err != nil {
			p.t.Fatalf("%s: %v", name, err)
		}
	}
	var got []T
	p.until(func() bool {
		for v, err := range ch.Receive(p.player) {
			if err != nil {
				p.t.Fatalf("%s: %v", name, err)
			}
			got = append(got, v)
		}
		return len(got) == len(all)
	})
	if !slices.EqualFunc(got, all, same) {
		p.t.Errorf("%s: got %v, want %v", name, got, all)
	}
	last, back := got[len(got)-1], false
	if err := ch.Broadcast(p.srv, nil, got[0], tickwire.SendOptions{}, nil); err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	p.until(func() bool {
		for err := range ch.ReceiveInto(p.conn, &last) {
			if back = true; err != nil || !same(last, all[0]) {
				p.t.Errorf("%s, back: %v, %v", name, last, err)
			}
		}
		return back
	})
}

// TestFormats takes the same chat through each library, there and back.
func TestFormats(t *testing.T) {
	p := newPair(t)
	chats := []messages.Chat{{From: 7, Text: "grün", To: new(uint32(300))}, {From: 1 << 30, Room: 2, At: 5000}}
	var protos []*pb.Chat
	for _, c := range chats {
		protos = append(protos, &pb.Chat{From: c.From, To: c.To, Room: pb.Room(c.Room), At: c.At, Text: c.Text})
	}
	sameProto := func(a, b *pb.Chat) bool { return proto.Equal(a, b) }
	sameChat := func(a, b messages.Chat) bool { return a.Equal(&b) }
	exchange(p, "protobuf", official, sameProto, protos...)
	exchange(p, "vtprotobuf", vt, sameProto, protos...)
	exchange(p, "msgpack", msgpack, sameChat, chats...)
	exchange(p, "CBOR", inCBOR, sameChat, chats...)
	exchange(p, "JSON", inJSON, sameChat, chats...)
}

// TestFormatsMalformed: what a library cannot read is a DecodeError, and the next message is read.
func TestFormatsMalformed(t *testing.T) {
	p := newPair(t)
	malformed(p, official, []byte{0x0a}, &pb.Chat{From: 1})
	malformed(p, vt, []byte{0x2a, 5, 'a'}, &pb.Chat{From: 1})
	malformed(p, msgpack, []byte{0x80, 0}, messages.Chat{From: 1})
	malformed(p, inCBOR, []byte{0xff}, messages.Chat{From: 1})
	malformed(p, inJSON, []byte(`{"from":`), messages.Chat{From: 1})
}

func malformed[T any](p *pair, ch *tickwire.Channel[T], b []byte, good T) {
	id := ch.Config().ID
	if err := errors.Join(p.conn.Send(id, b), ch.Send(p.conn, good)); err != nil {
		p.t.Fatal(err)
	}
	var got []error
	p.until(func() bool {
		for _, err := range ch.Receive(p.player) {
			got = append(got, err)
		}
		return len(got) == 2
	})
	bad, ok := errors.AsType[*tickwire.DecodeError](got[0])
	if !ok || bad.Channel != id || bad.Conn != p.player || bad.Bytes != len(b) || got[1] != nil {
		p.t.Errorf("channel %d: %v", id, got)
	}
}
