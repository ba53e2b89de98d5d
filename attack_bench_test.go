package tickwire_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// What a flood of strangers' datagrams does to a server and its players, over loopback:
//
//	go test -run '^$' -bench Attack -benchtime 1x .
//
// takes 16 seconds, and for what a datagram costs by itself
//
//	go test -run '^$' -bench Rejected .

const (
	attackPlayers = 100
	garbageRate   = 200_000 // a second
	forgedRate    = 20_000
	attackQuiet   = 5 * time.Second
	attackFlood   = 10 * time.Second
)

// BenchmarkAttack floods a server on which 100 players send and get a message 60 times a second
// with 200 000 datagrams of garbage and 20 000 requests with forged tokens a second. It compares
// the time that a message takes to the server's next tick and back, and the share of messages
// that are lost, with those of a quiet time before. Attackers, players and server share the
// machine: with two cores the attackers take one of them. A run in which fewer than 150 000 were
// read in a second says nothing.
func BenchmarkAttack(b *testing.B) {
	for b.Loop() {
		srv := benchServer(b)
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan struct{})
		squad := newSquad(b, srv)
		go func() {
			defer close(served)
			echo(ctx, srv)
		}()
		squad.connect()
		f := newFlooder(b, srv.PublicAddresses()[0], 32)
		loud := played{times: make([]time.Duration, 0, attackPlayers*60*int(attackFlood/time.Second+1))}
		var quiet played
		squad.play(attackQuiet, &quiet)
		heap, read := heapBytes(), squad.received()
		began := time.Now()
		f.start(garbageRate, forgedRate)
		squad.play(attackFlood, &loud)
		sent := f.stop()
		seconds := time.Since(began).Seconds()
		rate := float64(squad.received()-read-loud.sent) / seconds
		grown := int64(heapBytes() - heap)
		b.ReportMetric(float64(sent)/seconds, "sent/s")
		b.ReportMetric(rate, "read/s")
		for name, p := range map[string]played{"quiet": quiet, "flood": loud} {
			p50, p99 := percentiles(p.times)
			b.ReportMetric(p50/1e3, name+"-p50-ms")
			b.ReportMetric(p99/1e3, name+"-p99-ms")
			b.ReportMetric(100*(1-float64(len(p.times))/float64(p.sent)), name+"-%-lost")
		}
		b.ReportMetric(float64(grown)/1024, "heap-KB-grown")
		stop()
		<-served
		squad.client.Close()
		srv.Close()
	}
}

// echo is a game that answers each message of a player in its next tick.
func echo(ctx context.Context, srv *tickwire.Server) {
	for tick := range srv.Ticks(ctx, 60) {
		srv.Update(tick.Now)
		for range srv.Events() {
		}
		for c := range srv.Conns() {
			for m := range c.Receive(unreliable) {
				c.Send(unreliable, m)
			}
		}
		srv.Flush(tick.Now)
	}
}

func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A squad is players behind one socket.
type squad struct {
	b      *testing.B
	srv    *tickwire.Server
	client *tickwire.Client
	conns  []*tickwire.Conn
}

// newSquad lets players knock. The server does not run yet.
func newSquad(b *testing.B, srv *tickwire.Server) *squad {
	socket, err := udp.Listen("127.0.0.1:0")
	must(b, err)
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: benchConfig(), WireIDBytes: 2}, socket)
	must(b, err)
	c := &squad{b: b, srv: srv, client: client}
	for player := range uint64(attackPlayers) {
		token, err := srv.DevToken(player)
		must(b, err)
		conn, err := client.Connect(token)
		must(b, err)
		c.conns = append(c.conns, conn)
	}
	return c
}

func (c *squad) connect() {
	for end := time.Now().Add(5 * time.Second); slices.ContainsFunc(c.conns, func(c *tickwire.Conn) bool { return !c.Open() }); {
		must(c.b, c.client.Wait(time.Now().Add(time.Millisecond)))
		c.client.Update(time.Now())
		if time.Now().After(end) {
			c.b.Fatal("not connected")
		}
	}
}

// received is how many datagrams the server has read.
func (c *squad) received() uint64 {
	count := make(chan uint64, 1)
	must(c.b, c.srv.Post(func() { count <- c.srv.Stats().Sockets[0].Received }))
	return <-count
}

// played is what became of the messages of a time: how many were sent, and how long those took
// that came back.
type played struct {
	sent  uint64
	times []time.Duration
}

// play lets everybody send the time 60 times a second, and adds to p what becomes of it.
func (c *squad) play(d time.Duration, p *played) {
	began := time.Now()
	var message [8]byte
	for next, over := began, false; !over; {
		now := time.Now()
		c.client.Update(now)
		for range c.client.Events() {
		}
		for _, conn := range c.conns {
			for m := range conn.Receive(unreliable) {
				if at := time.Duration(binary.LittleEndian.Uint64(m)); at >= 0 {
					p.times = append(p.times, now.Sub(began)-at)
				}
			}
		}
		if now.Sub(began) < d && !now.Before(next) {
			binary.LittleEndian.PutUint64(message[:], uint64(now.Sub(began)))
			for _, conn := range c.conns {
				must(c.b, conn.Send(unreliable, message[:]))
				p.sent++
			}
			next = next.Add(time.Second / 60)
		}
		c.client.Flush(now)
		over = now.Sub(began) > d+time.Second/4 // for what is under way
		must(c.b, c.client.Wait(now.Add(time.Millisecond/2)))
	}
}

// A flooder sends to a server what it does not want.
type flooder struct {
	to      transport.Path
	sockets []*udp.Socket
	random  *rand.ChaCha8
	r       *rand.Rand
	request []byte // with a token under another key
	batch   []transport.Datagram
	noise   []byte
	quit    chan struct{}
	done    chan uint64
}

func newFlooder(b *testing.B, to netip.AddrPort, sockets int) *flooder {
	f := &flooder{to: transport.PathTo(to), random: rand.NewChaCha8([32]byte{1}), quit: make(chan struct{}), done: make(chan uint64)}
	f.r = rand.New(rand.NewPCG(1, 1))
	f.noise = make([]byte, 1<<16)
	f.random.Read(f.noise)
	for range sockets {
		s, err := udp.Listen("127.0.0.1:0", udp.Config{ReceiveBuffer: -1})
		must(b, err)
		b.Cleanup(func() { s.Close() })
		f.sockets = append(f.sockets, s)
	}
	f.request = requestFor(b, netcode.MintConfig{ProtocolID: 7, ClientID: 1, Key: netcode.KeyFrom([netcode.KeyBytes]byte{9}), Addresses: []netip.AddrPort{to}})
	f.batch = make([]transport.Datagram, 32)
	for i := range f.batch {
		f.batch[i] = transport.Datagram{Path: f.to, Bytes: make([]byte, 0, len(f.request))}
	}
	return f
}

// requestFor is the first packet of a client that has such a token.
func requestFor(t testing.TB, cfg netcode.MintConfig) []byte {
	t.Helper()
	cfg.ClientID = 7
	now := time.Now()
	token, err := netcode.Mint(now, cfg)
	must(t, err)
	c, err := netcode.NewClient(0, now.Unix(), token, netcode.ClientConfig{})
	must(t, err)
	request, _, ok := c.NextDatagram(nil)
	if !ok {
		t.Fatal("no request")
	}
	return request
}

// garbage makes a datagram of random bytes.
func (f *flooder) garbage(b []byte) []byte {
	at := f.r.IntN(len(f.noise) - 200)
	return append(b, f.noise[at:at+1+f.r.IntN(200)]...)
}

// forged makes a request with a token that nobody minted.
func (f *flooder) forged(b []byte) []byte {
	b = append(b[:0], f.request...)
	at := f.r.IntN(len(f.noise) - 24)
	copy(b[30:], f.noise[at:at+24])        // the nonce
	copy(b[len(b)-16:], f.noise[at:at+16]) // the tag
	return b
}

// send sends a batch of what kind makes.
func (f *flooder) send(n int, kind func([]byte) []byte) int {
	for i := range f.batch[:n] {
		f.batch[i].Bytes = kind(f.batch[i].Bytes[:0])
	}
	sent, _ := f.sockets[f.r.IntN(len(f.sockets))].Write(f.batch[:n])
	return sent
}

// start sends at the given rates until stop.
func (f *flooder) start(garbage, forged int) {
	share := (garbage + forged) / forged
	go func() {
		began, batches, sent := time.Now(), 0, uint64(0)
		for {
			select {
			case <-f.quit:
				f.done <- sent
				return
			default:
			}
			if due := int(time.Since(began).Seconds() * float64(garbage+forged)); due < batches*len(f.batch) {
				time.Sleep(200 * time.Microsecond)
				continue
			}
			kind := f.garbage
			if batches%share == 0 {
				kind = f.forged
			}
			sent += uint64(f.send(len(f.batch), kind))
			batches++
		}
	}()
}

func (f *flooder) stop() uint64 {
	close(f.quit)
	return <-f.done
}

// BenchmarkRejected is what a datagram costs the server that it does not want: to be read,
// judged and counted, as a multiple of what reading it alone takes, with the socket
// that the server has.
func BenchmarkRejected(b *testing.B) {
	for _, c := range []struct {
		name string
		kind func(f *flooder, known []byte) func([]byte) []byte
	}{
		{"garbage", func(f *flooder, _ []byte) func([]byte) []byte { return f.garbage }},
		{"forged", func(f *flooder, _ []byte) func([]byte) []byte { return f.forged }},
		{"known", func(_ *flooder, known []byte) func([]byte) []byte {
			return func(b []byte) []byte { return append(b, known...) }
		}},
	} {
		b.Run(c.name, func(b *testing.B) { benchRejected(b, c.kind) })
	}
}

func benchRejected(b *testing.B, kind func(f *flooder, known []byte) func([]byte) []byte) {
	srv := benchServer(b)
	defer srv.Close()
	bare, err := udp.Listen("127.0.0.1:0")
	must(b, err)
	defer bare.Close()
	token, err := srv.DevToken(1)
	must(b, err)
	tokens, err := netcode.ParseTokenList(token)
	must(b, err)
	c, err := netcode.NewClient(0, time.Now().Unix(), tokens[0], netcode.ClientConfig{})
	must(b, err)
	known, _, _ := c.NextDatagram(nil)
	f := newFlooder(b, srv.PublicAddresses()[0], 8)
	next := kind(f, known)
	in := make([]transport.Datagram, 64)
	const batches = 4
	var alone, judged []time.Duration
	fill := func(to netip.AddrPort) {
		for i := range f.batch {
			f.batch[i].Path = transport.PathTo(to)
		}
		for range batches {
			f.send(len(f.batch), next)
		}
	}
	for b.Loop() {
		fill(bare.LocalAddr())
		began := time.Now()
		for n := 1; n > 0; {
			n, err = bare.Read(in)
			must(b, err)
		}
		alone = append(alone, time.Since(began))
		fill(srv.PublicAddresses()[0])
		began = time.Now()
		srv.Service(began)
		judged = append(judged, time.Since(began))
	}
	per := float64(batches * len(f.batch))
	slices.Sort(alone)
	slices.Sort(judged)
	a, j := float64(alone[len(alone)/2])/per, float64(judged[len(judged)/2])/per
	b.ReportMetric(a, "ns-bare")
	b.ReportMetric(j, "ns-judged")
	b.ReportMetric(j/a, "x-bare")
}
