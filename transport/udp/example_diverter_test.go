//go:build !js && !wasip1

package udp_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// A stunServer tells whoever asks by which address he is seen (RFC 8489), on the port of the game.
type stunServer struct{ socket *udp.Socket }

const stunCookie = 0x2112A442

// Divert implements transport.Diverter: it takes binding requests, and nothing of the game's.
func (s stunServer) Divert(d transport.Datagram) bool {
	if len(d.Bytes) < 20 || binary.BigEndian.Uint32(d.Bytes[4:]) != stunCookie || binary.BigEndian.Uint16(d.Bytes) != 1 {
		return false
	}
	from := d.Path.Remote
	if !from.Addr().Is4() {
		return true // this one speaks IPv4 alone
	}
	answer := append([]byte{1, 1, 0, 12}, d.Bytes[4:20]...) // success, of 12 bytes, to that request
	answer = append(answer, 0, 0x20, 0, 8, 0, 1)            // XOR-MAPPED-ADDRESS of IPv4
	answer = binary.BigEndian.AppendUint16(answer, from.Port()^stunCookie>>16)
	ip := from.Addr().As4()
	answer = binary.BigEndian.AppendUint32(answer, binary.BigEndian.Uint32(ip[:])^stunCookie)
	_, _ = s.socket.Write([]transport.Datagram{{Path: d.Path, Bytes: answer, Local: d.Local}}) // lost: he asks again
	return true
}

// Another protocol on the port of a game: the server that owns the socket reads what is its own, and
// sees nothing of the rest.
func ExampleSocket_SetDiverter() {
	game, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer game.Close() // once tickwire.Listen has it, the Server closes it
	game.SetDiverter(stunServer{game})

	player, err := udp.Listen("127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer player.Close()
	to := transport.PathTo(game.LocalAddr())
	ask := append([]byte{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42}, "some request"...)
	if _, err := player.Write([]transport.Datagram{{Path: to, Bytes: ask}, {Path: to, Bytes: []byte("a move")}}); err != nil {
		fmt.Println(err)
		return
	}

	for _, d := range receive(game) {
		fmt.Printf("the game reads: %s\n", d.Bytes)
	}
	for _, d := range receive(player) {
		port := binary.BigEndian.Uint16(d.Bytes[26:]) ^ stunCookie>>16
		ip := binary.BigEndian.AppendUint32(nil, binary.BigEndian.Uint32(d.Bytes[28:])^stunCookie)
		seen := netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip)), port)
		fmt.Println("the player is seen as himself:", seen == player.LocalAddr())
	}
	// Output:
	// the game reads: a move
	// the player is seen as himself: true
}
