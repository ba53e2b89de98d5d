//go:build !js && !wasip1

package udp

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	ctx := context.Background()
	for address, want := range map[string][]string{
		"192.0.2.7:7777":          {"192.0.2.7:7777"},
		"[2001:db8::1]:1":         {"[2001:db8::1]:1"},
		"[::ffff:192.0.2.7]:7777": {"192.0.2.7:7777"},
	} {
		got, err := Resolve(ctx, address)
		var addrs []netip.AddrPort
		for _, w := range want {
			addrs = append(addrs, netip.MustParseAddrPort(w))
		}
		if err != nil || !slices.Equal(got, addrs) {
			t.Errorf("Resolve(%q) = %v, %v; want %v", address, got, err, addrs)
		}
	}
	got, err := Resolve(ctx, "localhost:7777")
	if err != nil || len(got) == 0 {
		t.Fatalf("Resolve of localhost = %v, %v", got, err)
	}
	for i, a := range got {
		if !a.Addr().IsLoopback() || a.Port() != 7777 || slices.Contains(got[:i], a) {
			t.Errorf("localhost is %v", got)
		}
	}
}

func TestResolveErrorsShowTheWayOut(t *testing.T) {
	for _, address := range []string{"", "192.0.2.7", "host:", ":7777", "host:0", "host:65536", "host:http", "::1:7777"} {
		got, err := Resolve(context.Background(), address)
		e, ok := errors.AsType[*AddressError](err)
		if !ok || e.Address != address || !strings.Contains(err.Error(), "write host:port") {
			t.Errorf("Resolve(%q) = %v, %v", address, got, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := Resolve(ctx, "play.example.invalid:7777"); err == nil {
		t.Errorf("Resolve with a context that is done = %v", got)
	}
}
