package messages

import (
	"bytes"
	"maps"
	"slices"
)

// Equal reports whether all fields are; no entities are as many as nil.
func (s *Snapshot) Equal(o *Snapshot) bool {
	return s.Tick == o.Tick && s.Ack == o.Ack && slices.Equal(s.Entities, o.Entities)
}

// Equal reports whether all fields are.
func (c *Chat) Equal(o *Chat) bool {
	return c.From == o.From && c.Room == o.Room && c.At == o.At && c.Text == o.Text &&
		(c.To == nil) == (o.To == nil) && (c.To == nil || *c.To == *o.To)
}

// Equal reports whether all fields are; no things are as many as nil.
func (v *Inventory) Equal(o *Inventory) bool {
	return v.Owner == o.Owner && v.Gold == o.Gold && maps.Equal(v.Ammo, o.Ammo) &&
		slices.EqualFunc(v.Items, o.Items, func(a, b Item) bool { return a.equal(&b) })
}

func (m *Item) equal(o *Item) bool {
	return m.Kind == o.Kind && m.Count == o.Count && m.Wear == o.Wear && m.Name == o.Name &&
		bytes.Equal(m.Enchants, o.Enchants)
}

// Empty makes it zero, and keeps its memory.
func (s *Snapshot) Empty() {
	all := s.Entities[:cap(s.Entities)]
	clear(all)
	*s = Snapshot{Entities: all[:0]}
}

// Empty makes it zero, and keeps its memory.
func (v *Inventory) Empty() {
	all := v.Items[:cap(v.Items)]
	for i := range all {
		all[i] = Item{Enchants: all[i].Enchants[:0]}
	}
	clear(v.Ammo)
	*v = Inventory{Items: all[:0], Ammo: v.Ammo}
}
