package world

import (
	"fmt"
	"net/netip"
)

// Strangers are the addresses that the server has to do with, judged by what is on the wire:
// nobody has shown yet that he is there until something came from there that was written after
// something was read that was sent there.
//
//	unknown → addressed (the server wrote there) → reached (the player read) → replied (and wrote) → known
type strangers map[netip.AddrPort]*stranger

type stranger struct {
	in, out int // bytes on the wire, headers included
	state   strangerState
}

type strangerState uint8

const (
	unknown strangerState = iota
	addressed
	reached
	replied
	known
)

// amplification is how many bytes a stranger gets for each that came from him (RFC 9000, 8.1).
const amplification = 3

func (s strangers) at(a netip.AddrPort) *stranger {
	st := s[a]
	if st == nil {
		st = new(stranger)
		s[a] = st
	}
	return st
}

// heard notes that somebody read so many bytes from an address: a player on a line, or the server
// if that is nil.
func (w *World) heard(on *Line, from netip.AddrPort, bytes int) {
	if on != nil {
		on.proceed(addressed, reached)
		return
	}
	w.outside.at(from).in += bytes + headerBytes
	if l := w.byAddr[from]; l != nil {
		l.proceed(replied, known)
	}
}

// proceed moves those of a line's last addresses on that are in a state. Which of them something
// was sent to, or answers, is not known here.
func (l *Line) proceed(from, to strangerState) {
	for _, at := range l.addrs[max(0, len(l.addrs)-recent):] {
		if st := l.player.world.outside.at(at); st.state == from {
			st.state = to
		}
	}
}

// recent is how many addresses of a line may be in use at a time, at most.
const recent = 8

// told notes that somebody writes so many bytes to an address, likewise.
func (w *World) told(on *Line, to netip.AddrPort, bytes int) {
	if on == nil {
		w.tell(to, bytes+headerBytes)
		return
	}
	if r := &on.player.roaming; r.line == on && r.under && r.left == 0 {
		r.left = w.now()
	}
	if on.player.shadowed.forwards {
		on.proceed(reached, known) // the answer may come another way
	} else {
		on.proceed(reached, replied)
	}
}

// tell judges what the server writes.
func (w *World) tell(to netip.AddrPort, bytes int) {
	st := w.outside.at(to)
	if l := w.byAddr[to]; st.state == known || l != nil && l.kind != 0 { // who proves to be there to its transport
		return
	}
	if st.state == unknown {
		st.state = addressed
	}
	if st.out += bytes; st.out > amplification*st.in && !w.answers(to) {
		w.fault(Amplified, "server", fmt.Sprintf("%d bytes went to %v, where nobody has shown that he is there, %d came", st.out, to, st.in))
		st.state = known // it is said
	}
}

// answers reports whether an address is of somebody who has answers to what comes to him.
func (w *World) answers(at netip.AddrPort) bool {
	b := w.ownerOf(at)
	return b != nil && b.answers
}
