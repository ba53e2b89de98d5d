package picture

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/simnet"
)

// A Scene is a short script for two endpoints.
type Scene struct {
	Name   string // of its file
	Title  string
	Note   string        // what happens, in half a line
	Seed   uint64        // of the links and of both ends
	Length time.Duration // of what is shown

	channels    []endpoint.ChannelConfig
	there, back simnet.LinkConfig // to the receiver of the messages, and from it
	script      []Cue
	away        [2]time.Duration // when the receiving game does not read
	hold        bool             // then it is not there at all, and has said so with Hold
	drain       time.Duration    // when the sending game calls Drain; 0: never
	rate        int              // bytes a second that the sender sends at most; 0: as the library has it
	shares      bool             // show shares of the link, not packets
}

// A Cue is one message of a script.
type Cue struct {
	At      time.Duration
	Label   string
	Channel endpoint.ChannelID
	Bytes   int // 0: 24
	Options endpoint.SendOptions
}

func (c *Cue) bytes() int {
	if c.Bytes == 0 {
		return 24
	}
	return c.Bytes
}

// cues returns a copy of the script, in order.
func (s *Scene) cues() []Cue {
	cues := slices.Clone(s.script)
	slices.SortStableFunc(cues, func(a, b Cue) int { return int(a.At - b.At) })
	return cues
}

// Draw plays the scene and returns its picture as an SVG.
func (s *Scene) Draw() ([]byte, error) {
	t, err := s.Play()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	if s.shares {
		return drawShares(s, t), nil
	}
	return drawTimeline(s, t), nil
}

// Find returns the scene with this name.
func Find(name string) (Scene, error) {
	var names []string
	for _, s := range Scenes() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scene{}, fmt.Errorf("no picture is called %q: there are %s", name, strings.Join(names, ", "))
}
