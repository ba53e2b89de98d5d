package endpoint

import (
	"fmt"
	"strings"

	"github.com/tickwire/tickwire/internal/wire"
)

// difference names the first type and field that differ between our forms and those that came with
// a refusal.
func (f *forms) difference(rows []byte) string {
	var theirs wire.Schemas
	n := 0
	for ; len(rows) > 0 && wire.RowFlags(rows) == wire.RowOfVersion; rows = rows[wire.ChannelRowSize:] {
		if n < len(theirs) {
			theirs[n] = wire.ConsumeVersionRow(rows)
			n++
		}
	}
	for i := range f.versions.Len() {
		if v := f.versions[i].Version; len(rows) > 0 && v == theirs[0].Version {
			return f.differenceIn(int(v), rows)
		}
	}
	return f.noVersion(&theirs)
}

// differenceIn names the first type and field that differ in a version.
func (f *forms) differenceIn(version int, rows []byte) string {
	where := fmt.Sprintf("typed messages, version %d: ", version)
	for i := range f.schemas {
		s := &f.schemas[i]
		peer, known := peerForm(rows, uint16(s.Channel))
		switch {
		case len(peer) == 0 && !known:
			return "no difference in the rows that came"
		case len(peer) == 0:
			return where + fmt.Sprintf("channel %d carries %s here, and says nothing of its form at the peer", s.Channel, s.lines(version)[0])
		}
		if text := s.difference(version, peer, known); text != "" {
			return where + text
		}
	}
	for ; len(rows) >= wire.ChannelRowSize; rows = rows[wire.ChannelRowSize:] {
		if row := wire.ConsumeFormRow(rows); !f.has(ChannelID(row.Channel)) {
			return where + fmt.Sprintf("channel %d has a type with a form at the peer, and none here", row.Channel)
		}
	}
	return "no difference in the rows that came"
}

func (f *forms) has(channel ChannelID) bool {
	for i := range f.schemas {
		if f.schemas[i].Channel == channel {
			return true
		}
	}
	return false
}

// peerForm are the hashes of a channel in the rows that came, and whether they are all there are: the
// rest may not have had room.
func peerForm(rows []byte, channel uint16) (hashes []uint16, known bool) {
	for ; len(rows) >= wire.ChannelRowSize; rows = rows[wire.ChannelRowSize:] {
		row := wire.ConsumeFormRow(rows)
		if row.Channel != channel {
			known = known || row.Channel > channel
			continue
		}
		for _, h := range row.Hashes {
			if h == 0 {
				return hashes, true
			}
			hashes = append(hashes, h)
		}
	}
	return hashes, known
}

// difference names what differs between our form and the hashes of the peer's; "" if nothing does.
func (s *Schema) difference(version int, peer []uint16, all bool) string {
	lines := s.lines(version)
	ours := hashes(lines)
	of := fmt.Sprintf("%s (channel %d)", lines[0], s.Channel)
	for i, line := range lines[:len(ours)] {
		name, form, _ := strings.Cut(line, " ")
		switch {
		case i >= len(peer) && !all:
			return ""
		case i >= len(peer) || i > 0 && follows(ours, i, peer[i]):
			return fmt.Sprintf("field %s of %s is not there at the peer", name, of)
		case ours[i] == peer[i]:
		case i == 0:
			return fmt.Sprintf("channel %d carries %s here, and another type at the peer", s.Channel, line)
		case follows(peer, i, ours[i]):
			return fmt.Sprintf("in front of field %s of %s the peer has another field", name, of)
		default:
			return fmt.Sprintf("field %s of %s is %s here, and another one at the peer", name, of, cutText(form, mostForm))
		}
	}
	if len(peer) > len(ours) {
		return fmt.Sprintf("behind the last field of %s the peer has another field", of)
	}
	return ""
}

// mostForm is how much of a form is told.
const mostForm = 60

// follows reports whether a hash is not the one at a place, but the next.
func follows(all []uint16, i int, hash uint16) bool {
	return all[i] != hash && i+1 < len(all) && all[i+1] == hash
}
