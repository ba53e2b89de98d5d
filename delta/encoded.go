package delta

// Encoded is a message of a [Sender] on its way: the type of the channel that carries it,
//
//	tickwire.NewChannel[delta.Encoded[Move, *Move]](tickwire.ChannelConfig{Delivery: tickwire.Unreliable, …})
//
// A raw channel would do as well; this one says what the values look like, so that two ends of which one
// has another form find out when they meet, and agree on a version: Conn.SchemaVersion.
type Encoded[T any, P Message[T]] []byte

// AppendBinary implements encoding.BinaryAppender.
func (e Encoded[T, P]) AppendBinary(dst []byte) ([]byte, error) { return append(dst, e...), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler. It copies, into the memory that e has.
func (e *Encoded[T, P]) UnmarshalBinary(b []byte) error {
	*e = append((*e)[:0], b...)
	return nil
}

// TickwireSchema is the form of the values in words, for each schema version; nil if T, as a type that
// writes its own bits, does not say.
func (e Encoded[T, P]) TickwireSchema() []string {
	value, ok := any(P(new(T))).(interface{ TickwireSchema() []string })
	if !ok {
		return nil
	}
	var forms []string
	for _, form := range value.TickwireSchema() {
		forms = append(forms, "deltas of "+form)
	}
	return forms
}
