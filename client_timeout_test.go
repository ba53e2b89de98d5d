package tickwire

import "testing"

// TestTimers: a dialed server is on the list of those that time concerns as long as one of its timers
// is on, and wants to be asked when the first of them is due.
func TestTimers(t *testing.T) {
	c := new(Client)
	d := c.newDialed()
	d.conn, d.over = &Conn{state: connOpen}, true // netcode has nothing to do any more
	want := func(what string, at int64, on bool) {
		t.Helper()
		if next, any := d.nextTimer(); next != at || any != on {
			t.Errorf("%s: due at %d, %v; want %d, %v", what, next, any, at, on)
		}
	}
	want("nothing", never, false)
	d.search.state, d.search.at = searchTrying, 50
	want("a path is tried", never, true) // what becomes of it is its endpoint's matter
	d.search.state = searchLooking
	want("a search", 50, true)
	d.goneAt = 40
	want("a GONE", 40, true)
	d.back = &comeback{of: d, at: 60, until: 30}
	want("a comeback that is about to give up", 30, true)
	d.back.until = 70
	want("a comeback that pauses", 40, true)
	d.goneAt, d.search.state = never, searchIdle
	want("nothing but that", 60, true)
	d.watchTime()
	d.watchTime()
	if len(c.timed) != 1 || c.deadline() != 60 {
		t.Errorf("%d are watched, and due at %d", len(c.timed), c.deadline())
	}
}
