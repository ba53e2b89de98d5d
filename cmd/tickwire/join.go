package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/examples/arena"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// defaultListen is where a demo is unless it is told otherwise.
const defaultListen = "127.0.0.1:7777"

// A joinCmd is `tickwire join`.
type joinCmd struct {
	Addr string        `default:"127.0.0.1:7777" help:"Where the demo is: its --listen."`
	Name string        `default:"guest" help:"What you are called."`
	Link string        `default:"none" help:"A bad network of your own, on top of the demo's: ${links}."`
	For  time.Duration `help:"Leave after this time, such as 10s. Without it, or with 0, ctrl-C or the end of the demo does."`
	JSON bool          `help:"Print nothing but a summary for machines, at the end."`
}

// Validate is called by kong after parsing.
func (j *joinCmd) Validate() error {
	if j.For < 0 {
		return fmt.Errorf("--for is %v: want a time such as 10s", j.For)
	}
	if n := utf8.RuneCountInString(j.Name); n < 1 || n > arena.MaxNameLength {
		return fmt.Errorf("--name has %d characters: want 1 to %d", n, arena.MaxNameLength)
	}
	if _, _, err := net.SplitHostPort(j.Addr); err != nil {
		return fmt.Errorf("--addr is %q: want host:port, such as %s", j.Addr, defaultListen)
	}
	if _, err := simnet.Preset(j.Link); err != nil {
		return fmt.Errorf("--link is %q: want one of %s", j.Link, strings.Join(simnet.PresetNames(), ", "))
	}
	return nil
}

// open opens the guest's socket, behind the link that was asked for.
func (j *joinCmd) open(seed uint64) (transport.Socket, error) {
	socket, err := udp.Open()
	if err != nil || j.Link == "none" {
		return socket, err
	}
	links, err := simnet.Preset(j.Link)
	if err != nil {
		socket.Close()
		return nil, err
	}
	return simnet.Wrap(socket, links, seed)
}

// Run is called by kong.
func (j *joinCmd) Run(ctx context.Context) error { return j.run(ctx, os.Stdin, os.Stdout) }

// A guest is one who has joined.
type guest struct {
	cmd     *joinCmd
	out     io.Writer
	client  *tickwire.Client
	player  *arena.Player
	start   time.Time
	told    time.Time // when the last line about the match was printed
	waiting []string  // typed, and not sent yet
	states  uint64    // that had come by then
}

func (j *joinCmd) run(ctx context.Context, in io.Reader, out io.Writer) error {
	token, err := fetchToken(j.Addr)
	if err != nil {
		return err
	}
	news := &feed{pass: os.Stderr}
	seed := uint64(time.Now().UnixNano())
	socket, err := j.open(seed)
	if err != nil {
		return err
	}
	client, player, err := enter(socket, token, j.Name, rand.New(rand.NewPCG(seed, 0)), news)
	if err != nil {
		return err
	}
	defer client.Close()
	if j.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, j.For)
		defer cancel()
	}
	g := &guest{cmd: j, out: out, client: client, player: player, start: time.Now()}
	if j.JSON {
		g.out = io.Discard
	}
	player.OnChat = func(from, text string) { fmt.Fprintf(g.out, "%s: %s\n", from, text) }
	player.OnHit = g.hit
	go g.listen(in)
	err = player.Run(ctx, g.frame)
	return g.leave(out, err)
}

// listen passes on what is typed. A pipe that ends leaves the player in the game.
func (g *guest) listen(in io.Reader) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		if g.client.Post(func() { g.waiting = append(g.waiting, line) }) != nil {
			return
		}
	}
}

// frame is called 60 times a second.
func (g *guest) frame(t tickwire.Tick) {
	p := g.player
	if !p.Conn().Open() || p.Counts.States == 0 {
		return
	}
	if g.told.IsZero() {
		fmt.Fprintf(g.out, "you play as %q and move by yourself; what you type is chat, ctrl-C leaves\n", g.cmd.Name)
		g.told = t.Now
	}
	for len(g.waiting) > 0 && p.Say(g.waiting[0]) == nil {
		g.waiting = g.waiting[1:]
	}
	if t.Now.Sub(g.told) >= 5*time.Second {
		if g.told = t.Now; p.Counts.States == g.states {
			fmt.Fprintln(g.out, "* nothing from the demo for 5 s: is it still there?")
			return
		}
		g.states = p.Counts.States
		fmt.Fprintln(g.out, g.standing())
	}
}

// hit tells of the hits that matter.
func (g *guest) hit(h arena.Hit) {
	p := g.player
	switch {
	case h.Health > 0:
	case h.On == p.State.You:
		fmt.Fprintf(g.out, "* %s got you\n", p.NameOf(h.By))
	case h.By == p.State.You:
		fmt.Fprintf(g.out, "* you got %s\n", p.NameOf(h.On))
	}
}

// standing is the match in a line, as this player sees it.
func (g *guest) standing() string {
	p := g.player
	s := p.Conn().Stats()
	me, place := g.place()
	return fmt.Sprintf("* %.0f s  RTT %.0f ms  loss %.1f %% up %.1f %% down  %d states  you: %d frags, %d deaths, place %d of %d",
		time.Since(g.start).Seconds(), milliseconds(s.RTT), 100*s.LossOut, 100*s.LossIn,
		p.Counts.States, me.Frags, me.Deaths, place, len(p.Scores.Rows))
}

// place finds this player's row, and how many have more frags.
func (g *guest) place() (me arena.Score, place int) {
	rows := g.player.Scores.Rows
	for _, r := range rows {
		if r.ID == g.player.State.You {
			me = r
		}
	}
	place = 1
	for _, r := range rows {
		if r.Frags > me.Frags {
			place++
		}
	}
	return me, place
}

// A stay is what `tickwire join --json` prints. The names of the numbers end with their unit.
type stay struct {
	Name        string  `json:"name"`
	Seconds     float64 `json:"duration_s"`
	RTT         float64 `json:"rtt_ms"`
	JitterUp    float64 `json:"jitter_up_ms"`
	JitterDown  float64 `json:"jitter_down_ms"`
	LossUp      float64 `json:"loss_up_percent"`
	LossDown    float64 `json:"loss_down_percent"`
	UpBytes     uint64  `json:"up_bytes"`
	DownBytes   uint64  `json:"down_bytes"`
	States      uint64  `json:"states_received_count"`
	StaleStates uint64  `json:"states_stale_count"`
	ChatLines   uint64  `json:"chat_lines_heard_count"`
	ChatGaps    uint64  `json:"chat_gaps_count"`
	Frags       uint16  `json:"frags_count"`
	Deaths      uint16  `json:"deaths_count"`
	Place       int     `json:"place"`
	Players     int     `json:"players_count"`
	Ended       string  `json:"ended"`
}

// leave says how it was. That the server closed after we had been in is no
// error: the demo was over.
func (g *guest) leave(out io.Writer, err error) error {
	c, s := g.player.Counts, g.player.Conn().Stats()
	ended := "left"
	var over *tickwire.ConnError
	if errors.As(err, &over) {
		ended = over.Reason.String()
		if over.Reason.Code == tickwire.CodeGoingAway && c.States > 0 {
			err = nil
		}
	}
	if err == nil && c.States == 0 {
		err = errors.New("the time was over before the game let us in")
		ended = err.Error()
	}
	if !g.cmd.JSON {
		if c.States > 0 {
			fmt.Fprintln(out, g.standing())
		}
		fmt.Fprintln(out, "* "+ended)
		return err
	}
	me, place := g.place()
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return errors.Join(err, e.Encode(stay{
		Name: g.cmd.Name, Seconds: rounded(time.Since(g.start).Seconds()), RTT: milliseconds(s.RTT),
		JitterUp: milliseconds(s.JitterOut), JitterDown: milliseconds(s.JitterIn),
		LossUp: rounded(100 * s.LossOut), LossDown: rounded(100 * s.LossIn), UpBytes: s.BytesSent, DownBytes: s.BytesReceived,
		States: c.States, StaleStates: c.StaleStates, ChatLines: c.ChatLines, ChatGaps: c.ChatGaps,
		Frags: me.Frags, Deaths: me.Deaths, Place: place, Players: len(g.player.Scores.Rows), Ended: ended,
	}))
}
