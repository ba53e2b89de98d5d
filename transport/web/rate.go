package web

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/tickwire/tickwire/internal/account"
)

const (
	// rateBurst is how long one address may save up what it does not begin: a class whose browsers all load a page anew
	// begins much at once, and then nothing.
	rateBurst = time.Minute
	// rateUnits is what something costs for which memory, keys or a handshake are made, in requests for pages.
	rateUnits = 10
	// onePage is a request that the program answers.
	onePage = 1
	// mostRate is the highest that can be told from none: a nanosecond for each unit.
	mostRate = int(time.Second) / rateUnits
	// toldPerSecond is how many connections are let in a second, of all that are too many, so that who asks by them reads why.
	toldPerSecond = 20
)

// A rate bounds how often an address, or a network of 64 bits by IPv6, begins something: a connection of TCP, a request, a
// WebSocket, an offer of a data channel, a session. Limits of what there is at a time do not see who closes it at once
// and begins again. It is a table of fixed size. The zero value has no limit.
type rate struct {
	trusted []netip.Prefix // have no limit: whoever comes by them has one
	seed    maphash.Seed
	mu      sync.Mutex
	each    account.Sketch
	telling account.Account
}

// init allows so many a second; below 1: no limit.
func (r *rate) init(perSecond int, trusted []netip.Prefix) {
	if perSecond < 1 {
		return
	}
	r.trusted, r.seed = trusted, maphash.MakeSeed()
	r.each = account.NewSketch(rateUnits*perSecond, int64(rateBurst))
	r.telling = account.New(toldPerSecond, int64(time.Second))
}

// take counts n units of an address, or says how long it has to wait for them, which costs it nothing.
func (r *rate) take(now int64, who netip.Addr, n int64) (wait time.Duration) {
	return r.look(now, who, n, true)
}

// owes is take without taking.
func (r *rate) owes(now int64, who netip.Addr, n int64) (wait time.Duration) {
	return r.look(now, who, n, false)
}

func (r *rate) look(now int64, who netip.Addr, n int64, take bool) time.Duration {
	from := sourceOf(0, who)
	if r.each.Off() || !from.net.IsValid() || contain(r.trusted, who) {
		return 0
	}
	h := maphash.Comparable(r.seed, from)
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := r.each.Wait(now, h, n)
	if wait == 0 && take {
		r.each.Charge(now, h, n)
	}
	return time.Duration(wait)
}

// tells reports whether one who is too many is let in to be told so.
func (r *rate) tells(now int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.telling.Charge(now)
}

// contain reports whether an address is of one of the networks.
func contain(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// A tooOften is how long an address has to wait that began too much.
type tooOften time.Duration

// seconds is that as Retry-After has it (RFC 9110, section 10.2.3).
func (w tooOften) seconds() int { return int((time.Duration(w) + time.Second - 1) / time.Second) }

// Error tells it.
func (w tooOften) Error() string {
	return fmt.Sprintf("this address has begun too much of late: come again in %d s", w.seconds())
}

// begins counts n units of an address. The error is a tooOften, and counted.
func (b *board) begins(who netip.Addr, n int64) error {
	if wait := b.rate.take(b.now(), who, n); wait > 0 {
		b.refuse.tooOften.Add(1)
		return tooOften(wait)
	}
	return nil
}
