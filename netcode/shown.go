package netcode

// shown notes from where plain clients showed their tokens, since a plain response names none:
// a table of fixed size, whose rows have places for eight of the sources that a keyed hash
// leads to them. What was shown, or looked for, last is kept. So whoever shows a
// player's request elsewhere, to have the player forgotten, has to do so some 65536 times
// between two responses of his.
//
// Nothing is ever removed: what is found is tried, and may be of a token that is gone.
type shown struct {
	rows [][shownInRow]showing // none before a token was shown
}

type showing struct {
	source uint64 // its hash
	token  uint32 // one more than the index of its entry; 0: nothing
}

const (
	shownBits  = 13
	shownInRow = 8
)

func (s *shown) row(h uint64) *[shownInRow]showing { return &s.rows[h>>(64-shownBits)] }

// showFrom notes that a plain client showed the token from a source.
func (a *Admission) showFrom(e *tokenEntry, source *Source) {
	if a.shown.rows == nil {
		a.shown.rows = make([][shownInRow]showing, 1<<shownBits)
	}
	this := showing{a.gate.hash(source, levelSource), e.index + 1}
	row := a.shown.row(this.source)
	at := 0
	for at < shownInRow-1 && row[at] != this {
		at++
	}
	copy(row[1:at+1], row[:at])
	row[0] = this
}

// shownFrom returns the tokens that a plain response from a source may belong to, the newest
// first: several, or whoever shows his own in a player's name would keep the player out.
func (a *Admission) shownFrom(source *Source) (tokens [shownInRow]*tokenEntry) {
	if a.shown.rows == nil {
		return tokens
	}
	h, moved, n := a.gate.hash(source, levelSource), 0, 0
	row := a.shown.row(h)
	for i, this := range row {
		if this.source != h || this.token == 0 {
			continue
		}
		copy(row[moved+1:i+1], row[moved:i]) // to the others of this source, in front
		row[moved] = this
		moved++
		e := a.tokens[this.token-1]
		if a.find(&e.mac) == e && e.state != tokenConsumed && !e.pad.Present {
			tokens[n] = e
			n++
		}
	}
	return tokens
}
