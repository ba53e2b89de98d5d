package wire

import (
	"encoding/binary"
	"slices"
)

// A Window is the first credit limit of a channel in bytes of charge.
type Window struct {
	Channel uint16
	Bytes   uint32
}

// A Hello is what an endpoint says of itself before any data (SPEC.md, 6.4).
type Hello struct {
	MinVersion, MaxVersion uint8
	Digest                 uint64
	Instance               uint64
	Capabilities           uint64
	Clock                  uint64 // ClockUnit, when the body was written
	LargestDatagram        uint16
	AckHoldMillis          uint8
	SilenceSeconds         uint16
	DefaultWindow          uint32
	Windows                []Window // channels whose window differs, at most MaxHelloWindows
	Limits                 Limits   // item 1, of the connection
	ChannelLimits          []ChannelLimits
	Schemas                Schemas // item 3
}

// Limits are what an end takes of its peer in a second at most; 0: as much as comes.
type Limits struct{ Packets, Bytes, Messages uint32 }

// ChannelLimits are those of one channel.
type ChannelLimits struct {
	Channel         uint16
	Bytes, Messages uint32
}

// Kinds of items in HELLO.
const (
	itemLimits        = 1
	itemChannelLimits = 2
	itemSchemas       = 3
)

// Capabilities of HELLO.
const (
	// CapabilityPaths: its sender reads PATH_CHALLENGE, PATH_RESPONSE and
	// PATH_STATUS, and ids of Unreliable messages.
	CapabilityPaths = 1
	// CapabilityHold: its sender reads HOLD.
	CapabilityHold = 2
	// CapabilityRepair: its sender reads REPAIR and REBUILT, and ids of Unreliable
	// messages.
	CapabilityRepair = 4
	// CapabilityOptions: its sender reads the options of RUN and FRAGMENT, as
	// everybody does who speaks version 1.
	CapabilityOptions = 8
)

// CapabilityEpochs says that its sender reads packets of later key epochs,
// which everybody who speaks version 1 does, too.
const CapabilityEpochs = 16

// MaxHelloWindows is how many windows fit a body of MaxHelloBytes with room
// for the head.
const MaxHelloWindows = 24

// AppendHello appends the body.
func AppendHello(b []byte, h *Hello) []byte {
	b = append(b, h.MinVersion, h.MaxVersion)
	b = binary.LittleEndian.AppendUint64(b, h.Digest)
	b = binary.LittleEndian.AppendUint64(b, h.Instance)
	b = AppendUvarint(b, h.Capabilities)
	b = binary.LittleEndian.AppendUint64(b, h.Clock)
	b = binary.LittleEndian.AppendUint16(b, h.LargestDatagram)
	b = append(b, h.AckHoldMillis)
	b = binary.LittleEndian.AppendUint16(b, h.SilenceSeconds)
	b = AppendUvarint(b, uint64(h.DefaultWindow))
	b = AppendUvarint(b, uint64(len(h.Windows)))
	for _, w := range h.Windows {
		b = AppendUvarint(b, uint64(w.Channel))
		b = AppendUvarint(b, uint64(w.Bytes))
	}
	if l := h.Limits; l != (Limits{}) {
		size := UvarintLen(uint64(l.Packets)) + UvarintLen(uint64(l.Bytes)) + UvarintLen(uint64(l.Messages))
		b = append(b, itemLimits, byte(size))
		b = AppendUvarint(b, uint64(l.Packets))
		b = AppendUvarint(b, uint64(l.Bytes))
		b = AppendUvarint(b, uint64(l.Messages))
	}
	return appendSchemas(appendChannelLimits(b, h.ChannelLimits), &h.Schemas)
}

// appendChannelLimits appends an item for each run of channels in a row with the same limits.
func appendChannelLimits(b []byte, all []ChannelLimits) []byte {
	for len(all) > 0 {
		n, first := 1, all[0]
		size := UvarintLen(uint64(first.Bytes)) + UvarintLen(uint64(first.Messages)) + UvarintLen(uint64(first.Channel))
		for n < len(all) && all[n].Bytes == first.Bytes && all[n].Messages == first.Messages {
			size += UvarintLen(uint64(all[n].Channel))
			n++
		}
		b = AppendUvarint(append(b, itemChannelLimits), uint64(size))
		b = AppendUvarint(b, uint64(first.Bytes))
		b = AppendUvarint(b, uint64(first.Messages))
		for _, l := range all[:n] {
			b = AppendUvarint(b, uint64(l.Channel))
		}
		all = all[n:]
	}
	return b
}

// ConsumeHello reads a body, which must be all of b. A version that this
// package does not speak is left to the caller, and so may be the rest: only
// the versions are set then.
func ConsumeHello(b []byte) (h Hello, ok bool) {
	r := NewReader(b)
	r.Want(len(b) <= MaxHelloBytes)
	h.MinVersion, h.MaxVersion = r.U8(), r.U8()
	r.Want(h.MinVersion >= 1 && h.MinVersion <= h.MaxVersion)
	if !r.bad && (h.MinVersion > Version || h.MaxVersion < Version) {
		return h, true
	}
	h.Digest, h.Instance = r.U64(), r.U64()
	h.Capabilities = r.Uvarint()
	h.Clock = r.U64()
	h.LargestDatagram = r.U16()
	r.Want(h.LargestDatagram >= MinDatagramBytes)
	h.AckHoldMillis = r.U8()
	h.SilenceSeconds = r.U16()
	h.DefaultWindow = r.limit()
	count := r.Uvarint()
	r.Want(count <= MaxHelloWindows)
	for ; count > 0 && !r.bad; count-- {
		h.Windows = append(h.Windows, Window{r.channel(), r.limit()})
	}
	for !r.bad && r.at < len(b) {
		kind := r.Uvarint()
		r.Want(h.consumeItem(kind, r.Bytes()))
	}
	return h, !r.bad
}

// consumeItem reads an item; one of a kind that is not known is passed over.
func (h *Hello) consumeItem(kind uint64, b []byte) bool {
	r := NewReader(b)
	switch kind {
	case itemLimits:
		h.Limits = Limits{Packets: r.limit(), Bytes: r.limit(), Messages: r.limit()}
	case itemChannelLimits:
		bytes, messages := r.limit(), r.limit()
		for first := true; !r.bad && (first || r.at < len(b)); first = false {
			h.ChannelLimits = append(h.ChannelLimits, ChannelLimits{r.channel(), bytes, messages})
		}
	case itemSchemas:
		h.Schemas = r.consumeSchemas(len(b))
	default:
		return true
	}
	return !r.bad && r.at == len(b)
}

// limit reads a window or a rate.
func (r *Reader) limit() uint32 {
	n := r.Uvarint()
	r.Want(n < 1<<31)
	return uint32(n)
}

// A ChannelRow is what both ends must agree on about a channel. That of a channel with compression is
// followed by another one, whose Delivery is CompressionRow and whose MaxMessage is the ID of that.
type ChannelRow struct {
	Channel    uint16
	Delivery   uint8
	MaxMessage uint32
	Name       uint32 // low half of the FNV-1a hash of the name
}

// CompressionRow is no delivery: the row says how its channel is compressed.
const CompressionRow = 255

// AppendChannelRow appends
//
//	channel u16 | delivery u8 | flags u8 = 0 | largest message u32 | name u32
func AppendChannelRow(b []byte, c ChannelRow) []byte {
	b = binary.LittleEndian.AppendUint16(b, c.Channel)
	b = append(b, c.Delivery, 0)
	b = binary.LittleEndian.AppendUint32(b, c.MaxMessage)
	return binary.LittleEndian.AppendUint32(b, c.Name)
}

// ConsumeChannelRow reads a row; b holds at least ChannelRowSize bytes.
func ConsumeChannelRow(b []byte) ChannelRow {
	return ChannelRow{
		Channel:    binary.LittleEndian.Uint16(b),
		Delivery:   b[2],
		MaxMessage: binary.LittleEndian.Uint32(b[4:]),
		Name:       binary.LittleEndian.Uint32(b[8:]),
	}
}

// AppendChannelRows appends rows in ascending order of channel, those of one in the order given.
func AppendChannelRows(b []byte, rows []ChannelRow) []byte {
	rows = slices.SortedStableFunc(slices.Values(rows), func(a, c ChannelRow) int { return int(a.Channel) - int(c.Channel) })
	for _, row := range rows {
		b = AppendChannelRow(b, row)
	}
	return b
}

// Hash is 64-bit FNV-1a. It guards against mistakes, not against attackers,
// whom the seal keeps out.
func Hash(b []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range b {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h
}
