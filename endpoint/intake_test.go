package endpoint

import (
	"strings"
	"testing"
	"time"
)

// TestIntake: each limit holds for payloads as for packets: what is beyond it for a second is dropped,
// and twice as much for a second ends the connection.
func TestIntake(t *testing.T) {
	for what, limits := range map[string]Limits{
		"packets": {PacketsPerSecond: 100}, "bytes": {BytesPerSecond: 100 * (200 + packetCharge)}, "messages": {MessagesPerSecond: 100},
	} {
		for _, rate := range []int64{90, 150, 400} {
			i, taken, ended := NewIntake(0, limits, 1200), 0, ""
			for n := int64(0); n < 10*rate && ended == ""; n++ {
				fits, broken := i.Take(n*second/rate, 200)
				if ended = broken; fits {
					taken++
				}
			}
			most := 100*11 + 10
			switch {
			case rate == 90 && (taken != 900 || ended != ""),
				rate == 150 && (taken > most || taken < 1000 || ended != ""),
				rate == 400 && !strings.Contains(ended, what):
				t.Errorf("%d payloads a second, %s limited to 100: %d in ten seconds, ended by %q", rate, what, taken, ended)
			}
		}
	}
	if i := NewIntake(0, Limits{}, 1200); i != nil {
		t.Error("limits that nobody set")
	}
	if fits, broken := (*Intake)(nil).Take(0, 1200); !fits || broken != "" {
		t.Errorf("without limits: %v, %q", fits, broken)
	}
	i := NewIntake(0, Limits{PacketsPerSecond: 16}, 1200)
	if n := testing.AllocsPerRun(10, func() { i.Take(int64(time.Hour), 1) }); n != 0 {
		t.Errorf("a payload makes %v", n)
	}
}
