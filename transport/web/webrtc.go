//go:build !js

package web

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/tickwire/tickwire/transport"
)

const (
	// rtcLabel is what our data channel is called ([SPEC.md], section 12), and rtcID its number, which
	// both sides know beforehand.
	rtcLabel = "tickwire"
	rtcID    = 0

	// rtcPatience is how long a browser may take from the offer to an open data channel.
	rtcPatience = 15 * time.Second
	// A browser checks its path each few seconds (RFC 7675, section 5.1). rtcSilent is when it counts
	// as gone.
	rtcSilent, rtcGone = 5 * time.Second, 15 * time.Second

	// rtcLastWords is how long what was written has to arrive before the end.
	rtcLastWords = 300 * time.Millisecond

	// rtcHandshakes is how many associations may be under way at a time. The next one ends the oldest: a
	// browser answers within a second, and who only asks holds up nobody.
	rtcHandshakes = 64
	// rtcPerSource is how many of them may be of one address, whose next one is refused: so it takes many to end those of
	// others. One that came to nothing counts until rtcFailed after its offer, for that is what costs.
	rtcPerSource = 16
	rtcFailed    = 5 * time.Second

	// rtcWindow is what SCTP receives before it is read.
	rtcWindow = 128 << 10
	// rtcLeastWindow is the least that SCTP sends per round trip, after losses, too: the endpoint above
	// has a congestion control of its own, which is to be the one that decides.
	rtcLeastWindow = 8 << 10
)

// An rtcServer makes data channels with browsers.
type rtcServer struct {
	board   *board
	table   *iceTable
	envoy   envoy
	cert    webrtc.Certificate // one for all: each would cost a key
	mu      sync.Mutex         // after a peer's, where both are held
	peers   map[*rtcPeer]struct{}
	waiting []*rtcPeer // those of them that are under way, the oldest first
	closed  bool
	sources quota         // of those, and of those that came to nothing of late
	failed  time.Duration // how long one that came to nothing is among them, from its offer

	displaced atomic.Uint64
}

func newRTCServer(b *board, d *diverter) (*rtcServer, error) {
	cert, err := rtcCertificate()
	if err != nil {
		return nil, err
	}
	d.ice = newICETable()
	return &rtcServer{board: b, table: d.ice, envoy: d.envoy(), cert: cert, peers: map[*rtcPeer]struct{}{}, sources: quota{most: rtcPerSource}, failed: rtcFailed}, nil
}

// An rtcPeer is one association with a browser:
//
//	offered → answered → open → over
//
// It is over when the browser or the owner ends it, or when it is not open in time.
type rtcPeer struct {
	server  *rtcServer
	mux     *iceMux
	conn    *webrtc.PeerConnection
	channel *webrtc.DataChannel
	late    *time.Timer
	done    chan struct{}
	once    sync.Once
	began   time.Time
	flow    rtcFlow     // what SCTP holds; the writer's alone
	look    *time.Timer // when the writer looks again

	mu          sync.Mutex
	answered    bool
	pending     bool   // it counts among those under way
	leave       func() // it counts no more among those of its source; nil: it does not
	association *association
	raw         datachannel.ReadWriteCloser
}

var (
	errRTCOver           = errors.New("web: the data channel is over")
	errRTCAnother  error = &CloseError{CodeRules, "there is one data channel"}
	errRTCTooLarge error = &CloseError{CodeTooLarge, fmt.Sprintf("a datagram has %d bytes at most", MaxWebRTCDatagram)}
)

// offerTo is an offer to an address that asked for it.
func (r *rtcServer) offerTo(who netip.Addr, at []netip.AddrPort) (*rtcPeer, string, error) {
	if err := r.board.hasRoom(transport.KindWebRTC, who); err != nil {
		return nil, "", err
	}
	if err := r.board.begins(who, rateUnits); err != nil {
		return nil, "", err
	}
	from := sourceOf(transport.KindWebRTC, who)
	if !r.sources.enter(from) {
		r.board.refuse.crowded.Add(1)
		return nil, "", fmt.Errorf("too many data channels are under way from this address (%d)", rtcPerSource)
	}
	leave := func() { r.sources.leave(from) }
	p, sdp, err := r.offer(at)
	if err != nil {
		leave()
		return nil, "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leave = leave; !p.pending { // it is over already
		p.left()
	}
	return p, sdp, nil
}

// offer begins an association at addresses by which the browser may reach the port of the game, the
// best first. The description is for the browser.
func (r *rtcServer) offer(at []netip.AddrPort) (*rtcPeer, string, error) {
	p := &rtcPeer{server: r, mux: newICEMux(r.table, r.envoy, at), pending: true, done: make(chan struct{}), began: time.Now(), look: time.NewTimer(time.Hour)}
	sdp, err := p.describe()
	if err != nil {
		p.end(err)
		return nil, "", fmt.Errorf("web: the offer of a data channel: %w", err)
	}
	p.late = time.AfterFunc(rtcPatience, p.tooLate)
	oldest, ok := r.keep(p)
	if !ok {
		p.end(transport.ErrClosed)
		return nil, "", transport.ErrClosed
	}
	if oldest != nil {
		r.displaced.Add(1)
		oldest.abandon(errDisplaced)
	}
	return p, withCandidates(sdp, at), nil
}

var errDisplaced = errors.New("web: too many data channels are under way")

// hasRoom says why another player of an address could not be let in, before that costs anything: a data channel that
// closes cannot say it.
func (b *board) hasRoom(kind transport.Kind, remote netip.Addr) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if why := b.limit.refuse(kind, remote, &b.refuse); why != nil {
		return why
	}
	return nil
}

// keep notes p, so that the server can end it, and returns whom it is one too many for. It does not
// once the server is closed.
func (r *rtcServer) keep(p *rtcPeer) (oldest *rtcPeer, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, false
	}
	r.peers[p] = struct{}{}
	if len(r.waiting) == rtcHandshakes {
		oldest = r.waiting[0]
		r.waiting = slices.Delete(r.waiting, 0, 1)
	}
	r.waiting = append(r.waiting, p)
	return oldest, true
}

// waited says that p is not under way any more: it is open, or over.
func (r *rtcServer) waited(p *rtcPeer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.waiting, p); i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
	}
}

// close ends all of them. The server makes no more.
func (r *rtcServer) close() {
	r.mu.Lock()
	r.closed = true
	all := make([]*rtcPeer, 0, len(r.peers))
	for p := range r.peers {
		all = append(all, p)
	}
	r.mu.Unlock()
	for _, p := range all {
		p.end(transport.ErrClosed)
	}
}

// settings are how pion is to work for one association: ICE-lite over the port of the game, no
// multicast, no goroutine for an interface.
func (r *rtcServer) settings(m *iceMux) webrtc.SettingEngine {
	s := webrtc.SettingEngine{LoggerFactory: silence{}}
	s.SetLite(true)
	s.SetICEUDPMux(m)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICETimeouts(rtcSilent, rtcGone, 0)
	s.SetDTLSInsecureSkipHelloVerify(true) // ICE has proved the address
	s.SetSCTPMaxReceiveBufferSize(rtcWindow)
	s.SetSCTPMaxMessageSize(MaxWebRTCDatagram)
	s.SetSCTPMinCwnd(rtcLeastWindow)
	s.DetachDataChannels()
	return s
}

// describe makes what pion needs, and returns its offer.
func (p *rtcPeer) describe() (string, error) {
	api := webrtc.NewAPI(webrtc.WithSettingEngine(p.server.settings(p.mux)), webrtc.WithMediaEngine(&webrtc.MediaEngine{}), withoutInterceptors)
	conn, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{p.server.cert}})
	if err != nil {
		return "", err
	}
	p.conn = conn
	conn.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateClosed {
			go p.end(errRTCOver) // closing waits for whoever calls
		}
	})
	conn.OnDataChannel(func(*webrtc.DataChannel) { // of which pion would keep 65 000
		p.server.board.refuse.rules.Add(1)
		go p.end(errRTCAnother)
	})
	ordered, retransmits, negotiated, id := false, uint16(0), true, uint16(rtcID)
	if p.channel, err = conn.CreateDataChannel(rtcLabel, &webrtc.DataChannelInit{
		Ordered: &ordered, MaxRetransmits: &retransmits, Negotiated: &negotiated, ID: &id,
	}); err != nil {
		return "", err
	}
	p.channel.OnOpen(func() { go p.open() })
	offer, err := conn.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(conn)
	if err := conn.SetLocalDescription(offer); err != nil {
		return "", err
	}
	<-gathered // its own port alone: at once
	return conn.LocalDescription().SDP, nil
}

// withCandidates has the addresses in a description in place of those that pion found: one of each
// family, whichever came first.
func withCandidates(sdp string, at []netip.AddrPort) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "a=candidate:") {
			continue
		}
		if strings.HasPrefix(line, "a=end-of-candidates") {
			for i, a := range at {
				// RFC 8839, section 5.1: foundation, component, protocol, priority as RFC 8445, section
				// 5.1.2.1, has it for a host, address, port.
				fmt.Fprintf(&b, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, 126<<24|(65535-i)<<8|255, a.Addr().WithZone("").Unmap(), a.Port())
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// answer takes the browser's description. The error says what is wrong with it.
func (p *rtcPeer) answer(sdp string) error {
	a, err := readAnswer(sdp)
	if err != nil {
		return err
	}
	p.mu.Lock()
	second := p.answered
	p.answered = true
	p.mu.Unlock()
	if second {
		return &answerError{"is the second to one offer"}
	}
	err = p.conn.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.description()})
	if err != nil {
		return &answerError{"was not taken: " + err.Error()}
	}
	return nil
}

// mostCandidate bounds a candidate's text.
const mostCandidate = 1024

// candidate is told of a candidate of the browser's, and needs none: ICE-lite learns where the browser
// is from its checks (RFC 8445, section 7.3.1.3), and sends nothing to addresses that it only heard of.
func (p *rtcPeer) candidate(text string) error {
	if len(text) > mostCandidate {
		return fmt.Errorf("web: a candidate of %d bytes: want at most %d", len(text), mostCandidate)
	}
	return nil
}

// open takes the data channel over when it is there, and reads it until it ends.
func (p *rtcPeer) open() {
	raw, err := p.channel.Detach()
	if err != nil {
		p.end(err)
		return
	}
	makeUnreliable(raw)
	p.mu.Lock()
	p.raw = raw
	p.mu.Unlock()
	a, err := p.server.board.newAssociation(transport.KindWebRTC, p.remote(), false, MaxWebRTCDatagram, p)
	if err != nil {
		p.end(err)
		return
	}
	if !p.begin(a) {
		a.ended(errRTCOver)
		return
	}
	p.readAll(a, raw)
}

// begin notes that the association is there, unless all is over already.
func (p *rtcPeer) begin(a *association) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return false
	default:
	}
	p.association = a
	p.arrived()
	return true
}

// arrived makes room for another that is under way. The lock is held.
func (p *rtcPeer) arrived() {
	if p.pending {
		p.pending = false
		p.server.waited(p)
		p.left()
	}
}

// left makes room for another of its source: at once if it is open, else after a while. The lock is held.
func (p *rtcPeer) left() {
	switch {
	case p.leave == nil:
	case p.association != nil:
		p.leave()
	default:
		time.AfterFunc(time.Until(p.began.Add(p.server.failed)), p.leave)
	}
}

// remote is where the browser is; invalid if that is not known.
func (p *rtcPeer) remote() netip.AddrPort {
	pair, err := p.conn.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return netip.AddrPort{}
	}
	at, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(at.Unmap(), pair.Remote.Port)
}

// readAll hands datagrams in until the channel ends. No browser sends one that is larger than the offer says.
func (p *rtcPeer) readAll(a *association, raw io.Reader) {
	b := make([]byte, MaxWebRTCDatagram+1)
	for {
		n, err := raw.Read(b)
		switch {
		case errors.Is(err, io.ErrShortBuffer) || err == nil && n > MaxWebRTCDatagram:
			a.count.tooLarge.Add(1)
			p.end(errRTCTooLarge) // pion keeps what finds no room, and offers it again for ever
			return
		case err != nil:
			p.end(err)
			return
		case !a.received(b[:n]):
			return
		}
	}
}

// write implements conduit. It waits while SCTP holds as much as it may.
func (p *rtcPeer) write(b []byte) error {
	for !p.flow.allows(time.Since(p.began), p.channel.BufferedAmount()) {
		p.look.Reset(rtcLook)
		select {
		case <-p.look.C:
		case <-p.done:
			return errRTCOver
		}
	}
	p.flow.wrote(time.Since(p.began), len(b))
	_, err := p.raw.Write(b)
	return err
}

// close implements conduit. A data channel has no code of its own for an end. SCTP ends by an abort, which takes back
// all that it holds, so that the last words have a while to arrive.
func (p *rtcPeer) close(code int, _ string) {
	if code != 0 {
		p.flush(rtcLastWords)
	}
	p.end(nil)
}

// flush waits until SCTP holds nothing, but not for longer than patience.
func (p *rtcPeer) flush(patience time.Duration) {
	late := time.NewTimer(patience)
	defer late.Stop()
	empty := make(chan struct{}, 1)
	p.channel.OnBufferedAmountLow(func() { // it falls to nothing, which no threshold stands above
		select {
		case empty <- struct{}{}:
		default:
		}
	})
	if p.channel.BufferedAmount() == 0 {
		return
	}
	select {
	case <-empty:
	case <-late.C:
	case <-p.done:
	}
}

func (p *rtcPeer) tooLate() { p.abandon(fmt.Errorf("web: no data channel within %v", rtcPatience)) }

// abandon ends it unless it is open.
func (p *rtcPeer) abandon(why error) {
	p.mu.Lock()
	pending := p.pending
	p.mu.Unlock()
	if pending {
		p.end(why)
	}
}

// end closes everything, once; a second call returns when the first has.
func (p *rtcPeer) end(reason error) {
	p.once.Do(func() {
		p.mu.Lock()
		close(p.done)
		p.arrived()
		a := p.association
		p.mu.Unlock()
		if p.late != nil {
			p.late.Stop()
		}
		if a != nil {
			a.ended(reason)
		}
		if p.conn != nil {
			_ = p.conn.Close() // whatever it says, there is nothing left of it
		}
		_ = p.mux.Close()
		p.server.mu.Lock()
		delete(p.server.peers, p)
		p.server.mu.Unlock()
	})
}

// reachedAt are the addresses to offer: those that the configuration names, that by which a browser
// says to have reached this host, and that at which it arrived, all with the port of the game.
func reachedAt(named []netip.Addr, port uint16, seen ...netip.Addr) []netip.AddrPort {
	var all []netip.AddrPort
	for _, a := range slices.Concat(named, seen) {
		at := netip.AddrPortFrom(a.Unmap().WithZone(""), port)
		if a.IsValid() && !a.IsUnspecified() && !slices.Contains(all, at) {
			all = append(all, at)
		}
	}
	return all[:min(len(all), mostCandidates)]
}

// mostCandidates bounds what a browser has to try, each by itself.
const mostCandidates = 8
