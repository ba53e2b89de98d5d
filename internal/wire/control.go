package wire

import "encoding/binary"

// AppendSkip appends SKIP: the messages first, first+1, … will not come;
// lengths are theirs.
func AppendSkip(b []byte, channel uint16, first uint32, lengths []int) []byte {
	b = AppendUvarint(append(b, TypeSkip), uint64(channel))
	b = binary.LittleEndian.AppendUint32(b, first)
	b = AppendUvarint(b, uint64(len(lengths)))
	for _, n := range lengths {
		b = AppendUvarint(b, uint64(n))
	}
	return b
}

// ConsumeSkip reads SKIP. The lengths follow as count × v: read them with
// ConsumeUvarint.
func ConsumeSkip(b []byte) (channel uint16, first uint32, count int, n int) {
	r := frame(b)
	channel = r.channel()
	first = r.U32()
	c := r.Uvarint()
	r.Want(c >= 1 && c <= MaxRun)
	return channel, first, int(c), r.n()
}

// AppendWindow appends WINDOW: the charges that may be started on channel
// since its beginning, modulo 2^32.
func AppendWindow(b []byte, channel uint16, limit uint32) []byte {
	b = AppendUvarint(append(b, TypeWindow), uint64(channel))
	return binary.LittleEndian.AppendUint32(b, limit)
}

// AppendBlocked appends BLOCKED: the limit that the sender would need.
func AppendBlocked(b []byte, channel uint16, wanted uint32) []byte {
	b = AppendUvarint(append(b, TypeBlocked), uint64(channel))
	return binary.LittleEndian.AppendUint32(b, wanted)
}

// ConsumeLimit reads WINDOW or BLOCKED.
func ConsumeLimit(b []byte) (channel uint16, limit uint32, n int) {
	r := frame(b)
	channel = r.channel()
	limit = r.U32()
	return channel, limit, r.n()
}

// AppendStored appends STORED: these unreliable messages are complete.
func AppendStored(b []byte, channel uint16, ids []uint32) []byte {
	b = AppendUvarint(append(b, TypeStored), uint64(channel))
	b = AppendUvarint(b, uint64(len(ids)))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return b
}

// ConsumeStored reads STORED. ids holds 4 bytes for each id.
func ConsumeStored(b []byte) (channel uint16, ids []byte, n int) {
	r := frame(b)
	channel = r.channel()
	count := r.Uvarint()
	r.Want(count >= 1 && count <= MaxRun)
	if !r.bad {
		ids = r.Take(4 * int(count))
	}
	return channel, ids, r.n()
}

// AppendHold appends HOLD: the sender falls silent for so long; 0 ends it.
func AppendHold(b []byte, serial, millis uint64) []byte {
	return AppendUvarint(AppendUvarint(append(b, TypeHold), serial), millis)
}

// ConsumeHold reads HOLD. Silence that no HELLO can have granted is malformed.
func ConsumeHold(b []byte) (serial, millis uint64, n int) {
	r := frame(b)
	serial, millis = r.Uvarint(), r.Uvarint()
	r.Want(millis <= MaxSilenceMillis)
	return serial, millis, r.n()
}

// States of DRAINING.
const (
	// Draining: the sender of DRAINING sends nothing new any more.
	Draining = 1
	// Drained: and all that it sent has its fate.
	Drained = 2
)

// AppendDraining appends DRAINING: how far its sender is with the end.
func AppendDraining(b []byte, state uint8) []byte { return append(b, TypeDraining, state) }

// ConsumeDraining reads DRAINING.
func ConsumeDraining(b []byte) (state uint8, n int) {
	r := frame(b)
	state = r.U8()
	r.Want(state == Draining || state == Drained)
	return state, r.n()
}

// A Close says why a connection ends.
type Close struct {
	Code Code
	Text []byte // at most MaxTextBytes
	Rows []byte // the sender's channel rows if Code is CodeMismatch
}

// AppendClose appends CLOSE.
func AppendClose(b []byte, c *Close) []byte {
	b = AppendUvarint(append(b, TypeClose), uint64(c.Code))
	b = AppendBytes(b, c.Text)
	b = AppendUvarint(b, uint64(len(c.Rows)/ChannelRowSize))
	return append(b, c.Rows...)
}

// ConsumeClose reads CLOSE.
func ConsumeClose(b []byte) (c Close, n int) {
	r := frame(b)
	code := r.Uvarint()
	c.Code = Code(code)
	r.Want(code <= 0xffff_ffff && !c.Code.Local())
	c.Text = r.Bytes()
	r.Want(len(c.Text) <= MaxTextBytes)
	rows := r.Uvarint()
	r.Want(rows <= MaxRun)
	if !r.bad {
		c.Rows = r.Take(int(rows) * ChannelRowSize)
	}
	return c, r.n()
}
