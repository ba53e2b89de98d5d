package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A benchLinkCmd is `tickwire bench link`: a workload over a simulated link, played with many
// seeds. Flags change what the profile says.
type benchLinkCmd struct {
	Profile    string            `placeholder:"NAME" help:"A link that is set up already: one of ${links}. Messages go down, from the server to the player."`
	Uplink     bool              `help:"With --profile: messages go up, from the player to the server."`
	RTT        *time.Duration    `placeholder:"DURATION" help:"Round trip without any queue, half of it each way, such as 100ms."`
	Jitter     *time.Duration    `placeholder:"DURATION" help:"What a datagram takes on top, at most."`
	Loss       *float64          `placeholder:"N" help:"Share of the datagrams that get lost, 0 to 1, in both directions."`
	Burst      *float64          `placeholder:"N" help:"Mean number of datagrams lost in a row; 0: losses are independent."`
	AckLoss    *float64          `placeholder:"N" help:"Loss of the direction in which only acknowledgements go, in place of --loss."`
	Rate       *workload.BitRate `placeholder:"RATE" help:"Rate of the bottleneck, in both directions, such as 10M, 2.5Mbit or 500k, in bits a second."`
	Queue      *int              `placeholder:"N" help:"Datagrams that wait in front of it at most; 0: 100; negative: no bound."`
	MTU        *int              `placeholder:"N" help:"Largest packet that the links carry, with the headers of IP and UDP, such as 1500: the endpoints find out what it is. Default: as large as any, and datagrams of 1200 bytes."`
	Trace      string            `placeholder:"FILE" help:"A recorded link in the format of mahimahi, in place of --rate, for what is sent."`
	Workload   string            `default:"mixed" help:"stream: 60 messages a second; bulk: a transfer that never ends; mixed: both on one connection; share: two bulks; rival: bulk beside TCP with CUBIC; step: bulk while the rate falls to a fifth and rises again; wake: bulk that begins beside a stream after a third of the time; duplex: bulk in both directions."`
	For        time.Duration     `placeholder:"DURATION" help:"How long each run is, in virtual time. 0: 10s; share and rival: 40s; step and wake: 30s; duplex: 32s."`
	Seed       uint64            `default:"1" help:"Seed of the first run."`
	Seeds      int               `default:"20" help:"How many runs, each with the next seed."`
	Repair     string            `default:"default" help:"Repair of the stream: ${repairs}."`
	Controller []string          `default:"default" sep:"," placeholder:"NAME,…" help:"Congestion controllers, side by side: ${controllers}. All but the first two are written after their papers, to compare; tcp is a TCP flow with CUBIC in our place, for bulk, share and step."`
	Matrix     bool              `help:"Play 24 links of all kinds in place of one, show the worst of each figure, and fail if one is worse than written down. Takes --controller only."`
	CSV        string            `placeholder:"FILE" help:"Write goodput and queue over time to a file, of the first seed and controller."`
	Plot       string            `placeholder:"FILE" help:"Draw goodput and queue over time, of the first seed, or how many messages of a stream are later than what, as SVG."`
}

// Validate is called by kong after parsing.
func (c *benchLinkCmd) Validate(k *kong.Context) error {
	errs := c.useless(k)
	if c.Seeds < 1 {
		errs = append(errs, fmt.Errorf("--seeds is %d: want at least 1", c.Seeds))
	}
	if c.Uplink && c.Profile == "" {
		errs = append(errs, errors.New("--uplink means nothing without --profile"))
	}
	if c.Trace != "" && c.Rate != nil {
		errs = append(errs, errors.New("--trace and --rate: want one of them"))
	}
	return errors.Join(errs...)
}

// Run is called by kong.
func (c *benchLinkCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdout, os.Stderr) }

func (c *benchLinkCmd) run(ctx context.Context, out, progress io.Writer) error {
	if c.Matrix {
		return c.matrix(ctx, out, progress)
	}
	cells, err := c.cells()
	if err != nil {
		return mistaken(err)
	}
	began := time.Now()
	results := make([][]workload.Result, len(cells))
	for i, cell := range cells {
		if results[i], err = playSeeds(ctx, cell, c.Seed, c.Seeds, progress); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, c.title(cells[0]))
	fmt.Fprintln(out, c.table(cells[0], results))
	fmt.Fprintf(progress, "%d runs in %v\n", c.Seeds*len(cells), time.Since(began).Round(time.Millisecond))
	return errors.Join(c.writeCSV(cells[0]), c.writePlot(cells, results))
}

// cells are what is to be played: the same with each of the controllers.
func (c *benchLinkCmd) cells() ([]workload.Cell, error) {
	var cells []workload.Cell
	for _, name := range c.Controller {
		cell, err := c.cell(name)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell)
	}
	return cells, nil
}

// cell is what is to be played with a controller.
func (c *benchLinkCmd) cell(controller string) (workload.Cell, error) {
	kind, err := workload.ParseKind(c.Workload)
	if err != nil {
		return workload.Cell{}, fmt.Errorf("--workload: %w", bare(err))
	}
	if kind != workload.Stream && c.Profile == "" && c.Rate == nil && c.Trace == "" {
		return workload.Cell{}, fmt.Errorf("--rate is 0: want a rate, or a trace, for %v: say --rate 10M, --profile 4g or --workload stream", kind)
	}
	cell := workload.Cell{Workload: kind, For: c.For, TCP: controller == tcpController}
	if kind <= workload.Mixed && c.For == 0 {
		cell.For = 10 * time.Second
	}
	if cell.Repair, err = workload.ParseRepair(c.Repair); err != nil {
		return cell, fmt.Errorf("--repair: %w", bare(err))
	}
	if cell.Controller, err = namedController(controller); err != nil {
		return cell, err
	}
	if cell.Up, cell.Down, err = c.links(); err != nil {
		return cell, err
	}
	flags := benchFlags
	if c.AckLoss != nil {
		flags = backFlags
	}
	return cell, flagErrors(cell.Validate(), flags)
}

// tcpController is TCP in place of a controller.
const tcpController = "tcp"

func namedController(name string) (func() endpoint.Controller, error) {
	if name == tcpController {
		return nil, nil
	}
	make, err := workload.Controller(name)
	if err != nil {
		return nil, mistaken(fmt.Errorf("--controller: %w, tcp", bare(err)))
	}
	return make, nil
}

// benchFlags are the flags behind the fields of a cell and of its links; backFlags, if the loss on the
// way back has a flag of its own.
var (
	benchFlags = cellFlags("loss")
	backFlags  = cellFlags("ack-loss")
)

func cellFlags(back string) map[string]string {
	flags := map[string]string{"For": "for", "TCP": "controller tcp", "Up.Trace": "trace"}
	for field, flag := range map[string]string{
		"Delay": "rtt", "Jitter": "jitter", "Loss": "loss", "LossBurst": "burst", "BitsPerSecond": "rate",
		"QueuePackets": "queue", "MTU": "mtu",
	} {
		flags["Up."+field], flags["Down."+field] = flag, flag
	}
	flags["Down.Loss"] = back
	return flags
}

// links are the two directions: that of the messages, and back.
func (c *benchLinkCmd) links() (there, back simnet.LinkConfig, err error) {
	if c.Profile != "" {
		links, err := simnet.Preset(c.Profile)
		if err != nil {
			return there, back, fmt.Errorf("--profile: %w", bare(err))
		}
		if there, back = links.Down, links.Up; c.Uplink {
			there, back = back, there
		}
	}
	for _, l := range []*simnet.LinkConfig{&there, &back} {
		set(&l.Jitter, c.Jitter)
		set(&l.Loss, c.Loss)
		set(&l.LossBurst, c.Burst)
		set(&l.QueuePackets, c.Queue)
		set(&l.MTU, c.MTU)
		if c.RTT != nil {
			l.Delay = *c.RTT / 2
		}
		if c.Queue != nil {
			l.QueueBytes = 0
		}
		if c.Rate != nil {
			l.BitsPerSecond, l.Trace = int64(*c.Rate), nil
		}
	}
	set(&back.Loss, c.AckLoss)
	if c.Trace != "" {
		there.BitsPerSecond = 0
		if there.Trace, err = readTrace(c.Trace); err != nil {
			err = fmt.Errorf("--trace: %w", err)
		}
	}
	return there, back, err
}

// set changes a field if there is something to change it to.
func set[T any](field, to *T) {
	if to != nil {
		*field = *to
	}
}

func readTrace(name string) (*simnet.Trace, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := simnet.ReadTrace(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	return t, nil
}

// title says what was played.
func (c *benchLinkCmd) title(cell workload.Cell) string {
	l := cell.Up
	var b strings.Builder
	runs := "runs"
	if c.Seeds == 1 {
		runs = "run"
	}
	fmt.Fprintf(&b, "%v, %d %s", cell.Workload, c.Seeds, runs)
	if c.Profile != "" {
		fmt.Fprintf(&b, ", %s", c.Profile)
	}
	fmt.Fprintf(&b, ", %v + %v", l.Delay, cell.Down.Delay)
	if l.Jitter > 0 {
		fmt.Fprintf(&b, " and jitter of %v", l.Jitter)
	}
	switch {
	case l.Trace != nil:
		fmt.Fprintf(&b, ", a rate that changes, %.1f Mbit/s on average", float64(l.Trace.BitsPerSecond())/1e6)
	case l.BitsPerSecond > 0:
		b.WriteString(", " + bitRate(l.BitsPerSecond))
	}
	if l.MTU > 0 {
		fmt.Fprintf(&b, ", MTU %d", l.MTU)
	}
	fmt.Fprintf(&b, ", loss %.3g %%", 100*l.Loss)
	if l.LossBurst > 0 {
		fmt.Fprintf(&b, " in bursts of %.3g", l.LossBurst)
	}
	if cell.Down.Loss != l.Loss {
		fmt.Fprintf(&b, ", of acknowledgements %.3g %%", 100*cell.Down.Loss)
	}
	if c.Repair != "default" {
		fmt.Fprintf(&b, ", repair %s", c.Repair)
	}
	return b.String()
}

// bitRate is a rate for people.
func bitRate(bitsPerSecond int64) string {
	return fmt.Sprintf("%.1f Mbit/s", float64(bitsPerSecond)/1e6)
}

// playSeeds plays a cell with several seeds, on all cores.
func playSeeds(ctx context.Context, cell workload.Cell, first uint64, n int, progress io.Writer) ([]workload.Result, error) {
	results, errs := make([]workload.Result, n), make([]error, n)
	var next, done atomic.Int64
	var wg sync.WaitGroup
	bar := newBar(progress)
	defer bar.clear()
	for worker := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				own := cell
				own.Seed = first + uint64(i)
				if results[i], errs[i] = own.Run(); errs[i] != nil {
					errs[i] = fmt.Errorf("seed %d: %w", own.Seed, errs[i])
				}
				if made := done.Add(1); worker == 0 {
					bar.show(time.Duration(made)*time.Second, time.Duration(n)*time.Second)
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("interrupted after %d of %d runs", done.Load(), n)
	}
	return results, errors.Join(errs...)
}
