package tickwire_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/transport/udp"
)

// The benchmarks share one core with the peer, as a machine full of games does:
//
//	go test -c -o /tmp/tickwire.test . && taskset -c 0 /tmp/tickwire.test -test.run '^$' -test.bench .

// pinned reports whether the process has a core of its own, as above: only then do the
// benchmarks insist on what they measure.
func pinned() bool { return runtime.GOMAXPROCS(0) == 1 }

var flood = tickwire.NewRawChannel(tickwire.ChannelConfig{ID: 3, Delivery: tickwire.ReliableUnordered})

func benchConfig() tickwire.Config {
	cfg := config()
	cfg.Channels = tickwire.Channels(inputs, chat, flood)
	for _, ch := range allChannels {
		cfg.Channels = append(cfg.Channels, ch)
	}
	return cfg
}

// benchServer listens on loopback in development mode.
func benchServer(t testing.TB) *tickwire.Server {
	t.Helper()
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	srv, err := tickwire.Listen(tickwire.ServerConfig{Config: benchConfig(), Development: true, KeepSeats: time.Minute}, socket)
	must(t, err)
	return srv
}

func benchClient(t testing.TB) *tickwire.Client {
	t.Helper()
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	client, err := tickwire.NewClient(tickwire.ClientConfig{Config: benchConfig()}, socket)
	must(t, err)
	return client
}

func benchSession(t testing.TB, token []byte) *tickwire.Session {
	t.Helper()
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	s, err := tickwire.Dial(t.Context(), tickwire.ClientConfig{Config: benchConfig()}, token, socket)
	must(t, err)
	return s
}

// tickPair is a server and a connected client that one goroutine drives.
type tickPair struct {
	srv    *tickwire.Server
	client *tickwire.Client
	conn   *tickwire.Conn // the client's
	player *tickwire.Conn // the server's
}

func newTickPair(t testing.TB) *tickPair {
	t.Helper()
	p := &tickPair{srv: benchServer(t), client: benchClient(t)}
	p.connect(t)
	return p
}

// connect drives both until they are connected.
func (p *tickPair) connect(t testing.TB) {
	t.Helper()
	token, err := p.srv.DevToken(1)
	must(t, err)
	p.conn, err = p.client.Connect(token)
	must(t, err)
	for end := time.Now().Add(patience); p.player == nil; p.step() {
		for c := range p.srv.Conns() {
			p.player = c
		}
		if time.Now().After(end) {
			t.Fatalf("not connected: %v", p.conn.Reason())
		}
	}
}

// step lets both have a turn.
func (p *tickPair) step() {
	p.client.Flush(time.Now())
	p.srv.Update(time.Now())
	p.srv.Flush(time.Now())
	p.client.Update(time.Now())
}

func (p *tickPair) close() {
	p.client.Close()
	p.srv.Close()
}

// barePing measures n round trips of 64 bytes over two UDP sockets of package net.
func barePing(t testing.TB, n int) []time.Duration {
	t.Helper()
	listen := func() *net.UDPConn {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		must(t, err)
		return c
	}
	server, client := listen(), listen()
	defer client.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			server.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	to := server.LocalAddr().(*net.UDPAddr).AddrPort()
	buf := make([]byte, 64)
	times := make([]time.Duration, n)
	for i := range times {
		began := time.Now()
		_, err := client.WriteToUDPAddrPort(buf, to)
		must(t, err)
		_, _, err = client.ReadFromUDPAddrPort(buf)
		must(t, err)
		times[i] = time.Since(began)
	}
	server.Close()
	<-done
	return times
}

func percentiles(times []time.Duration) (p50, p99 float64) {
	slices.Sort(times)
	us := func(share int) float64 { return float64(times[len(times)*share/100]) / 1e3 }
	return us(50), us(99)
}

// sharedPing measures n times how long a reliable message of 64 bytes takes from Send of a
// Session until it is Delivered to a Hub.
func sharedPing(t testing.TB, n int, start, stop func()) []time.Duration {
	t.Helper()
	hub := tickwire.NewHub(benchServer(t))
	defer hub.Close()
	go func() {
		for range hub.Events(context.Background()) {
		}
	}()
	token, err := hub.DevToken(1)
	must(t, err)
	s := benchSession(t, token)
	defer s.Close()
	message, times := make([]byte, 64), make([]time.Duration, 0, n)
	var began time.Time
	send := func() {
		began = time.Now()
		_, err := s.Conn().SendWith(3, message, tickwire.SendOptions{Receipt: true})
		must(t, err)
	}
	start()
	send()
	for ev := range s.Events(t.Context()) {
		if ev.Kind == tickwire.Delivered {
			if times = append(times, time.Since(began)); len(times) == n {
				break
			}
			send()
		}
	}
	stop()
	return times
}

// BenchmarkPing is sharedPing beside bare UDP in the same run.
func BenchmarkPing(b *testing.B) {
	b.ReportAllocs()
	p50, p99 := percentiles(sharedPing(b, b.N, b.ResetTimer, b.StopTimer))
	bare, _ := percentiles(barePing(b, max(b.N, 1000)))
	b.ReportMetric(p50, "p50-µs")
	b.ReportMetric(p99, "p99-µs")
	b.ReportMetric(bare, "bare-p50-µs")
	b.ReportMetric(p50/bare, "x-bare")
	if pinned() && b.N >= 1000 && (p50 > 100 || p50 > 2.5*bare) {
		b.Errorf("p50 is %.1f µs where bare UDP takes %.1f: at most 100 µs and 2.5 times as much are promised", p50, bare)
	}
}

// BenchmarkFlood is what a reliable message of 32 bytes costs both ends together.
func BenchmarkFlood(b *testing.B) {
	p := newTickPair(b)
	defer p.close()
	message := make([]byte, 32)
	b.ReportAllocs()
	b.ResetTimer()
	for sent, got := 0, 0; got < b.N; {
		for ; sent < b.N && sent-got < 1000 && p.conn.Send(3, message) == nil; sent++ {
		}
		p.step()
		for range p.player.Receive(3) {
			got++
		}
	}
}

// BenchmarkThousand is what one tick costs a server with a thousand silent players.
func BenchmarkThousand(b *testing.B) {
	w := newWorld(b)
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { cfg.MaxClients = 1000 })
	bots := w.join(func(cfg *tickwire.ClientConfig) { cfg.WireIDBytes = 2 })
	for player := range uint64(1000) {
		w.dial(bots, srv, player+1)
		if player%50 == 49 {
			w.run(100*time.Millisecond, nil)
		}
	}
	w.until("connected", func() bool { return len(players(srv)) == 1000 })
	w.run(time.Second, nil)
	now := w.nw.Now()
	b.ReportAllocs()
	for b.Loop() {
		srv.Update(now)
		for range srv.Conns() {
		}
		srv.Flush(now)
		srv.Service(now)
	}
}

// BenchmarkBroadcast sends one message to many, in turn by Broadcast and by a loop of Send, and
// measures what a receiver costs the server: to be queued, and with all until its packet is
// sealed and handed to the socket. What the network and the players do is not measured. Of all
// turns the best counts: a machine has other things to do.
func BenchmarkBroadcast(b *testing.B) {
	for _, receivers := range []int{1, 500} {
		for _, size := range []int{32, 1000} {
			b.Run(fmt.Sprintf("receivers=%d/bytes=%d", receivers, size), func(b *testing.B) {
				benchBroadcast(b, receivers, make([]byte, size))
			})
		}
	}
}

func benchBroadcast(b *testing.B, receivers int, message []byte) {
	w := newWorld(b)
	channels := func(cfg *tickwire.Config) {
		cfg.Channels = tickwire.Channels(flood)
		cfg.Controller = func() endpoint.Controller { return steady(1 << 30) }
	}
	srv := w.serve(w.address(), func(cfg *tickwire.ServerConfig) { channels(&cfg.Config); cfg.MaxClients = 1000 })
	bots := w.join(func(cfg *tickwire.ClientConfig) { channels(&cfg.Config); cfg.WireIDBytes = 2 })
	for player := range uint64(receivers) {
		w.dial(bots, srv, player+1)
		if player%50 == 49 {
			w.run(100*time.Millisecond, nil)
		}
	}
	w.until("connected", func() bool { return len(players(srv)) == receivers })
	queued, sealed := [2]time.Duration{time.Hour, time.Hour}, [2]time.Duration{time.Hour, time.Hour}
	ways := [2]func(){
		func() { must(b, flood.Broadcast(srv, nil, message, tickwire.SendOptions{}, nil)) },
		func() {
			for c := range srv.Conns() {
				must(b, flood.Send(c, message))
			}
		},
	}
	for b.Loop() {
		for i, send := range ways {
			began := time.Now()
			send()
			queued[i] = min(queued[i], time.Since(began))
			srv.Flush(w.nw.Now())
			sealed[i] = min(sealed[i], time.Since(began))
			w.run(time.Second/10, func() bool {
				for c := range bots.Conns() {
					for range flood.Receive(c) {
					}
				}
				return false
			})
		}
	}
	for i, name := range []string{"Broadcast", "Send"} {
		b.ReportMetric(float64(queued[i])/float64(receivers), "ns-queued/"+name)
		b.ReportMetric(float64(sealed[i])/float64(receivers), "ns-sealed/"+name)
	}
	b.ReportMetric(float64(queued[0])/float64(queued[1]), "x-queued")
	b.ReportMetric(float64(sealed[0])/float64(sealed[1]), "x-sealed")
}
