package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestValues: what no time and no number is, is told with an example, for every kind of flag.
func TestValues(t *testing.T) {
	for args, want := range map[string]string{
		"demo --for=10":                            `--for: "10" is no time: want one such as 10s`,
		"soak --queue=1.5":                         `--queue: "1.5" is not a whole number: want one such as 16`,
		"soak --loss=5%":                           `--loss: "5%" is not a number: want one such as 0.05`,
		"bench link --burst=x":                     `--burst: "x" is not a number`,
		"demo --seed=x":                            `--seed: "x" is no such number: want 0 or more`,
		"demo --seed=-1":                           `--seed: "-1" is no such number`,
		"soak --latency=5":                         `--latency: "5" is no time`,
		"bench link --rtt=5":                       `--rtt: "5" is no time`,
		"token new --server=a:1 --lifetime=x":      `--lifetime: "x" is no time`,
		"token new --server=a:1 --protocol=game":   `--protocol: "game" is no such number: want 0 or more, such as 7 or 0x1234`,
		"token new --server=a:1 --client=99999e99": `--client: "99999e99" is no such number`,
	} {
		if _, err := parse(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	c, err := parse(t, "soak", "--seed=0x10", "--for", "1m30s", "--latency=0")
	if err != nil || c.Soak.Seed != 16 || c.Soak.For.Seconds() != 90 || c.Soak.Latency != 0 {
		t.Errorf("%+v, %v", c.Soak, err)
	}
	if c, err = parse(t, "bench", "link", "--rtt=20ms"); err != nil || c.Bench.Link.RTT == nil || c.Bench.Link.RTT.Milliseconds() != 20 {
		t.Errorf("%+v, %v", c.Bench.Link.RTT, err)
	}
}

// TestUsageCode: a command line that is wrong ends with one exit code, whoever finds out.
func TestUsageCode(t *testing.T) {
	for _, args := range []string{
		"bench link", "bench link --profile=5g", "bench link --rate=1M --controller=vegas", "bench link --rate=1M --workload=chess",
		"bench link --rate=1M --repair=often", "bench link --rate=1M --mtu=10",
	} {
		if _, err := benchOf(t.Context(), t, strings.Fields(args)[2:]...); exitCode(err) != exitUsage {
			t.Errorf("tickwire %s: exit code %d, %v", args, exitCode(err), err)
		}
	}
	for _, args := range []string{"--loss=3", "--controller=vegas", "/nowhere"} {
		c, err := parse(t, "bench", "traces", args)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Bench.Traces.run(t.Context(), io.Discard, io.Discard); exitCode(err) != exitUsage {
			t.Errorf("tickwire bench traces %s: exit code %d, %v", args, exitCode(err), err)
		}
	}
	for _, args := range []string{"--server=127.0.0.1", "--server=127.0.0.1:7 --tag-bytes=3"} {
		if _, _, err := tokenNew(t, strings.Fields(args)...); exitCode(err) != exitUsage {
			t.Errorf("tickwire token new %s: exit code %d, %v", args, exitCode(err), err)
		}
	}
	for _, listen := range []string{"7777", "127.0.0.1:99999", "127.0.0.1:what"} {
		c, err := parse(t, "serve", "--key", testKey, "--listen="+listen)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Serve.run(t.Context(), nil); exitCode(err) != exitUsage {
			t.Errorf("serve --listen=%s: exit code %d, %v", listen, exitCode(err), err)
		}
	}
}

// TestAsked: who says nothing, or help, gets help.
func TestAsked(t *testing.T) {
	for typed, want := range map[string]string{
		"": "--help", "help": "--help", "help soak": "soak --help", "help token new": "token new --help",
		"soak --json": "soak --json", "token help": "token help",
	} {
		if got := strings.Join(asked(strings.Fields(typed)), " "); got != want {
			t.Errorf("tickwire %s asks for %q, want %q", typed, got, want)
		}
	}
}

// TestBare: errors do not name our packages, and are still what they were.
func TestBare(t *testing.T) {
	cause := errors.New("simnet: no preset")
	if err := bare(cause); err.Error() != "no preset" || !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
	if other := errors.New("open /nowhere: no such file"); bare(other) != other || bare(nil) != nil {
		t.Errorf("%v, %v", bare(other), bare(nil))
	}
}

// TestGoRun: the way to start another command is the one by which this one was started, also if
// Go had the program in its cache.
func TestGoRun(t *testing.T) {
	hash := "e7667319e2fc59f4fd4b0231b92668ba7fb9279756c6f665120430566f9cf495"
	for program, want := range map[string]bool{
		"/tmp/go-build123/b001/exe/tickwire":             true,
		"/home/ada/.cache/go/e7/" + hash + "-d/tickwire": true,
		"/home/ada/.cache/go/12/" + hash + "-d/tickwire": false,
		"/home/ada/go/bin/tickwire":                      false,
		"./tickwire":                                     false,
	} {
		if goRun(program) != want {
			t.Errorf("%s: %v", program, !want)
		}
	}
}
