package tokenhttp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"
)

// A slowBook answers when it is allowed to.
type slowBook struct {
	asked atomic.Int32
	gate  chan error // what the next look-up ends with
}

func (b *slowBook) LookupNetIP(ctx context.Context, network, _ string) ([]netip.Addr, error) {
	b.asked.Add(1)
	if network != "ip" {
		return nil, fmt.Errorf("asked for %q", network)
	}
	select {
	case err := <-b.gate:
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// clocked are names whose time a test moves.
func clocked(keep time.Duration) (n *names, b *slowBook, now *time.Time) {
	b = &slowBook{gate: make(chan error, 100)}
	n = newNames(&Config{Resolver: b, NamesFor: keep})
	now = new(time.Time)
	n.now = func() time.Time { return *now }
	return n, b, now
}

var eu = server{host: "eu.example", port: 7}

// TestNamesAreKept for as long as the config says, and no longer.
func TestNamesAreKept(t *testing.T) {
	n, b, now := clocked(time.Minute)
	find := func(want int32) {
		t.Helper()
		got, err := n.find(t.Context(), eu)
		if err != nil || len(got) != 1 || got[0] != netip.MustParseAddrPort("192.0.2.1:7") || b.asked.Load() != want {
			t.Errorf("%v, %v, asked %d times, want %d", got, err, b.asked.Load(), want)
		}
	}
	for range 3 {
		b.gate <- nil
	}
	find(1)
	*now = now.Add(time.Minute - 1)
	find(1)
	*now = now.Add(1)
	find(2)
	find(2)

	n.keep = -1
	*now = now.Add(time.Hour)
	b.gate <- nil
	find(3)
	find(4)
}

// TestNamesFail: a failure is told to all who asked, and not kept.
func TestNamesFail(t *testing.T) {
	n, b, _ := clocked(time.Minute)
	down := errors.New("down")
	b.gate <- down
	if _, err := n.find(t.Context(), eu); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	b.gate <- nil
	if got, err := n.find(t.Context(), eu); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestNamesAreShared: many who ask at once make one look-up, and one who gives up
// does not end it for the others.
func TestNamesAreShared(t *testing.T) {
	n, b, _ := clocked(time.Minute)
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := n.find(gone, eu); !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	answers := make(chan error)
	for range 20 {
		go func() {
			_, err := n.find(t.Context(), eu)
			answers <- err
		}()
	}
	b.gate <- nil
	for range 20 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if asked := b.asked.Load(); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// TestNamesAreBounded whatever servers logins name.
func TestNamesAreBounded(t *testing.T) {
	n, b, _ := clocked(time.Hour)
	for i := range 3 * maxNames {
		b.gate <- nil
		if _, err := n.find(t.Context(), server{host: fmt.Sprint(i), port: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.known) > maxNames {
		t.Errorf("%d names are kept", len(n.known))
	}
}
