package endpoint_test

import (
	"encoding/binary"
	"fmt"

	"github.com/tickwire/tickwire/endpoint"
)

// An endpoint in a protocol of one's own, which has met its peer already, puts a header in front of
// the frames and a seal behind them. Here the header is path and number, and the seal a mere sum.
func ExampleEndpoint_NextPacket() {
	cfg := endpoint.Config{
		Handshake: true, // of that protocol, which carries HELLO
		Channels:  []endpoint.ChannelConfig{{ID: 1, Delivery: endpoint.ReliableOrdered}},
	}
	alice, _ := endpoint.New(0, cfg)
	bob, _ := endpoint.New(0, cfg)
	_ = alice.HandleHello(0, bob.AppendHello(0, nil))
	_ = bob.HandleHello(0, alice.AppendHello(0, nil))

	_, _ = alice.Send(1, []byte("hello"), endpoint.SendOptions{})
	for b, ok := pack(0, alice); ok; b, ok = pack(0, alice) {
		fmt.Println(len(b), "bytes")
		unpack(0, bob, b)
	}
	bob.Update()
	m, _ := bob.Receive(1)
	fmt.Printf("%s\n", m.Bytes())
	// Output:
	// 23 bytes
	// hello
}

const (
	headBytes = 9
	sealBytes = 4
)

// pack makes the next datagram; false if there is none.
func pack(now int64, e *endpoint.Endpoint) ([]byte, bool) {
	var out endpoint.Outgoing
	ok := e.NextPacket(now, &out, func(h endpoint.Header) ([]byte, endpoint.Envelope) {
		head := binary.LittleEndian.AppendUint64([]byte{h.Path}, h.Number)
		return head, endpoint.Envelope{Tail: sealBytes}
	})
	return binary.LittleEndian.AppendUint32(out.Packet, sum(out.Packet)), ok
}

// unpack takes a datagram, unless it is damaged.
func unpack(now int64, e *endpoint.Endpoint, b []byte) {
	if len(b) < headBytes+sealBytes {
		return
	}
	b, seal := b[:len(b)-sealBytes], b[len(b)-sealBytes:]
	if binary.LittleEndian.Uint32(seal) != sum(b) {
		return
	}
	e.HandlePacket(now, endpoint.Incoming{
		Path: b[0], Number: binary.LittleEndian.Uint64(b[1:]), Frames: b[headBytes:],
	})
}

func sum(b []byte) (n uint32) {
	for _, c := range b {
		n = n*31 + uint32(c)
	}
	return n
}
