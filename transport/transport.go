// Package transport is the seam between tickwire and whatever moves datagrams:
// a UDP socket, a browser's association, an in-process pair, a simulated link.
//
// A custom transport imports this package and nothing else of tickwire, and
// implements [Socket], best by a [Bell]: the Example of Socket is a whole one. A
// Socket neither knows nor cares what is in a datagram: encryption, order and repair
// happen above it.
package transport

import (
	"errors"
	"net/netip"
	"time"
)

// MinDatagram is the least that a socket has to carry, in bytes of payload: a connect request takes
// as much, and a resume request (both are padded, against amplification).
const MinDatagram = 1078

const (
	// HeaderBytes4 and HeaderBytes6 are what goes around a datagram over UDP: 20 bytes of IPv4, or
	// 40 of IPv6, and 8 of UDP.
	HeaderBytes4 = 28
	HeaderBytes6 = 48
)

// ErrClosed is returned by a Socket that was closed.
var ErrClosed = errors.New("transport: socket closed")

// A Kind tells the transports of paths apart that have the same address, or none: a browser that
// has a WebSocket and a data channel open is two paths of one [Path.Remote].
type Kind uint8

const (
	// KindUDP is the kind of paths of package udp, and of simnet in its place: Remote is where
	// datagrams go, and Association is zero.
	KindUDP Kind = 0
	// KindMemory is that of package mem: Association is the peer, and there is no Remote.
	KindMemory Kind = 1
	// KindWebSocket, KindWebRTC and KindWebTransport are for what a browser opens, one Association
	// each; Remote is the browser's address, where that is known. WebRTC and WebTransport share the
	// port of a UDP socket with native players by way of a [Diverter].
	KindWebSocket    Kind = 2
	KindWebRTC       Kind = 3
	KindWebTransport Kind = 4
	// KindCustom and what is above are free for transports of one's own.
	KindCustom Kind = 128
)

// String names the kind as it is spelt on a page for people.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "custom"
}

var kindNames = [...]string{"udp", "memory", "websocket", "webrtc", "webtransport"}

// A Path says where a datagram came from or shall go. It is comparable and is
// valid for the socket that reported it (or, for an addressed transport, for
// any path made by [PathTo]).
type Path struct {
	// Kind is the kind of transport.
	Kind Kind
	// Remote is the peer's address. IPv4-mapped IPv6 addresses are unmapped.
	// Transports without addresses leave it zero.
	Remote netip.AddrPort
	// Association numbers the peers of a transport without addresses
	// (one WebSocket, one data channel), never reused by one socket.
	Association uint64
}

// PathTo returns the path over UDP to an address, IPv4-mapped addresses
// unmapped so that one peer has one path.
func PathTo(remote netip.AddrPort) Path {
	return Path{Remote: netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())}
}

// ECN is the congestion mark of the IP header (RFC 3168, section 5).
type ECN uint8

// The four marks.
const (
	NotECT ECN = 0
	ECT1   ECN = 1
	ECT0   ECN = 2
	CE     ECN = 3
)

// A Datagram is what a Socket carries: at most one packet of the peer.
type Datagram struct {
	// Path is where it came from or where it shall go.
	Path Path
	// Bytes are the payload. On reading they belong to the socket and are valid
	// until its next Read; the reader may change them in place until then. On
	// writing they belong to the caller and are not kept after Write returns.
	Bytes []byte
	// Received is when it arrived, as near to the wire as the system tells,
	// with a monotonic reading. Zero means that the socket does not know.
	Received time.Time
	// Local is the address it arrived at, if the socket knows; on writing, the
	// address to send from, zero for the system's choice.
	Local netip.Addr
	// ECN is the mark it arrived with, or shall carry.
	ECN ECN
}

// Properties tell what a path gives by itself, so that the layers above do not
// do the same work twice. That a path is encrypted is none of them: packets are
// sealed above on all alike, since only their own keys tell which player speaks.
type Properties struct {
	// Reliable: nothing is lost or reordered while the path lives.
	Reliable bool
	// DontFragment: a datagram that is larger than the path carries is lost whole,
	// nobody cuts it into pieces. Then the layers above begin small and find out how
	// large datagrams may be, up to MaxDatagram; otherwise they take MaxDatagram at
	// its word.
	DontFragment bool
}

// A Socket is one open way to move datagrams. Package transporttest checks all that is asked
// here, and that a round trip allocates nothing, unless its Link says that it does: so the memory
// that one Read lent has to serve again after the next. Read, Wait and Write may be called from different goroutines, each from one at a time; Wake and Close from any.
//
// It has one owner, who closes it: the Server, Client, Session or simnet.Wrap that it was given to.
// One that embeds an [Ownership] can tell, and refuses a second.
type Socket interface {
	// Read fills ds with datagrams that have already arrived and returns how
	// many. It never blocks: 0 and no error mean that nothing waits, or that ds is empty.
	Read(ds []Datagram) (n int, err error)

	// Write sends ds and returns how many the system took. It never blocks:
	// what a full system buffer does not take is the caller's to drop or to
	// offer again (n < len(ds), no error); tickwire drops it, but keeps and
	// offers it again where the path is Reliable, and others of its paths
	// meanwhile. An error that concerns one peer only
	// (its host is unreachable, say) is not an error of the socket: the
	// datagram counts as taken.
	Write(ds []Datagram) (n int, err error)

	// Wait blocks until a Read would return something (true), or until the
	// time has come or Wake was called (false). The zero time means for ever; a
	// time that has passed only looks. Now and then the Read after a true finds
	// nothing: what had arrived was damaged, or went to a [Diverter].
	Wait(until time.Time) (readable bool, err error)

	// Wake ends a Wait that is under way, or else the next one. Several calls
	// before that Wait count as one.
	Wake()

	// LocalAddr is the address that the socket is bound to; zero if it has none.
	LocalAddr() netip.AddrPort

	// MaxDatagram is the largest payload in bytes that p can carry. It may
	// shrink over time. Package tickwire refuses sockets which carry less than [MinDatagram]; it
	// asks them with the path to their peer ([Joined]), or with the zero Path. 0 means that it is not
	// known for such a path.
	MaxDatagram(p Path) int

	// Properties of the paths of this socket.
	Properties(p Path) Properties

	// Close ends every call under way with [ErrClosed]; so does every later one,
	// a second Close among them.
	Close() error
}

// A Diverter takes datagrams that are not for the owner of a socket, so that several protocols can
// live on one port: STUN and DTLS of WebRTC, or the QUIC of WebTransport, beside native players. It
// must take nothing of theirs, so that one byte tells too little (RFC 7983): STUN has a cookie for
// it (RFC 8489, section 5). A socket that supports this, as those of package udp
// do, has a method SetDiverter(Diverter), offers each datagram to it from within Read, and lends its
// own Write to it: such a socket's Write may be called from several goroutines at once. A Diverter
// owns nothing: it neither reads the socket, nor waits for it, nor closes it.
type Diverter interface {
	// Divert reports whether it took d. The bytes are valid until it returns.
	Divert(d Datagram) bool
}

// A Roamer is implemented by sockets of a host whose address may change while they
// live, as that of a phone does on its way from Wi-Fi to the mobile network. A client
// asks now and then, so that it need not wait for silence.
type Roamer interface {
	// LocalTo is the address that the host would send to p from now; not valid if it
	// cannot. It sends nothing and does not block.
	LocalTo(p Path) netip.Addr
}

// Joined is implemented by sockets that reach one peer only, such as one end
// of an in-process pair. A client sends there whatever addresses its token names.
type Joined interface {
	// Peer is the path to the other end.
	Peer() Path
}

// An Ending tells that a path has ended.
type Ending struct {
	// Path is gone for good: its Association is never used again.
	Path Path
	// Reason says why, in words that a player may be shown; never nil.
	Reason error
}

// Mortal is implemented by sockets whose paths end by themselves: a WebSocket that was closed, a
// data channel that has lost its peer. Who owns the socket learns at once, and need not wait for
// silence, that what was on its way there may be lost, and goes over another path.
type Mortal interface {
	// Ended appends to dst the paths that have ended since the last call, each once, and returns it.
	// Once it was called Wait returns true while there is one that it has not told. What had arrived by
	// a path can be read after its end as well, and what is written to it counts as taken. It does
	// not block, and is called by whoever calls Read.
	Ended(dst []Ending) []Ending
}

// Ender is implemented by sockets that keep something for each path, such as a connection of TCP. A
// Server ends the paths of a Conn that is over.
type Ender interface {
	// End says that the owner needs p no more. What was written to it before still goes out, and then
	// the other end is told, by whatever means the transport has. It does not block.
	End(p Path)
}

// Keeper is implemented by sockets that give a path up after a while by which nobody plays: anybody may open a WebSocket,
// and have a server say something there, without being a player.
type Keeper interface {
	// Keep says that a Conn goes by p, so that it stays until it is ended. Whoever calls it does so for all such
	// paths. It does not block.
	Keep(p Path)
}

// A Ladder is a client's socket that reaches its one peer by several transports, each a rung: a
// WebSocket that is there at once, and what is better and comes later. All of them are paths of one
// socket, told apart by Kind and Association, each with its own MaxDatagram and Properties.
//
// A Client begins on Peer, opens what is better as a further path when it is there, and moves there
// when the server answers on it; what fails or ends, it leaves for the next. A Ladder brings rungs
// that have ended again by itself, each time with another Association, for as long as it is open.
type Ladder interface {
	Mortal

	// Peer is the rung for a handshake: the one of those that carry [MinDatagram] which is surest to,
	// such as the WebSocket; if there is none now, the last that was. Other than that of a plain
	// [Joined] it changes.
	Peer() Path

	// Rungs appends to dst the paths on which the peer can be tried now, the best first, and returns
	// it. Once it was called Wait returns true after a change of them, until it is called again. It does
	// not block, and is called by whoever calls Read.
	Rungs(dst []Path) []Path
}
