package netcode

import (
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire/internal/account"
)

// A lottery is an account for which those who ask draw lots when more ask than it can
// serve. First come, first served would leave nothing to a player for whom somebody on
// the way waits, to send a burst ahead of each of his datagrams; here his chance is that
// of every other one, wherever in the flood his datagram stands.
//
// How many ask is known from those who asked lately. The account holds what comes
// together in an eighth of a second, longer than the interval in which a client
// repeats itself, so that bursts between which it rests do not empty it before their end.
type lottery struct {
	account.Account
	lots  *rand.ChaCha8
	slice int64 // the last in which somebody asked
	asked int64 // so many in it, and less and less of those of earlier ones
}

const (
	lotterySlice = int64(time.Second) / 32
	lotteryTime  = 8 // slices: of those of the one before, an eighth is forgotten
	lotteryBurst = int64(time.Second) / 8
)

func newLottery(rate int, lots *rand.ChaCha8) lottery {
	return lottery{Account: account.New(rate, lotteryBurst), lots: lots}
}

// draw takes a unit out of the account for one of those who ask, false if there is none
// for him.
func (l *lottery) draw(now int64) bool {
	l.forget(now / lotterySlice)
	l.asked++
	// An eighth stays in the account, or chance would empty it now and then.
	if prizes := max(lotteryTime*lotterySlice/l.Interval()*7/8, 1); l.asked > prizes {
		if lot, _ := bits.Mul64(l.lots.Uint64(), uint64(l.asked)); int64(lot) >= prizes {
			return false
		}
	}
	return l.Charge(now)
}

// forget lets time pass until a slice.
func (l *lottery) forget(slice int64) {
	for ; l.slice < slice && l.asked > 0; l.slice++ {
		l.asked -= (l.asked + lotteryTime - 1) / lotteryTime
	}
	l.slice = slice
}

// An allowance is what everybody together may have of something: a part of it is drawn by
// lot, and what that leaves goes in fair shares to networks that had less than theirs.
type allowance struct {
	drawn  lottery
	fair   account.Account
	shares fairShares
}

// newAllowance allows so many units a second of either part.
func newAllowance(drawn, fair int, lots *rand.ChaCha8) allowance {
	return allowance{
		drawn:  newLottery(drawn, lots),
		fair:   account.New(fair, workBurst),
		shares: newFairShares(max(fair/workSlices, 1)),
	}
}

// take takes a unit for somebody in the network that is found at h.
func (a *allowance) take(now int64, h uint64) bool {
	return a.drawn.draw(now) || a.shares.claim(now, h, &a.fair)
}
