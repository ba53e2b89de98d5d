// The command loopback measures tickwire beside quic-go and bare UDP sockets over loopback, all in
// one run and on one CPU: what `tickwire bench ping`, `flood` and `bulk` show, with QUIC as one
// more row.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire/internal/loopback"
)

// A cli is the command line.
type cli struct {
	Bench    []string      `arg:"" optional:"" enum:"ping,flood,bulk" help:"ping, flood, bulk; without any: all."`
	For      time.Duration `default:"1s" help:"How long each contestant has in a round."`
	Rounds   int           `default:"5" help:"Rounds, of which the medians count."`
	CPU      int           `default:"-1" placeholder:"N" help:"CPU that all is pinned to. Negative: the last that the process may use."`
	Offloads bool          `help:"Let the system cut datagrams out of larger pieces, where it can (UDP_SEGMENT)."`
	JSON     bool          `name:"json" help:"Write a report as JSON for each bench."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(new(cli), kong.Name("loopback"), kong.BindTo(ctx, (*context.Context)(nil)))
	k.FatalIfErrorf(k.Run())
}

// Run is called by kong.
func (c *cli) Run(ctx context.Context) error {
	if !c.Offloads {
		os.Setenv("QUIC_GO_DISABLE_GSO", "true") // read when it opens a socket
	}
	benches := map[string]func(...loopback.Contestant) *loopback.Bench{
		"ping": loopback.Ping, "flood": loopback.Flood, "bulk": loopback.Bulk,
	}
	runners := map[string]loopback.Runner{"ping": quicPing, "flood": quicStream(32), "bulk": quicStream(16 << 10)}
	if len(c.Bench) == 0 {
		c.Bench = []string{"ping", "flood", "bulk"}
	}
	machine := loopback.ThisMachine()
	cpu, err := loopback.Pin(c.CPU)
	if err != nil {
		fmt.Fprintln(os.Stderr, "loopback: not pinned:", err)
	} else {
		machine.Pinned, machine.CPU = true, cpu
	}
	for _, name := range c.Bench {
		b := benches[name](loopback.Contestant{Name: "quic-go", Run: runners[name]})
		r, err := b.Play(ctx, loopback.Trial{Time: c.For, Offloads: c.Offloads}, c.Rounds)
		if err != nil {
			return err
		}
		r.Machine = machine
		if err := c.show(r); err != nil {
			return err
		}
	}
	return nil
}

func (c *cli) show(r *loopback.Report) error {
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	_, err := fmt.Println(r)
	return err
}
