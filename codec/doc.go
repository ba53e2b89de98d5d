// Package codec is what generated message code calls: a [Writer] and a [Reader] of bits, and the
// codes by which numbers of all kinds take no more bits than they need.
//
//	struct ─ AppendBinary ─▶ Writer ─ bits ─▶ message ─ bits ─▶ Reader ─ UnmarshalBinary ─▶ struct
//
// A message is a string of bits, low bit first; fields follow one another without alignment.
// [SPEC.md], section 10, says how each kind of field is written, to the bit: on every processor the
// same, so a Float of a range, a rotation or an angle may be compared by its bits.
//
// # What generated code does
//
// The example of this package is what the generator prints, and the pattern for a type that writes
// its own bits (see [Bits]):
//
//   - Each field becomes a code first, in a variable of its name. Where a code can be wrong, a
//     branch that nobody takes says so, with the name of the field and its value, and leaves.
//   - Codes of known width are joined by shifts, up to 184 bits in three lanes, and written at once by
//     [Writer.Bits], [Writer.Bits2] or [Writer.Bits3]: what waits for the store before is the slow part.
//   - Room is made once for all fields whose size has a bound, by [Writer.Start] or [Writer.Grow]; for
//     those of a large message where it is known how large they are. Structs of at most 512 bytes
//     leave that to what they are in.
//   - Reading is a load of eight bytes and a shift for each lane of 56 bits, also at the end of a
//     message, and a mask for each field. No field looks whether the message has ended: what is
//     behind it are zeros, and [Reader.Complete] tells. Lengths and counts are read with what is in
//     front of them, and checked against what came, before anything is allocated.
//   - Writer and Reader are variables of AppendBinary and UnmarshalBinary, and handed down by
//     pointer to concrete methods only: so they stay on the stack.
//
// Besides, it compares messages (Equal), copies them into memory that there is (CopyFrom), and
// writes and reads in what one differs from another that both ends have (AppendDelta, ApplyDelta).
// A delta has a bit for each field, and then those fields whose codes differ: [SPEC.md], 10.5.
//
// # Who owns what
//
// Start writes behind a slice of the caller's and Finish returns it, as append does. Slices, maps
// and what optional fields point to are read into the memory that the value has: [Resize] keeps it.
// A string costs an allocation if it is another than the one that the value held, and so does what
// a union holds, each time. [Reader.View] and [Reader.ViewString] cost none, and are a part of the
// message. If reading fails, the value holds what was read so far.
//
// What a reader allocates has a bound. A slice or a map gets memory for at most as many elements as
// its limit says, and for at most as many as the rest of the message can hold, of the fewest bits
// that one takes (one at least); a string gets its bytes. So a struct whose elements have 40 bytes
// and take 20 bits has 16 bytes allocated for each byte that came, whatever the bytes say.
//
// Nothing here reflects, starts a goroutine or keeps state. A message may have 256 MiB.
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package codec
