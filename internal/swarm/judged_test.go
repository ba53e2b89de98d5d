package swarm

import (
	"cmp"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/endpoint"
	"github.com/tickwire/tickwire/internal/wire"
)

// One peer, two languages: an endpoint in Go and one in TypeScript get the same packets at the same times, of a peer
// that keeps the rules of SPEC.md, 6, for the most part. Both deliver the same messages, and close at the same packet,
// with the same code, or not at all.

var (
	judgedSeed  = flag.Uint64("judged.seed", 0, "TestJudgedAlike: this seed alone")
	judgedSeeds = flag.Uint64("judged.seeds", 200, "TestJudgedAlike: how many seeds")
)

const (
	judgedPackets = 30
	flow          = "closes with 2"
)

// judged is one peer before two judges.
type judged struct {
	t    *testing.T
	ts   tsPeer
	rnd  *rand.Rand
	now  int64
	e    *endpoint.Endpoint
	next map[int]uint64 // id of each channel that comes next
	all  []tsChannel
}

func newJudged(t *testing.T, ts tsPeer, seed uint64) *judged {
	j := &judged{t: t, ts: ts, rnd: rand.New(rand.NewPCG(seed, 2)), now: int64(time.Hour), next: map[int]uint64{}}
	var channels []endpoint.ChannelConfig
	for d := range 5 {
		c := tsChannel{ID: d + 1 + 200*(d%2), Delivery: d, Name: strconv.Itoa(d), Window: 4096}
		if d < 2 {
			c.Window = 1 << 20
		}
		j.all = append(j.all, c)
		channels = append(channels, endpoint.ChannelConfig{
			ID: endpoint.ChannelID(c.ID), Delivery: endpoint.Delivery(d), Name: c.Name, WindowBytes: c.Window,
		})
	}
	cfg := endpoint.Config{Channels: channels, Seed: seed, Handshake: true, Trusted: true}
	peer, err := endpoint.New(j.now, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if j.e, err = endpoint.New(j.now, cfg); err != nil {
		t.Fatal(err)
	}
	hello := peer.AppendHello(j.now, nil)
	if err := j.e.HandleHello(j.now, hello); err != nil {
		t.Fatal(err)
	}
	j.e.AppendHello(j.now, nil)
	ts.ask(&tsAsk{Now: j.now / 1000, Begin: &tsBegin{Seed: 4*seed + 1, Channels: j.all}})
	if a := ts.ask(&tsAsk{Now: j.now / 1000, Hello: hex.EncodeToString(hello)}); a.Refused != nil {
		t.Fatalf("refused: %v", a.Refused)
	}
	return j
}

// A verdict is what an end made of a packet: the messages that it delivered, by channel, and the code with which it closes.
type verdict struct {
	messages map[int][]string
	closes   string
}

func (v verdict) String() string { return fmt.Sprintf("%v %s", v.messages, v.closes) }

// closing is the code of the CLOSE that a packet has behind its ACK.
func closing(frames []byte) string {
	var a wire.Ack
	for len(frames) > 0 && frames[0] >= wire.TypeAck && frames[0] < wire.TypeFragment {
		n := wire.ConsumeAck(frames, &a)
		if n < 0 {
			return "malformed"
		}
		frames = frames[n:]
	}
	if len(frames) == 0 || frames[0] != wire.TypeClose {
		return ""
	}
	c, _ := wire.ConsumeClose(frames)
	return fmt.Sprint("closes with ", uint32(c.Code))
}

func (j *judged) inGo(number uint64, frames []byte) verdict {
	v := verdict{messages: map[int][]string{}}
	j.e.HandlePacket(j.now, endpoint.Incoming{Number: number, Frames: frames})
	if j.e.Deadline() <= j.now {
		j.e.HandleTimeout(j.now)
	}
	flush := func() {
		var out endpoint.Outgoing
		for j.e.NextPacket(j.now, &out, func(endpoint.Header) ([]byte, endpoint.Envelope) { return nil, endpoint.Envelope{Tail: 16} }) {
			v.closes = cmp.Or(v.closes, closing(out.Packet))
		}
	}
	flush()
	j.e.Update()
	for channel, m, ok := j.e.ReceiveAny(); ok; channel, m, ok = j.e.ReceiveAny() {
		v.messages[int(channel)] = append(v.messages[int(channel)], hex.EncodeToString(m.Clone()))
	}
	flush()
	for _, ok := j.e.NextEvent(); ok; _, ok = j.e.NextEvent() {
	}
	return v
}

func (j *judged) inTypeScript(number uint64, frames []byte) verdict {
	v := verdict{messages: map[int][]string{}}
	a := j.ts.ask(&tsAsk{Now: j.now / 1000, Packets: []tsPacket{{Number: number, Frames: hex.EncodeToString(frames)}}, Take: true})
	for _, m := range a.Messages {
		v.messages[m.Channel] = append(v.messages[m.Channel], m.Bytes)
	}
	for _, p := range a.Packets {
		b, _ := hex.DecodeString(p.Frames)
		v.closes = cmp.Or(v.closes, closing(b))
	}
	return v
}

// play shows both the same packets until one is too many; how it ended is returned, and where they differ.
func (j *judged) play() (closes, fault string) {
	var shown []string
	for number := range uint64(judgedPackets) {
		frames := j.packet()
		shown = append(shown, hex.EncodeToString(frames))
		goes, ts := j.inGo(number, slices.Clone(frames)), j.inTypeScript(number, frames)
		if goes.closes == flow || ts.closes == flow {
			return flow, "" // how much more credit is given, and when, is up to each
		}
		if goes.String() != ts.String() {
			return "", fmt.Sprintf("after\n%s\nTypeScript %v\nGo         %v", strings.Join(shown, "\n"), ts, goes)
		}
		if goes.closes != "" {
			return goes.closes, ""
		}
		j.now += int64(j.rnd.IntN(20)) * int64(time.Millisecond)
	}
	return "", ""
}

func (j *judged) chance(p float64) bool { return j.rnd.Float64() < p }

// id is one that may come next on a channel: mostly the next, seldom one at a limit.
func (j *judged) id(c tsChannel) uint64 {
	next := j.next[c.ID]
	switch {
	case j.chance(0.7):
		j.next[c.ID]++
		return next
	case j.chance(0.6):
		return next + uint64(j.rnd.IntN(6))
	case j.chance(0.97):
		return max(next, 3) - uint64(j.rnd.IntN(4))
	}
	return next + []uint64{1<<14 - 1, 1 << 14, 1<<14 + 1, 1 << 15, 1<<16 - 1}[j.rnd.IntN(5)]
}

// Each fourth message has so many bytes, and may come in fragments.
const (
	cutBytes = 60
	cutPart  = 20
)

// content is the bytes of a message: few, or many now and then.
func (j *judged) content(id uint64) []byte {
	n := j.rnd.IntN(30)
	switch {
	case id%4 == 3:
		n = cutBytes
	case j.chance(0.02):
		n = 900
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) + byte(id)
	}
	return b
}

// options are those that a message of a channel has, or others now and then.
func (j *judged) options(c tsChannel, id uint64) byte {
	switch {
	case j.chance(0.004):
		return byte(j.rnd.IntN(8))
	case c.Delivery%2 == 1 && id%3 > 0:
		return wire.OptionKeyed
	case c.Delivery == 4:
		return []byte{0, wire.OptionGroup, wire.OptionDroppable, wire.OptionGroup | wire.OptionDroppable, wire.OptionGroup}[id/2%5]
	}
	return 0
}

// back is to the first of a group, which each eighth message begins.
func (j *judged) back(id uint64) uint64 {
	if j.chance(0.004) {
		return uint64(j.rnd.IntN(1<<14 + 2))
	}
	return id % 8
}

// packet is one to four frames, the last of which may be a sum: when it is solved is up to who reads it.
func (j *judged) packet() []byte {
	var b []byte
	for range 1 + j.rnd.IntN(4) {
		c := j.all[j.rnd.IntN(len(j.all))]
		if j.chance(0.002) {
			c.ID++ // of which there is none
		}
		switch n := j.rnd.IntN(20); {
		case n < 10:
			b = j.run(b, c)
		case n < 16:
			b = j.fragment(b, c)
		default:
			b = j.control(b, c)
		}
	}
	if j.chance(0.01) {
		b[j.rnd.IntN(len(b))] ^= 1 << j.rnd.IntN(8)
	} else if j.chance(0.3) {
		b = j.repair(b, j.all[j.rnd.IntN(len(j.all))])
	}
	return b
}

func (j *judged) run(b []byte, c tsChannel) []byte {
	r := wire.Run{Channel: uint16(c.ID), HasIDs: c.Delivery > 0 || j.chance(0.3), Count: 1 + j.rnd.IntN(3)}
	if r.HasIDs {
		r.First, r.Wide = j.id(c), j.chance(0.1)
		r.Options = j.options(c, r.First)
	}
	r.Back, r.Index = j.back(r.First), uint64(j.rnd.IntN(4))
	if r.Options != 0 && r.First/2 != (r.First+uint64(r.Count)-1)/2 {
		r.Count = 1 // the next ones have others
	}
	b = wire.AppendRun(b, &r)
	for i := range uint64(r.Count) {
		if r.Options&wire.OptionKeyed != 0 {
			b = wire.AppendUvarint(b, r.First%5)
		}
		b = wire.AppendBytes(b, j.content(r.First+i))
	}
	return b
}

func (j *judged) fragment(b []byte, c tsChannel) []byte {
	f := wire.Fragment{Channel: uint16(c.ID), ID: j.next[c.ID] | 3, Wide: j.chance(0.1), Stored: c.Delivery < 2 && j.chance(0.3) || j.chance(0.004)}
	f.Options = j.options(c, f.ID)
	f.Key, f.Back, f.Index = f.ID%5, j.back(f.ID), uint64(j.rnd.IntN(2))
	f.Total, f.Offset, f.Length = cutBytes, cutPart*j.rnd.IntN(3), cutPart
	if j.chance(0.02) {
		f.ID++
		f.Total, f.Offset, f.Length = 1+j.rnd.IntN(70_000), j.rnd.IntN(70_000), 1+j.rnd.IntN(40)
	}
	b = wire.AppendFragment(b, &f)
	for i := range f.Length {
		b = append(b, byte(f.Offset+i)+byte(f.ID))
	}
	return b
}

func (j *judged) control(b []byte, c tsChannel) []byte {
	channel, id := uint16(c.ID), j.id(c)
	if c.Delivery < 2 && j.chance(0.98) {
		channel = 5 // these are of reliable channels
	}
	switch j.rnd.IntN(9) {
	case 0, 1:
		length := cutBytes
		if id%4 < 3 {
			length = j.rnd.IntN(60)
		}
		return wire.AppendSkip(b, channel, uint32(id), []int{length})
	case 2:
		return wire.AppendWindow(b, channel, uint32(j.rnd.IntN(1<<17)))
	case 3:
		return wire.AppendBlocked(b, channel, uint32(j.rnd.IntN(1<<14)))
	case 4:
		return wire.AppendPathStatus(b, &wire.PathStatus{Serial: 1 + uint64(j.rnd.IntN(4)), State: []wire.PathState{wire.PathShare, wire.PathReserve, wire.PathCopy}[j.rnd.IntN(3)], Weight: 1})
	case 5:
		return wire.AppendPathChallenge(b, j.rnd.Uint64())
	case 6:
		return wire.AppendDraining(b, 1)
	case 7:
		return wire.AppendRebuilt(b, channel, id, 1)
	}
	return append(b, wire.TypePing)
}

// repair is a sum of one message.
func (j *judged) repair(b []byte, c tsChannel) []byte {
	r := wire.Repair{Channel: uint16(c.ID), Newest: j.next[c.ID] + uint64(j.rnd.IntN(2)), Mask: 1}
	s := wire.Symbol{Payload: j.content(r.Newest), Options: j.options(c, r.Newest), Key: r.Newest % 5, Back: j.back(r.Newest)}
	if s.Options&wire.OptionDroppable != 0 {
		return b // in no sum
	}
	sum := make([]byte, s.Len()+j.rnd.IntN(3))
	if len(sum) > wire.MaxSymbol {
		return b
	}
	s.AddTo(sum, 1)
	if j.chance(0.02) {
		sum[j.rnd.IntN(len(sum))] ^= 1
	}
	return wire.AppendBytes(wire.AppendRepair(b, &r), sum)
}

// TestJudgedAlike: of whatever a peer writes that has the keys, right or wrong, both languages deliver the same, and
// both close at the same packet with the same code.
func TestJudgedAlike(t *testing.T) {
	ts := newTSPeer(t)
	first, last := uint64(1), *judgedSeeds
	if seed := *judgedSeed; seed != 0 {
		first, last = seed, seed
	}
	endings, faults := map[string]uint64{}, 0
	for seed := first; seed <= last && faults < 3; seed++ {
		how, fault := newJudged(t, ts, seed).play()
		endings[how]++
		if fault != "" {
			faults++
			t.Errorf("%s\ngo test ./internal/swarm -run TestJudgedAlike -judged.seed=%d", fault, seed)
		}
	}
	t.Log(endings)
	if n := last - first + 1; n > 100 && (endings[""] < n/10 || endings["closes with 1"] < n/10) {
		t.Errorf("%v: want some of each", endings)
	}
}
