package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/tickwire/tickwire/bench/native"
	"github.com/tickwire/tickwire/bench/peer"
	"github.com/tickwire/tickwire/bench/systems"
	"github.com/tickwire/tickwire/bench/trial"
	"github.com/tickwire/tickwire/internal/workload"
)

// A contestant is who takes part.
type contestant struct {
	name    string
	version string // "": its program tells
	traits  peer.Traits
	system  trial.System
	model   bool // TCP, which the relay cannot carry: its model, in virtual time
}

// The names of those that are not in package systems.
const (
	enetName = "enet"
	tcpName  = "tcp-model"
)

// everybody are the names of all, in the order of the tables.
func everybody() []string {
	var names []string
	for _, s := range systems.All() {
		names = append(names, s.Name())
	}
	return append(names, enetName, tcpName)
}

// contestants finds those that are named; none means all. What has to be built is built in dir.
func contestants(names []string, dir string) ([]contestant, error) {
	if len(names) == 0 {
		names = everybody()
	}
	var all []contestant
	for _, name := range names {
		c, err := newContestant(name, dir)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func newContestant(name, dir string) (contestant, error) {
	switch name {
	case enetName:
		program, err := native.BuildENet(dir)
		return contestant{name: name, system: enet(program), traits: peer.Traits{OneQueue: true}}, err
	case tcpName:
		return contestant{name: name, version: "CUBIC and SACK", model: true}, nil
	}
	s, err := systems.ByName(name)
	if err != nil {
		return contestant{}, fmt.Errorf("--systems: %w", err)
	}
	started, err := ours(s)
	return contestant{name: name, version: versionOf(s.Module()), traits: s.Traits(), system: started}, err
}

// versionOf is that of a module in this program.
func versionOf(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok || module == "" {
		return ""
	}
	i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == module })
	if i < 0 {
		return ""
	}
	if m := info.Deps[i]; m.Replace == nil {
		return m.Path + " " + m.Version
	}
	return "this one"
}

// notes are what a reader of the table has to know.
func (c *contestant) notes() []string {
	var notes []string
	note := func(is bool, text string) {
		if is {
			notes = append(notes, text)
		}
	}
	note(c.model, "a model in virtual time, of bulk alone: the relay carries datagrams and no TCP")
	note(!c.traits.Encrypted && !c.model, "not encrypted")
	note(c.traits.Unreliable, "unreliable: what is lost is missing")
	note(c.traits.OneQueue, "one queue for both lanes")
	return notes
}

// plays reports whether a workload can be played.
func (c *contestant) plays(k workload.Kind) bool {
	switch {
	case c.model, c.traits.Beside && k == workload.Bulk:
		return c.model && k == workload.Bulk
	case c.traits.NoBulk:
		return k == workload.Stream
	}
	return true
}

// tempDir is where programs are built, and how to remove it.
func tempDir() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "peers-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

// listed splits a list, and has "" be none.
func listed(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}
