package mem_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/mem"
	"github.com/tickwire/tickwire/transport/transporttest"
)

func TestPairConformance(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Link {
		a, b, err := mem.Pair()
		if err != nil {
			t.Fatal(err)
		}
		return transporttest.Link{A: a, B: b, ToB: a.Peer(), ToA: b.Peer(), Nowhere: path(9)}
	})
}

func TestServerConformance(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Link {
		server, err := mem.Listen(mem.Config{Queue: 128, MaxDatagram: 9000})
		if err != nil {
			t.Fatal(err)
		}
		dial(t, server)
		client := dial(t, server)
		return transporttest.Link{A: server, B: client, ToB: path(2), ToA: client.Peer(), Nowhere: path(3)}
	})
}

func path(association uint64) transport.Path {
	return transport.Path{Kind: transport.KindMemory, Association: association}
}

func dial(t *testing.T, server *mem.Server) *mem.Socket {
	t.Helper()
	s, err := server.Dial()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, s transport.Socket, to transport.Path, b string) {
	t.Helper()
	if n, err := s.Write([]transport.Datagram{{Path: to, Bytes: []byte(b)}}); n != 1 || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
}

func read(t *testing.T, s transport.Socket) []transport.Datagram {
	t.Helper()
	ds := make([]transport.Datagram, 64)
	n, err := s.Read(ds)
	if err != nil {
		t.Fatal(err)
	}
	return ds[:n]
}

func TestServerTellsItsClientsApart(t *testing.T) {
	server, err := mem.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	a, b := dial(t, server), dial(t, server)
	write(t, b, b.Peer(), "b")
	write(t, a, a.Peer(), "a")
	for _, d := range read(t, server) {
		write(t, server, d.Path, "to "+string(d.Bytes))
	}
	for want, client := range map[string]*mem.Socket{"to a": a, "to b": b} {
		got := read(t, client)
		if len(got) != 1 || string(got[0].Bytes) != want || got[0].Path != client.Peer() {
			t.Errorf("client read %v, want %q", got, want)
		}
	}

	a.Close()
	write(t, server, path(1), "gone")
	if c := dial(t, server); c.Peer() != path(1) {
		t.Errorf("peer of a client is %v", c.Peer())
	}
	write(t, server, path(1), "never again")
	if got := server.Stats().Unreachable; got != 2 {
		t.Errorf("Unreachable = %d after two datagrams to a closed client, want 2", got)
	}
	write(t, server, path(3), "new")
	if got := server.Stats().Sent; got != 3 {
		t.Errorf("Sent = %d, want 3", got)
	}
}

func TestOverflowIsCounted(t *testing.T) {
	a, b, err := mem.Pair(mem.Config{Queue: 4})
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		write(t, a, a.Peer(), "x")
	}
	if st := b.Stats(); st.Overflowed != 2 {
		t.Errorf("receiver's stats %+v, want 2 overflowed", st)
	}
	if st := a.Stats(); st.Sent != 4 {
		t.Errorf("sender's stats %+v, want 4 sent", st)
	}
	if n := len(read(t, b)); n != 4 {
		t.Errorf("%d datagrams came, want 4", n)
	}
	write(t, a, a.Peer(), "while four are lent")
	if n := len(read(t, b)); n != 0 {
		t.Errorf("a datagram found room among those that were lent")
	}
	write(t, a, a.Peer(), "after they were given back")
	if n := len(read(t, b)); n != 1 {
		t.Errorf("%d datagrams came, want 1", n)
	}
	if st := b.Stats(); st.Overflowed != 3 || st.Received != 5 {
		t.Errorf("receiver's stats %+v, want 3 overflowed, 5 received", st)
	}
}

// TestReceivedIsWhenWritten: within a process a datagram arrives when it is written.
func TestReceivedIsWhenWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, err := mem.Pair()
		if err != nil {
			t.Fatal(err)
		}
		written := time.Now()
		write(t, a, a.Peer(), "x")
		time.Sleep(time.Second)
		ds := make([]transport.Datagram, 1)
		if n, err := b.Read(ds); n != 1 || err != nil || !ds[0].Received.Equal(written) {
			t.Errorf("Read = %d, %v, received %v, want %v", n, err, ds[0].Received, written)
		}
	})
}

func TestTooLargeIsCounted(t *testing.T) {
	a, b, err := mem.Pair(mem.Config{MaxDatagram: transport.MinDatagram})
	if err != nil {
		t.Fatal(err)
	}
	write(t, a, a.Peer(), strings.Repeat("x", transport.MinDatagram+1))
	write(t, a, transport.Path{Association: 1}, "of another kind")
	if st := a.Stats(); st.TooLarge != 1 || st.Unreachable != 1 {
		t.Errorf("stats %+v, want one too large and one unreachable", st)
	}
	if n := len(read(t, b)); n != 0 {
		t.Errorf("%d datagrams came", n)
	}
}

func TestClosedServer(t *testing.T) {
	server, err := mem.Listen()
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, server)
	server.Close()
	if _, err := server.Dial(); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Dial of a closed server: %v", err)
	}
	write(t, client, client.Peer(), "anybody?")
	if ready, err := client.Wait(time.Now()); ready || err != nil {
		t.Errorf("Wait of the client = %v, %v", ready, err)
	}
	if st := client.Stats(); st.Unreachable != 1 {
		t.Errorf("stats %+v, want one unreachable", st)
	}
}

func TestConfigErrorsNameTheField(t *testing.T) {
	for want, cfg := range map[string]mem.Config{
		"tickwire: Queue is -1: want 1 or more, or 0 for 1024":                                     {Queue: -1},
		"tickwire: MaxDatagram is -5: want 1078 or more, which a handshake takes, or 0 for 1200":   {MaxDatagram: -5},
		"tickwire: MaxDatagram is 1077: want 1078 or more, which a handshake takes, or 0 for 1200": {MaxDatagram: 1077},
	} {
		_, err := mem.Listen(cfg)
		if _, ok := errors.AsType[*mem.ConfigError](err); !ok || err.Error() != want {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
	}
	if _, _, err := mem.Pair(mem.Config{}, mem.Config{}); err == nil {
		t.Error("two Configs were taken")
	}
}
