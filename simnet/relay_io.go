package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Three kinds of goroutine make a relay work: one reads what clients send, one
// for each session reads what the server answers, and pump writes. Readers put
// datagrams on links; pump sleeps until the first is due, takes them off under
// the lock and writes them outside of it.

// maxReadErrors in a row end a reader: the socket is broken.
const maxReadErrors = 100

// readClients puts what arrives from clients on their up links.
func (r *Relay) readClients() {
	buf := make([]byte, maxIPBytes)
	for failures := 0; ; {
		n, from, err := r.listen.ReadFromUDPAddrPort(buf)
		if err == nil {
			failures = 0
			r.fromClient(unmap(from), buf[:n])
			continue
		}
		failures++
		if !r.readAgain(err) {
			return
		}
		if failures > maxReadErrors {
			r.failed <- fmt.Errorf("simnet: relay: %w", err)
			return
		}
	}
}

// readServer puts what the server answers to one port of a client on its down link.
func (r *Relay) readServer(s *session, upstream *net.UDPConn) {
	buf := make([]byte, maxIPBytes)
	for failures := 0; failures <= maxReadErrors; {
		n, err := upstream.Read(buf)
		if err == nil {
			failures = 0
			r.fromServer(s, buf[:n])
			continue
		}
		failures++
		if !r.readAgain(err) {
			return
		}
	}
}

// readAgain counts a failed read and reports whether to go on. A connected
// socket reports once per ICMP message that nobody listens over there, which
// happens when a server restarts.
func (r *Relay) readAgain(err error) bool {
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	r.mu.Lock()
	r.stats.ReadErrors++
	r.mu.Unlock()
	return true
}

func (r *Relay) fromClient(client netip.AddrPort, payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.session(client); s != nil {
		r.put(s.up, s, hopUp, payload)
	}
}

func (r *Relay) fromServer(s *session, payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.sessions[s.client]; e != nil && e.Value == s {
		s.last = r.now()
		r.byAge.MoveToBack(e)
		r.put(s.down, s, hopDown, payload)
	}
}

// put sends a datagram into a link of s.
func (r *Relay) put(l *Link, s *session, hop uint8, payload []byte) {
	if !l.admit(s.last, len(payload), false) {
		return
	}
	p := r.pool.take(payload)
	p.from, p.hop = s.client, hop
	l.enter(p)
	before := r.due.earliest()
	r.due.update(l)
	if r.due.earliest() < before {
		r.alert()
	}
}

// session returns the session of a client that just sent something, a new one
// if need be, or nil if that is not possible.
func (r *Relay) session(client netip.AddrPort) *session {
	now := r.now()
	if e := r.sessions[client]; e != nil {
		s := e.Value.(*session)
		s.last = now
		r.byAge.MoveToBack(e)
		return s
	}
	if r.closed {
		return nil
	}
	if len(r.sessions) >= r.cfg.MaxClients {
		r.stats.Refused++
		return nil
	}
	s := &session{client: client, last: now}
	if !r.dial(s, now) {
		return nil
	}
	r.created++
	r.stats.Accepted++
	if r.shared != nil {
		s.up, s.down = r.shared.up, r.shared.down
	} else {
		r.addLinks(s, now, r.created)
	}
	r.sessions[client] = r.byAge.PushBack(s)
	return s
}

// addLinks gives s links of its own, the nth.
func (r *Relay) addLinks(s *session, now int64, n uint64) {
	s.up = newLink(now, r.cfg.Up, mix(r.cfg.Seed, 2*n), &r.pool)
	s.down = newLink(now, r.cfg.Down, mix(r.cfg.Seed, 2*n+1), &r.pool)
	s.up.cut, s.down.cut = r.cut, r.cut
	s.up.pace, s.down.pace = relayPace, relayPace
	r.observe(s)
	r.due.adopt(s.up)
	r.due.adopt(s.down)
}

// A departure is a datagram that is due, and where it goes: to a server over
// upstream, or to a client if that is nil.
type departure struct {
	p        *packet
	upstream *net.UDPConn
}

// pump writes datagrams when they are due.
func (r *Relay) pump(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	batch := make([]departure, 0, relayBatch)
	for {
		var wait time.Duration
		batch, wait = r.collect(batch)
		if len(batch) > 0 {
			r.emit(batch)
			if ctx.Err() != nil {
				return nil
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-r.wake:
			if r.isClosed() {
				return nil
			}
		case err := <-r.failed:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *Relay) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// collect gives the packets of the batch before back, and returns the next one
// and how long to wait if that is empty.
func (r *Relay) collect(batch []departure) ([]departure, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range batch {
		r.pool.put(d.p)
	}
	batch = batch[:0]
	now := r.now()
	r.expire(now)
	r.rebind(now)
	for l := r.due.front(); l != nil && l.schedule.at <= now && len(batch) < relayBatch; l = r.due.front() {
		for len(batch) < relayBatch {
			p := l.take(now)
			if p == nil {
				break
			}
			batch = r.depart(batch, p)
		}
		r.due.update(l)
	}
	next := min(now+int64(time.Hour), r.due.earliest(), r.rebindAt)
	if e := r.byAge.Front(); e != nil && r.cfg.IdleTimeout > 0 {
		next = min(next, e.Value.(*session).last+int64(r.cfg.IdleTimeout))
	}
	return batch, time.Duration(max(next-now, 0))
}

// depart adds p to the batch. What is left in a shared link by a client that
// has expired since goes nowhere.
func (r *Relay) depart(batch []departure, p *packet) []departure {
	e := r.sessions[p.from]
	if e == nil {
		r.stats.Orphaned++
		r.pool.put(p)
		return batch
	}
	d := departure{p: p}
	if p.hop == hopUp {
		d.upstream = e.Value.(*session).upstream
	}
	return append(batch, d)
}

func (r *Relay) emit(batch []departure) {
	failed := uint64(0)
	for _, d := range batch {
		var err error
		if d.upstream != nil {
			_, err = d.upstream.Write(d.p.b)
		} else {
			_, err = r.listen.WriteToUDPAddrPort(d.p.b, d.p.from)
		}
		if err != nil {
			failed++
		}
	}
	if failed > 0 {
		r.mu.Lock()
		r.stats.WriteErrors += failed
		r.mu.Unlock()
	}
}

// expire forgets the clients that have been idle for too long. Only pump calls
// it: so a socket in a batch is not closed before the batch is written.
func (r *Relay) expire(now int64) {
	for e := r.byAge.Front(); e != nil && r.cfg.IdleTimeout > 0; e = r.byAge.Front() {
		s := e.Value.(*session)
		if now-s.last < int64(r.cfg.IdleTimeout) {
			return
		}
		r.byAge.Remove(e)
		delete(r.sessions, s.client)
		s.close()
		r.stats.Expired++
		if r.shared == nil {
			r.retire(&r.stats.Up, s.up)
			r.retire(&r.stats.Down, s.down)
		}
	}
}

// retire keeps the counters of a link that goes away. What is inside is lost
// with it.
func (r *Relay) retire(sum *LinkStats, l *Link) {
	s := l.Stats()
	s.Lost += uint64(s.Queued + s.InFlight)
	s.Queued, s.InFlight = 0, 0
	sum.add(s)
	r.due.remove(l)
}
