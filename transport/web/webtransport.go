//go:build !js

package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/tickwire/tickwire/transport"
)

const (
	// quicPacket is how large our packets of QUIC are: what each path carries (RFC 9000, section 14). No
	// larger ones are tried, since the port is the game's, and keeps datagrams whole.
	quicPacket = 1200
	// quicShake and quicIdle are how long a browser may be silent, until there are keys and then.
	quicShake, quicIdle = 5 * time.Second, 30 * time.Second
	// sessionPatience is how long a browser with keys may take to ask for a session.
	sessionPatience = 10 * time.Second

	// quicHandshakes is how many connections may be without a session, those that failed within quicShake included; from
	// quicWary on an address has to prove itself before it costs anything (RFC 9000, section 8.1.2).
	quicHandshakes, quicWary = 256, 32
	// quicPerSource is how many of them may be of one address that has proved itself.
	quicPerSource = 32
	// quicStreams and quicUniStreams are what HTTP/3 needs: a request; control and two of QPACK. A few
	// more, for those that browsers open to grease.
	quicStreams, quicUniStreams = 4, 8
	// quicWindow is what a browser may send on streams before it is read.
	quicWindow = 32 << 10
	// mostHeader bounds the header of a request.
	mostHeader = 8 << 10

	// sessionGone is how long a browser has to read why its session ended.
	sessionGone = 300 * time.Millisecond
)

// A wtServer makes sessions of WebTransport with browsers.
type wtServer struct {
	board     *board
	origins   func(*http.Request) error
	path      string
	packets   *packetConn
	transport *quic.Transport
	listener  *quic.EarlyListener
	http      *webtransport.Server
	pending   atomic.Int64 // connections without a session
	refused   atomic.Uint64
	sources   quota         // of those, of who is proved
	counts    time.Duration // how long one that failed is among them, from its beginning
	waits     time.Duration // how long a browser with keys may take to ask for a session
	closing   context.Context
	cancel    context.CancelFunc
	serving   sync.WaitGroup
}

// newWTServer takes QUIC off the port of d, for sessions at a path. origins says why a page may not
// have one.
func newWTServer(b *board, d *diverter, local netip.AddrPort, path string, cert *tls.Config, origins func(*http.Request) error) (*wtServer, error) {
	w := &wtServer{board: b, origins: origins, path: path, packets: newPacketConn(d.envoy(), local), sources: quota{most: quicPerSource}, counts: quicShake, waits: sessionPatience}
	w.closing, w.cancel = context.WithCancel(context.Background())
	w.transport = &quic.Transport{
		Conn:                  w.packets,
		ConnectionIDGenerator: d.ids,
		VerifySourceAddress:   func(net.Addr) bool { return w.pending.Load() >= quicWary },
		ConnContext:           w.admit,
	}
	w.http = &webtransport.Server{
		H3: &http3.Server{
			Handler:        http.HandlerFunc(w.serve),
			MaxHeaderBytes: mostHeader,
			Logger:         slog.New(slog.DiscardHandler), // what strangers send is no news
		},
		CheckOrigin: func(*http.Request) bool { return true }, // serve has
		// Safari 26 begins no session where a server names no limits beside that of sessions, which ours is said to have
		// (draft-ietf-webtrans-http3-14, section 9.2). Datagrams have none.
		Config: &webtransport.Config{MaxIncomingStreams: quicStreams, MaxIncomingUniStreams: quicUniStreams, MaxIncomingData: quicWindow},
	}
	webtransport.ConfigureHTTP3Server(w.http.H3)
	var err error
	if w.listener, err = w.transport.ListenEarly(http3.ConfigureTLSConfig(cert), quicConfig()); err != nil {
		return nil, fmt.Errorf("web: WebTransport: %w", err)
	}
	d.quic = w.packets
	w.serving.Go(w.acceptAll)
	return w, nil
}

func quicConfig() *quic.Config {
	return &quic.Config{
		EnableDatagrams:                  true,
		EnableStreamResetPartialDelivery: true,
		HandshakeIdleTimeout:             quicShake,
		MaxIdleTimeout:                   quicIdle,
		MaxIncomingStreams:               quicStreams,
		MaxIncomingUniStreams:            quicUniStreams,
		InitialStreamReceiveWindow:       quicWindow,
		MaxStreamReceiveWindow:           quicWindow,
		InitialConnectionReceiveWindow:   2 * quicWindow,
		MaxConnectionReceiveWindow:       2 * quicWindow,
		InitialPacketSize:                quicPacket,
		DisablePathMTUDiscovery:          true,
	}
}

type quicComingKey struct{}

// A quicComing is a connection that has no session yet. It is settled when it has one, or has ended, and then not before
// one that is not gone on with would be: each costs a handshake, and would have another begin as soon as it fails.
type quicComing struct {
	began   time.Time
	settled sync.Once
	server  *wtServer
	from    source     // counted; zero: not proved
	conn    *quic.Conn // once it is served
}

// settle counts it no longer, and calls then if it had not been settled before.
func (p *quicComing) settle(then func()) {
	p.settled.Do(func() {
		p.server.pending.Add(-1)
		p.server.leave(p.from)
		then()
	})
}

// linger settles a connection that has ended.
func (p *quicComing) linger() {
	time.AfterFunc(time.Until(p.began.Add(p.server.counts)), func() { p.settle(nothing) })
}

func nothing() {}

// comingOf is what admit made of a connection.
func comingOf(ctx context.Context) *quicComing { return ctx.Value(quicComingKey{}).(*quicComing) }

var errQUICBusy = errors.New("web: too many connections without a session")

// admit lets a connection begin, which costs memory from here on.
func (w *wtServer) admit(ctx context.Context, who *quic.ClientInfo) (context.Context, error) {
	p := &quicComing{server: w, began: time.Now()}
	if a, ok := who.RemoteAddr.(*quicAddress); ok && who.AddrVerified { // another's address is nobody's fault
		p.from = sourceOf(transport.KindWebTransport, a.remote.Addr())
		if wait := w.board.rate.owes(w.board.now(), a.remote.Addr(), rateUnits); wait > 0 {
			w.board.refuse.tooOften.Add(1)
			return nil, tooOften(wait)
		}
	}
	if !w.come(p.from) {
		w.refused.Add(1)
		return nil, errQUICBusy
	}
	if w.pending.Add(1) > quicHandshakes {
		w.pending.Add(-1)
		w.leave(p.from)
		w.refused.Add(1)
		return nil, errQUICBusy
	}
	context.AfterFunc(ctx, p.linger)
	return context.WithValue(ctx, quicComingKey{}, p), nil
}

// come counts one of a source that is proved, unless there are too many; of the others there is no count.
func (w *wtServer) come(from source) bool { return from == (source{}) || w.sources.enter(from) }

func (w *wtServer) leave(from source) {
	if from != (source{}) {
		w.sources.leave(from)
	}
}

// acceptAll serves connections until the listener closes.
func (w *wtServer) acceptAll() {
	for {
		conn, err := w.listener.Accept(w.closing)
		if err != nil {
			return
		}
		go w.serveConn(conn)
	}
}

// serveConn serves one connection until it ends. One that asks for no session ends soon.
func (w *wtServer) serveConn(conn *quic.Conn) {
	coming := comingOf(conn.Context())
	coming.conn = conn
	late := time.AfterFunc(w.waits, func() {
		coming.settle(func() { endQUIC(conn, "no session was asked for") })
	})
	defer late.Stop()
	if err := w.http.ServeQUICConn(conn); err != nil {
		endQUIC(conn, "")
	}
}

func endQUIC(conn *quic.Conn, reason string) {
	_ = conn.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), reason)
}

// serve answers one request: for a session, and nothing else, and counts each as that. Whose is one too many stays among those
// without a session, as one who failed: his handshake has been paid for.
func (w *wtServer) serve(rw http.ResponseWriter, r *http.Request) {
	if err := w.board.begins(peerAt(r.RemoteAddr).Addr(), rateUnits); err != nil {
		sayTooOften(rw, err)
		return
	}
	switch err := w.origins(r); {
	case r.URL.Path != w.path || r.Method != http.MethodConnect:
		rw.WriteHeader(http.StatusNotFound)
		return
	case err != nil:
		rw.WriteHeader(http.StatusForbidden)
		return
	}
	session, err := w.http.Upgrade(rw, r)
	if err != nil {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	coming := comingOf(r.Context())
	defer coming.settle(nothing) // of one that is refused
	c := &wtConduit{session: session, stream: rw.(http3.HTTPStreamer).HTTPStream(), conn: coming.conn, flow: newQUICFlow()}
	a, err := w.board.newAssociation(transport.KindWebTransport, remoteOf(session), false, c.room(), c)
	if err != nil {
		c.refuse(err)
		return
	}
	coming.settle(nothing)
	c.association.Store(a)
	c.readAll(a)
}

// close ends all sessions, and takes no more.
func (w *wtServer) close() {
	w.cancel()
	_ = w.listener.Close()
	_ = w.http.Close()
	_ = w.transport.Close()
	_ = w.packets.Close()
	w.serving.Wait()
}
