package web

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"syscall/js"
	"time"

	"github.com/tickwire/tickwire/transport"
)

// A browserChannel is a data channel in a browser.
type browserChannel struct {
	peer, channel js.Value
	of            [2]events // of peer and channel
	scratch       js.Value  // a Uint8Array to send from: send keeps none of it
	opened, over  chan struct{}
	once          sync.Once
}

// openWebRTC opens a data channel where the server has one, by way of the WebSocket.
func (l *Ladder) openWebRTC(ctx context.Context, hello *helloSignal) (_ *association, err error) {
	l.mu.Lock()
	ws := l.ws
	l.mu.Unlock()
	if l.cfg.DisableWebRTC || !hello.WebRTC || ws == nil || !has("RTCPeerConnection") {
		return nil, errUnavailable
	}
	defer thrown(&err)
	offer, err := l.want(ctx, ws)
	if err != nil {
		return nil, err
	}
	c := newBrowserChannel()
	a, err := c.answer(ctx, l, ws, offer)
	if err != nil {
		c.close(0, "")
		return nil, err
	}
	return a, nil
}

// want asks for a data channel, and waits for the server's offer.
func (l *Ladder) want(ctx context.Context, ws clientSocket) (*sdpSignal, error) {
	for len(l.signal) > 0 {
		<-l.signal // of an earlier one
	}
	if err := ws.say(appendSignal(nil, &signal{Want: &wantSignal{wantWebRTC}})); err != nil {
		return nil, err
	}
	for {
		select {
		case m := <-l.signal:
			switch {
			case m.Offer != nil:
				return m.Offer, nil
			case m.Refused != nil:
				return nil, errors.New("web: " + m.Refused.Reason)
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func newBrowserChannel() *browserChannel {
	c := &browserChannel{
		peer:    js.Global().Get("RTCPeerConnection").New(),
		scratch: js.Global().Get("Uint8Array").New(bufferRoom),
		opened:  make(chan struct{}), over: make(chan struct{}),
	}
	c.channel = c.peer.Call("createDataChannel", "tickwire", map[string]any{
		"negotiated": true, "id": 0, "ordered": false, "maxRetransmits": 0,
	})
	c.channel.Set("binaryType", "arraybuffer")
	c.of = [2]events{{of: c.peer}, {of: c.channel}}
	return c
}

// answer answers the server's offer, and waits until the channel is open.
func (c *browserChannel) answer(ctx context.Context, l *Ladder, ws clientSocket, offer *sdpSignal) (*association, error) {
	ends := make(chan struct{}, 1)
	end := func(js.Value) {
		select {
		case ends <- struct{}{}:
		default:
		}
	}
	c.of[0].on("icecandidate", func(e js.Value) {
		if x := e.Get("candidate"); x.Truthy() && x.Get("candidate").String() != "" {
			_ = ws.say(appendSignal(nil, &signal{Candidate: &candidateSignal{offer.ID, x.Get("candidate").String(), x.Get("sdpMid").String()}}))
		}
	})
	c.of[0].on("connectionstatechange", func(e js.Value) {
		if s := c.peer.Get("connectionState").String(); s == "failed" || s == "closed" {
			end(e)
		}
	})
	c.of[1].on("open", func(js.Value) { close(c.opened) })
	c.of[1].on("close", end)
	if _, err := await(ctx, c.peer.Call("setRemoteDescription", map[string]any{"type": "offer", "sdp": offer.SDP})); err != nil {
		return nil, err
	}
	made, err := await(ctx, c.peer.Call("createAnswer"))
	if err != nil {
		return nil, err
	}
	if _, err := await(ctx, c.peer.Call("setLocalDescription", made)); err != nil {
		return nil, err
	}
	if err := ws.say(appendSignal(nil, &signal{Answer: &sdpSignal{offer.ID, made.Get("sdp").String()}})); err != nil {
		return nil, err
	}
	select {
	case <-c.opened:
	case <-ends:
		return nil, errors.New("web: the data channel did not open")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a, err := l.newAssociation(transport.KindWebRTC, netip.AddrPort{}, false, MaxWebRTCDatagram, c)
	if err != nil {
		return nil, err
	}
	c.of[1].on("message", func(e js.Value) {
		if data := e.Get("data"); data.Type() == js.TypeObject {
			a.received(bytesOf(js.Global().Get("Uint8Array").New(data)))
		}
	})
	go func() {
		select {
		case <-ends:
			a.ended(nil)
		case <-a.done:
		}
	}()
	return a, nil
}

// write implements conduit. It waits while the browser keeps as much as it may.
func (c *browserChannel) write(b []byte) (err error) {
	defer thrown(&err)
	for number(c.channel.Get("bufferedAmount"), 0) > mostBuffered {
		select {
		case <-c.over:
			return errOver
		case <-time.After(lookAgain):
		}
	}
	js.CopyBytesToJS(c.scratch, b)
	c.channel.Call("send", c.scratch.Call("subarray", 0, len(b)))
	return nil
}

// close implements conduit. A data channel has no code of its own for an end.
func (c *browserChannel) close(int, string) {
	c.once.Do(func() {
		close(c.over)
		c.of[0].off()
		c.of[1].off()
		c.channel.Call("close")
		c.peer.Call("close")
	})
}
