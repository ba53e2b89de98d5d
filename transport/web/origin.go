//go:build !js

package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// An origin is whose pages may play here (RFC 6454): a scheme, or every one, and a host with its port,
// or all hosts below one.
type origin struct {
	anybody bool
	scheme  string // "": every one
	below   bool   // host begins with a dot, and what is in front of it does not matter
	host    string // in lower case, with its port if there is one; "null" by itself
}

// parseOrigin reads one of Config.Origins.
func parseOrigin(s string) (origin, bool) {
	s = strings.ToLower(s)
	if s == "*" || s == "null" {
		return origin{anybody: s == "*", host: s}, true
	}
	var o origin
	scheme, host, ok := strings.Cut(s, "://")
	if ok {
		o.scheme = scheme
	} else {
		host = s
	}
	if rest, ok := strings.CutPrefix(host, "*."); ok {
		o.below, host = true, rest
	}
	if !isHostPort(host) || ok && scheme == "" {
		return origin{}, false
	}
	o.host = host
	if o.below {
		o.host = "." + host
	}
	return o, true
}

// isHostPort reports whether it is a host, with a port or without.
func isHostPort(s string) bool {
	u, err := url.Parse("any://" + s)
	return err == nil && u.Host == s && u.Hostname() != "" && !strings.ContainsAny(s, "*%\\")
}

// isHost reports whether it is a name, or an address of IPv4, or one of IPv6 without its brackets.
func isHost(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Zone() == "" && !a.IsUnspecified()
	}
	return isHostPort(s) && !strings.ContainsAny(s, ":[]")
}

// matches compares it with an origin as browsers send it.
func (o origin) matches(scheme, host string) bool {
	switch {
	case o.anybody:
		return true
	case o.scheme != "" && o.scheme != scheme:
		return false
	case o.below:
		return strings.HasSuffix(host, o.host) || strings.HasSuffix(host+usualPort[scheme], o.host)
	}
	return host == o.host || host+usualPort[scheme] == o.host
}

// usualPort is what browsers leave out of an origin.
var usualPort = map[string]string{"http": ":80", "https": ":443"}

// allowsOrigin reports whether a request comes from pages that may play here: those of the host that
// was asked, whatever its port, those of Config.Origins, and what is no browser, which sends no origin.
// It counts nothing.
//
// A page at https://game.example plays at game.example:7777. Whoever owns another port of this host
// gets nothing by it that a program has not: a connect token is in the page's hands, and no cookie is read.
func (s *Socket) allowsOrigin(r *http.Request) bool {
	sent := strings.ToLower(r.Header.Get("Origin"))
	if sent == "" {
		return true
	}
	scheme, host, _ := strings.Cut(sent, "://")
	if sent == "null" {
		host = sent
	} else if sameHost(hostName(host), hostName(strings.ToLower(r.Host))) {
		return true
	}
	for _, o := range s.origins {
		if o.matches(scheme, host) {
			return true
		}
	}
	return false
}

// sameHost reports whether two names are one host, as localhost and 127.0.0.1 are.
func sameHost(a, b string) bool { return a != "" && (a == b || isLoopback(a) && isLoopback(b)) }

// isLoopback reports whether a name is that of the machine itself, for whoever asks (RFC 6761, 6.3).
func isLoopback(name string) bool {
	at, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && at.IsLoopback()
}

// hostName is a host without its port.
func hostName(host string) string {
	u := url.URL{Host: host}
	return u.Hostname()
}

// remoteOf is the address of who sends a request: what a trusted proxy says, else where it came
// from. The port of one behind a proxy is not known, and 0.
func (s *Socket) remoteOf(r *http.Request) netip.AddrPort {
	at := peerAt(r.RemoteAddr)
	if !s.trusts(at.Addr()) {
		return at
	}
	// Each proxy adds who asked it at the end, so that what a player made up stands in front.
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(said) - 1; i >= 0; i-- {
		one, ok := parseForwarded(strings.TrimSpace(said[i]))
		if !ok {
			break
		}
		at = one
		if !s.trusts(at.Addr()) {
			break
		}
	}
	return at
}

// peerAt is where a connection came from itself, without the zone, which no prefix has; zero if that is not known.
func peerAt(remote string) netip.AddrPort {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}

// parseForwarded reads an address, with or without a port.
func parseForwarded(s string) (netip.AddrPort, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return netip.AddrPortFrom(a.Unmap().WithZone(""), 0), err == nil
}

func (s *Socket) trusts(a netip.Addr) bool { return contain(s.cfg.TrustedProxies, a) }
