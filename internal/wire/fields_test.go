package wire

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// The fields of each frame as frames.json has them. Integers that may exceed
// 2^53 are decimal strings, since many readers of JSON keep numbers as doubles;
// bytes are hex. A type's appendTo writes what the library writes.
type fields interface{ appendTo(b []byte) []byte }

type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

type padding struct {
	Zeros int `json:"zeros"` // bytes after the type byte
}

type ping struct{}

type closeAck struct{}

type helloFields struct {
	MinVersion uint8 `json:"min_version"`
	MaxVersion uint8 `json:"max_version"`
	*helloRest       // absent if no version is common
}

type helloRest struct {
	Digest          uint64        `json:"digest,string"`
	Instance        uint64        `json:"instance,string"`
	Capabilities    uint64        `json:"capabilities,string"`
	Clock           uint64        `json:"clock,string"`
	LargestDatagram uint16        `json:"largest_datagram"`
	AckHoldMillis   uint8         `json:"ack_hold_ms"`
	SilenceSeconds  uint16        `json:"silence_s"`
	DefaultWindow   uint32        `json:"default_window"`
	Windows         []windowField `json:"windows"`

	Limits        *limitsField         `json:"limits,omitempty"`
	ChannelLimits []channelLimitsField `json:"channel_limits,omitempty"`
	Schemas       []schemaField        `json:"schemas,omitempty"`
}

type schemaField struct {
	Version uint16 `json:"version"`
	Digest  uint32 `json:"digest"`
}

type limitsField struct {
	Packets  uint32 `json:"packets"`
	Bytes    uint32 `json:"bytes"`
	Messages uint32 `json:"messages"`
}

type channelLimitsField struct {
	Channel  uint16 `json:"channel"`
	Bytes    uint32 `json:"bytes"`
	Messages uint32 `json:"messages"`
}

type windowField struct {
	Channel uint16 `json:"channel"`
	Bytes   uint32 `json:"bytes"`
}

type skipFields struct {
	Channel uint16 `json:"channel"`
	First   uint32 `json:"first"`
	Lengths []int  `json:"lengths"`
}

type limitFields struct {
	Channel uint16 `json:"channel"`
	Limit   uint32 `json:"limit"`
	blocked bool
}

type storedFields struct {
	Channel uint16   `json:"channel"`
	IDs     []uint32 `json:"ids"`
}

type repairFields struct {
	Channel uint16   `json:"channel"`
	Newest  uint16   `json:"newest"`
	Row     uint8    `json:"row"`
	Mask    uint32   `json:"mask"`
	ToEnd   bool     `json:"to_end"`
	Bytes   hexBytes `json:"bytes"`
}

type rebuiltFields struct {
	Channel uint16 `json:"channel"`
	Newest  uint16 `json:"newest"`
	Mask    uint32 `json:"mask"`
}

type holdFields struct {
	Serial uint64 `json:"serial,string"`
	Millis uint64 `json:"milliseconds"`
}

type tokenFields struct {
	Token    uint64 `json:"token,string"`
	response bool
}

type pathStatusFields struct {
	Path   uint8  `json:"path"`
	Serial uint64 `json:"serial,string"`
	State  uint8  `json:"state"`
	Weight uint8  `json:"weight"`
}

type drainingFields struct {
	State uint8 `json:"state"`
}

type closeFields struct {
	Code uint32     `json:"code"`
	Text string     `json:"text"`
	Rows []rowField `json:"rows"`

	Versions []schemaField `json:"versions,omitempty"` // of typed messages, in place of Rows
	Forms    []formField   `json:"forms,omitempty"`
}

type formField struct {
	Channel uint16                `json:"channel"`
	Part    uint8                 `json:"part"`
	Hashes  [FormRowHashes]uint16 `json:"hashes"`
}

type rowField struct {
	Channel    uint16 `json:"channel"`
	Delivery   uint8  `json:"delivery"`
	MaxMessage uint32 `json:"largest_message"`
	Name       uint32 `json:"name_hash"`
}

// ackFields has the ranges as distances below largest, [newest, oldest].
type ackFields struct {
	Path    *uint8      `json:"path,omitempty"`
	Largest uint32      `json:"largest"` // its low 16 bits, or 32 if wide
	Wide    bool        `json:"wide"`
	Hold    int64       `json:"hold_us"`
	Clock   *uint32     `json:"clock,omitempty"`
	ECN     *ecnField   `json:"ecn,omitempty"`
	Ranges  [][2]uint64 `json:"ranges"`
}

type ecnField struct {
	ECT uint16 `json:"ect"`
	CE  uint16 `json:"ce"`
}

type runFields struct {
	Channel  uint16     `json:"channel"`
	First    *uint32    `json:"first,omitempty"` // absent: without ids
	Wide     bool       `json:"wide"`
	Messages []hexBytes `json:"messages"`
	optionFields
	Keys []keyField `json:"keys,omitempty"` // one for each message
}

// optionFields are the options of a long RUN or a FRAGMENT.
type optionFields struct {
	Options byte    `json:"options,omitempty"` // their bits; absent: none
	Back    *uint64 `json:"back,omitempty"`
	Index   *uint64 `json:"index,omitempty"`
}

func optionFieldsOf(options byte, back, index uint64) optionFields {
	o := optionFields{Options: options}
	if options&OptionGroup != 0 {
		o.Back = &back
	}
	if options&OptionDroppable != 0 {
		o.Index = &index
	}
	return o
}

func (o optionFields) back() uint64  { return orZero(o.Back) }
func (o optionFields) index() uint64 { return orZero(o.Index) }

func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// A keyField is a decimal string.
type keyField uint64

func (k keyField) MarshalText() ([]byte, error) { return strconv.AppendUint(nil, uint64(k), 10), nil }

type fragmentFields struct {
	Channel uint16   `json:"channel"`
	ID      uint32   `json:"id"`
	Wide    bool     `json:"wide"`
	Offset  int      `json:"offset"`
	Total   int      `json:"total,omitempty"` // only at offset 0
	ToEnd   bool     `json:"to_end"`
	Stored  bool     `json:"stored"`
	Bytes   hexBytes `json:"bytes"`
	optionFields
	Key *keyField `json:"key,omitempty"`
}

func (p padding) appendTo(b []byte) []byte {
	return append(append(b, TypePadding), make([]byte, p.Zeros)...)
}

func (ping) appendTo(b []byte) []byte     { return append(b, TypePing) }
func (closeAck) appendTo(b []byte) []byte { return append(b, TypeCloseAck) }

func (h helloFields) appendTo(b []byte) []byte {
	return AppendBytes(append(b, TypeHello), AppendHello(nil, h.hello()))
}

func (h helloFields) hello() *Hello {
	out := &Hello{MinVersion: h.MinVersion, MaxVersion: h.MaxVersion}
	if r := h.helloRest; r != nil {
		out.Digest, out.Instance, out.Capabilities, out.Clock = r.Digest, r.Instance, r.Capabilities, r.Clock
		out.LargestDatagram, out.AckHoldMillis = r.LargestDatagram, r.AckHoldMillis
		out.SilenceSeconds, out.DefaultWindow = r.SilenceSeconds, r.DefaultWindow
		for _, w := range r.Windows {
			out.Windows = append(out.Windows, Window(w))
		}
		if r.Limits != nil {
			out.Limits = Limits(*r.Limits)
		}
		for _, l := range r.ChannelLimits {
			out.ChannelLimits = append(out.ChannelLimits, ChannelLimits(l))
		}
		for i, v := range r.Schemas {
			out.Schemas[i] = Schema(v)
		}
	}
	return out
}

func (s skipFields) appendTo(b []byte) []byte { return AppendSkip(b, s.Channel, s.First, s.Lengths) }

func (l limitFields) appendTo(b []byte) []byte {
	if l.blocked {
		return AppendBlocked(b, l.Channel, l.Limit)
	}
	return AppendWindow(b, l.Channel, l.Limit)
}

func (s storedFields) appendTo(b []byte) []byte { return AppendStored(b, s.Channel, s.IDs) }

func (r repairFields) appendTo(b []byte) []byte {
	b = AppendRepair(b, &Repair{r.Channel, uint64(r.Newest), r.Row, r.Mask, r.ToEnd})
	if !r.ToEnd {
		return AppendBytes(b, r.Bytes)
	}
	return append(b, r.Bytes...)
}

func (r rebuiltFields) appendTo(b []byte) []byte {
	return AppendRebuilt(b, r.Channel, uint64(r.Newest), r.Mask)
}

func (h holdFields) appendTo(b []byte) []byte { return AppendHold(b, h.Serial, h.Millis) }

func (p tokenFields) appendTo(b []byte) []byte {
	if p.response {
		return AppendPathResponse(b, p.Token)
	}
	return AppendPathChallenge(b, p.Token)
}

func (p pathStatusFields) appendTo(b []byte) []byte {
	return AppendPathStatus(b, &PathStatus{p.Path, p.Serial, PathState(p.State), p.Weight})
}

func (d drainingFields) appendTo(b []byte) []byte { return AppendDraining(b, d.State) }

func (c closeFields) appendTo(b []byte) []byte {
	var rows []byte
	for _, r := range c.Rows {
		rows = AppendChannelRow(rows, r.row())
	}
	for _, v := range c.Versions {
		rows = AppendVersionRow(rows, Schema(v))
	}
	for _, f := range c.Forms {
		rows = AppendFormRow(rows, FormRow(f))
	}
	return AppendClose(b, &Close{Code(c.Code), []byte(c.Text), rows})
}

func (r rowField) row() ChannelRow { return ChannelRow(r) }

func (a ackFields) appendTo(b []byte) []byte { return AppendAck(b, a.ack()) }

func (a ackFields) ack() *Ack {
	out := &Ack{Largest: uint64(a.Largest), Wide: a.Wide, Hold: a.Hold * 1000}
	if a.Path != nil {
		out.HasPath, out.Path = true, *a.Path
	}
	if a.Clock != nil {
		out.HasClock, out.Clock = true, *a.Clock
	}
	if a.ECN != nil {
		out.HasECN, out.ECT, out.CE = true, a.ECN.ECT, a.ECN.CE
	}
	for _, r := range a.Ranges {
		out.Ranges = append(out.Ranges, AckRange{r[0], r[1]})
	}
	return out
}

func (r runFields) appendTo(b []byte) []byte {
	b = AppendRun(b, r.run())
	for i, m := range r.Messages {
		if r.Options&OptionKeyed != 0 {
			b = AppendUvarint(b, uint64(r.Keys[i]))
		}
		b = AppendBytes(b, m)
	}
	return b
}

func (r runFields) run() *Run {
	out := &Run{Channel: r.Channel, Wide: r.Wide, Count: len(r.Messages), Options: r.Options, Back: r.back(), Index: r.index()}
	if r.First != nil {
		out.HasIDs, out.First = true, uint64(*r.First)
	}
	return out
}

func (f fragmentFields) appendTo(b []byte) []byte {
	return append(AppendFragment(b, f.fragment()), f.Bytes...)
}

func (f fragmentFields) fragment() *Fragment {
	length := len(f.Bytes)
	if f.ToEnd {
		length = -1
	}
	return &Fragment{f.Channel, uint64(f.ID), f.Wide, f.Offset, f.Total, length, f.Stored,
		f.Options, uint64(orZero(f.Key)), f.back(), f.index()}
}

func idsOf(b []byte) (ids []uint32) {
	for ; len(b) > 0; b = b[4:] {
		ids = append(ids, binary.LittleEndian.Uint32(b))
	}
	return ids
}
