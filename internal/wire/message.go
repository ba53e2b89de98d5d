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

// A Run is the header of consecutive messages of one channel (SPEC.md, 6.2).
// The messages follow, each as a length and bytes: read them with ConsumeBytes.
type Run struct {
	Channel uint16
	HasIDs  bool
	Wide    bool   // ids have 4 bytes on the wire instead of 2
	First   uint64 // id of the first message; Consume leaves the low 16 or 32 bits
	Count   int
}

// RunHeaderLen is how many bytes AppendRun will write for r.
func RunHeaderLen(r *Run) int {
	n := 1 + UvarintLen(uint64(r.Channel))
	switch {
	case r.HasIDs && r.Wide:
		return n + 4 + UvarintLen(uint64(r.Count))
	case r.HasIDs:
		return n + 2
	}
	return n
}

// MaxCount is how many messages a run of this form may hold.
func (r *Run) MaxCount() int {
	if r.HasIDs && r.Wide {
		return 127 // the count stays one byte, so that it can be filled in later
	}
	return MaxShortRun
}

// AppendRun appends the header of r. A count can be corrected later with
// SetRunCount as long as it stays within MaxCount.
func AppendRun(b []byte, r *Run) []byte {
	switch {
	case r.HasIDs && r.Wide:
		b = append(b, TypeRunLong|runWide)
		b = AppendUvarint(b, uint64(r.Channel))
		b = binary.LittleEndian.AppendUint32(b, uint32(r.First))
		return AppendUvarint(b, uint64(r.Count))
	case r.HasIDs:
		b = append(b, TypeRunIDs|byte(r.Count))
		b = AppendUvarint(b, uint64(r.Channel))
		return binary.LittleEndian.AppendUint16(b, uint16(r.First))
	}
	b = append(b, TypeRunNoIDs|byte(r.Count))
	return AppendUvarint(b, uint64(r.Channel))
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
	r := reader{b: b}
	kind := r.u8()
	if kind >= TypeRunIDs {
		run.HasIDs = kind < TypeRunNoIDs
		run.Count = int(kind & 0x3f)
		run.Channel = r.channel()
		if run.HasIDs {
			run.First = uint64(r.u16())
		}
		r.want(run.Count > 0)
		return run, r.n()
	}
	run.Channel = r.channel()
	run.HasIDs = kind&runNoIDs == 0
	run.Wide = kind&runWide != 0
	r.want(kind&^(runWide|runNoIDs) == TypeRunLong && (run.HasIDs || !run.Wide))
	switch {
	case run.Wide:
		run.First = uint64(r.u32())
	case run.HasIDs:
		run.First = uint64(r.u16())
	}
	count := r.uvarint()
	r.want(count >= 1 && count <= MaxRun)
	run.Count = int(count)
	return run, r.n()
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
	return n
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
	b = append(b, kind)
	b = AppendUvarint(b, uint64(f.Channel))
	if f.Wide {
		b = binary.LittleEndian.AppendUint32(b, uint32(f.ID))
	} else {
		b = binary.LittleEndian.AppendUint16(b, uint16(f.ID))
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
	r := reader{b: b}
	kind := r.u8()
	r.want(kind&fragmentOptions == 0)
	f.Channel = r.channel()
	f.Stored = kind&fragmentStored != 0
	if f.Wide = kind&fragmentWide != 0; f.Wide {
		f.ID = uint64(r.u32())
	} else {
		f.ID = uint64(r.u16())
	}
	at := r.uvarint()
	r.want(at >= 1 && at <= MaxTotal)
	if kind&fragmentFirst != 0 {
		f.Total = int(at)
	} else {
		f.Offset = int(at)
	}
	if kind&fragmentToEnd != 0 {
		f.Length = -1
		p = r.take(len(b) - r.at)
	} else {
		p = r.bytes()
		f.Length = len(p)
	}
	r.want(len(p) > 0 && (f.Offset > 0 || len(p) <= f.Total))
	return f, p, r.n()
}
