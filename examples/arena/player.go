package arena

import (
	"context"
	"time"

	"github.com/tickwire/tickwire"
)

// A Player is a client of the game: what the network has shown it so far, and
// the Brain that answers with inputs.
type Player struct {
	client *tickwire.Client
	conn   *tickwire.Conn
	name   string
	brain  Brain
	tick   uint32 // of the last move

	// What it has seen.
	State  State
	Scores Scores
	Counts Counts

	// OnChat, if not nil, hears every line, from the one who said it.
	OnChat func(from, text string)
	// OnHit, if not nil, hears of the hits that concern this player.
	OnHit func(Hit)
}

// Counts is what a Player can say about the deliveries that it was promised.
type Counts struct {
	States      uint64 // received
	StaleStates uint64 // of these: older than one before; UnreliableLatest promises 0
	Hits        uint64
	ScoreTables uint64 // received; of those that followed each other quickly maybe the last only
	ChatLines   uint64
	ChatGaps    uint64 // lines that did not follow the one before; ReliableOrdered promises 0
	lastLine    uint32
}

// NewPlayer makes a Player of a client, which was made with NetConfig, that
// connects with connect tokens.
func NewPlayer(client *tickwire.Client, tokens []byte, name string, brain Brain) (*Player, error) {
	conn, err := client.Connect(tokens)
	if err != nil {
		return nil, err
	}
	return &Player{client: client, conn: conn, name: name, brain: brain}, nil
}

// Conn is the connection to the game.
func (p *Player) Conn() *tickwire.Conn { return p.conn }

// Run plays in real time until ctx ends, which is not an error, or the
// connection does, which is a *tickwire.ConnError. It leaves the client open.
func (p *Player) Run(ctx context.Context, each func(tickwire.Tick)) error {
	for tick := range p.client.Ticks(ctx, Rate) {
		if err := p.Step(tick.Now); err != nil {
			return err
		}
		if each != nil {
			each(tick)
		}
	}
	return nil
}

// Step is one frame: hear what came, think, say what to do.
func (p *Player) Step(now time.Time) error {
	p.client.Update(now)
	var over error
	for ev := range p.client.Events() {
		switch ev.Kind {
		case tickwire.Connected:
			if err := p.begin(); err != nil {
				return err
			}
		case tickwire.Back:
			if ev.Kept {
				break // all goes on as if nothing had been
			}
			if err := p.begin(); err != nil {
				return err
			}
		case tickwire.Disconnected:
			over = &tickwire.ConnError{Reason: ev.Reason}
		}
	}
	p.hear()
	if p.conn.Open() && p.Counts.States > 0 {
		// It acts on what it sees, and predicts nothing: its ticks are those of the past, and so its move counts at once.
		p.tick = max(p.tick+1, p.State.Tick)
		if err := Inputs.Send(p.conn, Input{p.tick, []Move{p.brain.Think(p.State)}}); err != nil {
			return err
		}
	}
	p.client.Flush(now)
	return over
}

// begin says who one is, to a server that may not know it.
func (p *Player) begin() error {
	p.Counts.lastLine = 0
	return Names.Send(p.conn, Name{p.name})
}

// hear takes what the server sent. What cannot be decoded counts as not sent.
func (p *Player) hear() {
	for s, err := range States.Receive(p.conn) {
		if err != nil {
			continue
		}
		if p.Counts.States++; p.Counts.States > 1 && int32(s.Tick-p.State.Tick) <= 0 {
			p.Counts.StaleStates++
		}
		p.State = s
	}
	for s, err := range Scorecard.Receive(p.conn) {
		if err == nil {
			p.Scores = s
			p.Counts.ScoreTables++
		}
	}
	for range Anchors.Receive(p.conn) { // it predicts nothing
	}
	for h, err := range Hits.Receive(p.conn) {
		if err == nil {
			p.Counts.Hits++
			if p.OnHit != nil {
				p.OnHit(h)
			}
		}
	}
	for line, err := range Chats.Receive(p.conn) {
		if err == nil {
			p.hearChat(line)
		}
	}
}

func (p *Player) hearChat(line Chat) {
	if p.Counts.ChatLines++; p.Counts.lastLine > 0 && line.Number != p.Counts.lastLine+1 {
		p.Counts.ChatGaps++
	}
	p.Counts.lastLine = line.Number
	if p.OnChat != nil {
		p.OnChat(p.NameOf(line.From), clean(line.Text, MaxChatLength))
	}
}

// Say sends a line of chat.
func (p *Player) Say(text string) error {
	return Chats.Send(p.conn, Chat{Text: clean(text, MaxChatLength)})
}

// NameOf is what a player is called, as far as the scores have told.
func (p *Player) NameOf(id uint16) string {
	for _, s := range p.Scores.Rows {
		if s.ID == id {
			return clean(s.Name, MaxNameLength)
		}
	}
	return "somebody"
}
