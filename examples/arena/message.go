package arena

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
)

// The messages. Each appends itself and reads itself back; a reader checks
// every length before it believes it, for the bytes come from a player.

// An Input is what a player wants to do, as long as nothing newer comes.
//
//	sequence 4 | dx 1 | dy 1 | aim 1 | fire 1
type Input struct {
	Sequence uint32
	DX, DY   int8  // which way to walk: each -1, 0 or 1
	Aim      uint8 // 256ths of a turn; 0 is along x, 64 along y
	Fire     bool
}

// A State is what one player can see of the world after a step.
//
//	tick 4 | you 2 | avatars 1 | each 8 | shots 1 | each 5
type State struct {
	Tick    uint32
	You     uint16 // the id of the player whom it is for
	Avatars []Avatar
	Shots   []Shot
}

// An Avatar is a player on the field.
type Avatar struct {
	ID     uint16
	X, Y   uint16
	Aim    uint8
	Health uint8 // 0: waiting to come back
}

// A Shot is a bullet in flight.
type Shot struct {
	X, Y uint16
	Aim  uint8
}

// A Hit tells the one who shot and the one who was hit.
//
//	by 2 | on 2 | health 1
type Hit struct {
	By, On uint16
	Health uint8 // what is left
}

// A Chat is a line of talk. The server numbers the lines from 1, so that
// everybody can see that none is missing.
//
//	number 4 | from 2 | text
type Chat struct {
	Number uint32
	From   uint16
	Text   string
}

// A Name is what a player wants to be called.
type Name struct{ Text string }

// Scores is the whole table.
//
//	rows 2 | each: id 2 | frags 2 | deaths 2 | length 1 | name
type Scores struct{ Rows []Score }

// A Score is one player's row.
type Score struct {
	ID            uint16
	Frags, Deaths uint16
	Name          string
}

// Limits of what is read, in characters.
const (
	MaxNameLength = 16
	MaxChatLength = 200
)

var order = binary.LittleEndian

// A FormatError says that bytes are not the message that they should be.
type FormatError struct {
	Message string
	Bytes   int
}

// Error tells which message, and how much there was of it.
func (e *FormatError) Error() string {
	return fmt.Sprintf("arena: %d bytes are no %s", e.Bytes, e.Message)
}

// clean makes text of a stranger fit to be shown: nothing that moves a
// cursor, and not too much of it.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if r := []rune(text); len(r) > most {
		text = string(r[:most])
	}
	return strings.TrimSpace(text)
}

// AppendBinary implements encoding.BinaryAppender.
func (in Input) AppendBinary(b []byte) ([]byte, error) {
	fire := byte(0)
	if in.Fire {
		fire = 1
	}
	return append(order.AppendUint32(b, in.Sequence), byte(in.DX), byte(in.DY), in.Aim, fire), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (in *Input) UnmarshalBinary(b []byte) error {
	if len(b) != 8 {
		return &FormatError{"Input", len(b)}
	}
	*in = Input{order.Uint32(b), int8(b[4]), int8(b[5]), b[6], b[7] != 0}
	return nil
}

// AppendBinary implements encoding.BinaryAppender.
func (s State) AppendBinary(b []byte) ([]byte, error) {
	b = order.AppendUint32(b, s.Tick)
	b = order.AppendUint16(b, s.You)
	b = append(b, byte(len(s.Avatars)))
	for _, a := range s.Avatars {
		b = order.AppendUint16(b, a.ID)
		b = order.AppendUint16(b, a.X)
		b = order.AppendUint16(b, a.Y)
		b = append(b, a.Aim, a.Health)
	}
	b = append(b, byte(len(s.Shots)))
	for _, x := range s.Shots {
		b = order.AppendUint16(b, x.X)
		b = order.AppendUint16(b, x.Y)
		b = append(b, x.Aim)
	}
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (s *State) UnmarshalBinary(b []byte) error {
	malformed := &FormatError{"State", len(b)}
	if len(b) < 8 {
		return malformed
	}
	s.Tick, s.You = order.Uint32(b), order.Uint16(b[4:])
	n, b := int(b[6]), b[7:]
	if len(b) < 8*n+1 {
		return malformed
	}
	s.Avatars = make([]Avatar, n)
	for i := range s.Avatars {
		s.Avatars[i] = Avatar{order.Uint16(b), order.Uint16(b[2:]), order.Uint16(b[4:]), b[6], b[7]}
		b = b[8:]
	}
	n, b = int(b[0]), b[1:]
	if len(b) != 5*n {
		return malformed
	}
	s.Shots = make([]Shot, n)
	for i := range s.Shots {
		s.Shots[i] = Shot{order.Uint16(b), order.Uint16(b[2:]), b[4]}
		b = b[5:]
	}
	return nil
}

// AppendBinary implements encoding.BinaryAppender.
func (h Hit) AppendBinary(b []byte) ([]byte, error) {
	return append(order.AppendUint16(order.AppendUint16(b, h.By), h.On), h.Health), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (h *Hit) UnmarshalBinary(b []byte) error {
	if len(b) != 5 {
		return &FormatError{"Hit", len(b)}
	}
	*h = Hit{order.Uint16(b), order.Uint16(b[2:]), b[4]}
	return nil
}

// AppendBinary implements encoding.BinaryAppender.
func (c Chat) AppendBinary(b []byte) ([]byte, error) {
	b = order.AppendUint32(b, c.Number)
	return append(order.AppendUint16(b, c.From), c.Text...), nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (c *Chat) UnmarshalBinary(b []byte) error {
	if len(b) < 6 {
		return &FormatError{"Chat", len(b)}
	}
	*c = Chat{order.Uint32(b), order.Uint16(b[4:]), clean(string(b[6:]), MaxChatLength)}
	return nil
}

// AppendBinary implements encoding.BinaryAppender.
func (n Name) AppendBinary(b []byte) ([]byte, error) { return append(b, n.Text...), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (n *Name) UnmarshalBinary(b []byte) error {
	n.Text = clean(string(b), MaxNameLength)
	return nil
}

// AppendBinary implements encoding.BinaryAppender.
func (s Scores) AppendBinary(b []byte) ([]byte, error) {
	b = order.AppendUint16(b, uint16(len(s.Rows)))
	for _, r := range s.Rows {
		b = order.AppendUint16(b, r.ID)
		b = order.AppendUint16(b, r.Frags)
		b = order.AppendUint16(b, r.Deaths)
		name := r.Name[:min(len(r.Name), 255)]
		b = append(append(b, byte(len(name))), name...)
	}
	return b, nil
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler.
func (s *Scores) UnmarshalBinary(b []byte) error {
	malformed := &FormatError{"Scores", len(b)}
	if len(b) < 2 {
		return malformed
	}
	n, b := int(order.Uint16(b)), b[2:]
	if n > MaxPlayers || len(b) < 7*n {
		return malformed
	}
	s.Rows = make([]Score, n)
	for i := range s.Rows {
		if len(b) < 7 || len(b) < 7+int(b[6]) {
			return malformed
		}
		end := 7 + int(b[6])
		s.Rows[i] = Score{order.Uint16(b), order.Uint16(b[2:]), order.Uint16(b[4:]), clean(string(b[7:end]), MaxNameLength)}
		b = b[end:]
	}
	if len(b) != 0 {
		return malformed
	}
	return nil
}
