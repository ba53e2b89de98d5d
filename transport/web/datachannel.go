//go:build !js

package web

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"

	"github.com/tickwire/tickwire/transport"
)

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
