package world

import (
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
	if s.world.dump.out == nil {
		return
	}
	host := "server"
	if s.line != nil {
		host = fmt.Sprintf("player %d", s.line.player.Number)
	}
	arrived := int64(-1)
	if kind == "r" {
		arrived = int64(d.Received.Sub(simnet.Epoch))
	}
	s.world.dump.line(`{"k":%q,"t":%d,"at":%d,"host":%q,"from":%q,"to":%q,"ecn":%d,"stream":%t,"b":"%x"}`,
		kind, s.world.now(), arrived, host, from, to, d.ECN, s.Properties(d.Path).Reliable, d.Bytes)
}
