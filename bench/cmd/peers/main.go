// The command peers measures realtime transports side by side over one and the same bad link:
// tickwire, QUIC, KCP, WebRTC data channels, ENet, and bare datagrams. `peers run` measures and
// writes raw lines, `peers table` and `peers plot` show them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// A cli is the command line: a field for each subcommand.
type cli struct {
	Run    runCmd    `cmd:"" help:"Play the workloads with each system, and write a line of JSON for each measurement. Without a flag about the link: all cells of the table."`
	Table  tableCmd  `cmd:"" help:"Make tables of raw lines."`
	Plot   plotCmd   `cmd:"" help:"Draw raw lines: latency curves, goodput and queue over time."`
	Server serverCmd `cmd:"" hidden:"" help:"One end of a measurement."`
	Client clientCmd `cmd:"" hidden:"" help:"The other end."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(new(cli), kong.Name("peers"), kong.BindTo(ctx, (*context.Context)(nil)))
	k.FatalIfErrorf(k.Run())
}
