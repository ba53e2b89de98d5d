package netcode

import (
	"encoding/binary"
	"io"
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire/internal/account"
)

// A gate stands before all cryptography that somebody without a connection can
// ask for, and before what else a server does for strangers.
//
// Failures: what did not authenticate is charged to the source, to its address
// and to its network. So are answers to a token beyond those that a handshake
// needs, which the token pays for itself: whoever repeats what he sniffed uses
// that up, and its owner has his source. Players who get in are charged nothing,
// so any number of them may sit behind one address; and as a source has a small
// allowance of its own, somebody in their midst who floods from one port is
// stopped before the address is in debt.
//
// Work: what the handshakes of everybody cost together, in eighths. Three are
// drawn by lot; two go to networks that had less of them than a fair share in the
// present slice of time; one is for tokens that are known, so that no flood of
// forged ones stops who has begun. The last two are drawn by lot among all who got
// nothing of the others, and who is in debt has no part in the others: anybody can forge
// datagrams in a player's name, who then gets in beside them, as one of so many.
//
// Hints: GONE, and refusals that a token has to be opened for, are for everybody
// too, with fair shares of their own.
//
// Nothing is kept for each source: the tables have a fixed size, and where a
// source is found in them is drawn anew in each run. So no table can be full; a
// flood from everywhere puts everybody in debt, and then all draw lots.
type gate struct {
	seed      hidden[*[2]uint64]
	failures  [numLevels]account.Sketch // zero: off
	work      allowance                 // five eighths of the work
	known     lottery                   // an eighth
	rest      lottery                   // two eighths; interval 0: no limits of work
	gone      allowance
	explained allowance
}

// A level is how closely one looks at where a datagram comes from.
type level int

const (
	levelSource  level = iota // one port of an address
	levelAddress              // /32, or /64 of IPv6: a customer, or a carrier's NAT
	levelNetwork              // /24, or /48 of IPv6
	numLevels
)

const (
	defaultFailures = 4096  // a second, of an address
	defaultWork     = 65536 // a second, of everybody
	mostPerSecond   = 1 << 24

	sourceShare  = 64 // a source has this part of the allowance of an address
	networkShare = 4  // and its network this multiple

	// A handshake takes two answers; a client that hears none repeats ten a second.
	tokenAnswers = 32 // of a token, a second and at once
	tokenBurst   = int64(time.Second)
	failureBurst = int64(time.Second)

	workSlices   = 32 // of a second: how finely fair shares are dealt out
	workBurst    = int64(time.Second) / workSlices
	exchangeWork = 32 // an exchange of forward secrecy costs as much as so many datagrams

	// GONE costs no cryptography, and when a server has started again, all its players want
	// one at once. To explain a refusal costs as much as ten handshake datagrams.
	gonesASecond    = 32768
	explainsASecond = 512
)

// newGate draws where sources are found in the tables. Rates are those of the
// config: zero the default, negative none.
func newGate(random io.Reader, failures, work int) (gate, bool) {
	var g gate
	var seed [16]byte
	var lots [32]byte
	if !fill(random, seed[:]) || !fill(random, lots[:]) {
		return g, false
	}
	g.seed = hide(&[2]uint64{binary.LittleEndian.Uint64(seed[:]), binary.LittleEndian.Uint64(seed[8:]) | 1})
	r := rand.NewChaCha8(lots)
	if failures == 0 {
		failures = defaultFailures
	}
	if failures > 0 {
		g.failures[levelSource] = account.NewSketch(max(failures/sourceShare, 1), failureBurst)
		g.failures[levelAddress] = account.NewSketch(failures, failureBurst)
		g.failures[levelNetwork] = account.NewSketch(networkShare*failures, failureBurst)
	}
	if work == 0 {
		work = defaultWork
	}
	if work > 0 {
		eighth := max(work/8, 1)
		g.work, g.known, g.rest = newAllowance(3*eighth, 2*eighth, r), newLottery(eighth, r), newLottery(2*eighth, r)
	}
	g.gone = newAllowance(gonesASecond/2, gonesASecond/2, r)
	g.explained = newAllowance(explainsASecond/2, explainsASecond/2, r)
	return g, true
}

// pass reports whether a datagram from a stranger may cost cryptography, and
// counts it as work if so.
func (g *gate) pass(now int64, from *Source) Drop {
	return g.admit(now, from, g.indebted(now, from), false)
}

// passKnown is pass for a datagram that names a known token, whose debt is paid back at a
// time: the source need not
// stand for one that is not in debt itself.
func (g *gate) passKnown(now int64, from *Source, paid *int64) Drop {
	debt := DropNone
	if account.Owed(*paid, now, tokenBurst) >= tokenBurst {
		debt = g.indebted(now, from)
	}
	return g.admit(now, from, debt, true)
}

// passMoved is pass for a packet of a connection from elsewhere than that is. It is no part of the
// work; but where somebody is in debt it draws lots with the others there, since anybody who
// forges packets from all over a network would keep every player from moving to it.
func (g *gate) passMoved(now int64, from *Source) Drop {
	debt := g.indebted(now, from)
	if debt == DropNone {
		return DropNone
	}
	return g.admit(now, from, debt, true)
}

// chargeKnown charges an answer, or a failure, to the token, and to the source if the
// token is in debt.
func (g *gate) chargeKnown(now int64, from *Source, paid *int64) {
	if debt := account.Owed(*paid, now, tokenBurst); debt < tokenBurst {
		*paid = now + debt + int64(time.Second)/tokenAnswers
		return
	}
	g.charge(now, from)
}

// indebted reports whether the source, its address or its network is in debt.
func (g *gate) indebted(now int64, from *Source) Drop {
	if g.failures[levelSource].Off() {
		return DropNone
	}
	for l := range numLevels {
		if g.failures[l].Wait(now, g.hash(from, l), 1) > 0 {
			return DropSourceLimit + Drop(l)
		}
	}
	return DropNone
}

// charge counts a failure. Who was in debt before has won what he got, and owes no more
// for it: neither he nor those around him.
func (g *gate) charge(now int64, from *Source) {
	if g.failures[levelSource].Off() || g.indebted(now, from) != DropNone {
		return
	}
	for l := range numLevels {
		g.failures[l].Charge(now, g.hash(from, l), 1)
	}
}

// admit counts a piece of work, or says that there is too much: for everybody, or for those
// in debt.
func (g *gate) admit(now int64, from *Source, debt Drop, known bool) Drop {
	free := debt == DropNone
	switch {
	case g.rest.Off():
		return debt
	case free && g.work.take(now, g.hash(from, levelNetwork)):
	case free && known && g.known.draw(now):
	case g.rest.draw(now):
	case free:
		return DropBusy
	default:
		return debt
	}
	return DropNone
}

// exert counts work that was done beside what a datagram counts for, in all parts of the
// allowance.
func (g *gate) exert(now int64, n int64) {
	if g.rest.Off() {
		return
	}
	g.work.drawn.Owe(now, 3*n/8)
	g.work.fair.Owe(now, n/4)
	g.known.Owe(now, n/8)
	g.rest.Owe(now, n/4)
}

// hint reports whether a stranger is told something, out of an allowance for such things.
func (g *gate) hint(now int64, from *Source, a *allowance) bool {
	return a.take(now, g.hash(from, levelNetwork))
}

// hash says where a source is found in the tables of a level. It need not withstand
// cryptanalysis: who finds two sources that meet shares an allowance with
// himself.
func (g *gate) hash(s *Source, l level) uint64 {
	a, b := binary.BigEndian.Uint64(s[:]), binary.BigEndian.Uint64(s[8:])
	c := uint64(binary.BigEndian.Uint32(s[16:]))
	if s.Kind() == 0 && l > levelSource {
		c = 0
		v4 := a == 0 && b>>32 == 0xffff
		switch {
		case l == levelNetwork && v4:
			b &^= 0xff
		case l == levelNetwork:
			a, b = a&^0xffff, 0
		case !v4:
			b = 0
		}
	}
	seed := g.seed()
	h := fold(a^seed[0], b^seed[1])
	return fold(h^seed[1], c^uint64(l)<<32^seed[0])
}

// fold mixes two words into one.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
