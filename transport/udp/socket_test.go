//go:build !js && !wasip1

package udp

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/transport"
)

const patience = time.Minute

// mustWrite writes all of ds, offering again what a full system did not take.
func mustWrite(t *testing.T, s *Socket, ds ...transport.Datagram) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(ds) > 0; {
		n, err := s.Write(ds)
		if err != nil {
			t.Fatalf("Write of %d datagrams = %d, %v", len(ds), n, err)
		}
		if ds = ds[n:]; len(ds) > 0 && time.Now().After(deadline) {
			t.Fatalf("%d datagrams were not taken within %v", len(ds), patience)
		}
	}
}

// mustRead waits for one datagram.
func mustRead(t *testing.T, s *Socket) transport.Datagram {
	t.Helper()
	ds := make([]transport.Datagram, 1)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if _, err := s.Wait(deadline); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Read(ds); err != nil {
			t.Fatal(err)
		} else if n == 1 {
			return ds[0]
		}
	}
	t.Fatalf("nothing came within %v", patience)
	return transport.Datagram{}
}

// eventually waits for something that the system does in its own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func TestOneClientManyServers(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		client := open(":0")
		for _, address := range []string{"127.0.0.1", "::1", "127.0.0.1"} {
			server := open(net.JoinHostPort(address, "0"))
			to := transport.PathTo(server.LocalAddr())
			mustWrite(t, client, transport.Datagram{Path: to, Bytes: []byte("hello")})
			d := mustRead(t, server)
			if want := pathTo(client, address); d.Path != want {
				t.Errorf("server at %s sees %v, want %v", address, d.Path, want)
			}
			mustWrite(t, server, transport.Datagram{Path: d.Path, Bytes: []byte("welcome")})
			if d := mustRead(t, client); d.Path != to {
				t.Errorf("client sees %v, want %v", d.Path, to)
			}
		}
	})
}

// A path that still carries an IPv4-mapped address reaches the same peer.
func TestMappedAddressesAreWritten(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		server := open("127.0.0.1:0")
		mapped := netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), server.LocalAddr().Port())
		for _, address := range []string{":0", "127.0.0.1:0"} {
			mustWrite(t, open(address), transport.Datagram{
				Path: transport.Path{Remote: mapped}, Bytes: []byte("x"),
			})
			if d := mustRead(t, server); !d.Path.Remote.Addr().Is4() {
				t.Errorf("from %s: path %v is not IPv4", address, d.Path)
			}
		}
	})
}

func TestUnroutableIsCounted(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		a, b := open("127.0.0.1:0"), open("127.0.0.1:0")
		mustWrite(t, a,
			transport.Datagram{Bytes: []byte("no address")},
			transport.Datagram{Path: transport.Path{Kind: transport.KindMemory, Association: 1}},
			transport.Datagram{Path: transport.PathTo(netip.MustParseAddrPort("[::1]:9"))},
			transport.Datagram{Path: transport.PathTo(b.LocalAddr()), Bytes: []byte("good")},
			transport.Datagram{Path: transport.PathTo(netip.MustParseAddrPort("127.0.0.1:0"))},
		)
		if d := mustRead(t, b); string(d.Bytes) != "good" {
			t.Errorf("read %q", d.Bytes)
		}
		if st := a.Stats(); st.Unroutable != 4 || st.Sent != 1 {
			t.Errorf("stats %+v, want 4 unroutable and 1 sent", st)
		}
	})
}

func TestTooLargeIsCounted(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		a, b := open("127.0.0.1:0"), open("127.0.0.1:0")
		to := transport.PathTo(b.LocalAddr())
		mustWrite(t, a,
			transport.Datagram{Path: to, Bytes: make([]byte, 65508)}, // beyond the protocol
			transport.Datagram{Path: to, Bytes: make([]byte, 2049)},  // beyond b's room
			transport.Datagram{Path: to, Bytes: make([]byte, 2048)},
		)
		if d := mustRead(t, b); len(d.Bytes) != 2048 {
			t.Errorf("read %d bytes", len(d.Bytes))
		}
		if st := a.Stats(); st.TooLarge != 1 {
			t.Errorf("sender's stats %+v, want 1 too large", st)
		}
		if st := b.Stats(); st.Truncated != 1 {
			t.Errorf("receiver's stats %+v, want 1 truncated", st)
		}
	})
}

// Whatever is lost on the way into full buffers, the socket stays well and says
// what it took.
func TestFullReceiveBuffer(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		a, b := open("127.0.0.1:0"), open("127.0.0.1:0", Config{ReceiveBuffer: 64 << 10})
		d := transport.Datagram{Path: transport.PathTo(b.LocalAddr()), Bytes: make([]byte, 1000)}
		flood := make([]transport.Datagram, 2000)
		for i := range flood {
			flood[i] = d
		}
		ds := make([]transport.Datagram, 64)
		for round := range uint64(3) { // what overflowed is counted once, in each
			sent := (round + 1) * uint64(len(flood))
			mustWrite(t, a, flood...)
			if st := a.Stats(); st.Sent != sent+round {
				t.Errorf("sender's stats %+v, want %d sent", st, sent+round)
			}
			eventually(t, "the socket is empty", func() bool {
				if _, err := b.Read(ds); err != nil {
					t.Fatal(err)
				}
				readable, err := b.Wait(time.Now().Add(20 * time.Millisecond))
				return !readable && err == nil
			})
			got := b.Stats().Received - round
			if got <= round || got >= sent {
				t.Errorf("%d of %d came through a buffer for some dozens", got, sent)
			}
			mustWrite(t, a, d)
			mustRead(t, b)
			if st := b.Stats(); runtime.GOOS == "linux" && t.Name() == "TestFullReceiveBuffer/System" && st.Overflowed != sent-got {
				t.Errorf("stats %+v, want %d overflowed", st, sent-got)
			}
		}
	})
}

// A thousand datagrams of three peers in one Write, in runs, mixed and alone.
func TestBigBatches(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		from := open(":0")
		type key struct{ peer, size, mark byte }
		want := make(map[key]int)
		var peers []*Socket
		for _, address := range []string{"127.0.0.1:0", "[::1]:0", "127.0.0.1:0"} {
			peers = append(peers, open(address))
		}
		var ds []transport.Datagram
		for i := range 1000 {
			peer := i / 97 % 3
			if i >= 700 {
				peer = i % 3 // no two in a row
			}
			k := key{byte(peer), byte(100 - i%13/12), byte(i)}
			b := make([]byte, k.size)
			b[0] = k.mark
			want[k]++
			ds = append(ds, transport.Datagram{Path: transport.PathTo(peers[peer].LocalAddr()), Bytes: b})
		}
		mustWrite(t, from, ds...)
		in := make([]transport.Datagram, 200)
		eventually(t, "all came", func() bool {
			for i, p := range peers {
				n, err := p.Read(in)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range in[:n] {
					k := key{byte(i), byte(len(d.Bytes)), d.Bytes[0]}
					if want[k]--; want[k] == 0 {
						delete(want, k)
					}
				}
			}
			return len(want) == 0
		})
	})
}

// TestVanishedPeer: what the system says of a peer who is gone is an error of nobody else's.
func TestVanishedPeer(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		talkToNobody(t, open("127.0.0.1:0"), open("127.0.0.1:0"))
	})
}

// talkToNobody writes to a peer who is gone, whatever the system has to say of that.
func talkToNobody(t *testing.T, s, gone *Socket) {
	t.Helper()
	to := transport.PathTo(gone.LocalAddr())
	gone.Close()
	for range 20 {
		mustWrite(t, s, transport.Datagram{Path: to, Bytes: []byte("hello?")})
		time.Sleep(time.Millisecond) // for the ICMP answer
		if n, err := s.Read(make([]transport.Datagram, 4)); n != 0 || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
		if readable, err := s.Wait(time.Now().Add(time.Millisecond)); readable || err != nil {
			t.Fatalf("Wait = %v, %v", readable, err)
		}
	}
}

// divertShort takes datagrams of one byte, and answers them.
type divertShort struct{ s *Socket }

func (d divertShort) Divert(got transport.Datagram) bool {
	if len(got.Bytes) != 1 {
		return false
	}
	d.s.Write([]transport.Datagram{{Path: got.Path, Bytes: []byte("diverted")}})
	return true
}

func TestDiverter(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		s, peer := open("127.0.0.1:0"), open("127.0.0.1:0")
		s.SetDiverter(divertShort{s})
		to := transport.PathTo(s.LocalAddr())
		var ds []transport.Datagram
		for i := range 60 {
			ds = append(ds, transport.Datagram{Path: to, Bytes: make([]byte, 1+i%3)})
		}
		mustWrite(t, peer, ds...)
		for range 40 {
			if d := mustRead(t, s); len(d.Bytes) == 1 {
				t.Error("read what was diverted")
			}
		}
		eventually(t, "the last one is diverted", func() bool {
			if n, err := s.Read(make([]transport.Datagram, 4)); n != 0 || err != nil {
				t.Fatalf("Read = %d, %v", n, err)
			}
			return s.Stats().Diverted == 20
		})
		for range 20 {
			if d := mustRead(t, peer); string(d.Bytes) != "diverted" {
				t.Errorf("answer %q", d.Bytes)
			}
		}
		s.SetDiverter(nil)
		mustWrite(t, peer, ds[0])
		if d := mustRead(t, s); len(d.Bytes) != 1 {
			t.Errorf("read %d bytes after the Diverter went", len(d.Bytes))
		}
	})
}

func TestLocalAddrOfArrival(t *testing.T) {
	eachEngine(t, func(t *testing.T, open func(string, ...Config) *Socket) {
		peer, bound := open(":0"), open("127.0.0.1:0")
		mustWrite(t, peer, transport.Datagram{Path: transport.PathTo(bound.LocalAddr()), Bytes: []byte("x")})
		if d := mustRead(t, bound); d.Local != bound.LocalAddr().Addr() {
			t.Errorf("arrived at %v, want %v", d.Local, bound.LocalAddr())
		}
	})
}

func TestBuffersAreGranted(t *testing.T) {
	s, err := Open(Config{ReceiveBuffer: 128 << 10, SendBuffer: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if r, w := s.Buffers(); r < 64<<10 || w < 32<<10 {
		t.Errorf("granted %d and %d bytes", r, w)
	}
}

func TestCloseEndsGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 10 {
		for _, start := range engines {
			s, err := listen("127.0.0.1:0", start, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Wait(time.Now().Add(time.Microsecond))
			s.Close()
		}
	}
	eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}

func TestListenErrorsShowTheWayOut(t *testing.T) {
	taken, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, hint := range map[string]string{
		"7777":                      "write host:port",
		"127.0.0.1:99999":           "write host:port",
		"203.0.113.7:0":             "give an address of this machine",
		taken.LocalAddr().String():  "give port 0 for any free one",
		"no-such-host.invalid:7777": "write host:port",
	} {
		s, err := Listen(address)
		if err == nil {
			s.Close()
			t.Errorf("listened on %q", address)
			continue
		}
		e, ok := errors.AsType[*AddressError](err)
		if !ok || e.Address != address || !strings.Contains(err.Error(), hint) {
			t.Errorf("listen %q: %v; want a hint to %s", address, err, hint)
		}
		if strings.Contains(err.Error(), "listen udp") {
			t.Errorf("%v: it says twice what was done", err)
		}
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	for want, cfg := range map[string]Config{
		"MaxDatagram is 65508: want 1078 to 65507, or 0 for the system's": {MaxDatagram: 65508},
		"MaxDatagram is 1077: want 1078 to 65507, or 0 for the system's":  {MaxDatagram: 1077},
		"Batch is -1: want 1 to 1024, or 0 for 32":                        {Batch: -1},
		"DSCP is 64: want 1 to 63, or 0 for none":                         {DSCP: 64},
	} {
		_, err := Open(cfg)
		if _, ok := errors.AsType[*ConfigError](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
	}
	if _, err := Open(Config{}, Config{}); err == nil {
		t.Error("two Configs were taken")
	}
}
