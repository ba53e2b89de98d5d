package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tickwire/tickwire/internal/swarm"
	"github.com/tickwire/tickwire/simnet/world"
)

// replay is the one command that plays a run again.
func (c *soakCmd) replay(seed uint64) string {
	switch {
	case c.Swarm:
		return swarm.Replay(seed) + c.replayFault()
	case c.Contests:
		return swarm.ReplayContest(seed) + c.replayFault()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "go run ./cmd/tickwire soak --clients %d --for %v --seed %d", c.Clients, c.For, seed)
	for _, f := range []struct {
		name  string
		value any
	}{
		{"loss", c.Loss}, {"loss-burst", c.LossBurst}, {"duplicate", c.Duplicate}, {"reorder", c.Reorder}, {"corrupt", c.Corrupt},
		{"latency", c.Latency}, {"jitter", c.Jitter}, {"rate", c.Rate}, {"queue", c.Queue}, {"churn", c.Churn},
		{"holds", c.Holds}, {"roam", c.Roam}, {"resume", c.Resume}, {"restart", c.Restart}, {"watched", c.Watched},
	} {
		if text := fmt.Sprint(f.value); text != "0" && text != "0s" {
			fmt.Fprintf(&b, " --%s %s", f.name, text)
		}
	}
	if c.Paths > 1 {
		fmt.Fprintf(&b, " --paths %d", c.Paths)
	}
	return b.String() + c.replayFault()
}

func (c *soakCmd) replayFault() string {
	if c.Fault == "" {
		return ""
	}
	return fmt.Sprintf(" --fault %q", c.Fault)
}

// print prints a report, for machines or for people.
func (c *soakCmd) print(out io.Writer, r fmt.Stringer) error {
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err := io.WriteString(out, r.String())
	return err
}

// A worldReport is the report of a world, for people too.
type worldReport world.Report

// String is a table by delivery, and what was wrong.
func (r worldReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %.0f s of virtual time, %d players\n", r.Seed, r.VirtualSeconds, r.Players)
	fmt.Fprintf(&b, "%-18s %9s %7s %9s %6s %9s %7s %7s %9s %9s   %s\n", "delivery", "sent", "refused", "received", "twice", "reordered",
		"altered", "lost", "newer won", "abandoned", "latency ms: p50 p90 p99 max")
	for _, d := range r.Deliveries {
		l := d.Latency
		fmt.Fprintf(&b, "%-18s %9d %7d %9d %6d %9d %7d %7d %9d %9d   %.0f %.0f %.0f %.0f\n", d.Delivery, d.Sent, d.Refused, d.Delivered,
			d.Duplicated, d.OutOfOrder, d.Corrupted, d.Lost, d.Superseded, d.Abandoned, l.P50, l.P90, l.P99, l.Max)
	}
	b.WriteString("reordered: those that may be, as in a group; newer won: a newer value came in its place; " +
		"abandoned: under way at the end of a connection\n")
	fmt.Fprintf(&b, "wire: %d datagrams, %d bytes; %d packets lost, %d messages rebuilt, %d messages and fragments sent again\n",
		r.Datagrams, r.BytesOnWire, r.PacketsLost, r.Rebuilt, r.MessagesResent)
	if r.Roams > 0 {
		fmt.Fprintf(&b, "roaming: %d times; unreliable channels paused for p50 %.0f ms, p90 %.0f, p99 %.0f, at most %.0f\n",
			r.Roams, r.RoamGap.P50, r.RoamGap.P90, r.RoamGap.P99, r.RoamGap.Max)
	}
	if r.Comebacks+r.Anew > 0 {
		fmt.Fprintf(&b, "comebacks: %d times somebody was back who had been missed, with all messages, %d times without; %d tickets let somebody in\n",
			r.Comebacks, r.Anew, r.Resumed)
	}
	if r.Attacks > 0 {
		fmt.Fprintf(&b, "bystanders: %d datagrams forwarded, replayed and forged\n", r.Attacks)
	}
	writeViolations(&b, r.Violations, r.ViolationCount)
	return b.String()
}

// A contestReport is the report of a contest, for people too.
type contestReport swarm.ContestReport

// String is a table by channel, and what was wrong.
func (r contestReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %.0f s of virtual time, %d bytes a second\n", r.Seed, r.VirtualSeconds, r.BytesPerSecond)
	fmt.Fprintf(&b, "%7s  %-18s %8s %6s %8s %8s %9s   %s\n", "channel", "delivery", "priority", "weight", "cap", "attempts",
		"largest", "bytes a second on the wire")
	for _, s := range r.Channels {
		fmt.Fprintf(&b, "%7d  %-18s %8d %6d %8s %8s %9d   %.0f\n", s.Channel, s.Delivery, s.Priority, s.Weight, orNone(s.Cap),
			orNone(s.MaxAttempts), s.LargestMessage, s.BytesPerSecond)
	}
	writeViolations(&b, r.Violations, r.ViolationCount)
	return b.String()
}

// orNone is a limit, where 0 means that there is none.
func orNone(limit int) string {
	if limit == 0 {
		return "-"
	}
	return strconv.Itoa(limit)
}

func writeViolations(b *strings.Builder, kept []world.Violation, count int) {
	for _, v := range kept {
		fmt.Fprintf(b, "VIOLATION %v\n", v)
	}
	fmt.Fprintf(b, "violations: %d\n", count)
}
