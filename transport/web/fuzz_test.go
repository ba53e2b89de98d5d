//go:build !js

package web

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// FuzzOrigin: whatever a browser sends as its origin, the host's own pages and those that are listed
// play here, and nobody else.
func FuzzOrigin(f *testing.F) {
	for _, s := range []string{"", "null", "https://game.example", "https://a.play.example", "http://game.example:80", "://", "*"} {
		f.Add(s, "*.play.example")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, sent, listed string) {
		s := &Socket{}
		if o, ok := parseOrigin(listed); ok {
			s.origins = append(s.origins, o)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = "game.example"
		r.Header.Set("Origin", sent)
		if !s.allowsOrigin(r) || sent == "" {
			return
		}
		_, host, _ := strings.Cut(strings.ToLower(sent), "://")
		below := strings.TrimPrefix(listed, "*")
		if i := strings.LastIndex(below, "://"); i >= 0 {
			below = strings.TrimPrefix(below[i+3:], "*")
		}
		if hostName(host) != r.Host && listed != "*" && !strings.EqualFold(sent, "null") && !strings.HasSuffix(host, strings.ToLower(below)) {
			t.Fatalf("origin %q plays where %q is listed", sent, listed)
		}
	})
}

// FuzzForwarded: whatever is forwarded, the address is one, and that of a proxy only if there is none else.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"", "192.0.2.1", "1.2.3.4, 10.0.0.1", "[::1]:80", ",,,", "fe80::1%eth0", "unknown"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, said string) {
		s := &Socket{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10.0.0.1:5000"
		r.Header["X-Forwarded-For"] = []string{said}
		if at := s.remoteOf(r); !at.IsValid() || at.Addr().Is4In6() || at.Addr().Zone() != "" {
			t.Fatalf("%q: %v", said, at)
		}
		r.RemoteAddr = "192.0.2.1:5000"
		if at := s.remoteOf(r); at.String() != r.RemoteAddr {
			t.Fatalf("%q is believed of a stranger: %v", said, at)
		}
	})
}
