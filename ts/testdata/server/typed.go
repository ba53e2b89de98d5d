package main

import (
	"context"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/codec"
	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/internal/gen/sample/game"
	"github.com/tickwire/tickwire/internal/gen/sample/oldgame"
)

// A release is the typed channels of a server, which are others in the game of today than in that of
// yesterday.
type release interface {
	channels() []tickwire.AnyChannel
	// echo says back what came on them, and reports whether it did.
	echo(ev tickwire.Event) bool
}

// releases are those that the settings may ask for.
var releases = map[string]release{
	"":    untyped{},
	"new": typedAs[game.Move, game.Line](delta.Encoded[uint16, game.Move, *game.Move]{}),
	"old": typedAs[oldgame.Move, oldgame.Line](delta.Encoded[uint16, oldgame.Move, *oldgame.Move]{}),
}

type untyped struct{}

func (untyped) channels() []tickwire.AnyChannel { return nil }
func (untyped) echo(tickwire.Event) bool        { return false }

type typed[M, L, D any] struct {
	moves  *tickwire.Channel[M]
	lines  *tickwire.Channel[L]
	deltas *tickwire.Channel[D]
	said   *tickwire.Channel[Said]
}

// Said is either of them.
type Said interface{ AppendBits(*codec.Writer) }

func typedAs[M, L, D any](D) release {
	cfg := func(id tickwire.ChannelID, name string) tickwire.ChannelConfig {
		return tickwire.ChannelConfig{ID: id, Name: name, Delivery: tickwire.ReliableOrdered}
	}
	return &typed[M, L, D]{
		tickwire.NewChannel[M](cfg(6, "moves")), tickwire.NewChannel[L](cfg(7, "lines")), tickwire.NewChannel[D](cfg(8, "deltas")),
		tickwire.NewChannelWith(cfg(9, "said"), tickwire.Registry(tickwire.KindOf[Said, *M](1), tickwire.KindOf[Said, *L](300))),
	}
}

func (t *typed[M, L, D]) channels() []tickwire.AnyChannel {
	return []tickwire.AnyChannel{t.moves, t.lines, t.deltas, t.said}
}

func (t *typed[M, L, D]) echo(ev tickwire.Event) bool {
	return back(t.moves, ev) || back(t.lines, ev) || back(t.said, ev)
}

// back reads a message, tells what it is and in which version, and writes it anew.
func back[T any](ch *tickwire.Channel[T], ev tickwire.Event) bool {
	if !ch.Is(ev) {
		return false
	}
	v, err := ch.Decode(ev)
	if err != nil {
		answer(map[string]any{"failed": err.Error()})
		return true
	}
	answer(map[string]any{"read": v, "version": ev.Conn.SchemaVersion()})
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	if _, err := ch.SendContext(ctx, ev.Conn, v, tickwire.SendOptions{}); err != nil {
		answer(map[string]any{"failed": err.Error()})
	}
	return true
}
