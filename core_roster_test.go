package tickwire

import (
	"slices"
	"testing"
)

// A leaver is a peer of whom nothing is left to forget.
type leaver struct{ peer }

func (leaver) forget() {}

// TestRoster walks Conns through their lives, and looks at who is on which list.
func TestRoster(t *testing.T) {
	k := new(core)
	k.roster.init()
	stays, ends, unseen := &Conn{core: k, peer: leaver{}}, &Conn{core: k, peer: leaver{}}, &Conn{core: k, peer: leaver{}}
	want := func(step string, live, conns, ending []*Conn) {
		t.Helper()
		if !slices.Equal(k.live, live) || !slices.Equal(k.conns, conns) || !slices.Equal(k.ending, ending) || len(k.byID) != len(conns) {
			t.Fatalf("%s: live %d, conns %d, ending %d, byID %d", step, len(k.live), len(k.conns), len(k.ending), len(k.byID))
		}
		for _, c := range conns {
			if k.byID[c.id] != c {
				t.Fatalf("%s: number %d is not found", step, c.id)
			}
		}
	}
	for _, c := range []*Conn{stays, ends, unseen} {
		k.enroll(c)
	}
	want("enrolled", []*Conn{stays, ends, unseen}, nil, nil)
	k.roster.connected(stays)
	k.roster.connected(ends)
	k.removeEnded()
	want("connected", []*Conn{stays, ends, unseen}, []*Conn{stays, ends}, nil)
	k.neverConnected(unseen)
	k.removeEnded()
	want("one is over that was never seen", []*Conn{stays, ends}, []*Conn{stays, ends}, nil)
	k.roster.disconnected(ends)
	k.removeEnded()
	want("disconnected", []*Conn{stays, ends}, []*Conn{stays, ends}, []*Conn{ends})
	k.shown()
	want("its end is shown", []*Conn{stays, ends}, []*Conn{stays, ends}, nil)
	k.removeEnded()
	want("removed", []*Conn{stays}, []*Conn{stays}, nil)
	if k.leaving != 0 || stays.id != 1 || ends.id != 2 || unseen.id != 3 {
		t.Errorf("%d are leaving; the ids are %d, %d, %d", k.leaving, stays.id, ends.id, unseen.id)
	}
	k.roster.forgetAll()
	want("all are forgotten", nil, nil, nil)
}
