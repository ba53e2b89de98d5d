package arena

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire"
)

// CodeTooSlow ends the connection of a player who lets chat pile up until
// there is no more room for it.
const CodeTooSlow = tickwire.CodeApplication + 1

// A Game is the server: it owns a tickwire.Server and plays the World on it.
type Game struct {
	srv    *tickwire.Server
	world  *World
	view   State
	lines  uint32 // of chat so far
	tables uint32 // of scores so far

	scoresChanged bool
	ticks         timekeeper
	steps         uint64
	worstLate     time.Duration

	// Tell, if not nil, hears what happens in the game, a line each.
	Tell func(line string)
}

// A seat is what the Game keeps of a player, in Conn.Value.
type seat struct {
	id     uint16
	name   string
	since  time.Time
	inputs uint64
	stale  uint64 // inputs that were older than the one before: never, says the channel
	moves  schedule
}

// NewGame plays on a server, which was made with NetConfig.
func NewGame(srv *tickwire.Server, chance *rand.Rand) *Game {
	return &Game{srv: srv, world: NewWorld(chance)}
}

// Run plays in real time until ctx ends.
func (g *Game) Run(ctx context.Context, each func(tickwire.Tick)) {
	for tick := range g.srv.Ticks(ctx, Rate) {
		g.worstLate = max(g.worstLate, tick.Late)
		g.Step(tick.Now)
		if each != nil {
			each(tick)
		}
	}
}

// Step is one tick: take what came, move the world, send what it looks like.
func (g *Game) Step(now time.Time) {
	g.srv.Update(now)
	for ev := range g.srv.Events() {
		switch ev.Kind {
		case tickwire.Connected:
			g.join(now, ev.Conn)
		case tickwire.Away:
			g.miss(ev.Conn)
		case tickwire.Back:
			g.welcome(ev)
		case tickwire.Disconnected:
			g.leave(ev)
		}
	}
	for c := range g.srv.Conns() {
		g.listen(c)
	}
	g.report(g.world.Step())
	g.tellTicks(now)
	g.show()
	g.srv.Flush(now)
	g.steps++
}

func (g *Game) join(now time.Time, c *tickwire.Conn) {
	id := uint16(c.ClientID())
	c.Value = &seat{id: id, name: fmt.Sprintf("player %d", id), since: now}
	g.world.Add(id)
	g.scoresChanged, g.ticks.told = true, false
}

func (g *Game) leave(ev tickwire.Event) {
	s := ev.Conn.Value.(*seat)
	if !g.replaced(ev.Conn, s.id) {
		g.world.Remove(s.id)
	}
	g.scoresChanged = true
	g.tell("%s left: %v", s.name, ev.Reason)
}

// miss takes a player off the field of whom nothing is heard. What he has reached is kept for him, as long as the
// server keeps his seat.
func (g *Game) miss(c *tickwire.Conn) {
	s := c.Value.(*seat)
	g.world.Rest(s.id)
	g.scoresChanged = true
	g.tell("%s is away", s.name)
}

// welcome has somebody play on whose line was dead, or whose page was loaded again: that one knows nothing.
func (g *Game) welcome(ev tickwire.Event) {
	s := ev.Conn.Value.(*seat)
	g.world.Return(s.id)
	g.scoresChanged = true
	if !ev.Kept {
		s.moves, g.ticks.told = schedule{}, false
	}
	g.tell("%s is back", s.name)
}

// replaced reports whether another Conn has the player of an old one.
func (g *Game) replaced(old *tickwire.Conn, id uint16) bool {
	for c := range g.srv.Conns() {
		if s, ok := c.Value.(*seat); ok && c != old && s.id == id && c.Open() {
			return true
		}
	}
	return false
}

// listen takes what a player sent.
func (g *Game) listen(c *tickwire.Conn) {
	s, ok := c.Value.(*seat)
	if !ok {
		return
	}
	for in, err := range Inputs.Receive(c) {
		if err != nil {
			c.Close(tickwire.CodeProtocol, err.Error())
			return
		}
		s.inputs++
		if !s.moves.take(in, g.world.Tick()+1) {
			s.stale++
		}
	}
	for name, err := range Names.Receive(c) {
		if text := clean(name.Text, MaxNameLength); err == nil && text != "" && text != s.name {
			g.tell("%s plays", text)
			s.name, g.scoresChanged = text, true
		}
	}
	for line, err := range Chats.Receive(c) {
		if text := clean(line.Text, MaxChatLength); err == nil && text != "" {
			g.say(s, text)
		}
	}
	if m, ok := s.moves.due(g.world.Tick() + 1); ok {
		g.world.Apply(s.id, m)
	}
}

// say sends a line to everybody.
func (g *Game) say(s *seat, text string) {
	g.lines++
	g.tell("%s: %s", s.name, text)
	toAll(Chats, g.srv, Chat{g.lines, s.id, text})
}

// toAll sends a message to everybody; it is encoded once.
func toAll[T any](ch *tickwire.Channel[T], srv *tickwire.Server, v T) {
	// As a whole it fails only when the server is closed: then nobody is left.
	_ = ch.Broadcast(srv, nil, v, tickwire.SendOptions{}, func(c *tickwire.Conn, _ tickwire.Receipt, err error) {
		check(c, err)
	})
}

// check ends a connection whose player does not keep up with what must not be
// lost. (What may be lost never comes to that.)
func check(c *tickwire.Conn, err error) {
	if errors.Is(err, tickwire.ErrFull) {
		c.Close(CodeTooSlow, "too slow: "+err.Error())
	}
}

// report tells the two whom a hit concerns.
func (g *Game) report(hits []Hit) {
	if len(hits) == 0 {
		return
	}
	for c := range g.srv.Conns() {
		s, ok := c.Value.(*seat)
		if !ok {
			continue
		}
		for _, h := range hits {
			if h.By == s.id || h.On == s.id {
				check(c, Hits.Send(c, h))
			}
			g.scoresChanged = g.scoresChanged || h.Health == 0
		}
	}
}

// show sends everybody what the world looks like, and the scores when they changed.
func (g *Game) show() {
	if g.scoresChanged {
		toAll(Scorecard, g.srv, g.scores())
		g.tables++
		g.scoresChanged = false
	}
	for c := range g.srv.Conns() {
		s, ok := c.Value.(*seat)
		if !ok || !present(c) {
			continue
		}
		g.world.View(s.id, &g.view)
		g.view.Heard, s.moves.heard = s.moves.heard, 0
		g.view.Late = s.moves.late(g.world.Tick())
		check(c, States.Send(c, g.view))
	}
}

func (g *Game) scores() (table Scores) {
	table.Rows = []Score{}
	for c := range g.srv.Conns() {
		if s, ok := c.Value.(*seat); ok && present(c) {
			frags, deaths := g.world.Score(s.id)
			table.Rows = append(table.Rows, Score{s.id, frags, deaths, s.name})
		}
	}
	return table
}

// present reports whether a player hears what is sent.
func present(c *tickwire.Conn) bool { return c.Open() && c.Away() == 0 }

func (g *Game) tell(format string, args ...any) {
	if g.Tell != nil {
		g.Tell(fmt.Sprintf(format, args...))
	}
}
