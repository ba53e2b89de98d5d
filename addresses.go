package tickwire

import (
	"log/slog"
	"net/netip"
	"slices"

	"github.com/tickwire/tickwire/internal/wire"
)

// A server with several public addresses tells them each player who is let in, so that a client may
// open a path to another one of them: by another network of the server's, another socket, another
// transport. They are said on the library's own channel (SPEC.md, 6.4), and each list replaces the
// one before it.

// ServerAddresses are the addresses by which the server of a client's Conn can be reached, as it has
// told them, in its order (ServerConfig.PublicAddresses), 32 at most: those that PathConfig.Server
// may name. A server with one address, or with Config.MaxPaths below 2, tells none. They come about
// a round trip after Connected, and are as much to be trusted as the server. At a server, and
// towards a plain one, there are none.
func (c *Conn) ServerAddresses() []netip.AddrPort {
	c.lock()
	defer c.unlock()
	if d, ok := c.peer.(*dialed); ok {
		return slices.Clone(d.addresses)
	}
	return nil
}

// tellAddresses tells a player who is new to this server where else it can be reached.
func (p *player) tellAddresses() {
	c, s := p.conn, p.server
	all := s.cfg.PublicAddresses
	if len(all) < 2 || !s.cfg.severalPaths() || c.end == nil {
		return
	}
	all = all[:min(len(all), wire.MaxAddresses)]
	body := wire.AppendAddressCount(s.body[:0], len(all))
	for _, a := range all {
		body = wire.AppendAddress(body, a.Addr().Unmap().AsSlice(), a.Port())
	}
	s.body = body
	if err := c.end.SendControl(wire.ControlAddresses, body); err != nil && c.end.Open() {
		s.notice(noticeAddresses, slog.LevelWarn, "addresses not told", "client", c.clientID, "err", err)
	}
	s.markDirty(c)
}

// takeAddresses keeps those of the server that it tells, as far as anything can be sent there.
func (d *dialed) takeAddresses(body []byte) {
	d.addresses = d.addresses[:0]
	wire.ConsumeAddresses(body, func(ip []byte, port uint16) {
		a, _ := netip.AddrFromSlice(ip)
		if a = a.Unmap(); port != 0 && !a.IsUnspecified() && !a.IsMulticast() {
			d.addresses = append(d.addresses, netip.AddrPortFrom(a, port))
		}
	})
}
