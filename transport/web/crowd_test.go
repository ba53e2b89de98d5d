//go:build !js

package web

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/webrtc/v4"

	"github.com/tickwire/tickwire/transport"
)

// crowdOf says in the environment that this process is a crowd of players: by which transport, how
// many, and where. What they cost is not to be counted as the server's.
const crowdOf = "TICKWIRE_WEB_CROWD"

func TestMain(m *testing.M) {
	if of := os.Getenv(crowdOf); of != "" {
		if err := crowd(of); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// crowd plays until its standard input ends. A line says that all have come.
func crowd(of string) error {
	var kind, url string
	var players int
	if _, err := fmt.Sscan(of, &kind, &players, &url); err != nil {
		return err
	}
	one := map[string]func(url string) (player, error){
		"websocket": joinWebSocket, "webrtc": joinRTC, "webtransport": joinWT,
		"silent": strangerSilent, "idle": strangerIdle, "want": strangerWants, "quic": strangerQUIC, "session": strangerSession,
	}[kind]
	if junk, ok := strings.CutPrefix(kind, "junk-"); ok {
		one = func(url string) (player, error) { return strangerSends(junk, url) }
	}
	if again, ok := strings.CutPrefix(kind, "churn-"); ok {
		one = func(url string) (player, error) { return strangerChurns(again, url) }
	}
	over := make(chan struct{})
	come, failed := make(chan struct{}), make(chan error)
	var left sync.WaitGroup
	door := make(chan struct{}, 8) // so many come at a time
	for range players {
		left.Go(func() {
			door <- struct{}{}
			p, err := one(url)
			<-door
			if err != nil {
				failed <- err
				return
			}
			come <- struct{}{}
			p.play(over)
		})
	}
	for range players {
		select {
		case <-come:
		case err := <-failed:
			return err
		}
	}
	fmt.Println("all have come")
	_, _ = io.Copy(io.Discard, os.Stdin)
	close(over)
	left.Wait()
	time.Sleep(100 * time.Millisecond) // what they said last is on its way
	return nil
}

// A player is one of a crowd.
type player struct {
	say   func([]byte) error
	leave func()
}

// play says something now and then until it is over.
func (p player) play(over <-chan struct{}) {
	for {
		_ = p.say([]byte("a move of a player")) // the server counts what comes
		select {
		case <-over:
			p.leave()
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// signalsOf opens a WebSocket and reads the first signal.
func signalsOf(url string) (*websocket.Conn, signal, error) {
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	options := &websocket.DialOptions{Subprotocols: []string{Subprotocol}, HTTPClient: trusting}
	ws, _, err := websocket.Dial(context.Background(), url, options)
	if err != nil {
		return nil, signal{}, err
	}
	m, err := nextSignal(context.Background(), ws)
	return ws, m, err
}

// joinWebSocket stays on the WebSocket.
func joinWebSocket(url string) (player, error) {
	ws, _, err := signalsOf(url)
	if err != nil {
		return player{}, err
	}
	go func() {
		for {
			if _, _, err := ws.Read(context.Background()); err != nil {
				return
			}
		}
	}()
	say := func(b []byte) error { return ws.Write(context.Background(), websocket.MessageBinary, b) }
	return player{say, func() { _ = ws.CloseNow() }}, nil
}

func nextSignal(ctx context.Context, ws *websocket.Conn) (signal, error) {
	_, b, err := ws.Read(ctx)
	if err != nil {
		return signal{}, err
	}
	return consumeSignal(b)
}

// joinRTC opens a data channel, without the WebSocket that it was made by.
func joinRTC(url string) (player, error) {
	ws, _, err := signalsOf(url)
	if err != nil {
		return player{}, err
	}
	defer ws.CloseNow()
	_ = ws.Write(context.Background(), websocket.MessageText, []byte(`{"want":{"transport":"webrtc"}}`))
	m, err := nextSignal(context.Background(), ws)
	if err != nil || m.Offer == nil {
		return player{}, fmt.Errorf("no offer: %v, %v", m.Refused, err)
	}
	c, answer, err := answerOffer(m.Offer.SDP)
	if err != nil {
		return player{}, err
	}
	b := appendSignal(nil, &signal{Answer: &sdpSignal{m.Offer.ID, answer}})
	if err := ws.Write(context.Background(), websocket.MessageText, b); err != nil {
		return player{}, err
	}
	answered := make(chan struct{}, 1)
	c.dc.OnMessage(func(webrtc.DataChannelMessage) {
		select {
		case answered <- struct{}{}:
		default:
		}
	})
	c.dc.OnOpen(func() { _ = c.dc.Send([]byte("here")) })
	select {
	case <-answered: // so it is open at the server, too, and lasts without the WebSocket
		return player{c.dc.Send, func() { _ = c.conn.Close() }}, nil
	case <-time.After(20 * time.Second):
		return player{}, fmt.Errorf("no data channel: %v", c.conn.ConnectionState())
	}
}

// joinWT opens a session, likewise.
func joinWT(url string) (player, error) {
	ws, m, err := signalsOf(url)
	if err != nil {
		return player{}, err
	}
	defer ws.CloseNow()
	o := m.Hello.WebTransport
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "ws://"), ":")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s, err := dialSession(ctx, o.url(host), o.Hashes)
	if err != nil {
		return player{}, err
	}
	go func() {
		for {
			if _, err := s.ReceiveDatagram(context.Background()); err != nil {
				return
			}
		}
	}()
	return player{s.SendDatagram, func() { _ = s.CloseWithError(0, "") }}, nil
}

// What a player may cost; the documentation of the package says so.
const (
	goroutinesPerPlayer, bytesPerPlayer   = 2, 24 << 10 // by a WebSocket
	bytesPerTLSPlayer                     = 32 << 10
	goroutinesPerChannel, bytesPerChannel = 18, 192 << 10
	goroutinesPerSession, bytesPerSession = 13, 128 << 10
)

// TestLongCost: goroutines and memory of players who have come from another process, and play, and have left.
func TestLongCost(t *testing.T) {
	made, err := makeCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	secure := Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &made.tls, nil }}
	for _, c := range []struct {
		name, kind string
		cfg        Config
		goroutines float64
		bytes      int
		of         func(Stats) KindStats
	}{
		{"websocket", "websocket", Config{}, goroutinesPerPlayer, bytesPerPlayer, func(s Stats) KindStats { return s.WebSocket }},
		{"tls", "websocket", secure, goroutinesPerPlayer, bytesPerTLSPlayer, func(s Stats) KindStats { return s.WebSocket }},
		{"channel", "webrtc", Config{}, goroutinesPerChannel, bytesPerChannel, func(s Stats) KindStats { return s.WebRTC }},
		{"session", "webtransport", Config{}, goroutinesPerSession, bytesPerSession, func(s Stats) KindStats { return s.WebTransport }},
	} {
		t.Run(c.name, func(t *testing.T) { costOfCrowd(t, c.kind, c.cfg, c.goroutines, c.bytes, c.of) })
	}
}

// crowdPipes are the goroutines that a process of players takes here.
const crowdPipes = 1

func costOfCrowd(t *testing.T, kind string, cfg Config, mostGoroutines float64, mostBytes int, of func(Stats) KindStats) {
	const players = 100
	cfg.MaxPerAddress = -1
	s := listen(t, cfg)
	answerAll(s)
	leave := bring(t, s.URL(), kind, 2) // what is made once
	leave()
	eventually(t, "the first have left", func() bool { return of(s.Stats()).Open == 0 })
	time.Sleep(time.Second) // quic-go remembers closed connections for a moment
	bytes, goroutines := used()
	leave = bring(t, s.URL(), kind, players)
	eventually(t, "all have played", func() bool { return of(s.Stats()).Sent > 10*players })
	bytesNow, goroutinesNow := used()
	each := func() float64 { return float64(goroutinesNow-crowdPipes-goroutines) / players }
	memory := func() int { return (bytesNow - bytes) / players }
	spent := func() bool { return each() > mostGoroutines || memory() > mostBytes }
	for deadline := time.Now().Add(20 * time.Second); spent() && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		bytesNow, goroutinesNow = used() // without what is of a moment, as of a timer that fires, or waits for a busy machine
	}
	t.Logf("%d players: %.2f goroutines and %d bytes each", players, each(), memory())
	if each() > mostGoroutines {
		t.Errorf("%.2f goroutines for a player, want %.0f at most", each(), mostGoroutines)
	}
	if memory() > mostBytes {
		t.Errorf("%d bytes for a player, want %d at most", memory(), mostBytes)
	}
	leave()
	for deadline := time.Now().Add(4 * quicIdle); ; time.Sleep(100 * time.Millisecond) {
		if bytesNow, goroutinesNow = used(); goroutinesNow <= goroutines+2 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("they left %d goroutines behind", goroutinesNow-goroutines)
		}
	}
	t.Logf("and %d bytes each when they have left", (bytesNow-bytes)/players)
}

// answerAll sends a state of 200 bytes for each datagram that comes, until the socket closes.
func answerAll(s *Socket) {
	go func() {
		ds, state := make([]transport.Datagram, 64), make([]byte, 200)
		for {
			if _, err := s.Wait(time.Time{}); err != nil {
				return
			}
			n, err := s.Read(ds)
			if err != nil {
				return
			}
			_ = s.Ended(nil)
			for i := range ds[:n] {
				ds[i].Bytes = state
			}
			_, _ = s.Write(ds[:n])
		}
	}()
}

// bring starts a crowd, and returns when all have come. The function that it returns ends it.
func bring(t *testing.T, url, kind string, players int) (leave func()) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s", crowdOf, kind, players, url))
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
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "all have come\n" {
		t.Fatalf("the crowd says %q, %v", line, err)
	}
	return func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
}
