package tickwire_test

import (
	"flag"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport/udp"
)

// natFor is how long TestLongNAT plays: go test -run TestLongNAT -nat 1m -v .
var natFor = flag.Duration("nat", 10*time.Second, "how long the NAT of TestLongNAT changes ports")

// TestLongNAT: a NAT that forgets its mapping each second, on a line that loses one datagram in
// twenty. Nothing reliable is lost or doubled, and what is unreliable pauses for two round trips.
func TestLongNAT(t *testing.T) {
	const trip = 20 * time.Millisecond
	socket, err := udp.Listen("127.0.0.1:0")
	must(t, err)
	line := simnet.LinkConfig{Delay: trip, Loss: 0.05}
	relay := startRelay(t, simnet.RelayConfig{Target: socket.LocalAddr().String(), Up: line, Down: line, Seed: 1})
	mine, err := udp.Open()
	must(t, err)
	d := startDuet(t, tickwire.ServerConfig{PublicAddresses: []netip.AddrPort{relay.Addr()}}, tickwire.ClientConfig{}, socket, mine)
	d.playOn(time.Second)
	var moves []time.Duration
	for end := d.now() + *natFor; d.now() < end; {
		moves = append(moves, d.now())
		relay.Rebind()
		d.playOn(time.Second)
	}
	d.finish()
	for _, v := range [2]*voice{d.up, d.down} {
		v.checkPauses(t, 2*2*trip, slices.Concat(quantile(d.up.late), d.down.late), moves)
	}
	if s := relay.Stats(); s.Rebound < uint64(len(moves)) || s.Clients != 1 {
		t.Errorf("the relay: %+v", s)
	}
}

// A quantile shows times, which it sorts.
type quantile []time.Duration

func (q quantile) at(percent int) time.Duration {
	slices.Sort(q)
	return q[len(q)*percent/100-percent/100].Round(time.Millisecond)
}

func (q quantile) String() string {
	return fmt.Sprintf("p50 %v, p99 %v, most %v", q.at(50), q.at(99), q.at(100))
}

// checkPauses compares the pauses of the states with two round trips. They are counted in states
// that are missing in a row, each a tick: so a machine that is busy and late shows by the clock
// only. Around a move they are of the move and of ordinary losses; half a second later the losses
// are alone. But who has moved is heard at his new address with his next tick, which may be late.
func (v *voice) checkPauses(t *testing.T, twice time.Duration, late quantile, moves []time.Duration) {
	t.Helper()
	var around, between, clock quantile
	for _, at := range moves {
		around = append(around, v.pause(at-50*time.Millisecond, at+450*time.Millisecond))
		between = append(between, v.pause(at+450*time.Millisecond, at+950*time.Millisecond))
		clock = append(clock, v.gap(at, at+450*time.Millisecond))
	}
	all := v.pauses()
	t.Logf("%s: of all pauses between two states p99 %v, most %v; two round trips are %v, a tick is 17ms", v.name, all.at(99), all.at(100), twice)
	t.Logf("%s: the longest pause around each of %d moves: %v; in as much time without a move, by losses alone: %v", v.name, len(moves), around, between)
	t.Logf("%s: around a move by the clock, on this machine: %v; its ticks were late: %v", v.name, clock, quantile(v.late))
	if all.at(99) > twice || around.at(50) > twice || around.at(99) > twice+between.at(100)+late.at(100) {
		t.Errorf("%s: states pause for more than %v", v.name, twice)
	}
}

// pause is the longest one among the states that were said between two times.
func (v *voice) pause(from, to time.Duration) time.Duration {
	came := make([]bool, v.said)
	for _, a := range v.heard {
		came[a.number] = true
	}
	run, longest := 0, 0
	for n, at := range v.spoke {
		if run++; came[n] || at < from || at >= to {
			run = 0
		}
		longest = max(longest, run)
	}
	return time.Duration(longest+1) * time.Second / duetRate
}

// pauses are those between each state that came and the next one.
func (v *voice) pauses() (all quantile) {
	numbers := make([]uint64, 0, len(v.heard))
	for _, a := range v.heard {
		numbers = append(numbers, a.number)
	}
	slices.Sort(numbers)
	for i := range len(numbers) - 1 {
		all = append(all, time.Duration(numbers[i+1]-numbers[i])*time.Second/duetRate)
	}
	return all
}
