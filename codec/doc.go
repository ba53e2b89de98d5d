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
//     branch that nobody takes says so: [Writer.Range] with the name of the field, and its value.
//   - Codes of known width are joined by shifts, up to 56 bits, and written by one call of
//     [Writer.Bits]: an addition, a shift, a bounds check, and a store of eight bytes.
//   - Room is made once for all fields whose size has a bound, by [Writer.Start], and by
//     [Writer.Grow] in front of the elements of a slice: they may be more than the limit. A message
//     that may be large has room made for its fixed part, and for each slice of it.
//   - [Reader.Bits] is a load of eight bytes, a shift and a mask, also at the end of a message. No
//     field looks whether the message has ended: what is behind it are zeros, and [Reader.Finish]
//     tells. Lengths and counts are checked against what came, before anything is allocated.
//   - Writer and Reader are variables of AppendBinary and UnmarshalBinary, and handed down by
//     pointer to concrete methods only: so they stay on the stack.
//
// # Who owns what
//
// Start writes behind a slice of the caller's and Finish returns it, as append does. Slices, maps and
// what optional fields point to are read into the memory that the value has: [Resize] keeps it.
// A string costs an allocation if it is another than the one that the value held. [Reader.View] and
// [Reader.ViewString] cost none, and are a part of the message. If reading fails, the value holds
// what was read so far.
//
// Nothing here reflects, starts a goroutine or keeps state. A message may have 256 MiB.
//
// [SPEC.md]: https://github.com/tickwire/tickwire/blob/main/SPEC.md
package codec
