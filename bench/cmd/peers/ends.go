package main

import (
	"fmt"
	"os"
	"time"

	"github.com/tickwire/tickwire/bench/peer"
	"github.com/tickwire/tickwire/bench/play"
	"github.com/tickwire/tickwire/bench/systems"
	"github.com/tickwire/tickwire/bench/trial"
	"github.com/tickwire/tickwire/internal/workload"
)

// An end is what both ends of a measurement are told.
type end struct {
	System string `required:""`
	Listen string `required:""`
	Public string `required:""`
	Aside  string `required:""`
}

func (e end) site() peer.Site { return peer.Site{Listen: e.Listen, Public: e.Public, Aside: e.Aside} }

// A serverCmd is `peers server`.
type serverCmd struct {
	end
	Expect int
}

// Run is called by kong.
func (c *serverCmd) Run() error {
	s, err := systems.ByName(c.System)
	if err != nil {
		return err
	}
	return play.Serve(s, c.site(), c.Expect, os.Stdin, os.Stdout)
}

// A clientCmd is `peers client`.
type clientCmd struct {
	end
	Workload string
	For      time.Duration
}

// Run is called by kong.
func (c *clientCmd) Run() error {
	s, err := systems.ByName(c.System)
	if err != nil {
		return err
	}
	kind, err := workload.ParseKind(c.Workload)
	if err != nil {
		return err
	}
	return play.Play(s, c.site(), play.Part{Workload: kind, For: c.For}, os.Stdin, os.Stdout)
}

// ours is how the programs of a system are started that is Go.
func ours(s peer.System) (trial.System, error) {
	self, err := os.Executable()
	if err != nil {
		return trial.System{}, err
	}
	both := func(command string, at trial.Site) []string {
		return []string{self, command, "--system", s.Name(), "--listen", at.Listen, "--public", at.Public, "--aside", at.Aside}
	}
	return trial.System{
		Name: s.Name(), Unreliable: s.Traits().Unreliable,
		Server: func(at trial.Site, expect int) []string {
			return append(both("server", at), "--expect", fmt.Sprint(expect))
		},
		Client: func(at trial.Site, p play.Part) []string {
			return append(both("client", at), "--workload", p.Workload.String(), "--for", p.For.String())
		},
	}, nil
}

// enet is the same for the program that was built at a path.
func enet(program string) trial.System {
	return trial.System{
		Name: "enet",
		Server: func(at trial.Site, expect int) []string {
			return []string{program, "server", at.Listen, fmt.Sprint(expect)}
		},
		Client: func(at trial.Site, p play.Part) []string {
			return []string{program, "client", at.Public, p.Workload.String(), fmt.Sprint(p.For.Nanoseconds())}
		},
	}
}
