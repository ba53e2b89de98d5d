//go:build !js

package web

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tickwire/tickwire/internal/account"
)

// A signalling is the server's side of the text messages of one WebSocket:
//
//	→ hello     what there is
//	← want      then → offer, or → refused
//	← answer
//	← candidate, as they trickle
//
// The offer has all the server's candidates. A want replaces the data channel that is under way; once
// that is open it is an association of its own, and lives on when the WebSocket ends.
type signalling struct {
	c     *webSocket
	texts account.Account
	told  atomic.Uint64 // the edition of hashes that hello had; 0: it was not said

	mu     sync.Mutex
	peer   *rtcPeer // the data channel under way; nil: none
	id     uint64   // of the newest offer
	wanted time.Time
	over   bool
}

const (
	// A client may send so many texts at once, and so many a second: some ten candidates come together.
	mostTexts, textsPerSecond = 100, 10
	// betweenWants is how long the next data channel has to wait: each costs the server some
	// milliseconds.
	betweenWants = time.Second
)

func (g *signalling) init(c *webSocket) {
	g.c = c
	g.texts = account.New(textsPerSecond, int64(mostTexts/textsPerSecond*time.Second))
}

// hello says what there is.
func (g *signalling) hello() {
	g.told.Store(g.c.s.udp.cert.latest())
	m := g.c.s.udp.hello(g.c)
	g.c.say(&signal{Hello: &m})
}

// renew says it again once there are other hashes. A page that plays for days would know none of those
// that it sees when it comes back by WebTransport.
func (g *signalling) renew() {
	if told := g.told.Load(); told != 0 && told != g.c.s.udp.cert.latest() {
		go g.hello() // it may wait for the peer; the next is days away
	}
}

// read takes one text. A *CloseError ends the WebSocket.
func (g *signalling) read(r io.Reader) error {
	b, err := io.ReadAll(r) // bounded by the read limit
	if err != nil {
		return err
	}
	g.c.meter.message(len(b))
	if !g.texts.Charge(g.c.s.now()) {
		return &CloseError{CodeRules, "too many text messages"}
	}
	m, err := consumeSignal(b)
	if err != nil {
		return &CloseError{CodeRules, err.Error()}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.over:
	case m.Want != nil:
		g.want(m.Want.Transport)
	case g.peer == nil:
	case m.Answer != nil && m.Answer.ID == g.id:
		err = g.peer.answer(m.Answer.SDP)
	case m.Candidate != nil && m.Candidate.ID == g.id:
		err = g.peer.candidate(m.Candidate.Candidate)
	}
	if err != nil {
		return &CloseError{CodeRules, err.Error()}
	}
	return nil
}

// want begins a data channel, or refuses.
func (g *signalling) want(transport string) {
	refuse := func(reason string) { g.c.say(&signal{Refused: &refusedSignal{transport, reason}}) }
	switch now := time.Now(); {
	case transport != wantWebRTC || g.c.s.udp.rtc == nil:
		refuse("this server does not offer it")
		return
	case now.Sub(g.wanted) < betweenWants:
		refuse("the last one was wanted less than a second ago")
		return
	default:
		g.wanted = now
	}
	g.drop()
	g.id++
	peer, offer, err := g.c.s.udp.offer(g.c)
	if err != nil {
		refuse(err.Error())
		return
	}
	g.peer = peer
	g.c.say(&signal{Offer: &sdpSignal{g.id, offer}})
}

// drop ends the data channel under way, unless it is open.
func (g *signalling) drop() {
	if g.peer != nil {
		g.peer.abandon(errAbandoned)
		g.peer = nil
	}
}

// close ends it with the WebSocket. A data channel that is open already stays.
func (g *signalling) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	g.drop()
}

var errAbandoned = errors.New("web: nobody waits for the data channel any more")
