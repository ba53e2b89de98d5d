package netcode

// An EventKind says what a datagram, or time, brought about.
type EventKind uint8

const (
	// EventNone: nothing that concerns the owner, apart from Reply.
	EventNone EventKind = iota
	// EventConnected: a seat is taken. Hello has the peer's HELLO body; of a
	// plain client whose first packet was a payload, Frames has that. Replaced
	// is the seat that this one pushes out, which the owner closes.
	EventConnected
	// EventRenewed: a client that was started anew before it was confirmed takes
	// its seat again, with other keys and a new HELLO. What was sent is lost.
	EventRenewed
	// EventMoved: a client that is not confirmed yet has proven to be at another
	// source, from where this datagram came.
	EventMoved
	// EventPacket: a DATA packet of ours opened.
	EventPacket
	// EventPayload: a payload of a plain client.
	EventPayload
	// EventDisconnected: a plain client left or timed out, or a seat was not
	// confirmed in time. The owner calls Release.
	EventDisconnected
	// EventUnheard: a plain client was answered and said nothing until its timeout,
	// so that there was no EventConnected. The owner calls Release.
	EventUnheard
	// EventResuming: a client has shown a resume ticket, and Seat waits for its first packet.
	// The owner keeps what it prepared when it judged, in place of what it prepared for
	// this seat before, and sends nothing. EventMoved may follow, then EventResumed or
	// EventDisconnected.
	EventResuming
	// EventResumed: the client is back, on Seat, to which the owner moves what Old was to it;
	// it releases Old. Path, Number and Frames are those of the packet that confirmed it.
	EventResumed
)

// A Why says how a connection ended that netcode itself watched.
type Why uint8

const (
	// WhyTimeout: silence for longer than the token's timeout.
	WhyTimeout Why = iota
	// WhyPeer: the other side said so.
	WhyPeer
	// WhyRefused: a client that resumed has lost its place between ACCEPT and its first packet.
	WhyRefused
)

func (w Why) String() string {
	switch w {
	case WhyPeer:
		return "closed by the peer"
	case WhyRefused:
		return "there is no place for it any more"
	}
	return "timed out"
}

// An Event is what a datagram, or time, brought about. Its slices point into
// the datagram and are valid until the next call.
type Event struct {
	Kind EventKind
	Why  Why
	Seat *Seat
	// Path and Number of an EventPacket, and its opened frames; the payload of
	// an EventPayload.
	Path   uint8
	Number uint64
	Frames []byte
	// First is true for the packet that confirmed the connection.
	First bool
	// Moved is true if the packet came from elsewhere than Seat.Source.
	Moved bool
	// Hello is the peer's HELLO body.
	Hello []byte
	// Note is that of Judge's [Verdict], if it was asked about this datagram.
	Note uint64
	// Replaced is the seat of the same client id that lost its place; of another
	// server if several share an [Admission].
	Replaced *Seat
	// Old, of EventResumed, is the seat of the connection that the ticket was given to, if that
	// was there still; of another server if several share an [Admission]. Replaced is
	// nil then.
	Old *Seat
	// Continue, of EventResuming and EventResumed: the endpoint of the old connection goes on, see
	// [Offer.Continues]. In an EventResumed there is an Old then.
	Continue bool
	// Reply goes to the source of the datagram at once, if there is any. It is
	// never larger than the datagram.
	Reply []byte
	// Undecided: a seat was taken for a client who may yet turn out to be plain. EventConnected or
	// EventUnheard tells of it; until then NextDatagram may have something for the source.
	Undecided bool
	// Drop says why the datagram was not taken.
	Drop Drop
	// Opened, of a DropExpired, DropTooEarly or DropTooLong: the token, or ticket, was opened, so it is
	// of who has the key. Strangers can write such times in the clear, and only so many are opened.
	Opened bool
	// ProtocolID, of a DropProtocolID, is the one that came.
	ProtocolID uint64
}
