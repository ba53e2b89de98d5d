package endpoint

// A content is one thing that a packet carried and that somebody waits for. Thousands of them may be in
// flight, so that what the kinds have to say shares three numbers; each is made by the function of its
// kind, and read by the name of what is in it:
//
//	run, skip     oldest and end: the ids of its messages; hasIDs: they are on the wire
//	fragment      oldest: its message; span: which bytes of it
//	stored        ids and how many
//	rebuilt       newest and mask
//	hold          serial
//	draining      state
//	path status   path and serial
//	home          path and token
//
// Nothing more is known of the others: what a WINDOW said, say, is said anew when it is lost.
type content struct {
	kind    contentKind
	again   bool      // it was sent again already, as if its packet were lost
	attempt uint32    // of fragment: how often its bytes were sent, this time included
	channel *sender   // of run, fragment, skip, blocked
	inbound *receiver // of window, stored, rebuilt
	number  uint64
	count   uint32
	place   uint32
}

type contentKind uint8

const (
	contentRun contentKind = iota
	contentFragment
	contentSkip
	contentWindow
	contentStored
	contentRebuilt
	contentBlocked
	contentHello
	contentHold
	contentDraining
	contentStatus
	contentHome
)

// ofRun is a run that begins with a message, none of which is counted yet.
func ofRun(s *sender, first uint64, hasIDs bool) content {
	c := content{kind: contentRun, channel: s, number: first}
	if hasIDs {
		c.place = 1
	}
	return c
}

func ofFragment(s *sender, id uint64, from, bytes int) content {
	return content{
		kind: contentFragment, channel: s, number: id, count: uint32(bytes), place: uint32(from), attempt: 1,
	}
}

func ofSkip(s *sender, first uint64, count int) content {
	return content{kind: contentSkip, channel: s, number: first, count: uint32(count)}
}

// ofStored holds two ids at most.
func ofStored(r *receiver, ids []uint32) content {
	c := content{kind: contentStored, inbound: r, count: uint32(len(ids))}
	for i, id := range ids {
		c.number |= uint64(id) << (32 * i)
	}
	return c
}

func ofRebuilt(r *receiver, newest uint64, mask uint32) content {
	return content{kind: contentRebuilt, inbound: r, number: newest, count: mask}
}

func ofHold(serial uint64) content { return content{kind: contentHold, number: serial} }

func ofDraining(state uint8) content { return content{kind: contentDraining, number: uint64(state)} }

func ofStatus(path uint8, serial uint64) content {
	return content{kind: contentStatus, number: serial, place: uint32(path)}
}

func ofHome(path uint8, token uint64) content {
	return content{kind: contentHome, number: token, place: uint32(path)}
}

// oldest is the id of its only message, or of the first one.
func (c *content) oldest() uint64 { return c.number }

// end is the id behind that of its last message.
func (c *content) end() uint64 { return c.number + uint64(c.count) }

// unsettled is the ids of the messages that it speaks of and that are not settled yet: the first,
// and one more than the last.
func (c *content) unsettled() (id, end uint64) {
	return max(c.number, c.channel.settledBefore()), c.end()
}

// hasIDs reports whether Unreliable messages of a run have ids on the wire.
func (c *content) hasIDs() bool { return c.place > 0 }

// span is which bytes of its message a fragment has.
func (c *content) span() (from, to int) { return int(c.place), int(c.place) + int(c.count) }

func (c *content) ids() (packed uint64, count uint32)    { return c.number, c.count }
func (c *content) rebuilt() (newest uint64, mask uint32) { return c.number, c.count }
func (c *content) serial() uint64                        { return c.number }
func (c *content) token() uint64                         { return c.number }
func (c *content) state() uint8                          { return uint8(c.number) }
func (c *content) path() uint8                           { return uint8(c.place) }
