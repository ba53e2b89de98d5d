package endpoint

import "testing"

// TestPushLatest pushes events of which the last one matters: it is one as long as none is shown.
func TestPushLatest(t *testing.T) {
	q := events{lent: new(eventMemory)}
	var rate, path uint64
	push := func(last *uint64, kind EventKind, n int) { q.pushLatest(last, Event{Kind: kind, BytesPerSecond: n}) }
	take := func(want ...Event) {
		t.Helper()
		q.reveal()
		for _, ev := range want {
			if got, ok := q.next(); !ok || got != ev {
				t.Errorf("the next event is %+v, not %+v", got, ev)
			}
		}
		if ev, ok := q.next(); ok {
			t.Errorf("there is also %+v", ev)
		}
	}
	push(&rate, RateChanged, 1)
	push(&path, PathChanged, 2)
	push(&rate, RateChanged, 3)
	take(Event{Kind: RateChanged, BytesPerSecond: 3}, Event{Kind: PathChanged, BytesPerSecond: 2})
	push(&rate, RateChanged, 4)
	q.reveal()
	push(&rate, RateChanged, 5) // the other one is shown, be it taken or not
	if !q.unread(rate) || q.unread(path) {
		t.Errorf("unread: the rate %v, the path %v", q.unread(rate), q.unread(path))
	}
	take(Event{Kind: RateChanged, BytesPerSecond: 4}, Event{Kind: RateChanged, BytesPerSecond: 5})
}
