package world

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"

	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A dump is the story of a world for readers that share no code with it, as lines of JSON: what
// both ends know from elsewhere, and each datagram where it leaves and where it is read. With it
// all that goes over the wire can be opened, and told from SPEC.md alone. Config.Dump has its lines.
type dump struct {
	out io.Writer // nil: nobody reads
	err error     // the first that writing gave, and the last: out can tell its owner itself
}

func (d *dump) line(format string, args ...any) {
	if d.out != nil && d.err == nil {
		_, d.err = fmt.Fprintf(d.out, format+"\n", args...)
	}
}

// dumpGame says what is known before anything is sent.
func (w *World) dumpGame() {
	w.dump.line(`{"k":"world","pid":%d,"key":"%x"}`, uint64(protocolID), w.cfg.Server.PrivateKey.Append(nil))
	for _, ch := range w.cfg.Channels {
		c := ch.Config()
		compression := uint32(0)
		if c.Compression != nil {
			compression = c.Compression.ID()
		}
		w.dump.line(`{"k":"channel","id":%d,"delivery":%d,"largest":%d,"name":%q,"compression":%d}`,
			c.ID, c.Delivery, c.MaxMessageBytes, c.Name, compression)
	}
}

// dumpWritten and dumpRead say what a socket took, or gave.
func (s *sniffer) dumpWritten(ds []transport.Datagram) {
	for i := range ds {
		s.dumpOne("s", s.LocalAddr(), ds[i].Path.Remote, &ds[i])
	}
}

func (s *sniffer) dumpRead(ds []transport.Datagram) {
	for i := range ds {
		s.dumpOne("r", ds[i].Path.Remote, s.LocalAddr(), &ds[i])
	}
}

func (s *sniffer) dumpOne(kind string, from, to netip.AddrPort, d *transport.Datagram) {
	var p *Player
	if s.line != nil {
		p = s.line.player
	}
	way := transport.Kind(0)
	if l := cmp.Or(s.line, s.world.byAddr[from], s.world.byAddr[to]); l != nil {
		way = l.kind
	}
	s.world.dumpDatagram(kind, p, from, to, d, way, s.Properties(d.Path).Reliable)
}

// dumpLost is of what was written to a rung that has ended, by a player or the server (nil): nobody
// reads it, but it has a number, which its sender counts.
func (w *World) dumpLost(p *Player, from netip.AddrPort, d *transport.Datagram) {
	w.dumpDatagram("s", p, from, d.Path.Remote, d, d.Path.Kind, d.Path.Kind == transport.KindWebSocket)
}

func (w *World) dumpDatagram(kind string, p *Player, from, to netip.AddrPort, d *transport.Datagram, way transport.Kind, stream bool) {
	if w.dump.out == nil {
		return
	}
	host := "server"
	if p != nil {
		host = fmt.Sprintf("player %d", p.Number)
	}
	arrived := int64(-1)
	if kind == "r" {
		arrived = int64(d.Received.Sub(simnet.Epoch))
	}
	w.dump.line(`{"k":%q,"t":%d,"at":%d,"host":%q,"from":%q,"to":%q,"ecn":%d,"way":%q,"stream":%t,"b":"%x"}`,
		kind, w.now(), arrived, host, from, to, d.ECN, way, stream, d.Bytes)
}
