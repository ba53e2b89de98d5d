package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/tickwire/tickwire/simnet"
)

// A linkSwitch is the link that all players of a demo have, each one of his own, and which can be another
// while they play.
type linkSwitch struct {
	relay   *simnet.Relay       // for UDP
	streams *simnet.StreamRelay // for WebSockets
	news    *feed

	mu  sync.Mutex
	now string
}

// name is the preset that is played over now.
func (l *linkSwitch) name() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// set has everybody play over a preset from now on.
func (l *linkSwitch) set(name string) error {
	links, err := simnet.Preset(name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.relay.SetLinks(links.Up, links.Down), l.streams.SetLinks(links.Up, links.Down)); err != nil {
		return err
	}
	if l.now != name {
		l.news.add(fmt.Sprintf("the link is %s now, and was %s", name, l.now))
	}
	l.now = name
	return nil
}

// A linkReport is what pages are told. The names of the numbers end with their unit.
type linkReport struct {
	Run     string         `json:"run"` // another one whenever a demo is started
	Now     string         `json:"now"`
	Presets []presetReport `json:"presets"`
}

// A presetReport is a preset in numbers.
type presetReport struct {
	Name   string  `json:"name"`
	RTT    float64 `json:"rtt_ms"`          // both ways, without jitter
	Jitter float64 `json:"jitter_ms"`       // of the worse direction
	Loss   float64 `json:"loss_percent"`    // of each direction
	Up     float64 `json:"up_kbit_per_s"`   // 0: no limit, or one that changes
	Down   float64 `json:"down_kbit_per_s"` // likewise
	Varies bool    `json:"capacity_varies"` // from second to second
}

func (l *linkSwitch) report() linkReport {
	r := linkReport{Now: l.name()}
	for _, name := range simnet.PresetNames() {
		links, err := simnet.Preset(name)
		if err != nil {
			continue // not possible: it is one of the names
		}
		up, down := links.Up, links.Down
		r.Presets = append(r.Presets, presetReport{
			Name: name, RTT: milliseconds(up.Delay + down.Delay), Jitter: milliseconds(max(up.Jitter, down.Jitter)),
			Loss: rounded(100 * max(up.Loss, down.Loss)),
			Up:   float64(up.BitsPerSecond) / 1000, Down: float64(down.BitsPerSecond) / 1000, Varies: down.Trace != nil,
		})
	}
	return r
}
