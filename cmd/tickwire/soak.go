package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/internal/swarm"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/simnet/world"
)

// A soakCmd is `tickwire soak`: a server and clients over simulated links in virtual time, with
// everything checked that the channels promise.
type soakCmd struct {
	Clients   int              `default:"8" help:"How many clients play."`
	For       time.Duration    `default:"10m" help:"How long, in virtual time."`
	Seed      uint64           `default:"1" help:"Seed of every random choice: the same seed, the same run."`
	Loss      float64          `placeholder:"N" help:"Share of the datagrams that get lost, 0 to 1."`
	LossBurst float64          `placeholder:"N" help:"Mean number of datagrams lost in a row; 0: losses are independent."`
	Duplicate float64          `placeholder:"N" help:"Share that arrive twice."`
	Reorder   float64          `placeholder:"N" help:"Share that are held back, so that later ones overtake."`
	Corrupt   float64          `placeholder:"N" help:"Share that arrive with a bit flipped."`
	Latency   time.Duration    `placeholder:"DURATION" help:"What each datagram takes, one way, such as 80ms."`
	Jitter    time.Duration    `placeholder:"DURATION" help:"What it takes on top, at most."`
	Rate      workload.BitRate `placeholder:"RATE" help:"Rate of each client's link, each way, such as 10M, in bits a second; 0: unlimited."`
	Queue     int              `placeholder:"N" help:"Datagrams that wait in front of it at most; 0: 100; negative: no bound."`
	Churn     time.Duration    `placeholder:"DURATION" help:"How often somebody leaves and comes back, such as 5s; 0: never."`
	Holds     time.Duration    `placeholder:"DURATION" help:"How often somebody announces silence and keeps it for longer than a timeout; 0: never."`
	Roam      time.Duration    `placeholder:"DURATION" help:"How often each player's address changes, on average, such as 5s; 0: never."`
	Resume    time.Duration    `placeholder:"DURATION" help:"How often somebody's line is dead for longer than a timeout, and he comes back, such as 5s; 0: never."`
	Restart   time.Duration    `placeholder:"DURATION" help:"How often the server crashes and runs again a moment later, such as 30s, and all come back; 0: never."`
	Paths     int              `default:"1" help:"How many paths each player has, 1 to 8; of several one goes down now and then."`
	Watched   int              `placeholder:"N" help:"How many players have somebody beside their lines who forwards, replays and forges."`
	Swarm     bool             `help:"Play a whole scenario made from the seed: other links, channels, sizes, crashes, restarts, stalls. Takes --seed, --seeds, --json and --dump only."`
	Contests  bool             `help:"Play a contest made from the seed: two endpoints, and channels whose priorities, weights, caps and resend policies are judged by what is on the wire. Takes --seed, --seeds and --json only."`
	Seeds     int              `default:"1" help:"Play so many runs, each with the next seed."`
	JSON      bool             `help:"Print the report for machines, one object for each seed."`
	Wire      bool             `help:"Print what packets cost, the table of SPEC.md, section 9. Takes no other flag."`
	Dump      string           `placeholder:"FILE" help:"Write each datagram and all keys there, as lines of JSON, one run after the other."`
	Fault     string           `hidden:"" help:"Plant a fault, to see it caught."`
}

// maxSoakClients bounds the memory of a soak.
const maxSoakClients = 1024

// leastSoakRestart is how often a server may crash, so that there is time to come back.
const leastSoakRestart = 5 * time.Second

// Validate is called by kong after parsing.
func (c *soakCmd) Validate(k *kong.Context) error {
	errs := c.useless(k)
	if c.Clients < 1 || c.Clients > maxSoakClients {
		errs = append(errs, fmt.Errorf("--clients is %d: want 1 to %d", c.Clients, maxSoakClients))
	}
	if c.For <= 0 {
		errs = append(errs, fmt.Errorf("--for is %v: want a time such as 10m", c.For))
	}
	if c.Churn < 0 {
		errs = append(errs, fmt.Errorf("--churn is %v: want a time such as 5s, or 0", c.Churn))
	}
	if c.Holds < 0 {
		errs = append(errs, fmt.Errorf("--holds is %v: want a time such as 5s, or 0", c.Holds))
	}
	if c.Roam < 0 {
		errs = append(errs, fmt.Errorf("--roam is %v: want a time such as 5s, or 0", c.Roam))
	}
	if c.Resume < 0 {
		errs = append(errs, fmt.Errorf("--resume is %v: want a time such as 5s, or 0", c.Resume))
	}
	if c.Restart < 0 || c.Restart > 0 && c.Restart < leastSoakRestart {
		errs = append(errs, fmt.Errorf("--restart is %v: want %v or more, or 0", c.Restart, leastSoakRestart))
	}
	if c.Paths < 1 || c.Paths > netcode.MaxPaths {
		errs = append(errs, fmt.Errorf("--paths is %d: want 1 to %d", c.Paths, netcode.MaxPaths))
	}
	if c.Watched < 0 || c.Watched > max(c.Clients, 0) {
		errs = append(errs, fmt.Errorf("--watched is %d: want 0 to %d, which is how many --clients there are", c.Watched, c.Clients))
	}
	if c.Seeds < 1 {
		errs = append(errs, fmt.Errorf("--seeds is %d: want at least 1", c.Seeds))
	}
	_, err := c.fault()
	return errors.Join(append(errs, err, flagErrors(c.link().Validate(), linkFlags))...)
}

// useless finds flags that what is to be played does not look at.
func (c *soakCmd) useless(k *kong.Context) (errs []error) {
	var mode string
	var takes []string
	switch {
	case c.Swarm && c.Contests:
		return []error{errors.New("--swarm and --contests: want one of them")}
	case c.Wire:
		mode, takes = "wire", []string{"wire"}
	case c.Contests:
		mode, takes = "contests", []string{"contests", "seed", "seeds", "json", "fault"}
	case c.Swarm:
		mode, takes = "swarm", []string{"swarm", "seed", "seeds", "json", "dump", "fault"}
	default:
		return nil
	}
	for _, p := range k.Path { // what was said, not defaults
		if p.Flag != nil && !slices.Contains(takes, p.Flag.Name) {
			errs = append(errs, fmt.Errorf("--%s means nothing beside --%s: leave one of them out", p.Flag.Name, mode))
		}
	}
	return errs
}

// linkFlags are the flags behind the fields of a link.
var linkFlags = map[string]string{
	"Delay": "latency", "Jitter": "jitter", "Loss": "loss", "LossBurst": "loss-burst", "Duplicate": "duplicate",
	"Reorder": "reorder", "Corrupt": "corrupt", "BitsPerSecond": "rate", "QueuePackets": "queue",
}

// flagErrors names the flags where errors name fields, each mistake once.
func flagErrors(err error, flags map[string]string) error {
	if err == nil {
		return nil
	}
	var all []error
	if join, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range join.Unwrap() {
			one = flagErrors(one, flags)
			if !slices.ContainsFunc(all, func(other error) bool { return other.Error() == one.Error() }) {
				all = append(all, one)
			}
		}
		return errors.Join(all...)
	}
	if e, ok := errors.AsType[*tickwire.ConfigError](err); ok && flags[e.Field] != "" {
		return fmt.Errorf("--%s is %v: want %s", flags[e.Field], e.Value, e.Want)
	}
	return err
}

func (c *soakCmd) link() simnet.LinkConfig {
	return simnet.LinkConfig{
		Delay: c.Latency, Jitter: c.Jitter, Loss: c.Loss, LossBurst: c.LossBurst, Duplicate: c.Duplicate,
		Reorder: c.Reorder, Corrupt: c.Corrupt, BitsPerSecond: int64(c.Rate), QueuePackets: c.Queue,
	}
}

// Run is called by kong.
func (c *soakCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *soakCmd) run(ctx context.Context, out, progress io.Writer) (err error) {
	if c.Wire {
		table, err := swarm.WireTable()
		fmt.Fprint(out, table)
		return err
	}
	dump, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dump.close()) }()
	failed := 0
	for i := range c.Seeds {
		seed := c.Seed + uint64(i)
		report, violations, err := c.play(ctx, seed, dump, progress)
		if err != nil && ctx.Err() != nil {
			return fmt.Errorf("interrupted in run %d of %d, with seed %d: what was not played to its end is not judged", i+1, c.Seeds, seed)
		}
		if err != nil {
			return err
		}
		if err := c.print(out, report); err != nil {
			return err
		}
		if violations > 0 {
			failed++
			fmt.Fprintf(progress, "%d violations with seed %d; replay: %s\n", violations, seed, c.replay(seed))
		}
	}
	if failed > 0 {
		return fmt.Errorf("promises were broken in %d of %d runs", failed, c.Seeds)
	}
	return nil
}

// A dump is the file of --dump, or none.
type dump struct {
	file *os.File
	*bufio.Writer
}

func (c *soakCmd) open() (dump, error) {
	if c.Dump == "" {
		return dump{}, nil
	}
	f, err := os.Create(c.Dump)
	if err != nil {
		return dump{}, fmt.Errorf("--dump: %w", err)
	}
	return dump{f, bufio.NewWriter(f)}, nil
}

// writer is nil if there is no file.
func (d dump) writer() io.Writer {
	if d.file == nil {
		return nil
	}
	return d.Writer
}

func (d dump) close() error {
	if d.file == nil {
		return nil
	}
	return errors.Join(d.Flush(), d.file.Close())
}

func (c *soakCmd) fault() (swarm.Fault, error) {
	if c.Contests {
		return swarm.ParseFault(c.Fault, swarm.ContestFaults())
	}
	return swarm.ParseFault(c.Fault, swarm.Faults())
}

// play plays one run: its report, and how many violations are in it.
func (c *soakCmd) play(ctx context.Context, seed uint64, to dump, progress io.Writer) (report fmt.Stringer, violations int, err error) {
	fault, err := c.fault()
	if err != nil {
		return nil, 0, err
	}
	if c.Contests {
		contest := swarm.GenerateContest(seed)
		r, err := contest.Play(fault)
		return contestReport(r), r.ViolationCount, errors.Join(err, ctx.Err())
	}
	r, err := c.world(ctx, seed, fault, to, progress)
	return worldReport(r), r.ViolationCount, err
}

func (c *soakCmd) world(ctx context.Context, seed uint64, fault swarm.Fault, to dump, progress io.Writer) (world.Report, error) {
	bar := newBar(progress)
	defer bar.clear()
	options := swarm.Options{
		Base: tickwire.Config{Logger: slog.New(slog.DiscardHandler)},
		Progress: func(elapsed, total time.Duration) bool {
			bar.show(elapsed, total)
			return ctx.Err() == nil
		},
		Dump: to.writer(),
	}
	if c.Swarm {
		return swarm.Run(swarm.Generate(seed), fault, options)
	}
	return swarm.Soak(swarm.SoakConfig{
		Clients: c.Clients, Link: c.link(), For: c.For, Seed: seed, Churn: c.Churn, Holds: c.Holds,
		Roam: c.Roam, Resume: c.Resume, Restart: c.Restart, Paths: c.Paths, Watched: c.Watched,
		Fault: fault, Options: options,
	})
}

// A bar shows how far a run has come, on a terminal only.
type bar struct {
	screen io.Writer // nil: none
	shown  int       // per cent; what was drawn last
}

func newBar(out io.Writer) *bar {
	b := &bar{shown: -1}
	if f, ok := terminal(out); ok {
		b.screen = f
	}
	return b
}

const barWidth = 40

func (b *bar) show(elapsed, total time.Duration) {
	percent := int(100 * elapsed / max(total, 1))
	if b.screen == nil || percent == b.shown {
		return
	}
	b.shown = percent
	full := min(percent*barWidth/100, barWidth)
	fmt.Fprintf(b.screen, "\r[%s%s] %3d %%  %v of %v", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), percent,
		elapsed.Round(time.Second), total)
}

func (b *bar) clear() {
	if b.screen != nil && b.shown >= 0 {
		io.WriteString(b.screen, "\r"+restOfLine)
	}
}
