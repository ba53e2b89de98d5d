//go:build !js

package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/tickwire/tickwire/transport"
)

func receiveWithin(t *testing.T, s *webtransport.Session) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := s.ReceiveDatagram(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustDialWT(s *sharedPort) *webtransport.Session {
	s.t.Helper()
	session, err := s.dialWT(wtPath)
	if err != nil {
		s.t.Fatal(err)
	}
	return session
}

// TestWebTransport: a session carries datagrams up to the size that it says, both ways, is an
// association with the address of its peer, and ends when the peer ends it.
func TestWebTransport(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	session := mustDialWT(s)
	if err := session.SendDatagram([]byte("first")); err != nil {
		t.Fatal(err)
	}
	receiveWithin(t, session)
	s.board.mu.Lock()
	var a *association
	for _, a = range s.board.open {
	}
	s.board.mu.Unlock()
	most := s.board.MaxDatagram(a.path)
	if a.path.Kind != transport.KindWebTransport || !a.path.Remote.Addr().IsLoopback() || most < transport.MinDatagram {
		t.Errorf("its path is %v, and carries %d bytes", a.path, most)
	}
	t.Logf("it carries %d bytes", most)
	for _, n := range []int{1, 100, most} {
		if err := session.SendDatagram(bytes.Repeat([]byte{byte(n)}, n)); err != nil {
			t.Fatal(err)
		}
		if got := receiveWithin(t, session); len(got) != n || got[0] != byte(n) {
			t.Errorf("%d bytes came back as %d", n, len(got))
		}
	}
	a.setMaxDatagram(bufferRoom) // as if the path had become smaller since
	s.board.Write([]transport.Datagram{{Path: a.path, Bytes: make([]byte, most+sessionTag)}})
	eventually(t, "it finds out what the path carries", func() bool { return s.board.MaxDatagram(a.path) == most && a.count.tooLarge.Load() == 1 })
	if err := session.CloseWithError(0, "enough"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the association ends", func() bool { return s.board.counts[kindIndex(transport.KindWebTransport)].stats().Open == 0 })
}

// TestWebTransportSaysWhy: who is not let in, or sent away, learns code and reason, and his connection
// does not stay.
func TestWebTransportSaysWhy(t *testing.T) {
	s := newSharedPort(t, limits{players: 1})
	s.echo()
	first := mustDialWT(s)
	eventually(t, "the first is in", func() bool { return s.board.counts[kindIndex(transport.KindWebTransport)].stats().Open == 1 })
	wantEnd(t, mustDialWT(s), CodeFull, "no room for another browser player (1)")
	s.board.mu.Lock()
	var at transport.Path
	for _, a := range s.board.open {
		at = a.path
	}
	s.board.mu.Unlock()
	s.board.End(at)
	wantEnd(t, first, CodeNormal, "")
	why := "pages of this origin may not play here"
	s.refuse.Store(&why)
	if _, err := s.dialWT(wtPath); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("another origin: %v", err)
	}
	if _, err := s.dialWT("/elsewhere"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("another path: %v", err)
	}
}

func wantEnd(t *testing.T, s *webtransport.Session, code int, reason string) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		_, err := s.ReceiveDatagram(ctx)
		cancel()
		if err == nil {
			continue
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("it does not end")
			return
		}
		break
	}
	_, err := s.AcceptStream(t.Context())
	var end *webtransport.SessionError
	if !errors.As(err, &end) || int(end.ErrorCode) != code || !strings.Contains(end.Message, reason) {
		t.Errorf("it ends with %v, want %d and %q", err, code, reason)
	}
}

// TestSettings: the server says all that some browser wants to read before it asks for a session: Chromium that there are
// any (draft 2), Safari how many, and limits of their streams (draft 14, section 9.2).
func TestSettings(t *testing.T) {
	s := newSharedPort(t, limits{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	trusting := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{http3.NextProtoH3}}
	conn, err := quic.DialAddr(ctx, s.port.LocalAddr().String(), trusting, quicConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer endQUIC(conn, "")
	client := (&http3.Transport{EnableDatagrams: true}).NewClientConn(conn)
	within(t, "its settings", client.ReceivedSettings())
	said := client.Settings()
	if !said.EnableDatagrams || !said.EnableExtendedConnect {
		t.Errorf("%+v", said)
	}
	for _, id := range []uint64{0x2b603742, 0x14e9cd29, 0x2b61, 0x2b64, 0x2b65} {
		if said.Other[id] == 0 {
			t.Errorf("nothing of %#x: %v", id, said.Other)
		}
	}
}

// TestFloods: floods that look like QUIC, DTLS and checks of ICE hold a bounded number of connections
// for some seconds, and browsers get in and play beside them.
func TestFloods(t *testing.T) {
	s := newSharedPort(t, limits{})
	s.echo()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.port.LocalAddr()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stop := make(chan struct{})
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		long, record, check := quicLong(), dtlsRecord(22, 100), stunFor("nobody")
		for i := uint64(0); ; i++ {
			binary.BigEndian.PutUint64(long[6:], i) // another connection each time
			select {
			case <-stop:
				return
			default:
			}
			for _, b := range [][]byte{long, record, check} {
				_, _ = conn.Write(b)
			}
			time.Sleep(20 * time.Microsecond)
		}
	}()
	session := mustDialWT(s)
	c, _ := s.dialRTC()
	byQUIC := make(chan []byte, 4096)
	go func() {
		for b, err := session.ReceiveDatagram(t.Context()); err == nil; b, err = session.ReceiveDatagram(t.Context()) {
			byQUIC <- b
		}
	}()
	for range 100 {
		sayUntilHeard(t, "QUIC", session.SendDatagram, byQUIC)
		sayUntilHeard(t, "SCTP", c.dc.Send, c.got)
	}
	close(stop)
	<-flooded
	if s.d.count.quicLong.Load() < 100 || s.d.count.strangers.Load() < 100 || s.port.nobodys.Load() < 100 {
		t.Errorf("there was no flood: %d, %d, %d", s.d.count.quicLong.Load(), s.d.count.strangers.Load(), s.port.nobodys.Load())
	}
	if n := s.wt.pending.Load(); n == 0 || n > quicWary {
		t.Errorf("strangers who did not prove their address hold %d connections, want at most %d", n, quicWary)
	}
}

// sayUntilHeard says it until it comes back: a flood may fill the port's buffer, and what comes then is lost.
func sayUntilHeard(t *testing.T, what string, say func([]byte) error, got <-chan []byte) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		if err := say([]byte(what)); err != nil {
			t.Fatal(err)
		}
		select {
		case b := <-got:
			if string(b) != what {
				t.Errorf("%q came back as %q", what, b)
			}
			return
		case <-time.After(time.Second):
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come back", what)
		}
	}
}

// TestQUICWithoutSession: who opens connections and asks for no session holds a bounded number of
// them, and up nobody who comes from elsewhere.
func TestQUICWithoutSession(t *testing.T) {
	t.Parallel()
	s := newSharedPort(t, limits{}, func(s *sharedPort) { s.wt.waits = time.Hour })
	s.echo()
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h3"}}
	held := 0
	for range 2 * (quicWary + quicPerSource) {
		c, err := quic.DialAddr(t.Context(), s.port.LocalAddr().String(), config, nil)
		if err != nil {
			continue
		}
		held++
		t.Cleanup(func() { _ = c.CloseWithError(0, "") })
	}
	if want := quicWary + quicPerSource; held != want || s.wt.refused.Load() == 0 {
		t.Errorf("one address holds %d connections, want %d; %d were refused", held, want, s.wt.refused.Load())
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 9)})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := &quic.Transport{Conn: conn}
	t.Cleanup(func() { _ = elsewhere.Close(); _ = conn.Close() })
	c, err := elsewhere.Dial(t.Context(), net.UDPAddrFromAddrPort(s.port.LocalAddr()), config, nil)
	if err != nil {
		t.Fatalf("from elsewhere: %v", err)
	}
	_ = c.CloseWithError(0, "")
	s.wt.sources.mu.Lock()
	defer s.wt.sources.mu.Unlock()
	if n := len(s.wt.sources.from); n > 2 {
		t.Errorf("%d sources are remembered", n)
	}
}

// TestStreamsWithoutEnd: who opens streams and sends headers without end has a few of those, and no more in memory than a window.
func TestStreamsWithoutEnd(t *testing.T) {
	s := newSharedPort(t, limits{})
	config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h3"}}
	c, err := quic.DialAddr(t.Context(), s.port.LocalAddr().String(), config, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseWithError(0, "")
	var limit *quic.StreamLimitReachedError
	for n := range quicUniStreams + 1 {
		if _, err := c.OpenUniStream(); errors.As(err, &limit) != (n == quicUniStreams) {
			t.Errorf("stream %d to one side: %v", n, err)
		}
	}
	var request *quic.Stream
	for n := range quicStreams + 1 {
		stream, err := c.OpenStream()
		if errors.As(err, &limit) != (n == quicStreams) {
			t.Errorf("stream %d to both sides: %v", n, err)
		}
		if n == 0 {
			request = stream
		}
	}
	_ = request.SetWriteDeadline(time.Now().Add(patience))
	headers := make([]byte, 1<<20)
	copy(headers, []byte{0x01, 0x80, 0x0f, 0xff, 0xfb}) // HEADERS of a MiB (RFC 9114, section 7.2.2)
	if n, err := request.Write(headers); err == nil || n > 2*quicWindow || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes of headers were taken: %v", n, err)
	}
}

// TestQUICThatFails: who has one handshake after the other fail costs no more of them than who has as many under way.
func TestQUICThatFails(t *testing.T) {
	t.Parallel()
	fail := func(s *sharedPort, times int) {
		t.Helper()
		config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"of nobody"}}
		for range times {
			if c, err := quic.DialAddr(t.Context(), s.port.LocalAddr().String(), config, nil); err == nil {
				_ = c.CloseWithError(0, "")
				t.Error("a handshake did not fail")
			}
		}
	}
	const most = quicWary + quicPerSource
	s := newSharedPort(t, limits{}, func(s *sharedPort) {
		if s.wt.counts != quicShake {
			t.Errorf("one that failed counts for %v, want %v", s.wt.counts, quicShake)
		}
		s.wt.counts = time.Hour
	})
	fail(s, most+20)
	if pending, n := s.wt.pending.Load(), s.wt.refused.Load(); pending != most || n < 20 {
		t.Errorf("%d of %d count, want %d; %d were refused, want 20", pending, most+20, most, n)
	}
	s = newSharedPort(t, limits{}, func(s *sharedPort) { s.wt.counts = 100 * time.Millisecond })
	s.echo()
	fail(s, 20)
	eventually(t, "none of them counts", func() bool { return s.wt.pending.Load() == 0 })
	session := mustDialWT(s)
	if err := session.SendDatagram([]byte("QUIC")); err != nil {
		t.Fatal(err)
	}
	receiveWithin(t, session)
}
