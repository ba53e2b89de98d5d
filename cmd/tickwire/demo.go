package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/tickwire/tickwire/examples/arena"
	"github.com/tickwire/tickwire/simnet"
)

// A demoCmd is `tickwire demo`.
type demoCmd struct {
	Bots   int           `default:"16" help:"How many bots play, each over a socket of its own."`
	Link   string        `default:"4g" help:"The link between the players and the server: ${links}. The page can change it."`
	Rebind time.Duration `placeholder:"DURATION" help:"How often each player's UDP port changes on the way to the server, as behind a NAT that forgets, such as 1s; 0: never."`
	For    time.Duration `help:"End by itself after this time, such as 10s. Without it, or with 0, ctrl-C ends the demo."`
	JSON   bool          `help:"Print nothing but a summary for machines, at the end."`
	Listen string        `default:"127.0.0.1:7777" help:"Where players come, in a browser, with 'tickwire join' and as bots: a TCP port and the UDP port of the same number, on loopback."`
	Anyone bool          `help:"Let --listen be an address that others reach, such as 0.0.0.0:7777: then everybody in your network may play, with a phone say, and change the link."`
	Seed   uint64        `default:"1" help:"Seed of the link and of the bots."`
}

const maxBots = 512

// reportEvery is how often the table changes.
const reportEvery = 500 * time.Millisecond

// Validate is called by kong after parsing.
func (d *demoCmd) Validate() error {
	if d.Bots < 0 || d.Bots > maxBots {
		return fmt.Errorf("--bots is %d: want 0 to %d", d.Bots, maxBots)
	}
	if d.Rebind < 0 || d.Rebind > 0 && d.Rebind < time.Millisecond {
		return fmt.Errorf("--rebind is %v: want a time such as 1s, or 0", d.Rebind)
	}
	if d.For < 0 {
		return fmt.Errorf("--for is %v: want a time such as 10s", d.For)
	}
	if _, err := simnet.Preset(d.Link); err != nil {
		return fmt.Errorf("--link is %q: want one of %s", d.Link, strings.Join(simnet.PresetNames(), ", "))
	}
	return d.checkListen()
}

// checkListen insists on an address that only this machine can reach, since the demo lets in everybody
// who asks, unless that is wanted.
func (d *demoCmd) checkListen() error {
	host, port, err := net.SplitHostPort(d.Listen)
	if err != nil {
		return fmt.Errorf("--listen is %q: want host:port, such as %s", d.Listen, defaultListen)
	}
	if _, err := net.LookupPort("udp", port); err != nil {
		return fmt.Errorf("--listen is %q: want a port from 0 to 65535", d.Listen)
	}
	if host == "localhost" || d.Anyone {
		return nil
	}
	if a, err := netip.ParseAddr(host); err != nil || !a.IsLoopback() {
		return fmt.Errorf("--listen is %q: the demo lets in everybody who asks, so it wants a loopback address such as 127.0.0.1:%s, or --anyone beside this one", d.Listen, port)
	}
	return nil
}

// Run is called by kong.
func (d *demoCmd) Run(ctx context.Context) error { return d.run(ctx, os.Stdout) }

func (d *demoCmd) run(ctx context.Context, out io.Writer) error {
	news := new(feed)
	view := d.view(out, news)
	m, err := startMatch(ctx, d, news)
	if err != nil {
		view.close()
		return err
	}
	if d.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.For)
		defer cancel()
	}
	last := m.play(ctx, view)
	view.close()
	sum := m.end(last)
	if d.JSON {
		err = sum.writeJSON(out)
	} else {
		err = sum.writeText(out)
	}
	return errors.Join(err, m.failure(), sum.absence())
}

// view is the picture that fits where it is shown.
func (d *demoCmd) view(out io.Writer, news *feed) view {
	if d.JSON {
		news.pass = os.Stderr
		return noView{}
	}
	if screen, ok := terminal(out); ok {
		return newLiveView(screen, news)
	}
	news.pass = os.Stderr
	return &plainView{out: out}
}

// play runs the game until ctx ends, and returns the last look at it.
func (m *match) play(ctx context.Context, v view) arena.Report {
	frames := make(chan frame, 1)
	drawn := make(chan struct{})
	go func() {
		defer close(drawn)
		for f := range frames {
			v.show(f)
		}
	}()
	var speed meter
	m.game.Run(ctx, m.every(reportEvery, func(r arena.Report) {
		f := frame{match: m, report: r, rows: speed.rows(r, m.bots)}
		select {
		case frames <- f:
		default: // the terminal is slow: the game is not
		}
	}))
	close(frames)
	<-drawn
	return m.game.Report(time.Now())
}
