package tickwire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/internal/gen/sample/oldgame"
)

// TestDeltaVersions: a server and a client of the release before agree on the version of what package
// delta sends, although what their channel carries is bytes to it.
func TestDeltaVersions(t *testing.T) {
	theirs := tickwire.NewChannel[delta.Encoded[uint16, oldgame.Move, *oldgame.Move]](Moves.Config())
	w := newWorld(t)
	srv := w.serve(w.address(), serving(Moves))
	client := w.open(w.join(with(theirs)), srv, 1)
	server := players(srv)[0]
	if a, b := server.SchemaVersion(), client.SchemaVersion(); a != 1 || b != 1 {
		t.Fatalf("the server uses version %d, the client %d", a, b)
	}
	sender, err := delta.NewSender[uint16, game.Move](delta.Config{Version: server.SchemaVersion()})
	must(t, err)
	server.Value = sender
	receiver, err := delta.NewReceiver[uint16, oldgame.Move](delta.Config{Version: client.SchemaVersion()})
	must(t, err)
	must(t, tellMoves(server, []game.Move{{Tick: 7, X: 0.5, Fires: true, Jumps: true, Seen: []uint16{3}}}))
	w.run(time.Second, func() bool {
		for b, err := range theirs.Receive(client) {
			must(t, err)
			for _, err := range receiver.Read(b) {
				must(t, err)
			}
		}
		return receiver.Len() > 0
	})
	got, ok := receiver.Value(0)
	if want := (oldgame.Move{Tick: 7, X: 0.5, Fires: true, Seen: []uint16{3}}); !ok || !got.Equal(&want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestDeltaMismatch: two ends whose values or keys are others do not talk, and the player reads why.
func TestDeltaMismatch(t *testing.T) {
	cfg := Moves.Config()
	for want, theirs := range map[string]tickwire.AnyChannel{
		"channel 1 carries deltas of Line here, and another type at the peer":                 tickwire.NewChannel[delta.Encoded[uint16, game.Line, *game.Line]](cfg),
		"field key of deltas of Move (channel 1) is uint32 here, and another one at the peer": tickwire.NewChannel[delta.Encoded[uint32, game.Move, *game.Move]](cfg),
		"field key of deltas of Move (channel 1) is int64 here, and another one at the peer":  tickwire.NewChannel[delta.Encoded[int, game.Move, *game.Move]](cfg),
	} {
		w := newWorld(t)
		srv := w.serve(w.address(), serving(Moves))
		client := w.join(with(theirs))
		r := w.ends(client, w.dial(client, srv, 1))
		if r.Code != tickwire.CodeMismatch || !r.Remote || !strings.HasPrefix(r.Text, "typed messages, version ") || !strings.HasSuffix(r.Text, want) {
			t.Errorf("%+v, want %q", r, want)
		}
	}
}
