package transporttest

import (
	"bytes"
	"slices"
	"time"

	"github.com/tickwire/tickwire/transport"
)

const (
	promiseEnds    = "a path that has ended must be told once, with a reason"
	promiseAlive   = "Ended must tell nothing of a path that lives"
	promiseTolls   = "once Ended was called Wait must return true while there is an ending that was not told"
	promiseStored  = "what had arrived by a path can be read after its end"
	promiseDead    = "what is written to a path that has ended must count as taken"
	promiseAppends = "Ended and Rungs must append to what they are given"
	promiseRungs   = "Rungs must be the paths on which the peer can be tried, each once"
	promiseChanges = "once Rungs was called Wait must return true after a change of them"
)

// before is what Ended and Rungs find in what they are given.
var before = transport.Path{Kind: transport.KindCustom + 99, Association: 99}

// ended asks a socket for its endings.
func (c *check) ended(s transport.Socket) []transport.Ending {
	m := s.(*guarded)
	m.enter(inTold, 0)
	all := m.Socket.(transport.Mortal).Ended([]transport.Ending{{Path: before}})
	m.leave(inTold)
	if len(all) == 0 || all[0].Path != before {
		c.stop(promiseAppends, "Mortal.Ended", "%s.Ended of one = %v", m.name, all)
	}
	return all[1:]
}

// mortals are the ends that tell, each with its path to the other.
func (c *check) mortals() (ends map[*guarded]transport.Path) {
	ends = make(map[*guarded]transport.Path)
	for s, to := range map[*guarded]transport.Path{c.a: c.ToB, c.b: c.ToA} {
		if _, ok := s.Socket.(transport.Mortal); ok {
			ends[s] = to
		}
	}
	return ends
}

// testEndings ends the path, one end of which waits at the time.
func testEndings(c *check) {
	ends := c.mortals()
	if len(ends) == 0 {
		return
	}
	c.send(c.A, c.ToB, []byte("first"))
	c.receive(c.B, 1)
	for s := range ends {
		if got := c.ended(s); len(got) != 0 {
			c.stop(promiseAlive, "Mortal.Ended", "%s.Ended = %v", s.name, got)
		}
	}
	under := make(map[*guarded]<-chan waiting)
	for s := range ends {
		under[s] = wait(s, time.Time{})
	}
	c.End()
	for s, to := range ends {
		if got := c.outcome(s, under[s], promiseTolls, "Mortal.Ended"); !got.ready || got.err != nil {
			c.stop(promiseTolls, "Mortal.Ended", "%s.Wait = %v, %v", s.name, got.ready, got.err)
		}
		c.endingOf(s, to)
		c.write(s, []transport.Datagram{{Path: to, Bytes: []byte("too late")}, {Path: to, Bytes: []byte("anybody?")}})
		if n := s.MaxDatagram(to); n < 0 {
			c.broken("the largest datagram of a path that has ended may be unknown, 0", "Socket.MaxDatagram", "%s: %d", s.name, n)
		}
	}
}

// endingOf takes the ending of the path that an end has told nobody yet.
func (c *check) endingOf(s *guarded, to transport.Path) {
	if ready, err := s.Wait(time.Now().Add(-1)); !ready || err != nil {
		c.stop(promiseTolls, "Mortal.Ended", "%s.Wait that only looks = %v, %v", s.name, ready, err)
	}
	got := c.ended(s)
	if len(got) != 1 || got[0].Path != to || got[0].Reason == nil || got[0].Reason.Error() == "" {
		c.stop(promiseEnds, "Mortal.Ended", "%s.Ended = %v, want %+v and why", s.name, got, to)
	}
	if got := c.ended(s); len(got) != 0 {
		c.stop(promiseEnds, "Mortal.Ended", "%s told %v again", s.name, got)
	}
}

// testStored: an end that is told late hides nothing of what came before it.
func testStored(c *check) {
	ends := c.mortals()
	to, ok := ends[c.b]
	if !ok {
		return
	}
	c.ended(c.B)
	c.send(c.A, c.ToB, []byte("last words"))
	if ready, err := c.B.Wait(time.Now().Add(c.patience)); !ready || err != nil {
		c.stop(promiseArrives, "Socket.Write", "B.Wait = %v, %v", ready, err)
	}
	c.End()
	var got []transport.Ending
	for deadline := time.Now().Add(c.patience); len(got) == 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		got = c.ended(c.B)
	}
	if len(got) != 1 || got[0].Path != to {
		c.stop(promiseEnds, "Mortal.Ended", "B.Ended = %v within %v, want %+v", got, c.patience, to)
	}
	if d := c.receive(c.B, 1)[0]; !bytes.Equal(d.Bytes, []byte("last words")) || d.Path != to {
		c.broken(promiseStored, "Mortal.Ended", "B read %q from %+v", d.Bytes, d.Path)
	}
}

// rungs asks a ladder for its rungs.
func (c *check) rungs(s *guarded) []transport.Path {
	s.enter(inTold, 0)
	all := s.Socket.(transport.Ladder).Rungs([]transport.Path{before})
	s.leave(inTold)
	if len(all) == 0 || all[0] != before {
		c.stop(promiseAppends, "Ladder.Rungs", "%s.Rungs of one = %v", s.name, all)
	}
	for i, p := range all {
		if slices.Contains(all[:i], p) || p == (transport.Path{}) {
			c.stop(promiseRungs, "Ladder.Rungs", "%s.Rungs = %v", s.name, all[1:])
		}
	}
	return all[1:]
}

// testRungs looks at the ends that are a ladder, while the path lives and after its end. Other rungs
// than that may come and go meanwhile.
func testRungs(c *check) {
	for s, to := range c.mortals() {
		one, ok := s.Socket.(transport.Ladder)
		if !ok {
			continue
		}
		if !slices.Contains(c.rungs(s), to) {
			c.stop(promiseRungs, "Ladder.Rungs", "%s's lack %+v, which lives", s.name, to)
		}
		peer := one.Peer()
		if n := s.MaxDatagram(peer); peer == (transport.Path{}) || n < transport.MinDatagram {
			c.stop("Peer must be a rung that carries a handshake", "Ladder.Peer", "%s's is %+v, which carries %d bytes", s.name, peer, n)
		}
		w := wait(s, time.Time{})
		c.End()
		if got := c.outcome(s, w, promiseChanges, "Ladder.Rungs"); !got.ready || got.err != nil {
			c.stop(promiseChanges, "Ladder.Rungs", "%s.Wait = %v, %v", s.name, got.ready, got.err)
		}
		c.ended(s)
		if slices.Contains(c.rungs(s), to) {
			c.stop(promiseRungs, "Ladder.Rungs", "%s's have %+v, which has ended", s.name, to)
		}
		return // there is but one path to end
	}
}
