//go:build !js

package web

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
