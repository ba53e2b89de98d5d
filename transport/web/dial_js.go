package web

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"syscall/js"
	"time"
)

// A TLSConfig is empty: the browser has its own.
type TLSConfig struct{}

// A browserSocket is the WebSocket of a browser. It has no way to hold up its server, so that what
// comes is queued; and none to say when it takes more, so that it is asked.
type browserSocket struct {
	ws      js.Value
	events  events
	scratch js.Value // a Uint8Array to send from: send keeps none of it
	opened  chan struct{}
	over    chan struct{} // closed at the end
	arrived chan struct{} // holds one

	mu  sync.Mutex
	in  []message
	err error // why it is over
}

// A message is a text, or a datagram.
type message struct {
	text  bool
	bytes []byte
}

const (
	// mostBuffered is how many bytes the browser may keep that it has not sent: more would only get old.
	mostBuffered = 8 << 10
	// mostQueued bounds what came and was not read.
	mostQueued = 4096
	// lookAgain is how often a browser is asked that took nothing.
	lookAgain = 2 * time.Millisecond
)

// openWebSocket opens one.
func openWebSocket(ctx context.Context, to target, _ *DialConfig) (_ clientSocket, err error) {
	defer thrown(&err)
	c := &browserSocket{
		ws:      js.Global().Get("WebSocket").New(to.url, Subprotocol),
		scratch: js.Global().Get("Uint8Array").New(bufferRoom),
		opened:  make(chan struct{}), over: make(chan struct{}), arrived: make(chan struct{}, 1),
	}
	c.ws.Set("binaryType", "arraybuffer")
	c.events.of = c.ws
	c.events.on("open", func(js.Value) { close(c.opened) })
	c.events.on("message", c.message)
	c.events.on("close", func(e js.Value) {
		c.end(&CloseError{number(e.Get("code"), 0), e.Get("reason").String()})
		c.events.off()
	})
	select {
	case <-c.opened:
		return c, nil
	case <-c.over:
		return nil, c.err
	case <-ctx.Done():
		c.ws.Call("close")
		return nil, ctx.Err()
	}
}

// end notes why it is over; the first reason counts.
func (c *browserSocket) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.over)
	}
}

// message queues what has come.
func (c *browserSocket) message(e js.Value) {
	data := e.Get("data")
	m := message{text: data.Type() == js.TypeString}
	if m.text {
		m.bytes = []byte(data.String())
	} else {
		m.bytes = bytesOf(js.Global().Get("Uint8Array").New(data))
	}
	c.mu.Lock()
	full := len(c.in) == mostQueued
	if !full {
		c.in = append(c.in, m)
	}
	c.mu.Unlock()
	if full { // nothing of a reliable transport is lost while it lives
		c.end(errors.New("web: more came than was read"))
		c.ws.Call("close")
	}
	select {
	case c.arrived <- struct{}{}:
	default:
	}
}

// next implements clientSocket. What came before the end is read first.
func (c *browserSocket) next(b *buffer) ([]byte, error) {
	for {
		c.mu.Lock()
		if len(c.in) > 0 {
			m := c.in[0]
			c.in = c.in[1:]
			c.mu.Unlock()
			if m.text {
				return m.bytes, nil
			}
			if len(m.bytes) > len(b.bytes) {
				return nil, errTooLarge
			}
			b.n = copy(b.bytes[:], m.bytes)
			return nil, nil
		}
		err := c.err
		c.mu.Unlock()
		if err != nil {
			return nil, err
		}
		select {
		case <-c.arrived:
		case <-c.over:
		}
	}
}

// write implements conduit.
func (c *browserSocket) write(b []byte) error {
	for number(c.ws.Get("bufferedAmount"), 0) > mostBuffered {
		select {
		case <-c.over:
			return c.err
		case <-time.After(lookAgain):
		}
	}
	js.CopyBytesToJS(c.scratch, b)
	return c.send(c.scratch.Call("subarray", 0, len(b)))
}

func (c *browserSocket) say(text []byte) error { return c.send(js.ValueOf(string(text))) }

func (c *browserSocket) send(v js.Value) (err error) {
	select {
	case <-c.over:
		return c.err
	default:
	}
	defer thrown(&err)
	c.ws.Call("send", v)
	return nil
}

// close implements conduit. A page may give the code 1000 alone of those that are not its own.
func (c *browserSocket) close(int, string) {
	c.ws.Call("close", CodeNormal)
	c.end(errOver)
}

func (c *browserSocket) remote() netip.AddrPort { return netip.AddrPort{} } // pages are not told

// bytesOf copies a Uint8Array.
func bytesOf(array js.Value) []byte {
	b := make([]byte, array.Get("length").Int())
	js.CopyBytesToGo(b, array)
	return b
}

// thrown makes an error of what JavaScript has thrown.
func thrown(err *error) {
	if r := recover(); r != nil {
		fault, ok := r.(js.Error)
		if !ok {
			panic(r)
		}
		*err = fmt.Errorf("web: %s", fault.Error())
	}
}
