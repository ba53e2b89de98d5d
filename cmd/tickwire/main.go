// The command tickwire shows the library at work: `tickwire demo` plays a
// small arena over real sockets and a simulated link, with a page to take part in a
// browser, `tickwire join` takes part from another terminal. `tickwire token`, `serve` and `connect` try tokens and
// handshakes by hand, also with other netcode libraries. `tickwire --help` lists the rest.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tickwire/tickwire/internal/workload"
	"github.com/tickwire/tickwire/simnet"
)

// A cli is the command line: a field for each subcommand, a file for each field.
type cli struct {
	Demo    demoCmd    `cmd:"" help:"Play an arena: a server, bots over a chosen link, a live table, and a page to play on."`
	Join    joinCmd    `cmd:"" help:"Join a running demo from another terminal; what you type is chat."`
	Token   tokenCmd   `cmd:"" help:"Make a connect token by hand, or find out what is wrong with one."`
	Serve   serveCmd   `cmd:"" help:"Run a server that sends back what it gets, to tickwire and plain netcode clients."`
	Connect connectCmd `cmd:"" help:"Connect with a token, to tickwire and plain netcode servers; what you type is sent. Exits with 2 if it was not let in, with 3 if the connection broke."`
	Soak    soakCmd    `cmd:"" help:"Play whole matches by seed, with faults, in virtual time, and hold them to their promises."`
	Bench   benchCmd   `cmd:"" help:"Measure what the library makes of a bad link."`
	Picture pictureCmd `cmd:"" help:"Draw what a delivery or an option does when packets get lost, from a simulated run."`
	Gen     genCmd     `cmd:"" help:"Write the code of typed messages from the structs of a Go package."`
	Dict    dictCmd    `cmd:"" help:"Train dictionaries for compressed channels, and look at them."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second ctrl-C ends the program at once

	k, err := newParser(ctx, new(cli))
	if err != nil {
		panic(err) // not possible: the structs above are constant, and tested
	}
	command, err := k.Parse(asked(os.Args[1:]))
	if err != nil {
		k.Stdout = k.Stderr // the usage too: what reads our output gets none of it
	}
	k.FatalIfErrorf(err)
	if err := command.Run(); err != nil {
		k.Errorf("%v", err)
		stop()
		os.Exit(exitCode(err))
	}
}

// asked is what the arguments ask for: none, and the word help, for help.
func asked(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	}
	return args
}

// Exit codes beyond 0, all is well, and 1, it could not be tried or a promise was broken.
const (
	exitBad   = 2  // a token is damaged; a server did not let us in
	exitOver  = 3  // a token is sound but too old; a connection broke, or what was sent did not arrive
	exitUsage = 80 // a mistake in the command line; kong's number
)

const exitHelp = "Exit codes: 0 all is well; 1 it could not be tried, or a run broke a promise; " +
	"2 a token is damaged, or a server did not let us in; 3 an inspected token has expired, or a connection broke before all had arrived; " +
	"80 the command line is wrong. `go run` makes 1 of each but 0: `go build ./cmd/tickwire` keeps them."

// An exitError is an error with an exit code of its own.
type exitError struct {
	code int
	error
}

func (e *exitError) Unwrap() error { return e.error }

// mistaken is an error in what the command line says that its parser could not see; nil is nil.
func mistaken(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

func exitCode(err error) int {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return 1
}

// newParser makes the parser of the command line.
func newParser(ctx context.Context, c *cli) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("tickwire"),
		kong.Description("Realtime networking for games: see it at work.\n\n"+exitHelp),
		kong.ShortUsageOnError(),
		kong.WithHyphenPrefixedParameters(true), // so that -1 is a number, which Validate judges
		valueMappers(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"links": strings.Join(simnet.PresetNames(), ", "), "key": keyHelp, "channels": echoNames(),
			"deliveries":  strings.ReplaceAll(echoNames(), ",", ", "),
			"repairs":     strings.Join(workload.RepairNames(), ", "),
			"controllers": strings.Join(append(workload.ControllerNames(), tcpController), ", ")},
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
}
