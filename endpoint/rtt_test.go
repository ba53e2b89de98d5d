package endpoint

import "testing"

// TestFirstRoundTrip: the first ack gives the round trip less the hold, no less than half of what it
// took, and half of that as its variance (RFC 9002, 5.3). A hold that is no shorter is not believed.
func TestFirstRoundTrip(t *testing.T) {
	for _, c := range []struct{ took, hold, want int64 }{
		{100, 0, 100}, {100, 40, 60}, {100, 50, 50}, {100, 80, 50}, {100, 99, 50}, {100, 100, 100}, {100, 200, 100},
	} {
		r := newRTT()
		r.sample(c.took*milli, c.hold*milli)
		want := c.want * milli
		if r.smooth != want || r.latest != want || r.min != want || r.variance != want/2 || r.quickest != c.took*milli || !r.sampled {
			t.Errorf("%d ms with a hold of %d: %+v", c.took, c.hold, r)
		}
	}
}
