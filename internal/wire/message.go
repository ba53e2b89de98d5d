package wire

import "encoding/binary"

// Flags of the long RUN and of FRAGMENT.
const (
	runWide    = 1
	runNoIDs   = 2
	runOptions = 4

	fragmentFirst   = 1
	fragmentWide    = 2
	fragmentOptions = 4
	fragmentToEnd   = 8
	fragmentStored  = 16
)

// Options of the messages in a long RUN or a FRAGMENT (SPEC.md, 6.6).
const (
	OptionKeyed     = 1 // each message has a key
	OptionGroup     = 2 // it belongs to a group that began Back ids below
	OptionDroppable = 4 // it takes no id: it precedes the one that is named
)

const (
	MaxBack  = 1 << 14 // how far below an id its group may be said to begin
	MaxIndex = 1<<32 - 1
)

// A Run is the header of consecutive messages of one channel (SPEC.md, 6.2).
// The messages follow, each as a length and bytes: read them with ConsumeBytes,
// and if they are keyed the key before each with ConsumeUvarint.
type Run struct {
	Channel uint16
	HasIDs  bool
	Wide    bool   // ids have 4 bytes on the wire instead of 2
	Options byte   // if there are any, the messages have ids
	First   uint64 // id of the first message; Consume leaves the low 16 or 32 bits
	Back    uint64 // OptionGroup: distance from First to the first id of the group
	Index   uint64 // OptionDroppable: of the first message
	Count   int
}

// long reports whether the run needs the long form.
func (r *Run) long() bool { return r.HasIDs && (r.Wide || r.Options != 0) }

// RunHeaderLen is how many bytes AppendRun will write for r.
func RunHeaderLen(r *Run) int {
	n := 1 + UvarintLen(uint64(r.Channel))
	switch {
	case r.long():
		if n += 2; r.Wide {
			n += 2
		}
		return n + optionsLen(r.Options, r.Back, r.Index) + UvarintLen(uint64(r.Count))
	case r.HasIDs:
		return n + 2
	}
	return n
}

// optionsLen is how many bytes the options take that stand once in a frame.
func optionsLen(options byte, back, index uint64) (n int) {
	if options == 0 {
		return 0
	}
	if options&OptionGroup != 0 {
		n += UvarintLen(back)
	}
	if options&OptionDroppable != 0 {
		n += UvarintLen(index)
	}
	return 1 + n
}

// MaxCount is how many messages a run of this form may hold.
func (r *Run) MaxCount() int {
	if r.long() {
		return 127 // the count stays one byte, so that it can be filled in later
	}
	return MaxShortRun
}

// AppendRun appends the header of r. A count can be corrected later with
// SetRunCount as long as it stays within MaxCount.
func AppendRun(b []byte, r *Run) []byte {
	switch {
	case r.long():
		return appendLongRun(b, r)
	case r.HasIDs:
		b = append(b, TypeRunIDs|byte(r.Count))
		b = AppendUvarint(b, uint64(r.Channel))
		return binary.LittleEndian.AppendUint16(b, uint16(r.First))
	}
	b = append(b, TypeRunNoIDs|byte(r.Count))
	return AppendUvarint(b, uint64(r.Channel))
}

func appendLongRun(b []byte, r *Run) []byte {
	kind := byte(TypeRunLong)
	if r.Wide {
		kind |= runWide
	}
	if r.Options != 0 {
		kind |= runOptions
	}
	b = AppendUvarint(append(b, kind), uint64(r.Channel))
	b = appendID(b, r.First, r.Wide)
	if r.Options != 0 {
		b = appendOptions(append(b, r.Options), r.Options, r.Back, r.Index)
	}
	return AppendUvarint(b, uint64(r.Count))
}

func appendID(b []byte, id uint64, wide bool) []byte {
	if wide {
		return binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return binary.LittleEndian.AppendUint16(b, uint16(id))
}

func appendOptions(b []byte, options byte, back, index uint64) []byte {
	if options&OptionGroup != 0 {
		b = AppendUvarint(b, back)
	}
	if options&OptionDroppable != 0 {
		b = AppendUvarint(b, index)
	}
	return b
}

// SetRunCount corrects the count of the run whose header of headerLen bytes starts
// at b[0].
func SetRunCount(b []byte, headerLen, count int) {
	if b[0] < TypeRunIDs {
		b[headerLen-1] = byte(count)
		return
	}
	b[0] = b[0]&0xC0 | byte(count)
}

// ConsumeRun reads the header of a run of any form.
func ConsumeRun(b []byte) (run Run, n int) {
	r := NewReader(b)
	kind := r.U8()
	if kind >= TypeRunIDs {
		run.HasIDs = kind < TypeRunNoIDs
		run.Count = int(kind & 0x3f)
		run.Channel = r.channel()
		if run.HasIDs {
			run.First = uint64(r.U16())
		}
		r.Want(run.Count > 0)
		return run, r.n()
	}
	run.Channel = r.channel()
	run.HasIDs = kind&runNoIDs == 0
	run.Wide = kind&runWide != 0
	options := kind&runOptions != 0
	r.Want(kind&^(runWide|runNoIDs|runOptions) == TypeRunLong && (run.HasIDs || !run.Wide && !options))
	if run.HasIDs {
		run.First = r.id(run.Wide)
	}
	if options {
		run.Options = r.options()
		run.Back, run.Index = r.optionFields(run.Options)
	}
	count := r.Uvarint()
	r.Want(count >= 1 && count <= MaxRun)
	run.Count = int(count)
	return run, r.n()
}

func (r *Reader) id(wide bool) uint64 {
	if wide {
		return uint64(r.U32())
	}
	return uint64(r.U16())
}

// options reads the options byte. Keys belong to Latest channels, groups and
// droppables to ordered ones, so no message has both.
func (r *Reader) options() byte {
	options := r.U8()
	r.Want(options == OptionKeyed || options != 0 && options&^(OptionGroup|OptionDroppable) == 0)
	return options
}

func (r *Reader) optionFields(options byte) (back, index uint64) {
	if options&OptionGroup != 0 {
		back = r.Uvarint()
		r.Want(back <= MaxBack)
	}
	if options&OptionDroppable != 0 {
		index = r.Uvarint()
		r.Want(index <= MaxIndex)
	}
	return back, index
}

// A Fragment is the header of a byte range of a message (SPEC.md, 6.3). The
// bytes follow: Length of them, or all to the end of the packet if Length is
// negative.
type Fragment struct {
	Channel uint16
	ID      uint64 // Consume leaves the low 16 bits, or 32 if Wide
	Wide    bool
	Offset  int
	Total   int  // if Offset is 0; else unknown
	Length  int  // negative: to the end of the packet
	Stored  bool // the sender wants STORED
	Options byte
	Key     uint64 // OptionKeyed
	Back    uint64 // OptionGroup: distance from ID to the first id of the group
	Index   uint64 // OptionDroppable
}

// FragmentHeaderLen is how many bytes AppendFragment writes at most for a
// fragment of a message of total bytes.
func FragmentHeaderLen(f *Fragment, total int) int {
	n := 1 + UvarintLen(uint64(f.Channel)) + 2 + UvarintLen(uint64(total))
	if f.Wide {
		n += 2
	}
	if f.Length >= 0 {
		n += UvarintLen(uint64(f.Length))
	}
	if f.Options&OptionKeyed != 0 {
		n += UvarintLen(f.Key)
	}
	return n + optionsLen(f.Options, f.Back, f.Index)
}

// AppendFragment appends the header of f.
//
//	40+f | channel v | id u16, wide u32 | offset v, or if first: total v | [length v]
func AppendFragment(b []byte, f *Fragment) []byte {
	kind := byte(TypeFragment)
	if f.Stored {
		kind |= fragmentStored
	}
	if f.Offset == 0 {
		kind |= fragmentFirst
	}
	if f.Wide {
		kind |= fragmentWide
	}
	if f.Length < 0 {
		kind |= fragmentToEnd
	}
	if f.Options != 0 {
		kind |= fragmentOptions
	}
	b = append(b, kind)
	b = AppendUvarint(b, uint64(f.Channel))
	b = appendID(b, f.ID, f.Wide)
	if f.Options != 0 {
		b = append(b, f.Options)
		if f.Options&OptionKeyed != 0 {
			b = AppendUvarint(b, f.Key)
		}
		b = appendOptions(b, f.Options, f.Back, f.Index)
	}
	if f.Offset == 0 {
		b = AppendUvarint(b, uint64(f.Total))
	} else {
		b = AppendUvarint(b, uint64(f.Offset))
	}
	if f.Length >= 0 {
		b = AppendUvarint(b, uint64(f.Length))
	}
	return b
}

// ConsumeFragment reads a fragment and returns its bytes.
func ConsumeFragment(b []byte) (f Fragment, p []byte, n int) {
	r := NewReader(b)
	kind := r.U8()
	f.Channel = r.channel()
	f.Stored = kind&fragmentStored != 0
	f.Wide = kind&fragmentWide != 0
	f.ID = r.id(f.Wide)
	if kind&fragmentOptions != 0 {
		f.Options = r.options()
		if f.Options&OptionKeyed != 0 {
			f.Key = r.Uvarint()
		}
		f.Back, f.Index = r.optionFields(f.Options)
	}
	at := r.Uvarint()
	r.Want(at >= 1 && at <= MaxTotal)
	if kind&fragmentFirst != 0 {
		f.Total = int(at)
	} else {
		f.Offset = int(at)
	}
	if kind&fragmentToEnd != 0 {
		f.Length = -1
		p = r.Take(len(b) - r.at)
	} else {
		p = r.Bytes()
		f.Length = len(p)
	}
	r.Want(len(p) > 0 && (f.Offset > 0 || len(p) <= f.Total))
	return f, p, r.n()
}
