package netns

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A Net is the hosts of a test. One goroutine, that of the test, uses it.
type Net struct {
	t     *testing.T
	ip    string // the command
	hosts []*Host
}

// A Host is a network namespace: interfaces, addresses and routes of its own.
type Host struct {
	net  *Net
	name string
	ns   *os.File
}

func newNet(t *testing.T) *Net {
	t.Helper()
	ip, err := exec.LookPath("ip")
	if err != nil { // as where only root has it in the path
		ip, err = exec.LookPath("/usr/sbin/ip")
	}
	if err != nil {
		t.Fatalf("the ip command of iproute2 is missing: %v; .ci/deps installs it", err)
	}
	n := &Net{t: t, ip: ip}
	t.Cleanup(func() {
		for _, h := range n.hosts {
			_ = h.ns.Close() // and with it the namespace, when the last socket has gone
		}
	})
	return n
}

// Host makes a host that nothing is connected to. Its loopback interface is up.
func (n *Net) Host(name string) *Host {
	n.t.Helper()
	h := &Host{net: n, name: name}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			h.ns, err = os.Open("/proc/thread-self/ns/net")
		}
		made <- err
	}()
	if err := <-made; err != nil {
		n.t.Fatalf("a namespace for %s: %v", name, err)
	}
	n.hosts = append(n.hosts, h)
	h.Up("lo")
	return h
}

// Here is the host that the test itself is on, and each program that it starts. Its loopback interface
// is up.
func (n *Net) Here() *Host {
	n.t.Helper()
	ns, err := os.Open("/proc/thread-self/ns/net") // not that of the first thread, which may have made a host
	if err != nil {
		n.t.Fatalf("the namespace of this process: %v", err)
	}
	h := &Host{net: n, name: "here", ns: ns}
	n.hosts = append(n.hosts, h)
	h.Up("lo")
	return h
}

// Pair connects two hosts by a pair of virtual Ethernet cards, which are up. Addresses have the
// length of their network, as in 10.1.0.1/24.
func (n *Net) Pair(a *Host, cardA, addressA string, b *Host, cardB, addressB string) {
	n.t.Helper()
	there := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), b.ns.Fd())
	a.IP("link", "add", "name", cardA, "type", "veth", "peer", "name", cardB, "netns", there)
	a.Give(cardA, addressA)
	b.Give(cardB, addressB)
	a.Up(cardA)
	b.Up(cardB)
}

// String is the name of the host.
func (h *Host) String() string { return h.name }

// Up takes an interface up.
func (h *Host) Up(card string) { h.net.t.Helper(); h.IP("link", "set", "dev", card, "up") }

// Down takes it down: routes over it go, and at the other end of a pair the carrier.
func (h *Host) Down(card string) { h.net.t.Helper(); h.IP("link", "set", "dev", card, "down") }

// Give gives an interface a further address.
func (h *Host) Give(card, address string) {
	h.net.t.Helper()
	h.IP("address", "add", address, "dev", card)
}

// Take takes an address from it.
func (h *Host) Take(card, address string) {
	h.net.t.Helper()
	h.IP("address", "del", address, "dev", card)
}

// Route leads what goes to a network over an interface, to a neighbour there. Of several routes
// whose interfaces are up that with the lowest metric is used.
func (h *Host) Route(to, via, card string, metric int) {
	h.net.t.Helper()
	h.IP("route", "add", to, "via", via, "dev", card, "metric", strconv.Itoa(metric))
}

// IP runs the ip command on the host, and returns what it says.
func (h *Host) IP(args ...string) string {
	h.net.t.Helper()
	return Open(h, func() (string, error) {
		out, err := exec.Command(h.net.ip, args...).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return string(out), nil
	})
}

// Open calls open on a host, where whatever sockets it opens stay, and returns what it returns. It
// is called in another goroutine. An error ends the test.
func Open[T any](h *Host, open func() (T, error)) T {
	h.net.t.Helper()
	made, err := Try(h, open)
	if err != nil {
		h.net.t.Fatalf("%s: %v", h.name, err)
	}
	return made
}

// Try is Open for those who take the error, and for other goroutines than the test's.
func Try[T any](h *Host, open func() (T, error)) (made T, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		if err = unix.Setns(int(h.ns.Fd()), unix.CLONE_NEWNET); err == nil {
			made, err = open()
		}
	}()
	<-done
	return made, err
}

// Addresses are those of an interface, but for link-local ones.
func (h *Host) Addresses(card string) (all []netip.Addr) {
	h.net.t.Helper()
	for line := range strings.Lines(h.IP("-oneline", "address", "show", "dev", card)) {
		for _, word := range strings.Fields(line) {
			if p, err := netip.ParsePrefix(word); err == nil && !p.Addr().IsLinkLocalUnicast() && !strings.HasSuffix(line, "brd "+word) {
				all = append(all, p.Addr())
			}
		}
	}
	return all
}
