package tokenhttp

import (
	"sync"
	"time"
)

// A turnstile bounds how often each player is given tokens: some at once, and then one each interval.
// It remembers who had one lately in two ages, so that the older is forgotten as a whole: when all that is
// in it is used up no more, or when the younger has more players than are remembered. Then the first of
// them may have five again too early; to refuse the others instead would let whoever has so many
// accounts keep everybody out.
type turnstile struct {
	interval time.Duration // negative: no bound
	most     int           // players of an age
	now      func() time.Time
	crowded  func() // an age ends early

	mu         sync.Mutex
	began      time.Time            // of the present age
	full, last map[uint64]time.Time // when a player has nothing used up; of this age, of the one before
}

const (
	// atOnce is how many tokens a player may have in a row: for a client that is started again, or a second
	// device.
	atOnce = 5
	// maxPlayers bounds those of an age, some 20 MB.
	maxPlayers = 1 << 18
)

func newTurnstile(c *Config, crowded func()) *turnstile {
	return &turnstile{interval: c.Interval, most: maxPlayers, now: time.Now, crowded: crowded, full: map[uint64]time.Time{}}
}

// pass takes a turn of a player, or says how long he has to wait.
func (t *turnstile) pass(player uint64) (wait time.Duration) {
	if t.interval < 0 {
		return 0
	}
	wait, early := t.turn(player, t.now())
	if early {
		t.crowded()
	}
	return wait
}

func (t *turnstile) turn(player uint64, now time.Time) (wait time.Duration, early bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	over := now.Sub(t.began) >= atOnce*t.interval // what was used before that is full again
	_, counted := t.full[player]
	early = !over && !counted && len(t.full) >= t.most
	if over || early {
		t.began, t.last, t.full = now, t.full, map[uint64]time.Time{}
	}
	full := t.last[player]
	if at, ok := t.full[player]; ok {
		full = at
	}
	if full.Before(now) {
		full = now
	}
	if full = full.Add(t.interval); full.Sub(now) > atOnce*t.interval {
		return full.Sub(now) - atOnce*t.interval, early
	}
	t.full[player] = full
	return 0, early
}

// A hush lets one line of a kind through each second, and counts those that it keeps back.
type hush struct {
	now func() time.Time

	mu    sync.Mutex
	kinds map[string]*hushed // of the handler's own words, so that there are few
}

type hushed struct {
	at     time.Time
	missed int
}

// speak reports whether a line of a kind may go to the log, and how many did not since the last.
func (h *hush) speak(kind string) (missed int, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	k, now := h.kinds[kind], h.now()
	switch {
	case k == nil:
		h.kinds[kind] = &hushed{at: now}
		return 0, true
	case now.Sub(k.at) < time.Second:
		k.missed++
		return 0, false
	}
	missed, k.at, k.missed = k.missed, now, 0
	return missed, true
}
