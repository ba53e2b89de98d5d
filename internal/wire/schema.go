package wire

import "encoding/binary"

// MaxHelloSchemas is how many versions of the messages' forms HELLO lists, and MaxSchemaVersion the
// highest.
const (
	MaxHelloSchemas  = 8
	MaxSchemaVersion = 16383
)

// Schemas are versions of the forms of all typed messages, newest first; those behind the last are zero.
type Schemas [MaxHelloSchemas]Schema

// A Schema is one of them.
type Schema struct {
	Version uint16
	Digest  uint32 // of the forms in this version
}

// Len is how many versions there are.
func (s *Schemas) Len() int {
	n := 0
	for n < len(s) && s[n].Version > 0 {
		n++
	}
	return n
}

// ItemLen is how many bytes they take in HELLO.
func (s *Schemas) ItemLen() int {
	size := 0
	for _, v := range s[:s.Len()] {
		size += UvarintLen(uint64(v.Version)) + 4
	}
	if size > 0 {
		size += 2
	}
	return size
}

// appendSchemas appends the item of the versions of forms, if there are any.
func appendSchemas(b []byte, s *Schemas) []byte {
	list := s[:s.Len()]
	if len(list) == 0 {
		return b
	}
	b = append(b, itemSchemas, byte(s.ItemLen()-2))
	for _, v := range list {
		b = AppendUvarint(b, uint64(v.Version))
		b = binary.LittleEndian.AppendUint32(b, v.Digest)
	}
	return b
}

// consumeSchemas reads the item: at least one version, and each below the one before it.
func (r *Reader) consumeSchemas(size int) (s Schemas) {
	last := uint64(MaxSchemaVersion + 1)
	for i := 0; !r.bad && (i == 0 || r.at < size); i++ {
		version := r.Uvarint()
		digest := r.U32()
		if r.Want(i < len(s) && version > 0 && version < last); r.bad {
			break
		}
		s[i], last = Schema{uint16(version), digest}, version
	}
	return s
}

// A FormRow is what a refusal for the sake of typed messages says of a channel's type: a few of the
// hashes by which a reader finds the field that differs.
type FormRow struct {
	Channel uint16
	Part    uint8                 // 0: the first row of the channel
	Hashes  [FormRowHashes]uint16 // 0: there are no more
}

// FormRowHashes is how many there are in a row.
const FormRowHashes = 4

// Flags of a row, which tell what it is.
const (
	RowOfChannel = 0
	RowOfForm    = 1
	RowOfVersion = 2
)

// RowFlags are those of a row; b holds at least ChannelRowSize bytes.
func RowFlags(b []byte) uint8 { return b[3] }

// AppendFormRow appends
//
//	channel u16 | part u8 | flags u8 = 1 | 4 × hash u16
func AppendFormRow(b []byte, f FormRow) []byte {
	b = binary.LittleEndian.AppendUint16(b, f.Channel)
	b = append(b, f.Part, RowOfForm)
	for _, h := range f.Hashes {
		b = binary.LittleEndian.AppendUint16(b, h)
	}
	return b
}

// ConsumeFormRow reads a row; b holds at least ChannelRowSize bytes.
func ConsumeFormRow(b []byte) FormRow {
	f := FormRow{Channel: binary.LittleEndian.Uint16(b), Part: b[2]}
	for i := range f.Hashes {
		f.Hashes[i] = binary.LittleEndian.Uint16(b[4+2*i:])
	}
	return f
}

// AppendVersionRow appends
//
//	version u16 | 0 u8 | flags u8 = 2 | digest u32 | 0 u32
func AppendVersionRow(b []byte, s Schema) []byte {
	b = binary.LittleEndian.AppendUint16(b, s.Version)
	b = append(b, 0, RowOfVersion)
	b = binary.LittleEndian.AppendUint32(b, s.Digest)
	return binary.LittleEndian.AppendUint32(b, 0)
}

// ConsumeVersionRow reads a row; b holds at least ChannelRowSize bytes.
func ConsumeVersionRow(b []byte) Schema {
	return Schema{binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint32(b[4:])}
}

// AppendForm appends the form of a channel's messages, for a digest:
//
//	channel u16 | n u32, text n
func AppendForm(b []byte, channel uint16, text string) []byte {
	b = binary.LittleEndian.AppendUint16(b, channel)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

// FormsDigest is that of all forms in a version.
func FormsDigest(forms []byte) uint32 { return uint32(Hash(forms)) }

// MaxFormLines is how many lines of a text have hashes in rows.
const MaxFormLines = 256*FormRowHashes - 1

// LineHash is that of a line of a text, never 0, which stands for the end.
func LineHash(line string) uint16 { return max(1, uint16(Hash([]byte(line)))) }

// AppendFormRows appends the rows of a channel's form, given by its lines.
func AppendFormRows(b []byte, channel uint16, lines []string) []byte {
	lines = lines[:min(len(lines), MaxFormLines)]
	for part := 0; part <= len(lines)/FormRowHashes; part++ { // one more than it takes if the last would be full
		row := FormRow{Channel: channel, Part: uint8(part)}
		for i, line := range lines[part*FormRowHashes : min(len(lines), (part+1)*FormRowHashes)] {
			row.Hashes[i] = LineHash(line)
		}
		b = AppendFormRow(b, row)
	}
	return b
}
