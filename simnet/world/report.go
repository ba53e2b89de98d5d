package world

import (
	"math/bits"
	"time"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/simnet"
	"github.com/tickwire/tickwire/transport"
)

// A Report sums a world up.
type Report struct {
	Seed           uint64           `json:"seed"`
	VirtualSeconds float64          `json:"virtual_seconds"`
	Players        int              `json:"players"`
	Deliveries     []DeliveryReport `json:"deliveries"`
	Datagrams      uint64           `json:"datagrams"`        // written by all sockets
	BytesOnWire    uint64           `json:"bytes_on_wire"`    // theirs, with the headers of IPv4 and UDP
	PacketsLost    uint64           `json:"packets_lost"`     // that the library declared lost
	MessagesResent uint64           `json:"messages_resent"`  // whole or in part
	Rebuilt        uint64           `json:"messages_rebuilt"` // without being sent again
	KeyChanges     uint64           `json:"key_changes"`      // of all directions of all connections
	Roams          uint64           `json:"roams"`            // changes of a player's address
	Rungs          uint64           `json:"rungs"`            // of ladders that came
	Falls          uint64           `json:"falls"`            // of them: that were killed
	RoamGap        Latency          `json:"roam_gap_ms"`      // then: the pause of unreliable channels, from the first packet on
	Comebacks      uint64           `json:"comebacks"`        // of peers who had been missed, seen from either end, with all messages
	Anew           uint64           `json:"anew"`             // comebacks, likewise, without the messages of before
	Resumed        uint64           `json:"resumed"`          // connections that a server granted to tickets
	Attacks        uint64           `json:"attacks"`          // datagrams that bystanders forwarded, replayed and forged
	ViolationCount int              `json:"violations"`
	Violations     []Violation      `json:"violation_list,omitempty"`
	Digest         string           `json:"digest"` // of all that was seen: equal for equal runs
}

// A DeliveryReport is about all channels of one delivery, both directions.
type DeliveryReport struct {
	Delivery   string `json:"delivery"`
	Sent       uint64 `json:"sent"`    // accepted by Send
	Refused    uint64 `json:"refused"` // by Send: full
	Delivered  uint64 `json:"delivered"`
	Duplicated uint64 `json:"duplicated"`   // received twice: always a violation
	OutOfOrder uint64 `json:"out_of_order"` // received behind a later one; a violation where order is promised
	Corrupted  uint64 `json:"corrupted"`    // always a violation
	Lost       uint64 `json:"lost"`
	Superseded uint64 `json:"superseded"` // Latest: a newer value was received in its place
	Abandoned  uint64 `json:"abandoned"`  // reliable: under way when the connection ended

	SentBytes      uint64  `json:"sent_bytes"` // payload
	DeliveredBytes uint64  `json:"delivered_bytes"`
	Latency        Latency `json:"latency_ms"` // from Send to the Update that showed it
}

// Latency are percentiles in milliseconds, exact to 1/64, and to the
// tick of the world.
type Latency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

const deliveryCount = int(tickwire.ReliableOrdered) + 1

// A tally is a report in the making.
type tally struct {
	deliveries [deliveryCount]laneCounts
	used       [deliveryCount]bool
	latencies  [deliveryCount]histogram
	lost       uint64
	resent     uint64
	rebuilt    uint64
	keyChanges uint64
	roams      uint64
	rungs      uint64
	falls      uint64
	gaps       histogram
	comebacks  uint64
	anew       uint64
	resumed    uint64
	attacks    uint64
	datagrams  uint64
	bytes      uint64
	digest     uint64
}

func (t *tally) addLane(l *Lane) {
	d, c := &t.deliveries[l.channel.Delivery], &l.counts
	t.used[l.channel.Delivery] = true
	d.accepted += c.accepted
	d.refused += c.refused
	d.delivered += c.delivered
	d.duplicated += c.duplicated
	d.outOfOrder += c.outOfOrder
	d.corrupt += c.corrupt
	d.lost += c.lost
	d.superseded += c.superseded
	d.abandoned += c.abandoned
	d.sentBytes += c.sentBytes
	d.deliveredBytes += c.deliveredBytes
}

// countConn adds what the library counted of a connection.
func (t *tally) countConn(e *End) {
	if e.conn == nil {
		return
	}
	st := e.conn.Stats()
	t.lost += st.PacketsLost
	t.resent += st.MessagesResent + st.FragmentsResent
	t.rebuilt += st.MessagesRebuilt
}

// headerBytes are those of IPv4 and UDP.
const headerBytes = simnet.DefaultOverheadBytes

func (t *tally) wrote(ds []transport.Datagram) {
	for i := range ds {
		t.datagrams++
		t.bytes += uint64(len(ds[i].Bytes) + headerBytes)
	}
}

// fold mixes something that was observed into the digest (FNV-1a, 64 bits at a time).
func (w *World) fold(values ...uint64) {
	h := w.report.digest ^ uint64(w.now())
	for _, v := range values {
		h = (h ^ v) * 0x100000001b3
		h ^= h >> 29
	}
	w.report.digest = h
}

func (w *World) latency(d tickwire.Delivery, nanoseconds int64) {
	w.report.latencies[d].add(nanoseconds)
}

// Report sums up what has happened. It is complete after Close.
func (w *World) Report() Report {
	t := &w.report
	r := Report{
		Seed: w.cfg.Seed, VirtualSeconds: w.Elapsed().Seconds(), Players: len(w.players),
		Datagrams: t.datagrams, BytesOnWire: t.bytes, PacketsLost: t.lost, MessagesResent: t.resent, Rebuilt: t.rebuilt, KeyChanges: t.keyChanges,
		Roams: t.roams, Rungs: t.rungs, Falls: t.falls, RoamGap: t.gaps.percentiles(), Comebacks: t.comebacks, Anew: t.anew, Resumed: t.resumed, Attacks: t.attacks,
		ViolationCount: w.judge.count, Violations: w.judge.kept, Digest: hex64(t.digest),
	}
	for d := range deliveryCount {
		if !t.used[d] {
			continue
		}
		c := t.deliveries[d]
		r.Deliveries = append(r.Deliveries, DeliveryReport{
			Delivery: tickwire.Delivery(d).String(),
			Sent:     c.accepted, Refused: c.refused, Delivered: c.delivered,
			Duplicated: c.duplicated, OutOfOrder: c.outOfOrder, Corrupted: c.corrupt,
			Lost: c.lost, Superseded: c.superseded, Abandoned: c.abandoned,
			SentBytes: c.sentBytes, DeliveredBytes: c.deliveredBytes,
			Latency: t.latencies[d].percentiles(),
		})
	}
	return r
}

func hex64(v uint64) string {
	const digits = "0123456789abcdef"
	var b [16]byte
	for i := range b {
		b[i] = digits[v>>(60-4*i)&15]
	}
	return string(b[:])
}

// A histogram counts durations in steps of 1/64 of their magnitude, from a
// microsecond up.
type histogram struct {
	counts [buckets]uint64
	total  uint64
	max    int64
}

// fine is how many buckets a power of two is cut into.
const (
	fine    = 64
	buckets = fine * 34
)

func (h *histogram) add(nanoseconds int64) {
	h.max = max(h.max, nanoseconds)
	h.total++
	h.counts[bucket(nanoseconds)]++
}

func bucket(nanoseconds int64) int {
	us := uint64(max(nanoseconds, 0)) / 1000
	shift := max(bits.Len64(us/fine)-1, 0)
	return min(shift*fine+int(us>>shift), buckets-1)
}

// bucketTop is the largest duration that is counted in a bucket.
func bucketTop(i int) time.Duration {
	shift := max(i/fine-1, 0)
	return time.Duration((uint64(i-shift*fine)+1)<<shift) * time.Microsecond
}

func (h *histogram) percentiles() Latency {
	return Latency{h.at(500), h.at(900), h.at(990), h.at(999), float64(h.max/1000) / 1000}
}

// at returns the duration in milliseconds that so many of a thousand do not exceed.
func (h *histogram) at(perMille uint64) float64 {
	want := (h.total*perMille + 999) / 1000
	sum := uint64(0)
	for i, n := range h.counts {
		if sum += n; sum >= want && n > 0 {
			return float64(min(bucketTop(i), time.Duration(h.max)).Microseconds()) / 1000
		}
	}
	return 0
}
