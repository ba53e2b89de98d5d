package interop

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

const (
	protocol = 0xfedcba9876543210
	patience = time.Minute
)

func key() netcode.Key { return netcode.KeyFrom(keyBytes()) }

func keyBytes() (k [netcode.KeyBytes]byte) {
	for i := range k {
		k[i] = byte(5*i + 1)
	}
	return k
}

// A nodePeer is the plain client or server of this folder in a subprocess.
type nodePeer struct {
	t     *testing.T
	in    io.Writer
	lines chan report
}

// A report is one line of what it says.
type report struct {
	Event, Address, ClientID, Data, Reason, UserData string
	State, Index, MaxClients                         int
}

func startNode(t *testing.T, role string, config any) *nodePeer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed; this test talks to an independent netcode in JavaScript (Node 20.19 or newer), install it and run `make test`")
	}
	if _, err := os.Stat("node_modules/@noble/ciphers"); err != nil {
		t.Fatal("@noble/ciphers is not installed in netcode/interop; `make test` installs it (npm ci in that folder)")
	}
	args, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "peer.mjs", role, string(args))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &nodePeer{t: t, in: in, lines: make(chan report, 1000)}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			var r report
			if json.Unmarshal(s.Bytes(), &r) == nil {
				p.lines <- r
			}
		}
	}()
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	return p
}

func (p *nodePeer) command(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
}

// want waits for the next report that is not about something else.
func (p *nodePeer) want(event string, ok func(report) bool) report {
	p.t.Helper()
	timeout := time.After(patience)
	var others []report
	for {
		select {
		case r, open := <-p.lines:
			if !open {
				p.t.Fatalf("node ended before it said %q; it said %+v", event, others)
			}
			if r.Event == event && (ok == nil || ok(r)) {
				return r
			}
			others = append(others, r)
		case <-timeout:
			p.t.Fatalf("node did not say %q in time; it said %+v", event, others)
		}
	}
}

func (p *nodePeer) wantState(state int) report {
	p.t.Helper()
	return p.want("state", func(r report) bool { return r.State == state })
}

// clocks are the two that netcode asks for.
func clocks(start time.Time) (now, unix int64) { return int64(time.Since(start)), time.Now().Unix() }

// A goServer runs ours on a loopback socket.
type goServer struct {
	t      *testing.T
	start  time.Time
	conn   *net.UDPConn
	s      *netcode.Server
	muted  bool
	events []netcode.Event
	frames []string // of the payloads
}

func listen(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func address(conn *net.UDPConn) netip.AddrPort { return conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func newGoServer(t *testing.T, maxClients int) *goServer {
	g := &goServer{t: t, start: time.Now(), conn: listen(t)}
	now, unix := clocks(g.start)
	var err error
	g.s, err = netcode.NewServer(now, unix, netcode.ServerConfig{
		ProtocolID: protocol, PrivateKey: key(), Addresses: []netip.AddrPort{address(g.conn)},
		MaxClients: maxClients, MaxTokenLifetime: -1, Plain: netcode.PlainAllow,
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *goServer) write(b []byte, to netcode.Source) {
	if !g.muted {
		if _, err := g.conn.WriteToUDPAddrPort(b, to.AddrPort()); err != nil {
			g.t.Fatal(err)
		}
	}
}

// until serves until an event of the kind was seen.
func (g *goServer) until(kind netcode.EventKind) netcode.Event {
	g.t.Helper()
	seen := len(g.events)
	g.serve(func() bool {
		for ; seen < len(g.events); seen++ {
			if g.events[seen].Kind == kind {
				return true
			}
		}
		return false
	})
	return g.events[seen]
}

func (g *goServer) serve(done func() bool) {
	g.t.Helper()
	buf, reply := make([]byte, 2048), make([]byte, 2048)
	for limit := time.Now().Add(patience); !done(); {
		if time.Now().After(limit) {
			g.t.Fatalf("nothing came of it; events %+v, counters %+v", g.events, g.s.Counters())
		}
		now, unix := clocks(g.start)
		for ev := g.s.HandleTimeout(now, unix); ev.Kind != netcode.EventNone; ev = g.s.HandleTimeout(now, unix) {
			g.take(ev)
		}
		for b, to, ok := g.s.NextDatagram(buf); ok; b, to, ok = g.s.NextDatagram(buf) {
			g.write(b, to)
		}
		n, from, ok := read(g.t, g.conn, buf)
		if !ok {
			continue
		}
		now, unix = clocks(g.start)
		ev := g.s.HandleDatagram(now, unix, from, buf[:n], reply)
		if len(ev.Reply) > 0 {
			g.write(ev.Reply, from)
		}
		g.take(ev)
	}
}

func (g *goServer) take(ev netcode.Event) {
	if ev.Kind == netcode.EventNone {
		return
	}
	if ev.Kind == netcode.EventPayload {
		g.frames = append(g.frames, string(ev.Frames))
	}
	if ev.Kind == netcode.EventDisconnected {
		now, _ := clocks(g.start)
		g.s.Release(now, ev.Seat)
	}
	g.events = append(g.events, ev)
}

func read(t *testing.T, conn *net.UDPConn, buf []byte) (int, netcode.Source, bool) {
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, from, err := conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		return 0, netcode.Source{}, false
	}
	return n, netcode.SourceFrom(from), true
}

func mint(t *testing.T, client uint64, timeout time.Duration, server netip.AddrPort) *netcode.Token {
	t.Helper()
	token, err := netcode.Mint(time.Now(), netcode.MintConfig{
		ProtocolID: protocol, Key: key(), ClientID: client, UserData: []byte("hello"),
		Addresses: []netip.AddrPort{server}, Timeout: timeout, Plain: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (g *goServer) nodeClient(client uint64, timeout time.Duration) *nodePeer {
	token := mint(g.t, client, timeout, address(g.conn))
	return startNode(g.t, "client", map[string]string{"token": hex.EncodeToString(token.Append(nil))})
}

// A goClient runs ours on a loopback socket.
type goClient struct {
	t      *testing.T
	start  time.Time
	conn   *net.UDPConn
	c      *netcode.Client
	muted  bool
	events []netcode.ClientEvent
	frames []string
}

// nodeServer starts the plain server and returns it with its address.
func nodeServer(t *testing.T, maxClients int) (*nodePeer, netip.AddrPort) {
	p := startNode(t, "server", map[string]any{
		"protocolId": fmt.Sprint(uint64(protocol)), "key": hex.EncodeToString(key().Append(nil)), "maxClients": maxClients,
	})
	return p, netip.MustParseAddrPort(p.want("listening", nil).Address)
}

func newGoClient(t *testing.T, token *netcode.Token, plain netcode.PlainPolicy) *goClient {
	g := &goClient{t: t, start: time.Now(), conn: listen(t)}
	now, unix := clocks(g.start)
	var err error
	if g.c, err = netcode.NewClient(now, unix, token, netcode.ClientConfig{Plain: plain}); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *goClient) run(done func() bool) {
	g.t.Helper()
	buf := make([]byte, 2048)
	for limit := time.Now().Add(patience); !done(); {
		if time.Now().After(limit) {
			g.t.Fatalf("nothing came of it; in state %v, events %+v, counters %+v", g.c.State(), g.events, g.c.Counters())
		}
		now, unix := clocks(g.start)
		for ev := g.c.HandleTimeout(now, unix); ev.Kind != netcode.ClientNone; ev = g.c.HandleTimeout(now, unix) {
			g.events = append(g.events, ev)
		}
		g.flush(buf)
		if n, from, ok := read(g.t, g.conn, buf); ok {
			now, unix = clocks(g.start)
			ev := g.c.HandleDatagram(now, unix, 0, from, buf[:n])
			if ev.Kind == netcode.ClientPayload {
				g.frames = append(g.frames, string(ev.Frames))
			}
			if ev.Kind != netcode.ClientNone {
				g.events = append(g.events, ev)
			}
		}
	}
}

func (g *goClient) flush(buf []byte) {
	for b, to, ok := g.c.NextDatagram(buf); ok; b, to, ok = g.c.NextDatagram(buf) {
		g.write(b, to)
	}
}

func (g *goClient) write(b []byte, to netcode.Source) {
	if !g.muted {
		if _, err := g.conn.WriteToUDPAddrPort(b, to.AddrPort()); err != nil {
			g.t.Fatal(err)
		}
	}
}

func (g *goClient) until(s netcode.State) {
	g.t.Helper()
	g.run(func() bool { return g.c.State() == s })
}
