package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/examples/arena"
)

// A row is what the table says about one player. Up is from the player to the
// server. The names of the numbers in JSON end with their unit.
type row struct {
	ID               uint16  `json:"id"`
	Name             string  `json:"name"`
	Bot              bool    `json:"bot"`
	Transport        string  `json:"transport"`
	ConnectedSeconds float64 `json:"connected_s"`
	RTT              float64 `json:"rtt_ms"`
	MinRTT           float64 `json:"rtt_min_ms"`
	JitterUp         float64 `json:"jitter_up_ms"`
	JitterDown       float64 `json:"jitter_down_ms"`
	LossUp           float64 `json:"loss_up_percent"`
	LossDown         float64 `json:"loss_down_percent"`
	Up               float64 `json:"up_kbit_per_s"`
	Down             float64 `json:"down_kbit_per_s"`
	UpBytes          uint64  `json:"up_bytes"`
	DownBytes        uint64  `json:"down_bytes"`
	QueueBytes       int     `json:"queue_bytes"`
	QueueMessages    int     `json:"queue_messages_count"`
	DroppedPackets   uint64  `json:"dropped_packets_count"`
	DroppedMessages  uint64  `json:"dropped_messages_count"`
	Inputs           uint64  `json:"inputs_received_count"`
	StaleInputs      uint64  `json:"inputs_stale_count"`
	Frags            uint16  `json:"frags_count"`
	Deaths           uint16  `json:"deaths_count"`
}

// newRow takes everything but the speeds.
func newRow(p arena.PlayerReport, now time.Time, bots int) row {
	s := p.Stats
	return row{
		ID: p.ID, Name: p.Name, Bot: int(p.ID) <= bots, Transport: p.Transport,
		ConnectedSeconds: rounded(now.Sub(p.Since).Seconds()),
		RTT:              milliseconds(s.RTT), MinRTT: milliseconds(s.MinRTT),
		JitterUp: milliseconds(s.JitterIn), JitterDown: milliseconds(s.JitterOut),
		LossUp: rounded(100 * s.LossIn), LossDown: rounded(100 * s.LossOut),
		UpBytes: s.BytesReceived, DownBytes: s.BytesSent,
		QueueBytes: s.QueuedBytes, QueueMessages: s.QueuedMessages,
		DroppedPackets: droppedPackets(s), DroppedMessages: droppedMessages(s),
		Inputs: p.Inputs, StaleInputs: p.StaleInputs,
		Frags: p.Frags, Deaths: p.Deaths,
	}
}

// droppedPackets counts packets that came and were of no use.
func droppedPackets(s tickwire.ConnStats) (n uint64) {
	for _, of := range s.Dropped {
		n += of
	}
	return n
}

// droppedMessages counts messages that one of the limits cost: sent ones for
// which the queue had no room, received ones that nobody took or that stayed
// incomplete. Values that a newer one replaced are not among them.
func droppedMessages(s tickwire.ConnStats) uint64 {
	return s.MessagesDropped[tickwire.Dropped] + s.MessagesOverflowed + s.MessagesExpired
}

func milliseconds(d time.Duration) float64 { return rounded(float64(d) / float64(time.Millisecond)) }

// rounded keeps three decimals: what is beyond was not measured.
func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// kilobits is a speed in kbit/s.
func kilobits(bytes uint64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return rounded(float64(bytes) * 8 / 1000 / d.Seconds())
}

// A meter makes speeds of counters: those of the last few reports.
type meter struct{ past []arena.Report }

// meterReports is over how many reports a speed is taken.
const meterReports = 5

// rows makes the table of a report.
func (m *meter) rows(r arena.Report, bots []*bot) []row {
	rows := make([]row, 0, len(r.Players))
	for _, p := range r.Players {
		x := newRow(p, r.Time, len(bots))
		since, up, down := m.before(p)
		x.Up = kilobits(x.UpBytes-up, r.Time.Sub(since))
		x.Down = kilobits(x.DownBytes-down, r.Time.Sub(since))
		rows = append(rows, x)
	}
	m.past = append(m.past, r)
	if len(m.past) > meterReports {
		m.past = slices.Delete(m.past, 0, 1)
	}
	return rows
}

// before finds the oldest report that has the same connection; else its start.
func (m *meter) before(p arena.PlayerReport) (since time.Time, up, down uint64) {
	for _, r := range m.past {
		for _, old := range r.Players {
			if old.ID == p.ID && old.Since.Equal(p.Since) {
				return r.Time, old.Stats.BytesReceived, old.Stats.BytesSent
			}
		}
	}
	return p.Since, 0, 0
}

// giveWay are the columns that a narrow terminal does without: what waits, then what was dropped, then the jitter.
var giveWay = [][]int{{}, {9}, {9, 10}, {3, 4, 9, 10}}

// render makes the picture of rows, at most so many of them, the guests first, and for so many columns of a terminal; 0: for
// any.
func render(rows []row, most, width int) string {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b row) int { return rank(a) - rank(b) })
	head := table.Row{"player", "by", "RTT\nms", "jitter\nup ms", "\ndown", "loss\nup %", "\ndown", "up\nkbit/s", "down\nkbit/s", "queue\nbytes", "drops", "frags"}
	var lines []table.Row
	for _, r := range rows[:min(len(rows), most)] {
		lines = append(lines, table.Row{
			r.Name, r.Transport, tenths(r.RTT), tenths(r.JitterUp), tenths(r.JitterDown), tenths(r.LossUp), tenths(r.LossDown),
			tenths(r.Up), tenths(r.Down), r.QueueBytes, r.DroppedPackets + r.DroppedMessages, r.Frags,
		})
	}
	picture := ""
	for _, without := range giveWay {
		fewer := make([]table.Row, len(lines))
		for i, line := range lines {
			fewer[i] = leaveOut(line, without)
		}
		if picture = plainTable(leaveOut(head, without), fewer); width <= 0 || text.LongestLineLen(picture) <= width {
			break
		}
	}
	if n := len(rows) - most; n > 0 {
		picture += fmt.Sprintf("\n… and %d more", n)
	}
	return picture
}

// leaveOut is a row without some of its columns, which rise.
func leaveOut(r table.Row, columns []int) table.Row {
	r = slices.Clone(r)
	for _, c := range slices.Backward(columns) {
		r = slices.Delete(r, c, c+1)
	}
	return r
}

// rank puts guests above bots, and who came first above who came later.
func rank(r row) int {
	if r.Bot {
		return int(r.ID)
	}
	return int(r.ID) - 1<<16
}

func tenths(v float64) string { return fmt.Sprintf("%.1f", v) }
