package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tickwire/tickwire/internal/loopback"
)

// loopbackFlags are those of the benches over real sockets.
type loopbackFlags struct {
	For      time.Duration `default:"1s" help:"How long each contestant has in a round, 1m at most."`
	Rounds   int           `default:"5" help:"Rounds, of which the medians count; 100 at most."`
	CPU      int           `default:"-1" placeholder:"N" help:"CPU that both ends are pinned to. Negative: the last that the process may use."`
	Free     bool          `help:"Pin nothing: both ends may have CPUs of their own."`
	Offloads bool          `help:"Let the system cut datagrams out of larger pieces, where it can (UDP_SEGMENT)."`
	Suite    string        `default:"chacha20" enum:"chacha20,aes256,signed" help:"How packets are sealed: chacha20, aes256, or signed."`
	JSON     bool          `name:"json" help:"Write the report as JSON."`
}

const (
	longestRound = time.Minute
	mostRounds   = 100
)

// Validate is called by kong after parsing.
func (f *loopbackFlags) Validate() error {
	var errs []error
	if f.For <= 0 || f.For > longestRound {
		errs = append(errs, fmt.Errorf("--for is %v: want a time such as 1s, %v at most", f.For, longestRound))
	}
	if f.Rounds < 1 || f.Rounds > mostRounds {
		errs = append(errs, fmt.Errorf("--rounds is %d: want 1 to %d", f.Rounds, mostRounds))
	}
	return errors.Join(errs...)
}

func (f *loopbackFlags) trial() loopback.Trial {
	return loopback.Trial{Time: f.For, Offloads: f.Offloads, Suite: suites[f.Suite]}
}

// pin pins this process, and returns where the other one shall be and what the report is to say.
func (f *loopbackFlags) pin() (cpu int, m loopback.Machine, note string) {
	m = loopback.ThisMachine()
	if f.Free {
		return -1, m, ""
	}
	cpu, err := loopback.Pin(f.CPU)
	if err != nil {
		return -1, m, "not pinned: " + err.Error()
	}
	m.Pinned, m.CPU = true, cpu
	return cpu, m, ""
}

// run pins, measures and shows.
func (f *loopbackFlags) run(out io.Writer, measure func(cpu int) (*loopback.Report, error)) error {
	cpu, machine, note := f.pin()
	r, err := measure(cpu)
	if err != nil {
		return err
	}
	if r.Machine = machine; note != "" {
		r.Notes = append(r.Notes, note)
	}
	if f.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err = fmt.Fprint(out, r)
	return err
}

// A benchPingCmd is `tickwire bench ping`.
type benchPingCmd struct{ loopbackFlags }

// Run is called by kong.
func (c *benchPingCmd) Run(ctx context.Context) error { return c.play(ctx, loopback.Ping()) }

// A benchFloodCmd is `tickwire bench flood`.
type benchFloodCmd struct{ loopbackFlags }

// Run is called by kong.
func (c *benchFloodCmd) Run(ctx context.Context) error { return c.play(ctx, loopback.Flood()) }

// A benchBulkCmd is `tickwire bench bulk`.
type benchBulkCmd struct{ loopbackFlags }

// Run is called by kong.
func (c *benchBulkCmd) Run(ctx context.Context) error { return c.play(ctx, loopback.Bulk()) }

func (f *loopbackFlags) play(ctx context.Context, b *loopback.Bench) error {
	return f.run(os.Stdout, func(int) (*loopback.Report, error) { return b.Play(ctx, f.trial(), f.Rounds) })
}

// A benchTickCmd is `tickwire bench tick`.
type benchTickCmd struct {
	loopbackFlags
	Players int `default:"200" help:"How many players there are, 10000 at most."`
}

const mostLoopback = 10000 // players, or connections

// Validate is called by kong after parsing.
func (c *benchTickCmd) Validate() error {
	err := c.loopbackFlags.Validate()
	if c.Players < 1 || c.Players > mostLoopback {
		err = errors.Join(err, fmt.Errorf("--players is %d: want 1 to %d", c.Players, mostLoopback))
	}
	return err
}

// benchServer starts the server's process of tick and idle.
var benchServer = loopback.Again("bench", "server")

// Run is called by kong.
func (c *benchTickCmd) Run(ctx context.Context) error {
	return c.run(os.Stdout, func(cpu int) (*loopback.Report, error) {
		b := loopback.Tick(loopback.TickConfig{Launch: benchServer, Players: c.Players, CPU: cpu})
		return b.Play(ctx, c.trial(), c.Rounds)
	})
}

// A benchIdleCmd is `tickwire bench idle`.
type benchIdleCmd struct {
	loopbackFlags
	Connections int `default:"1000" help:"How many connections there are, 8000 at most."`
}

// mostIdle is what one Client can have over one socket with wire ids of two bytes, about.
const mostIdle = 8000

// Validate is called by kong after parsing.
func (c *benchIdleCmd) Validate() error {
	err := c.loopbackFlags.Validate()
	if c.Connections < 1 || c.Connections > mostIdle {
		err = errors.Join(err, fmt.Errorf("--connections is %d: want 1 to %d", c.Connections, mostIdle))
	}
	return err
}

// Run is called by kong.
func (c *benchIdleCmd) Run(ctx context.Context) error {
	return c.run(os.Stdout, func(cpu int) (*loopback.Report, error) {
		return loopback.Idle(ctx, loopback.IdleConfig{Launch: benchServer, Connections: c.Connections, CPU: cpu}, c.trial())
	})
}

// A benchServerCmd is the server's process of tick and idle.
type benchServerCmd struct{}

// Run is called by kong.
func (benchServerCmd) Run() error { return loopback.Serve(os.Stdin, os.Stdout) }
