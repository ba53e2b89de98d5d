package swarm

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
	"github.com/tickwire/tickwire/transport"
)

var update = flag.Bool("update", false, "write the connections of SPEC.md, section 13, anew")

const specPage = "../../SPEC.md"

// A said is a message that is what it says.
type said string

func (s said) AppendBinary(b []byte) ([]byte, error) { return append(b, s...), nil }

func (s *said) UnmarshalBinary(b []byte) error { *s = said(b); return nil }

var (
	specChat  = tickwire.NewChannel[said](tickwire.ChannelConfig{ID: 1, Name: "chat", Delivery: tickwire.ReliableOrdered, Repair: tickwire.RepairOff})
	specPlace = tickwire.NewChannel[said](tickwire.ChannelConfig{ID: 2, Name: "place", Delivery: tickwire.UnreliableLatest, Repair: tickwire.RepairOff})
	specLink  = simnet.LinkConfig{Delay: 20 * time.Millisecond}
	specLinks = simnet.Links{Up: specLink, Down: specLink}
)

// A shownConnection is one that SPEC.md, section 13, shows: its vector has all that goes over the wire.
type shownConnection struct {
	vector string
	from   string // the millisecond from which on it is shown
	begins string // what is shown
	ladder bool
	ticks  map[int]func(*world.Player) error // what the player does while he is there
}

var shownConnections = []shownConnection{
	{
		vector: "../../testdata/vectors/connection.jsonl", from: "0", begins: "0 ms C→S request",
		ticks: map[int]func(*world.Player) error{
			2: func(p *world.Player) error {
				return errors.Join(world.Send(p.Client, specChat, "hi", world.Message{}), world.Send(p.Client, specPlace, "3,4", world.Message{}))
			},
			10: leave,
		},
	},
	{
		vector: "../../testdata/vectors/climb.jsonl", from: "300", begins: "300 ms C→S DATA", ladder: true,
		ticks: map[int]func(*world.Player) error{
			4: func(p *world.Player) error {
				_, err := p.Raise(transport.KindWebTransport, specLinks)
				return err
			},
			12: func(p *world.Player) error { return world.Send(p.Client, specChat, "hi", world.Message{}) },
			20: leave,
		},
	},
}

func leave(p *world.Player) error {
	p.Client.Close(0, "bye")
	return nil
}

// play is its dump. The server says again what it hears.
func (c *shownConnection) play() (dump []byte, failed error) {
	var lines bytes.Buffer
	game := quiet().Base
	w, err := world.New(world.Config{
		Seed: 1, Channels: tickwire.Channels(specChat, specPlace), Links: specLinks, TickRate: 20, Ladder: c.ladder,
		Server: tickwire.ServerConfig{Config: game}, Client: tickwire.ClientConfig{Config: game},
		Manual: true, Dump: &lines,
	})
	if err != nil {
		return nil, err
	}
	p, err := w.Join(42)
	if err != nil {
		return nil, err
	}
	ticks := 0
	w.Run(2*time.Second, func() {
		if p.Client.Open() {
			if ticks++; c.ticks[ticks] != nil {
				failed = errors.Join(failed, c.ticks[ticks](p))
			}
		}
		for line, err := range world.Receive(p.Server, specChat) {
			failed = errors.Join(failed, err, world.Send(p.Server, specChat, "you said "+line, world.Message{}))
		}
		for range world.Receive(p.Server, specPlace) {
		}
		for range world.Receive(p.Client, specChat) {
		}
	})
	w.Close()
	return lines.Bytes(), failed
}

// shown is what the decoder says of the vector, for people.
func (c *shownConnection) shown(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("python3", "-B", "../../testdata/decoder/shown.py", c.vector, c.from).CombinedOutput()
	if err != nil {
		t.Fatalf("shown.py: %v: this test needs Python 3 without further packages; make test installs it\n%s", err, out)
	}
	return string(out)
}

// TestSpecConnections: the connections that SPEC.md shows are what the library makes, to the byte.
func TestSpecConnections(t *testing.T) {
	const wanted = "if that is wanted: go test ./internal/swarm -run TestSpecConnections -update, and read SPEC.md, section 13, again"
	for _, c := range shownConnections {
		dump, err := c.play()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(c.vector, dump, 0o600); err != nil {
				t.Fatal(err)
			}
			c.showInSpec(t)
		}
		vector, err := os.ReadFile(c.vector)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dump, vector) {
			t.Fatalf("%s has other bytes than the connection; %s", c.vector, wanted)
		}
		page, err := os.ReadFile(specPage)
		if err != nil {
			t.Fatal(err)
		}
		if text := c.shown(t); !strings.Contains(string(page), "```\n"+text+"```\n") {
			t.Errorf("SPEC.md does not show what is in %s; %s\n%s", c.vector, wanted, text)
		}
	}
}

// showInSpec puts what is shown in place of what SPEC.md has.
func (c *shownConnection) showInSpec(t *testing.T) {
	t.Helper()
	page, err := os.ReadFile(specPage)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "```\n"+c.begins, "```\n"
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("SPEC.md shows no connection: no lines that begin %q", begin)
	}
	if err := os.WriteFile(specPage, []byte(before+"```\n"+c.shown(t)+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
