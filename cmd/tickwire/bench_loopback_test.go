package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/loopback"
)

// TestBenchLoopback plays each bench over real sockets for some milliseconds, in processes of their own
// as a user would: all rows are there, and no figure is impossible.
func TestBenchLoopback(t *testing.T) {
	t.Parallel()
	binary := buildProgram(t)
	rows := map[string][]string{
		"ping":  {loopback.Bare, loopback.Stepped, loopback.Shared},
		"flood": {loopback.Bare, loopback.Stepped, loopback.Shared},
		"bulk":  {loopback.Bare, loopback.Stepped, loopback.Shared},
		"tick":  {loopback.Bare, loopback.SteppedGame, loopback.SharedGame},
		"idle":  {loopback.ServerEnd, loopback.ClientEnd},
	}
	flags := map[string]string{"tick": "--players=4", "idle": "--connections=20"}
	for name, want := range rows {
		args := []string{"bench", name, "--for=30ms", "--rounds=1", "--json"}
		if f := flags[name]; f != "" {
			args = append(args, f)
		}
		out, err := exec.Command(binary, args...).Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		var r loopback.Report
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		var got []string
		for _, row := range r.Rows {
			got = append(got, row.Name)
			for _, f := range row.Figures {
				if f.Value < 0 && name != "idle" {
					t.Errorf("%s: %s: %s is %v", name, row.Name, f.Name, f.Value)
				}
			}
		}
		if !slices.Equal(got, want) || len(r.Floors) == 0 || r.Bench != name || r.Machine.Go == "" {
			t.Errorf("%s: rows %q, want %q\n%s", name, got, want, out)
		}
		if !r.Machine.Pinned && len(r.Notes) == 0 {
			t.Errorf("%s is not pinned, and does not say why", name)
		}
	}
}

// TestBenchLoopbackFlags: what cannot be measured is said before anything is.
func TestBenchLoopbackFlags(t *testing.T) {
	for _, c := range []struct {
		cmd  interface{ Validate() error }
		want []string
	}{
		{&loopbackFlags{For: -1, Rounds: 0}, []string{"--for", "--rounds"}},
		{&loopbackFlags{For: time.Hour, Rounds: 101}, []string{"--for", "--rounds"}},
		{&benchTickCmd{loopbackFlags{For: time.Second, Rounds: 1}, 0}, []string{"--players"}},
		{&benchIdleCmd{loopbackFlags{For: time.Second, Rounds: 1}, 9000}, []string{"--connections"}},
		{&loopbackFlags{For: time.Second, Rounds: 1}, nil},
	} {
		err := c.cmd.Validate()
		if len(c.want) == 0 && err != nil || len(c.want) > 0 && err == nil {
			t.Errorf("%+v: %v", c.cmd, err)
		}
		for _, want := range c.want {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v does not name %s", c.cmd, err, want)
			}
		}
	}
}
