package simnet

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"time"
)

// A streamConn is one connection of a StreamRelay. A goroutine reads from each of its two ends, when the window has
// room, and one writes to each; run keeps the line's time.
type streamConn struct {
	relay *StreamRelay
	ends  [2]streamEnd    // the client's, the server's; that of the server is nil until it is dialed
	wake  chan struct{}   // the next event may have moved
	dials context.Context // until it is over
	stop  context.CancelFunc

	mu    sync.Mutex
	moved *sync.Cond // there is room, something arrived, or it is over
	line  *tcpLine
	over  bool
}

// newStreamConn makes the nth connection; the relay is locked.
func newStreamConn(r *StreamRelay, client *net.TCPConn, n uint64) *streamConn {
	s := &streamConn{relay: r, ends: [2]streamEnd{client}, wake: make(chan struct{}, 1)}
	s.moved = sync.NewCond(&s.mu)
	s.dials, s.stop = context.WithTimeout(context.Background(), dialPatience)
	s.line = newTCPLine(r.now(), Links{r.cfg.Up, r.cfg.Down}, r.cfg.Seed, n)
	s.line.setCut(r.cut)
	return s
}

// dialPatience is how long the server may take to accept.
const dialPatience = 10 * time.Second

// run plays the connection to its end.
func (s *streamConn) run() {
	dialed := s.dial()
	if dialed {
		var ends sync.WaitGroup
		for i := range s.ends {
			ends.Go(func() { s.read(i) })
			ends.Go(func() { s.write(i) })
		}
		s.pump()
		s.abort()
		ends.Wait()
	}
	s.abort()
	s.relay.leave(s, dialed)
}

func (s *streamConn) dial() bool {
	c, err := s.dialServer()
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		c.Close()
		return false
	}
	s.ends[1] = c
	return true
}

func (s *streamConn) dialServer() (streamEnd, error) {
	if p := s.relay.inside; p != nil {
		return p.dial(s.ends[0].RemoteAddr(), s.dials.Done())
	}
	c, err := new(net.Dialer).DialContext(s.dials, "tcp", s.relay.cfg.Target)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// pump moves the line through time until the connection is over.
func (s *streamConn) pump() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.mu.Lock()
		now := s.relay.now()
		s.line.advance(now)
		next, over := s.line.next(), s.over || s.line.done()
		s.moved.Broadcast()
		s.mu.Unlock()
		if over {
			return
		}
		timer.Reset(time.Duration(min(next-now, math.MaxInt64/2)))
		select {
		case <-timer.C:
		case <-s.wake:
		}
	}
}

// read has flow i carry what the program at end i writes.
func (s *streamConn) read(i int) {
	b := make([]byte, 64<<10)
	for {
		room, ok := s.room(i)
		if !ok {
			return
		}
		n, err := s.ends[i].Read(b[:min(room, len(b))])
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
		alive := s.change(func(now int64) {
			s.line.flows[i].write(now, b[:n])
			if end {
				s.line.flows[i].end(now)
			}
		})
		if err != nil && !end {
			s.abort() // reset: what is under way does not matter any more
		}
		if err != nil || !alive {
			return
		}
	}
}

// room waits until flow i takes something; false: it is over.
func (s *streamConn) room(i int) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.over {
			return 0, false
		}
		if n := s.line.flows[i].room(); n > 0 {
			return n, true
		}
		s.moved.Wait()
	}
}

// write gives the program at the other end of flow i what arrived.
func (s *streamConn) write(i int) {
	to := s.ends[1-i]
	var b []byte
	for {
		end, ok := s.take(i, &b)
		if !ok {
			return
		}
		if _, err := to.Write(b); err != nil || end {
			_ = to.CloseWrite()
			s.change(func(int64) { s.line.flows[i].told = true }) // or it does not listen any more
			return
		}
	}
}

// take waits until something has arrived by flow i, or its end; false: it is over.
func (s *streamConn) take(i int, b *[]byte) (end, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.line.flows[i]
	for len(f.out) == 0 && !f.over {
		if s.over {
			return false, false
		}
		s.moved.Wait()
	}
	*b, f.out = f.out, (*b)[:0]
	return f.over, true
}

// change does something with the line at the present time, and has pump look again. It reports whether the connection
// lasts.
func (s *streamConn) change(f func(now int64)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	now := s.relay.now()
	s.line.advance(now)
	f(now)
	s.alert()
	return true
}

func (s *streamConn) alert() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// abort ends the connection at once.
func (s *streamConn) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.stop()
	for _, c := range s.ends {
		if c != nil {
			_ = c.Close()
		}
	}
	s.moved.Broadcast()
	s.alert()
}

// count adds what the connection counted.
func (s *streamConn) count(all *StreamRelayStats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all.Up.add(s.line.links[0].Stats())
	all.Down.add(s.line.links[1].Stats())
	for _, f := range s.line.flows {
		all.Resent += f.resent
		all.Timeouts += f.timeouts
	}
}
