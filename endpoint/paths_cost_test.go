package endpoint

import (
	"testing"
	"time"
)

// A toll counts the bytes on all ways, with 51 of headers and seal for each packet.
type toll struct {
	*stream
	bytes int
}

// tollOf is a game of sixty ticks a second with 50 ms of round trip on two ways.
func tollOf(t *testing.T) *toll {
	c := &toll{stream: newStream(newMesh(t, unrepaired(channels()), 25*time.Millisecond, 1))}
	c.addWay(1, 1, 25*time.Millisecond)
	c.watch = func(_ int, _ *way, b []byte) { c.bytes += len(b) - meshHeader + 51 }
	return c
}

// of is how many bytes both ends send in a time, while the game plays or not.
func (c *toll) of(d time.Duration, plays bool) int {
	before := c.bytes
	if plays {
		c.play(d)
	} else {
		c.run(d)
	}
	return c.bytes - before
}

// TestPathCosts: what docs/paths.md says that paths cost, at both ends together.
func TestPathCosts(t *testing.T) {
	check := func(what string, bytes, least, most int) {
		t.Helper()
		t.Logf("%s: %d bytes", what, bytes)
		if bytes < least || bytes > most {
			t.Errorf("%s: %d bytes, not %d to %d", what, bytes, least, most)
		}
	}
	c := tollOf(t)
	c.play(2 * time.Second)
	alone := c.of(10*time.Second, true)
	check("a second of the game", alone/10, 15_000, 20_000)
	c.rebind(0, 2)
	check("a move, and what goes both ways meanwhile", c.of(10*time.Second, true)-alone, 1000, 5000)
	c.settle(time.Second)
	c.run(time.Second)
	check("a minute of one path and no game", c.of(time.Minute, false), 2000, 6000)

	for _, use := range []PathUse{UseShare, UseCopy, UseReserve} {
		c := tollOf(t)
		c.play(2 * time.Second)
		c.run(100 * time.Millisecond) // until all is acknowledged
		before := c.bytes
		c.openPath(PathConfig{Route: 1, Use: use})
		check("to open a path", c.bytes-before, 200, 600)
		c.play(2 * time.Second)
		with := c.of(10*time.Second, true)
		switch use {
		case UseShare:
			check("a second in turn", with/10, alone*95/1000, alone*125/1000)
		case UseCopy:
			check("a second with copies", with/10, alone*175/1000, alone*215/1000)
		case UseReserve:
			check("what a reserve takes in ten seconds", with-alone, 0, 2000)
		}
		c.settle(time.Second)
		c.run(time.Second)
		check("a minute of two paths and no game", c.of(time.Minute, false), 4000, 12_000)
	}
}
