package endpoint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/internal/wire"
)

// A Schema is the form of a channel's messages in words, so that two ends find out before any message
// whether they read each other, and in which version of their forms (SPEC.md, 6.4).
type Schema struct {
	Channel ChannelID
	// Versions are the texts of the versions from 1 on: the name of the type, and a line for each
	// field, its name first. A version behind the last is as that one.
	Versions []string
}

// in is the text in a version.
func (s *Schema) in(version int) string { return s.Versions[min(version, len(s.Versions))-1] }

// lines are the name of the type in a version, and its fields.
func (s *Schema) lines(version int) []string { return strings.Split(s.in(version), "\n") }

// checkSchemas names those that cannot be.
func (c *Config) checkSchemas(v *config.Check) {
	for i, s := range c.Schemas {
		name := fmt.Sprintf("Schemas[%d]", i)
		is := func(ch ChannelConfig) bool { return ch.ID == s.Channel }
		twice := slices.ContainsFunc(c.Schemas[:i], func(o Schema) bool { return o.Channel == s.Channel })
		v.That(slices.ContainsFunc(c.Channels, is) && !twice, name+".Channel", s.Channel, "one of Channels, once")
		n := len(s.Versions)
		v.That(n >= 1 && n <= wire.MaxSchemaVersion, name+".Versions", fmt.Sprintf("%d texts", n), "1 to 16383")
	}
	switch newest := c.newestSchema(); {
	case newest == 0:
		v.That(c.MinSchemaVersion == 0, "MinSchemaVersion", c.MinSchemaVersion, "0: no channel says what its messages look like")
	default:
		v.That(c.MinSchemaVersion >= 0 && c.MinSchemaVersion <= newest, "MinSchemaVersion", c.MinSchemaVersion,
			fmt.Sprintf("1 to %d, the newest version of the messages, or 0 for 1", newest))
	}
}

// newestSchema is the newest version of all messages; 0: none says what its form is.
func (c *Config) newestSchema() (newest int) {
	for _, s := range c.Schemas {
		newest = max(newest, len(s.Versions))
	}
	return newest
}

// A forms is what the endpoints of a Plan say and know of the forms of their messages.
type forms struct {
	schemas  []Schema                     // by channel
	versions wire.Schemas                 // what HELLO says, newest first
	rows     [wire.MaxHelloSchemas][]byte // of a refusal that is about one of them
	list     []byte                       // of one to a peer that lists others
}

// prepare sets what HELLO says: the newest versions, as many as there is room for.
func (f *forms) prepare(c *Config, room int) {
	f.schemas = slices.SortedFunc(slices.Values(c.Schemas), func(a, b Schema) int { return int(a.Channel) - int(b.Channel) })
	newest, oldest := c.newestSchema(), max(c.MinSchemaVersion, 1)
	for i := 0; i < min(newest-oldest+1, len(f.versions)); i++ {
		version := newest - i
		with := f.versions
		with[i] = wire.Schema{Version: uint16(version), Digest: f.digest(version)}
		if i > 0 && with.ItemLen() > room {
			break
		}
		f.versions, f.rows[i] = with, f.formRows(with[i])
		f.list = wire.AppendVersionRow(f.list, with[i])
	}
}

// digest is that of all forms in a version.
func (f *forms) digest(version int) uint32 {
	var b []byte
	for i := range f.schemas {
		s := &f.schemas[i]
		b = wire.AppendForm(b, uint16(s.Channel), s.in(version))
	}
	return wire.FormsDigest(b)
}

// formRows are a version, and the hashes of the lines of all forms in it.
func (f *forms) formRows(version wire.Schema) []byte {
	rows := wire.AppendVersionRow(nil, version)
	for i := range f.schemas {
		s := &f.schemas[i]
		rows = wire.AppendFormRows(rows, uint16(s.Channel), s.lines(int(version.Version)))
	}
	return rows
}

// hashes are those of the lines of a text, as rows have them.
func hashes(lines []string) []uint16 {
	var all []uint16
	for _, line := range lines[:min(len(lines), wire.MaxFormLines)] {
		all = append(all, wire.LineHash(line))
	}
	return all
}

// newest is the newest version of ours; 0: no message says what its form is.
func (f *forms) newest() int { return int(f.versions[0].Version) }

// common is the newest version that both ends have in the same form; our newest if one of them does
// not say. False: there is none.
func (f *forms) common(theirs *wire.Schemas) (version int, ok bool) {
	if f.newest() == 0 || theirs[0].Version == 0 {
		return f.newest(), true
	}
	for _, v := range f.versions[:f.versions.Len()] {
		if slices.Contains(theirs[:], v) {
			return int(v.Version), true
		}
	}
	return 0, false
}

// mismatch says that no version is common, with rows by which the peer finds out why.
func (f *forms) mismatch(theirs *wire.Schemas) *MismatchError {
	for i, v := range f.versions[:f.versions.Len()] {
		if slices.ContainsFunc(theirs[:], func(o wire.Schema) bool { return o.Version == v.Version }) {
			return &MismatchError{
				Code: CodeMismatch,
				Text: fmt.Sprintf("typed messages, version %d: those of the two ends differ: the rows with this say where", v.Version),
				Rows: f.rows[i],
			}
		}
	}
	return &MismatchError{Code: CodeMismatch, Text: f.noVersion(theirs), Rows: f.list}
}

// noVersion says that the two ends list no version that the other one lists, and which of them is older.
func (f *forms) noVersion(theirs *wire.Schemas) string {
	older := "the peer"
	if f.newest() < int(theirs[0].Version) {
		older = "this end"
	}
	return fmt.Sprintf("typed messages: no version is common: we have %s, the peer %s: %s needs a newer release",
		span(&f.versions), span(theirs), older)
}

// span are the versions of a list, for people.
func span(s *wire.Schemas) string {
	oldest, newest := s[max(s.Len()-1, 0)].Version, s[0].Version
	if oldest == newest {
		return fmt.Sprint(newest)
	}
	return fmt.Sprintf("%d to %d", oldest, newest)
}
