package tokenhttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// A Resolver finds the addresses of a name; *net.Resolver is one. The network is
// always "ip": addresses of both kinds.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// A server is one entry of Servers: an address, or a name.
type server struct {
	host string // a name; "" if ip is valid
	ip   netip.Addr
	port uint16
}

// parseServer reads host:port. Its error says what to write instead.
func parseServer(text string) (server, error) {
	want := errors.New(`host:port, such as "play.example.com:7777" or "[2001:db8::1]:7777"`)
	host, service, err := net.SplitHostPort(text)
	port, bad := strconv.ParseUint(service, 10, 16)
	if err != nil || bad != nil || host == "" || port == 0 {
		return server{}, want
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return server{host: host, port: uint16(port)}, nil
	}
	if ip.IsUnspecified() || ip.Zone() != "" {
		return server{}, errors.New("an address that players can reach")
	}
	return server{ip: ip.Unmap(), port: uint16(port)}, nil
}

// A nameError says that a server has no address.
type nameError struct {
	server string
	err    error
}

func (e *nameError) Error() string { return fmt.Sprintf("tokenhttp: server %q: %v", e.server, e.err) }
func (e *nameError) Unwrap() error { return e.err }

// names are the host names that were looked up. Requests that want the same name
// share one look-up:
//
//	looking (ended is false) → kept until a time → looking again
//	   └ failed: forgotten, the next request looks again
type names struct {
	resolver Resolver
	keep     time.Duration
	now      func() time.Time

	mu      sync.Mutex
	known   map[string]*lookup
	looking int // look-ups under way
}

// A lookup is one question to the resolver. Its result is read after done.
type lookup struct {
	done      chan struct{}
	addresses []netip.Addr
	err       error
	ended     bool      // under the lock
	until     time.Time // under the lock
}

const (
	// maxNames bounds those that are kept. Logins may name servers as they like.
	maxNames = 1024
	// lookupTime bounds a look-up, which outlives the request that began it.
	lookupTime = 10 * time.Second
	// maxLooking bounds those under way.
	maxLooking = 64
)

func newNames(c *Config) *names {
	return &names{resolver: c.Resolver, keep: c.NamesFor, now: time.Now, known: map[string]*lookup{}}
}

var errLooking = fmt.Errorf("%d names are being looked up, which is all at a time", maxLooking)

// closed is the end of a look-up that was not begun.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// find returns the addresses of a server, IPv4-mapped ones unmapped, each once.
// If one server of a Grant has none the player gets no ticket at all: half of what was meant would
// hide that something is wrong.
func (n *names) find(ctx context.Context, s server) ([]netip.AddrPort, error) {
	if s.ip.IsValid() {
		return []netip.AddrPort{netip.AddrPortFrom(s.ip, s.port)}, nil
	}
	l := n.look(s.host)
	select {
	case <-l.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	var out []netip.AddrPort
	for _, a := range l.addresses {
		out = append(out, netip.AddrPortFrom(a, s.port))
	}
	return out, l.err
}

// look returns the look-up that counts now.
func (n *names) look(host string) *lookup {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.known[host]
	if l == nil || l.ended && !n.now().Before(l.until) {
		if n.looking >= maxLooking {
			return &lookup{done: closed, err: errLooking}
		}
		n.looking++
		if len(n.known) >= maxNames {
			clear(n.known) // those under way end all the same
		}
		l = &lookup{done: make(chan struct{})}
		n.known[host] = l
		go n.run(host, l)
	}
	return l
}

// run asks the resolver.
func (n *names) run(host string, l *lookup) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	found, err := n.resolver.LookupNetIP(ctx, "ip", host)
	l.addresses, l.err = usable(found), err
	if err == nil && len(l.addresses) == 0 {
		l.err = errors.New("the name has no address that players can reach")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.looking--
	l.ended, l.until = true, n.now().Add(n.keep)
	if l.err != nil && n.known[host] == l {
		delete(n.known, host)
	}
	close(l.done)
}

// usable returns the addresses that a token can name.
func usable(found []netip.Addr) (addresses []netip.Addr) {
	seen := make(map[netip.Addr]bool, len(found))
	for _, a := range found {
		a = a.Unmap().WithZone("")
		if a.IsValid() && !a.IsUnspecified() && !seen[a] {
			seen[a] = true
			addresses = append(addresses, a)
		}
	}
	return addresses
}
