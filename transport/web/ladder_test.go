//go:build !js

package web

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/quic-go/webtransport-go"

	"github.com/tickwire/tickwire/transport"
)

// ending waits for a path to end, and returns why.
func ending(t *testing.T, s interface {
	transport.Socket
	transport.Mortal
}, of transport.Path) error {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		for _, e := range s.Ended(nil) {
			if e.Path == of {
				return e.Reason
			}
		}
		if _, err := s.Wait(deadline); err != nil || time.Now().After(deadline) {
			t.Fatalf("%v has not ended: %v", of, err)
		}
		s.Read(nil)
	}
}

// waitRungs waits until the rungs are as they should be.
func waitRungs(t *testing.T, l *Ladder, what string, ok func([]transport.Path) bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got := l.Rungs(nil)
		if ok(got) && time.Now().Before(deadline) {
			return
		}
		if ready, err := l.Wait(deadline); !ready || err != nil {
			t.Fatalf("%s: the rungs are %v, %v", what, got, err)
		}
		l.Read(nil)
	}
}

// TestLadderComesBack: a WebSocket that was cut is opened again, as another path.
func TestLadderComesBack(t *testing.T) {
	s := listen(t, Config{})
	l := dial(t, s, DialConfig{})
	meet(t, s, l)
	first := l.Peer()
	l.Ended(nil)
	s.cut()
	if err := ending(t, l, first); err == nil {
		t.Error("no reason")
	}
	waitRungs(t, l, "after the cut", func(all []transport.Path) bool {
		return len(all) == 1 && all[0] != first && all[0] == l.Peer()
	})
	meet(t, s, l)
}

// TestNativeClimb: a client that is no browser climbs to WebTransport, whose certificate it takes for its
// hash; when that ends there is the WebSocket still, and another session after it. Without the WebSocket
// the session lives on.
func TestNativeClimb(t *testing.T) {
	s := listen(t, Config{})
	l, err := Dial(t.Context(), s.URL(), DialConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Ended(nil)
	climbed := func(all []transport.Path) bool { return len(all) == 2 && all[0].Kind == transport.KindWebTransport }
	waitRungs(t, l, "at first", climbed)
	first := l.Rungs(nil)[0]
	l.Write(datagrams(first, "by WebTransport"))
	path := one(t, s, "by WebTransport")
	if path.Kind != transport.KindWebTransport || first.Remote != s.LocalAddr() {
		t.Errorf("came by %v to %v", path, first.Remote)
	}
	s.End(path)
	if said, ok := errors.AsType[*CloseError](ending(t, l, first)); !ok || said.Code != CodeNormal {
		t.Errorf("told %v", said)
	}
	meet(t, s, l)
	waitRungs(t, l, "once more", climbed)
	again := l.Rungs(nil)[0]
	if l.Peer().Kind != transport.KindWebSocket {
		t.Errorf("a handshake goes by %v", l.Peer())
	}
	s.cut()
	waitRungs(t, l, "when the WebSocket is gone", func(all []transport.Path) bool { return len(all) == 1 && l.Peer() == again })
	waitRungs(t, l, "when the WebSocket was cut", func(all []transport.Path) bool { return climbed(all) && all[1].Association > again.Association })
	l.Write(datagrams(l.Peer(), "hello"))
	one(t, s, "hello")
	l.Write(datagrams(again, "still here"))
	one(t, s, "still here")
}

// TestUnusedLadder: one that nobody writes to, as after the end of a game, does not come back again and again when the server
// lets it go; when somebody writes it does.
func TestUnusedLadder(t *testing.T) {
	t.Parallel()
	s := listen(t, Config{})
	l := dial(t, s, DialConfig{})
	s.mu.Lock()
	for _, a := range s.open {
		go a.leave(CodeIdle, "nobody plays by this")
	}
	s.mu.Unlock()
	waitRungs(t, l, "once the server has let it go", func(all []transport.Path) bool { return len(all) == 0 })
	time.Sleep(6 * firstRedial)
	if n := s.Stats().WebSocket.Opened; n != 1 {
		t.Errorf("it has opened %d WebSockets", n)
	}
	l.Write(datagrams(l.Peer(), "is anybody there?"))
	waitRungs(t, l, "once more", func(all []transport.Path) bool { return len(all) > 0 && all[len(all)-1] == l.Peer() })
	meet(t, s, l)
}

// TestOtherCertificate: a certificate that nobody named is not taken.
func TestOtherCertificate(t *testing.T) {
	made, err := makeCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	der := made.tls.Certificate
	if err := isOneOf(der, [][]byte{make([]byte, 32), made.hash[:]}); err != nil {
		t.Error(err)
	}
	old, err := makeCertificate(time.Now().Add(-14 * 24 * time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"another":  isOneOf(der, [][]byte{make([]byte, 32)}),
		"none":     isOneOf(nil, [][]byte{made.hash[:]}),
		"that old": isOneOf(old.tls.Certificate, [][]byte{old.hash[:]}),
	} {
		if err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

// TestOtherCertificateAgain: who was known by a hash once is to have one of those that are told now, whatever sessions of TLS
// the caller's configuration keeps: what is resumed shows no certificate.
func TestOtherCertificateAgain(t *testing.T) {
	s := newSharedPort(t, limits{})
	l := &Ladder{cfg: DialConfig{TLS: &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4)}}}
	dial := func(hash [sha256.Size]byte) error {
		offer := &webTransportOffer{Port: int(s.port.LocalAddr().Port()), Path: wtPath, Hashes: [][]byte{hash[:]}}
		dialer := &webtransport.Transport{TLSClientConfig: l.trust(offer), QUICConfig: quicConfig()}
		_, session, err := dialer.Dial(t.Context(), offer.url("127.0.0.1"), nil)
		if err == nil {
			defer session.CloseWithError(0, "")
			if err := session.SendDatagram([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			receiveWithin(t, session) // a ticket would have come by now
		}
		return err
	}
	s.echo()
	hashes, err := s.cert.hashes()
	if err != nil {
		t.Fatal(err)
	}
	if err := dial(hashes[0]); err != nil {
		t.Fatal(err)
	}
	if err := dial([sha256.Size]byte{}); err == nil || !strings.Contains(err.Error(), errOtherCertificate.Error()) {
		t.Errorf("by another hash: %v", err)
	}
}

// TestGoingAway: a server that closes says so to its players, after what it had to say; and a Ladder
// finds the next one at its place.
func TestGoingAway(t *testing.T) {
	s := listen(t, Config{})
	l := dial(t, s, DialConfig{})
	l.Ended(nil)
	path, first := meet(t, s, l), l.Peer()
	s.Write(datagrams(path, "good night"))
	s.Close()
	said, ok := errors.AsType[*CloseError](ending(t, l, first))
	if !ok || *said != (CloseError{CodeGoingAway, "the server ends"}) {
		t.Errorf("told %v", said)
	}
	one(t, l, "good night")
	again, err := Listen(s.LocalAddr().String(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	waitRungs(t, l, "at the next server", func(all []transport.Path) bool { return len(all) == 1 })
	meet(t, again, l)
}

// TestCloseIsSoon: with nobody in the way Close waits for nothing.
func TestCloseIsSoon(t *testing.T) {
	again(t, func() error {
		s := listen(t, Config{})
		l := dial(t, s, DialConfig{})
		defer l.Close()
		s.Write(datagrams(meet(t, s, l), "good night"))
		began := time.Now()
		s.Close()
		if took := time.Since(began); took > closePatience/2 {
			return fmt.Errorf("closing took %v with nobody in the way", took)
		}
		return nil
	})
}

// TestEnd: an owner who needs a player no more has his WebSocket closed, after the last words.
func TestEnd(t *testing.T) {
	s := listen(t, Config{})
	l := dial(t, s, DialConfig{})
	l.Ended(nil)
	path, first := meet(t, s, l), l.Peer()
	s.Ended(nil)
	s.Write(datagrams(path, "you are out"))
	s.End(path)
	if said, ok := errors.AsType[*CloseError](ending(t, l, first)); !ok || said.Code != CodeNormal {
		t.Errorf("told %v", said)
	}
	one(t, l, "you are out")
	ending(t, s, path)
}

// TestRedialPace: of a server that ends each WebSocket at once a Ladder asks less and less often.
func TestRedialPace(t *testing.T) {
	t.Parallel()
	again(t, func() error { return redialPace(t) })
}

// redialPace says what was wrong: one that lived long, since nobody had a processor to end it, is no failure.
func redialPace(t *testing.T) error {
	came := make(chan time.Time, 64)
	rude := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Subprotocol}})
		if err != nil {
			return
		}
		came <- time.Now()
		_ = ws.Write(r.Context(), websocket.MessageText, appendSignal(nil, &signal{Hello: &helloSignal{}}))
		_ = ws.Close(CodeNormal, "")
	}))
	defer rude.Close()
	l, err := Dial(t.Context(), rude.URL, DialConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	last := within(t, "the first", came)
	for least := firstRedial * 3 / 4; least < 4*firstRedial; least *= 2 { // see sleep
		now := within(t, "the next", came)
		if waited := now.Sub(last); waited < least {
			return fmt.Errorf("it came again after %v, want %v or more", waited, least)
		}
		last = now
	}
	return nil
}

// TestBehindProxy: TLS may end in front of the server, which then knows its players by what a trusted proxy says.
func TestBehindProxy(t *testing.T) {
	s := listen(t, Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	inside, _ := url.Parse("http://" + s.LocalAddr().String())
	site := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(inside)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("X-Forwarded-For", "6.6.6.6, 198.51.100.7")
	}})
	defer site.Close()
	trust := site.Client().Transport.(*http.Transport).TLSClientConfig
	l, err := Dial(t.Context(), site.URL, DialConfig{TLS: trust, Origin: site.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if path := meet(t, s, l); path.Remote != netip.MustParseAddrPort("198.51.100.7:0") {
		t.Errorf("the player is at %v", path.Remote)
	}
}

// TestTLS: with a certificate the port speaks TLS, for pages and WebSockets.
func TestTLS(t *testing.T) {
	made, err := makeCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("the game")) })
	s := listen(t, Config{Handler: page, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &made.tls, nil }})
	if !strings.HasPrefix(s.URL(), "wss://") {
		t.Errorf("URL %s", s.URL())
	}
	if _, err := Dial(t.Context(), s.URL(), DialConfig{}); err == nil {
		t.Error("a certificate of nobody's was believed")
	}
	trust := &tls.Config{InsecureSkipVerify: true}
	l, err := Dial(t.Context(), s.URL(), DialConfig{TLS: trust})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	meet(t, s, l)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	answer, err := client.Get("https://" + s.LocalAddr().String() + "/index.html")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	defer client.CloseIdleConnections()
	if answer.StatusCode != http.StatusOK {
		t.Error(answer.Status)
	}
}

// TestDialFails: what is no server of this package is told apart.
func TestDialFails(t *testing.T) {
	site := httptest.NewServer(http.NotFoundHandler())
	defer site.Close()
	if _, err := Dial(t.Context(), site.URL, DialConfig{}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("of a site without a game: %v", err)
	}
	s := listen(t, Config{})
	s.Close()
	if _, err := Dial(t.Context(), s.URL(), DialConfig{}); err == nil {
		t.Error("of nobody: no error")
	}
	mute := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer mute.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, mute.URL, DialConfig{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of a server that says nothing: %v", err)
	}
}

// TestLaterHello: what the server offers later, such as the hash of its next certificate, is what is tried from then on, and at once.
func TestLaterHello(t *testing.T) {
	l := &Ladder{news: make(chan struct{}, 1), hello: &helloSignal{}}
	l.take([]byte("rubbish"))
	if len(l.news) != 0 {
		t.Error("rubbish is news")
	}
	l.take(appendSignal(nil, &signal{Hello: &helloSignal{WebRTC: true}}))
	if !l.hello.WebRTC || len(l.news) != 1 {
		t.Errorf("it knows %+v", l.hello)
	}
}

// TestBuffersGivenBack: of a burst's memory only so much is kept.
func TestBuffersGivenBack(t *testing.T) {
	var p buffers
	for range mostFree + 5 {
		p.give(new(buffer))
	}
	if n := len(p.free); n != mostFree {
		t.Errorf("%d buffers are kept, want %d", n, mostFree)
	}
}

// TestPeerCarriesAHandshake: a handshake goes by the WebSocket while that is there, and then by what is large enough; if nothing is, by
// the last that was.
func TestPeerCarriesAHandshake(t *testing.T) {
	l := new(Ladder)
	l.board.init(16, limits{})
	socket := l.fake(t, transport.KindWebSocket, newFakeConduit())
	l.peer = socket.path
	for range 10 {
		l.fake(t, transport.KindWebTransport, newFakeConduit()).setMaxDatagram(transport.MinDatagram - 1)
	}
	channel := l.fake(t, transport.KindWebRTC, newFakeConduit())
	for range 10 {
		if got := l.Peer(); got != socket.path {
			t.Fatalf("it goes by %v while there is a WebSocket", got)
		}
	}
	if all := l.Rungs(nil); len(all) != 12 || all[0].Association != channel.path.Association-1 || all[9].Association != socket.path.Association+1 {
		t.Errorf("the rungs are %v, want the newest of a kind first", all)
	}
	socket.ended(nil)
	if got := l.Peer(); got != channel.path {
		t.Errorf("without a WebSocket it goes by %v", got)
	}
	channel.ended(nil)
	if got := l.Peer(); got != channel.path {
		t.Errorf("without any it goes by %v", got)
	}
	l.shut(CodeNormal, "")
}
