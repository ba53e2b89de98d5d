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
)

var update = flag.Bool("update", false, "write the connection of SPEC.md, section 13, anew")

const (
	connectionVector = "../../testdata/vectors/connection.jsonl"
	specPage         = "../../SPEC.md"
)

// A said is a message that is what it says.
type said string

func (s said) AppendBinary(b []byte) ([]byte, error) { return append(b, s...), nil }

func (s *said) UnmarshalBinary(b []byte) error { *s = said(b); return nil }

// playConnection is the connection of SPEC.md, section 13: somebody comes, both say something, and he leaves.
func playConnection() (dump []byte, failed error) {
	chat := tickwire.NewChannel[said](tickwire.ChannelConfig{ID: 1, Name: "chat", Delivery: tickwire.ReliableOrdered, Repair: tickwire.RepairOff})
	place := tickwire.NewChannel[said](tickwire.ChannelConfig{ID: 2, Name: "place", Delivery: tickwire.UnreliableLatest, Repair: tickwire.RepairOff})
	var lines bytes.Buffer
	game, link := quiet().Base, simnet.LinkConfig{Delay: 20 * time.Millisecond}
	w, err := world.New(world.Config{
		Seed: 1, Channels: tickwire.Channels(chat, place), Links: simnet.Links{Up: link, Down: link}, TickRate: 20,
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
			switch ticks++; ticks {
			case 2:
				failed = errors.Join(failed, world.Send(p.Client, chat, "hi", world.Message{}))
				failed = errors.Join(failed, world.Send(p.Client, place, "3,4", world.Message{}))
			case 10:
				p.Client.Close(0, "bye")
			}
		}
		for line, err := range world.Receive(p.Server, chat) {
			failed = errors.Join(failed, err, world.Send(p.Server, chat, "you said "+line, world.Message{}))
		}
		for range world.Receive(p.Server, place) {
		}
		for range world.Receive(p.Client, chat) {
		}
	})
	w.Close()
	return lines.Bytes(), failed
}

// shown is what the decoder says of the vector, for people.
func shown(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("python3", "-B", "../../testdata/decoder/shown.py", connectionVector).CombinedOutput()
	if err != nil {
		t.Fatalf("shown.py: %v: this test needs Python 3 without further packages; make test installs it\n%s", err, out)
	}
	return string(out)
}

// TestSpecConnection: the connection that SPEC.md shows is one that the library makes, to the byte.
func TestSpecConnection(t *testing.T) {
	dump, err := playConnection()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(connectionVector, dump, 0o600); err != nil {
			t.Fatal(err)
		}
		showInSpec(t, shown(t))
	}
	vector, err := os.ReadFile(connectionVector)
	if err != nil {
		t.Fatal(err)
	}
	const wanted = "if that is wanted: go test ./internal/swarm -run TestSpecConnection -update, and read SPEC.md, section 13, again"
	if !bytes.Equal(dump, vector) {
		t.Fatal("a connection has other bytes than the vector; " + wanted)
	}
	page, err := os.ReadFile(specPage)
	if err != nil {
		t.Fatal(err)
	}
	if text := shown(t); !strings.Contains(string(page), "```\n"+text+"```\n") {
		t.Errorf("SPEC.md shows another connection than the vector; %s\n%s", wanted, text)
	}
}

// showInSpec puts a text in place of the connection that SPEC.md shows.
func showInSpec(t *testing.T, text string) {
	t.Helper()
	page, err := os.ReadFile(specPage)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "```\n0 ms C→S request", "```\n"
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("SPEC.md shows no connection: no lines that begin %q", begin)
	}
	if err := os.WriteFile(specPage, []byte(before+"```\n"+text+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
