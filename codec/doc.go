// Package codec is what generated message code calls: a [Writer] and a [Reader] of bits, and the
// codes by which numbers of all kinds take no more bits than they need.
//
//	struct ─ AppendBinary ─▶ Writer ─ bits ─▶ message ─ bits ─▶ Reader ─ UnmarshalBinary ─▶ struct
//
// A message is a string of bits, low bit first; fields follow one another without alignment.
// [SPEC.md], section 10, says how each kind of field is written, to the bit. It is the same on every
// processor, so a Float with a range, a rotation or an angle may be compared by its bits.
//
// # What generated code does
//
// The example of this package is what the generator prints, and the pattern for a type that writes
// its own bits (see [Bits]):
//
//   - Each field becomes a code first, in a variable with its name. Where a code can be wrong, a
//     branch that is normally not taken reports the name of the field and its value, and returns.
//   - Codes of known width are joined by shifts, up to 184 bits in three lanes, and written at once by
//     [Writer.Bits], [Writer.Bits2] or [Writer.Bits3]: the slow part is waiting for the store before.
//   - Room is made once for all fields whose size has a bound, by [Writer.Start] or [Writer.Grow]; in
//     a large message as soon as their size is known. Structs of at most 512 bytes
//     leave that to what contains them.
//   - Reading is a load of eight bytes and a shift for each lane of 56 bits, even at the end of a
//     message, and a mask for each field. No field checks whether the message has ended: beyond the
//     end there are zeros, and [Reader.Complete] reports it. Lengths and counts are read together with what is in
//     front of them, and checked against the size of the message before anything is allocated.
//   - Writer and Reader are variables of AppendBinary and UnmarshalBinary, and passed by
//     pointer to concrete methods only, so they stay on the stack.
//
// It also compares messages (Equal), copies them into existing memory (CopyFrom), and
// writes and reads the difference to a message that both ends have (AppendDelta, ApplyDelta).
// A delta has a bit for each field, followed by those fields whose codes differ: [SPEC.md], 10.5.
//
// # Who owns what
//
// Start appends to a slice of the caller's and Finish returns it, as append does. Slices, maps
// and the targets of optional fields are read into the memory that the value already has: [Resize] keeps it.
// A string costs an allocation if it differs from the one that the value held; the value of
// a union costs one each time. [Reader.View] and [Reader.ViewString] cost none: they are parts of the
// message. If reading fails, the value holds what was read so far.
//
// The memory that a reader allocates has a bound. A slice or a map gets memory for at most as many elements as
// its limit allows, and at most as many as the rest of the message can hold if each takes its fewest
// bits (at least one); a string gets its bytes. So a slice whose elements have 40 bytes in memory
// and 20 bits in the message gets 16 bytes for each byte that came, whatever the bytes say.
//
// Nothing here uses reflection, starts a goroutine or keeps state. A message may have up to 256 MiB.
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package codec
