package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tickwire/tickwire/examples/arena"
	"github.com/tickwire/tickwire/simnet"
)

// A summary is what a demo has to show for itself at the end. The names of
// the numbers in JSON end with their unit.
type summary struct {
	Link      string  `json:"link"`
	Address   string  `json:"address"`
	Seconds   float64 `json:"duration_s"`
	Steps     uint64  `json:"steps_count"`
	WorstLate float64 `json:"worst_step_late_ms"`
	Players   []row   `json:"players"`

	// What the bots saw, against what the channels promise.
	Bots        int    `json:"bots_count"`
	Connected   int    `json:"bots_connected_count"`
	States      uint64 `json:"states_received_count"`
	FewStates   uint64 `json:"states_received_fewest_count"` // by one bot
	StaleStates uint64 `json:"states_stale_count"`
	StaleInputs uint64 `json:"inputs_stale_count"`
	ChatLines   uint32 `json:"chat_lines_count"`
	ChatHeard   uint64 `json:"chat_lines_heard_count"`
	ChatGaps    uint64 `json:"chat_gaps_count"`
	Hits        uint64 `json:"hits_heard_count"`
	Tables      uint32 `json:"score_tables_count"`
	TablesHeard uint64 `json:"score_tables_heard_count"`

	LinkUp   linkSummary `json:"link_up"`
	LinkDown linkSummary `json:"link_down"`
	Rebound  uint64      `json:"ports_changed_count"` // on the way to the server

	WebSockets uint64 `json:"websockets_count"`
	Resent     uint64 `json:"tcp_segments_resent_count"` // of theirs
}

// A linkSummary is what the simulated link did to datagrams.
type linkSummary struct {
	Sent       uint64 `json:"datagrams_count"`
	Lost       uint64 `json:"lost_count"`
	Dropped    uint64 `json:"queue_dropped_count"`
	Reordered  uint64 `json:"reordered_count"`
	Duplicated uint64 `json:"duplicated_count"`
	SentBytes  uint64 `json:"sent_bytes"`
}

func newLinkSummary(s simnet.LinkStats) linkSummary {
	return linkSummary{s.Sent, s.Lost, s.QueueDropped, s.Reordered, s.Duplicated, s.SentBytes}
}

// summarize makes the summary of a match that has been closed. Speeds are
// those of the whole time that a player was connected.
func summarize(m *match, last arena.Report, relay simnet.RelayStats, streams simnet.StreamRelayStats) summary {
	s := summary{
		Link: m.link.name(), Address: m.srv.PublicAddresses()[0].String(), Seconds: rounded(last.Time.Sub(m.start).Seconds()),
		Steps: last.Steps, WorstLate: milliseconds(last.WorstLate), ChatLines: last.ChatLines, Tables: last.ScoreTables,
		Bots: len(m.bots), LinkUp: newLinkSummary(relay.Up), LinkDown: newLinkSummary(relay.Down), Rebound: relay.Rebound,
		WebSockets: streams.Accepted, Resent: streams.Resent,
		Players: []row{},
	}
	for _, p := range last.Players {
		r := newRow(p, last.Time, len(m.bots))
		connected := time.Duration(r.ConnectedSeconds * float64(time.Second))
		r.Up, r.Down = kilobits(r.UpBytes, connected), kilobits(r.DownBytes, connected)
		s.Players = append(s.Players, r)
		s.StaleInputs += r.StaleInputs
		if r.Bot {
			s.Connected++
		}
	}
	for i, b := range m.bots {
		c := b.player.Counts
		if s.States += c.States; i == 0 || c.States < s.FewStates {
			s.FewStates = c.States
		}
		s.StaleStates += c.StaleStates
		s.ChatHeard += c.ChatLines
		s.ChatGaps += c.ChatGaps
		s.Hits += c.Hits
		s.TablesHeard += c.ScoreTables
	}
	return s
}

// absence tells that nobody was there, which an empty table would leave to be guessed.
func (s summary) absence() error {
	if s.Bots == 0 || s.Connected > 0 || s.Seconds < time.Second.Seconds() {
		return nil
	}
	return fmt.Errorf("none of %d bots got in, at %s: is there a loopback interface, and may programs send UDP there?", s.Bots, s.Address)
}

func (s summary) writeJSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(s)
}

// writeText prints the table and, below, what was promised and what came.
func (s summary) writeText(out io.Writer) error {
	var b strings.Builder
	rows := slices.Clone(s.Players)
	fmt.Fprintf(&b, "\n%s\n\n", render(rows, len(rows), columns(out)))
	fmt.Fprintf(&b, "%.1f s, %d steps, the latest %.1f ms late; %d of %d bots connected", s.Seconds, s.Steps, s.WorstLate, s.Connected, s.Bots)
	if s.LinkUp.Sent > 0 {
		fmt.Fprintf(&b, "\nlink %s lost %d of %d datagrams up, %d of %d down",
			s.Link, s.LinkUp.Lost+s.LinkUp.Dropped, s.LinkUp.Sent, s.LinkDown.Lost+s.LinkDown.Dropped, s.LinkDown.Sent)
	}
	if s.WebSockets > 0 {
		fmt.Fprintf(&b, "\nand the TCP of %d WebSockets sent %d segments again", s.WebSockets, s.Resent)
	}
	if s.Rebound > 0 {
		fmt.Fprintf(&b, "\nthe bots came from another port %d times", s.Rebound)
	}
	fmt.Fprintf(&b, "\n\ninputs  UnreliableLatest   %d arrived older than one before\n", s.StaleInputs)
	fmt.Fprintf(&b, "states  UnreliableLatest   %d arrived at the bots, %d of them older than one before\n", s.States, s.StaleStates)
	fmt.Fprintf(&b, "hits    ReliableUnordered  %d heard by the bots\n", s.Hits)
	fmt.Fprintf(&b, "chat    ReliableOrdered    %d lines, heard %d times, %d of them out of order or after a gap\n", s.ChatLines, s.ChatHeard, s.ChatGaps)
	fmt.Fprintf(&b, "scores  ReliableLatest     %d tables, heard %d times: who missed one got a newer one\n", s.Tables, s.TablesHeard)
	_, err := io.WriteString(out, b.String())
	return err
}
