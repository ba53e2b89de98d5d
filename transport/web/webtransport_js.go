package web

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall/js"

	"github.com/tickwire/tickwire/transport"
)

// A browserSession is a session of WebTransport in a browser.
type browserSession struct {
	session, grams, writer js.Value
	ready                  *promised
	scratch                js.Value // a Uint8Array to copy from
	over                   context.Context
	cancel                 context.CancelFunc
	once                   sync.Once
	association            atomic.Pointer[association]
}

// openWebTransport opens a session where the server has one.
func (l *Ladder) openWebTransport(ctx context.Context, hello *helloSignal) (_ *association, err error) {
	offer := hello.WebTransport
	if l.cfg.DisableWebTransport || offer == nil || !has("WebTransport") {
		return nil, errUnavailable
	}
	defer thrown(&err)
	session := js.Global().Get("WebTransport").New(offer.url(l.target.host), offer.options())
	session.Get("closed").Call("catch", nothingElse)
	if _, err := await(ctx, session.Get("ready")); err != nil {
		session.Call("close")
		return nil, err
	}
	grams := session.Get("datagrams")
	writable := grams.Get("writable")
	if f := grams.Get("createWritable"); f.Type() == js.TypeFunction { // the newer way
		writable = grams.Call("createWritable")
	}
	c := &browserSession{
		session: session, grams: grams, writer: writable.Call("getWriter"), ready: newPromised(),
		scratch: js.Global().Get("Uint8Array").New(bufferRoom),
	}
	c.over, c.cancel = context.WithCancel(context.Background())
	a, err := l.newAssociation(transport.KindWebTransport, netip.AddrPort{}, false, c.room(), c)
	if err != nil {
		session.Call("close")
		return nil, err
	}
	c.association.Store(a)
	go c.readAll(a, grams.Get("readable").Call("getReader"))
	return a, nil
}

// options name the certificates that the server may have.
func (o *webTransportOffer) options() map[string]any {
	all := map[string]any{"congestionControl": "low-latency", "requireUnreliable": true}
	var hashes []any
	for _, h := range o.Hashes {
		value := js.Global().Get("Uint8Array").New(len(h))
		js.CopyBytesToJS(value, h)
		hashes = append(hashes, map[string]any{"algorithm": "sha-256", "value": value})
	}
	if hashes != nil {
		all["serverCertificateHashes"] = hashes
	}
	return all
}

// readAll hands datagrams in until the session ends.
func (c *browserSession) readAll(a *association, reader js.Value) {
	next := newPromised()
	for {
		got, err := next.wait(c.over, reader.Call("read"))
		if err != nil || got.Get("done").Bool() {
			break
		}
		if b := bytesOf(got.Get("value")); len(b) <= bufferRoom {
			a.received(b)
		} else {
			a.count.tooLarge.Add(1)
		}
	}
	info, err := await(c.over, c.session.Get("closed"))
	if err == nil {
		err = &CloseError{number(info.Get("closeCode"), 0), info.Get("reason").String()}
	}
	a.ended(err)
}

// room is the largest datagram that the browser takes now; it finds out what the path carries, and drops what is larger
// without a word.
func (c *browserSession) room() int {
	return min(number(c.grams.Get("maxDatagramSize"), MaxWebRTCDatagram), bufferRoom)
}

// fits reports whether a datagram does, and has the path be as large as it is.
func (c *browserSession) fits(b []byte) bool {
	a := c.association.Load()
	if a == nil {
		return true
	}
	room := c.room()
	a.setMaxDatagram(room)
	if len(b) > room {
		a.count.tooLarge.Add(1)
	}
	return len(b) <= room
}

// write implements conduit. It waits while the browser takes no more.
func (c *browserSession) write(b []byte) (err error) {
	defer thrown(&err)
	if !c.fits(b) {
		return nil
	}
	if number(c.writer.Get("desiredSize"), 0) <= 0 {
		if _, err := c.ready.wait(c.over, c.writer.Get("ready")); err != nil {
			return err
		}
	}
	js.CopyBytesToJS(c.scratch, b)
	c.writer.Call("write", c.scratch.Call("slice", 0, len(b))).Call("catch", nothingElse) // its end is heard of elsewhere
	return nil
}

// close implements conduit.
func (c *browserSession) close(code int, reason string) {
	c.once.Do(func() {
		var err error
		defer thrown(&err) // it has ended already
		c.cancel()
		c.session.Call("close", map[string]any{"closeCode": code, "reason": reason})
	})
}
