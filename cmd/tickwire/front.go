package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/tickwire/tickwire/simnet"
)

// The front of a demo is what players know of it: a TCP port, where the site is, and the UDP port of the
// same number, which is the relay's. The site hands WebSockets on to a relay for streams. The server behind
// them has ports of its own that nobody is told.
//
//	bots, WebRTC, WebTransport ─── UDP ──▶ Relay ──────────▶ server
//	pages ─── HTTP ──▶ site ─ WebSockets ─▶ StreamRelay ────▶

// openFront opens both, with the relay leading to the server, and starts the relay. The match then knows
// its link and its addresses.
func (m *match) openFront(ctx context.Context, server netip.AddrPort) (net.Listener, error) {
	links, err := simnet.Preset(m.cmd.Link)
	if err != nil {
		return nil, err
	}
	cfg := simnet.RelayConfig{Target: server.String(), Up: links.Up, Down: links.Down, Seed: m.cmd.Seed, Rebind: m.cmd.Rebind}
	front, err := m.openBoth(cfg)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	streams, err := simnet.NewStreamRelay(simnet.StreamRelayConfig{Up: links.Up, Down: links.Down, Seed: m.cmd.Seed})
	if err != nil {
		front.Close()
		m.relay.Close()
		return nil, err
	}
	m.link = &linkSwitch{relay: m.relay, streams: streams, news: m.news, now: m.cmd.Link}
	m.reach(front.Addr().(*net.TCPAddr).AddrPort())
	for _, run := range []func(context.Context) error{m.relay.Run, streams.Run} {
		m.tasks.Go(func() {
			if err := run(ctx); err != nil {
				m.news.add(err.Error())
			}
		})
	}
	return front, nil
}

// openBoth finds a port that is free for both if any will do.
func (m *match) openBoth(cfg simnet.RelayConfig) (net.Listener, error) {
	for tries := 0; ; tries++ {
		front, err := net.Listen("tcp", m.cmd.Listen)
		if err != nil {
			return nil, m.taken(err)
		}
		cfg.Listen = front.Addr().String()
		if m.relay, err = simnet.NewRelay(cfg); err == nil {
			return front, nil
		}
		front.Close()
		if _, port, _ := net.SplitHostPort(m.cmd.Listen); port != "0" || tries == 10 {
			return nil, m.taken(err)
		}
	}
}

// taken adds the way out to the error of a port that somebody else has.
func (m *match) taken(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken, perhaps by another demo: end that one, or say --listen 127.0.0.1:0", m.cmd.Listen)
	}
	return err
}

// reach finds out where players come: of a port on all addresses to the one that others in the network know,
// and on this machine to loopback.
func (m *match) reach(at netip.AddrPort) {
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	if !at.Addr().IsUnspecified() {
		m.public = []netip.AddrPort{at}
		if !at.Addr().IsLoopback() {
			m.elsewhere = at.String()
		}
		return
	}
	if a := outward(); a.IsValid() {
		out := netip.AddrPortFrom(a, at.Port())
		m.public, m.elsewhere = append(m.public, out), out.String()
	}
	m.public = append(m.public, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()))
}

// outward is the address of this machine by which it speaks to the Internet, or else any that its network
// knows; the zero Addr if it has none that is sheltered. It sends nothing: 192.0.2.0/24 is for examples
// (RFC 5737).
func outward() netip.Addr {
	if c, err := net.Dial("udp4", "192.0.2.1:9"); err == nil {
		defer c.Close()
		if a := c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(); sheltered(a) {
			return a
		}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{} // then this machine alone can play
	}
	for _, one := range all {
		if p, err := netip.ParsePrefix(one.String()); err == nil && p.Addr().Is4() && sheltered(p.Addr()) && !p.Addr().IsLoopback() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// sheltered reports whether an address cannot be reached from the Internet.
func sheltered(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// here is where players on this machine come.
func (m *match) here() string { return m.public[len(m.public)-1].String() }
