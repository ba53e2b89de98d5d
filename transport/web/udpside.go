//go:build !js

package web

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A udpSide is what a Socket does with its UDP ports: WebRTC and WebTransport, by one diverter for all
// of them. What goes out takes the first, since all have one address.
type udpSide struct {
	cfg      *Config
	ports    []Port     // shared with native players
	own      *ownPort   // or its own
	port     uint16     // for browsers
	wildcard netip.Addr // what the ports are bound to: of one address, or of all
	cert     *certificate
	diverter *diverter
	rtc      *rtcServer // nil: not offered
	wt       *wtServer  // nil: not offered
}

func newUDPSide(s *Socket, ports []Port, own *ownPort) (_ *udpSide, err error) {
	u := &udpSide{cfg: &s.cfg, own: own, port: s.cfg.AdvertisePort, wildcard: s.local.Addr()}
	orDefault(&u.port, s.local.Port())
	var out carrier = own
	if own == nil {
		out = ports[0]
	}
	u.diverter = newDiverter(out)
	defer func() {
		if err != nil {
			u.close()
		}
	}()
	if u.cert, err = newCertificate(s.cfg.CertFile, s.cfg.KeyFile, s.cfg.GetCertificate, time.Now); err != nil {
		return nil, err
	}
	if s.cfg.Logger != nil {
		u.cert.note = func(err error) {
			s.cfg.Logger.Warn("the certificate that changed is not taken, the last one stays", slog.Any("err", err))
		}
	}
	if !s.cfg.DisableWebRTC {
		if u.rtc, err = newRTCServer(&s.board, u.diverter); err != nil {
			return nil, err
		}
	}
	if !s.cfg.DisableWebTransport {
		u.wt, err = newWTServer(&s.board, u.diverter, s.local, s.cfg.Path, u.cert.tls(), s.checkOrigin)
		if err != nil {
			return nil, err
		}
	}
	if own != nil {
		own.serve(u.diverter)
	}
	u.ports = ports
	for _, p := range ports {
		p.SetDiverter(u.diverter)
	}
	return u, nil
}

// checkOrigin says why pages may not play here, and counts it.
func (s *Socket) checkOrigin(r *http.Request) error {
	if s.allowsOrigin(r) {
		return nil
	}
	return s.refuse.say(refusedOrigin, 0)
}

// acmeProtocol is by which autocert proves a domain (RFC 8737, section 6.2).
const acmeProtocol = "acme-tls/1"

// tlsConfig is for the TCP port; nil: plain HTTP, since browsers take a certificate for its hash by
// WebTransport alone.
func (u *udpSide) tlsConfig() *tls.Config {
	if u.cert.made {
		return nil
	}
	c := u.cert.tls()
	c.MinVersion = tls.VersionTLS12
	if u.cfg.GetCertificate != nil {
		c.NextProtos = append(c.NextProtos, acmeProtocol)
	}
	return c
}

// hello says what there is beside a WebSocket.
func (u *udpSide) hello(c *webSocket) (m helloSignal) {
	m.WebRTC = u.rtc != nil
	if u.wt == nil {
		return m
	}
	hashes, err := u.cert.hashes()
	if err != nil {
		return m // no certificate: it cannot be had now
	}
	m.WebTransport = &webTransportOffer{Host: urlHost(u.cfg.AdvertiseHost), Port: int(u.port), Path: u.cfg.Path}
	for _, h := range hashes {
		m.WebTransport.Hashes = append(m.WebTransport.Hashes, slices.Clone(h[:]))
	}
	if len(hashes) > 0 && u.cfg.AdvertiseHost == "" {
		m.WebTransport.Host = ownHost(c)
	}
	return m
}

// ownHost is the address at which a WebSocket that asked for localhost has arrived. Browsers take that for
// ::1 and 127.0.0.1, and look for QUIC at the first alone, which may not be where the port is.
func ownHost(c *webSocket) string {
	at, ok := c.arrivedAt()
	if !ok || !strings.EqualFold(hostName(c.host), "localhost") {
		return ""
	}
	return urlHost(at.Unmap().String())
}

var errNoAddress = errors.New("the server knows no address of its own that would do")

// offer begins a data channel with the browser that has a WebSocket.
func (u *udpSide) offer(c *webSocket) (*rtcPeer, string, error) {
	at := reachedAt(u.cfg.Advertise, u.port, append(u.seen(c), u.bound()...)...)
	if len(at) == 0 {
		return nil, "", errNoAddress
	}
	return u.rtc.offerTo(c.a.path.Remote.Addr(), at)
}

// seen are the addresses of this machine by which a WebSocket says to have come: that which it asked
// for, and that at which it arrived. One that came by a proxy arrived from there, and asked for the
// proxy, which may be another machine.
func (u *udpSide) seen(c *webSocket) (all []netip.Addr) {
	if !c.proxied || len(u.cfg.Advertise) == 0 {
		if a, err := netip.ParseAddr(hostName(c.host)); err == nil {
			all = append(all, a)
		}
	}
	if at, ok := c.arrivedAt(); ok {
		all = append(all, at)
	}
	return all
}

// bound are the addresses that the port listens on: none if others were configured.
func (u *udpSide) bound() (all []netip.Addr) {
	at := u.wildcard
	switch {
	case len(u.cfg.Advertise) > 0:
		return nil
	case !at.IsUnspecified():
		return []netip.Addr{at}
	}
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil // then the others have to do
	}
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() {
			all = append(all, p.Addr())
		}
	}
	return all
}

// stats are the counts so far.
func (u *udpSide) stats() UDPStats {
	c := &u.diverter.count
	st := UDPStats{
		STUN: c.stun.Load(), DTLS: c.dtls.Load(), QUICHandshake: c.quicLong.Load(), QUIC: c.quicShort.Load(),
		Strangers: c.strangers.Load(), TooMany: c.tooMany.Load(), Overflowed: c.overflowed.Load(), Unsent: c.unsent.Load(),
	}
	if u.rtc != nil {
		st.Displaced = u.rtc.displaced.Load()
	}
	if u.wt != nil {
		st.Refused = u.wt.refused.Load()
	}
	if u.own != nil {
		st.Nobodys = u.own.nobodys.Load()
	}
	return st
}

// close ends all that there is. A port that is shared is the game's again.
func (u *udpSide) close() {
	for _, p := range u.ports {
		p.SetDiverter(nil)
	}
	if u.rtc != nil {
		u.rtc.close()
	}
	if u.wt != nil {
		u.wt.close()
	}
	if u.own != nil {
		_ = u.own.close()
	}
}
