// The command tickwire shows the library at work: `tickwire demo` plays a
// small arena over real sockets and a simulated link, `tickwire join` takes
// part from another terminal. `tickwire --help` lists the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire/simnet"
)

// A cli is the command line: a field for each subcommand, a file for each field.
type cli struct {
	Demo    demoCmd    `cmd:"" help:"Play an arena: a server, bots over a chosen link, and a live table."`
	Join    joinCmd    `cmd:"" help:"Join a running demo from another terminal; what you type is chat."`
	Soak    soakCmd    `cmd:"" help:"Play whole matches by seed, with faults, in virtual time, and hold them to their promises."`
	Picture pictureCmd `cmd:"" help:"Draw what a delivery or an option does when packets get lost, from a simulated run."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second ctrl-C ends the program at once

	k, err := newParser(ctx, new(cli))
	if err != nil {
		panic(err) // not possible: the structs above are constant, and tested
	}
	command, err := k.Parse(os.Args[1:])
	k.FatalIfErrorf(err)
	if err := command.Run(); err != nil {
		k.Errorf("%v", err)
		stop()
		os.Exit(1)
	}
}

// newParser makes the parser of the command line.
func newParser(ctx context.Context, c *cli) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("tickwire"),
		kong.Description("Realtime networking for games: see it at work."),
		kong.ShortUsageOnError(),
		kong.WithHyphenPrefixedParameters(true), // so that -1 is a number, which Validate judges
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"links": strings.Join(simnet.PresetNames(), ", ")},
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
}
