package simnet

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tickwire/tickwire/internal/config"
)

// Links are the two directions of a player's access to a server: Up carries
// what the player sends.
//
// The presets describe the whole way from a player to a server in the same
// region; the server's own access is taken to be perfect.
type Links struct{ Up, Down LinkConfig }

// Validate reports everything that is wrong with both: a joined error whose
// parts are of type [*ConfigError], or nil.
func (l Links) Validate() error {
	var v config.Check
	v.Take("Up", l.Up.Validate())
	v.Take("Down", l.Down.Validate())
	return v.Err()
}

// Perfect is a path that does nothing: for measuring what is left without a
// network.
func Perfect() Links { return Links{} }

// LAN is a wired home network or a LAN party. Two gigabit switches and two
// network stacks take about 0.15 ms one way; a busy switch adds a little.
// Frames are practically never lost.
func LAN() Links {
	l := LinkConfig{
		Delay:         150 * time.Microsecond,
		Jitter:        100 * time.Microsecond,
		BitsPerSecond: 1_000_000_000,
		QueuePackets:  1000, // the transmit queue of a usual network card
	}
	return Links{Up: l, Down: l}
}

// WiFi is a player in the room of the access point, on a home connection of 50
// Mbit/s down and 10 up: 12 ms one way, of which about 10 are the access
// network and the Internet within a region. Waiting for the air has a long
// tail. The radio repeats lost frames itself, so little loss is left.
func WiFi() Links {
	l := LinkConfig{
		Delay:       12 * time.Millisecond,
		Jitter:      2 * time.Millisecond,
		JitterShape: Exponential,
		Loss:        0.002,
		LossBurst:   2, // frames are sent and lost in aggregates
	}
	return Links{Up: l.at(10_000_000, 100*time.Millisecond), Down: l.at(50_000_000, 100*time.Millisecond)}
}

// WiFiBad is WiFi two walls away with neighbours on the channel: frames are
// repeated many times before they get through or are given up, so delays of
// tens of milliseconds are common, and losses come in bursts while somebody
// else holds the air. The rate is what is left of the air at a low modulation.
func WiFiBad() Links {
	l := LinkConfig{
		Delay:       15 * time.Millisecond,
		Jitter:      12 * time.Millisecond,
		JitterShape: Exponential,
		Loss:        0.03,
		LossBurst:   4,
		Reorder:     0.002, // a repeated frame that its aggregate did not wait for
		Duplicate:   0.001, // a frame whose acknowledgement was lost
	}
	return Links{Up: l.at(3_000_000, 250*time.Millisecond), Down: l.at(8_000_000, 250*time.Millisecond)}
}

// LTE4G is a phone that lies still with fair reception. A downlink waits for
// the scheduler, an uplink asks for a grant first, which takes another 10 ms or
// so. The radio repeats until it works, so there is next to no loss; the price
// is jitter in steps of the 8 ms that a repetition takes, and deep queues.
func LTE4G() Links {
	l := LinkConfig{Jitter: 8 * time.Millisecond, Loss: 0.001}
	up, down := l.at(8_000_000, 400*time.Millisecond), l.at(25_000_000, 300*time.Millisecond)
	up.Delay, down.Delay = 32*time.Millisecond, 22*time.Millisecond
	return Links{Up: up, Down: down}
}

// LTE4GDriving is a phone in a moving car: the delays of [LTE4G] with a
// capacity that changes from second to second, is gone at handovers, and sits
// behind a queue of the operator that rather delays than drops. The traces are
// generated, two minutes long, and the same each time.
func LTE4GDriving() Links {
	l := LinkConfig{Jitter: 8 * time.Millisecond, Loss: 0.002}
	up, down := l, l
	up.Delay, down.Delay = 32*time.Millisecond, 22*time.Millisecond
	t := driveTraces()
	up.Trace, down.Trace = t[0], t[1]
	// Half a second at the peak, and so several seconds when it gets slow.
	up.QueueBytes, down.QueueBytes = 10_000_000/8/2, 24_000_000/8/2
	return Links{Up: up, Down: down}
}

// driveTraces generates the traces of LTE4GDriving once. An uplink has less
// power, so less of everything and more outages.
var driveTraces = sync.OnceValue(func() [2]*Trace {
	var t [2]*Trace
	for i, c := range [2]DriveConfig{
		{PeakBitsPerSecond: 10_000_000, OutageEvery: 15 * time.Second, Outage: 700 * time.Millisecond},
		{PeakBitsPerSecond: 24_000_000},
	} {
		var err error
		if t[i], err = GenerateTrace(c, uint64(1+i)); err != nil {
			panic(err) // not possible: the configurations are constant, and tested
		}
	}
	return t
})

// Satellite is a geostationary one: light takes 240 ms up to 35,786 km and down
// again, and coding, interleaving and the ground network 40 more. Capacity is
// shared, uplinks wait for a slot. (Satellites in low orbits are closer to
// [LTE4G].)
func Satellite() Links {
	l := LinkConfig{
		Delay:     280 * time.Millisecond,
		Jitter:    15 * time.Millisecond,
		Loss:      0.005,
		LossBurst: 3, // a code block that could not be corrected holds several
	}
	return Links{Up: l.at(3_000_000, 300*time.Millisecond), Down: l.at(25_000_000, 300*time.Millisecond)}
}

// at gives the link a rate, and a queue that takes full to drain.
func (c LinkConfig) at(bitsPerSecond int64, full time.Duration) LinkConfig {
	c.BitsPerSecond = bitsPerSecond
	c.QueueBytes = int(bitsPerSecond / 8 * int64(full) / int64(time.Second))
	return c
}

var presets = []struct {
	name  string
	links func() Links
}{
	{"none", Perfect},
	{"lan", LAN},
	{"wifi", WiFi},
	{"wifi-bad", WiFiBad},
	{"4g", LTE4G},
	{"4g-driving", LTE4GDriving},
	{"satellite", Satellite},
}

// PresetNames lists the names that [Preset] knows, the best path first.
func PresetNames() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// Preset finds a preset by its name. The error, a [*PresetError], lists the
// names that there are.
func Preset(name string) (Links, error) {
	for _, p := range presets {
		if p.name == name {
			return p.links(), nil
		}
	}
	return Links{}, &PresetError{name}
}

// A PresetError says that there is no preset of a name.
type PresetError struct{ Name string }

func (e *PresetError) Error() string {
	return fmt.Sprintf("simnet: no preset is called %q: want one of %s", e.Name, strings.Join(PresetNames(), ", "))
}
