//go:build !js

package main

import (
	"net/netip"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
	"github.com/tickwire/tickwire/transport/web"
)

// openBrowsers opens the server's socket for browsers, which come by the site and by the relay.
func (m *match) openBrowsers(native *udp.Socket) (transport.Socket, error) {
	var advertise []netip.Addr
	for _, a := range m.public {
		advertise = append(advertise, a.Addr())
	}
	return web.New(native, web.Config{
		Listener:  m.link.streams.Listener(),
		Advertise: advertise, AdvertisePort: m.public[0].Port(),
		TrustedProxies: []netip.Prefix{netip.PrefixFrom(native.LocalAddr().Addr(), 32)}, // the site
		Logger:         m.news.logger(),
	})
}
