package endpoint

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// rationed has two channels that compress and one that does not, and a limit for what is opened.
func rationed(t *testing.T, perSecond int) Config {
	by := plainCompression(t)
	cfg := Config{OpenedBytesPerSecond: perSecond}
	for id := ChannelID(1); id <= 3; id++ {
		cfg.Channels = append(cfg.Channels, ChannelConfig{
			ID: id, Delivery: ReliableOrdered, MaxMessageBytes: 50_000, WindowBytes: 4 << 20, MaxQueuedBytes: 32 << 20, Compression: by,
		})
	}
	cfg.Channels[2].Compression = nil
	return cfg
}

// An opener is a game that takes what comes, whenever it is told of news.
type opener struct {
	*pair
	began   int64
	opened  [4]int // bytes, by channel
	updates int
}

// look takes what there is at the second end.
func (o *opener) look() {
	for o.ends[1].News() {
		o.ends[1].Update()
		o.updates++
		for id := ChannelID(1); id <= 3; id++ {
			for m, ok := o.ends[1].Receive(id); ok; m, ok = o.ends[1].Receive(id) {
				o.opened[id] += len(m.Bytes())
			}
		}
	}
}

func newOpener(t *testing.T, perSecond int) *opener {
	p := newPairOf(t, rationed(t, 0), rationed(t, perSecond), time.Millisecond, 1).open()
	p.run(time.Second)
	return &opener{pair: p, began: p.now}
}

// TestRation: what few bytes on the wire open to is opened at the rate that is allowed, of all channels
// together; nobody is told of news meanwhile, other channels go on, and all of it comes.
func TestRation(t *testing.T) {
	const rate, n = 500_000, 100
	o := newOpener(t, rate)
	for range n {
		o.send(0, 1, make([]byte, 50_000))
		o.send(0, 2, make([]byte, 50_000))
	}
	var done time.Duration
	for done = 0; o.opened[1]+o.opened[2] < 2*n*50_000 && done < time.Minute; done += time.Millisecond {
		o.run(time.Millisecond)
		o.look()
		if got, most := o.opened[1]+o.opened[2], rate+50_000+int(rate*(done+time.Millisecond)/time.Second); got > most {
			t.Fatalf("%d bytes were opened in %v, at most %d may be", got, done, most)
		}
		if done == 3*time.Second {
			o.send(0, 3, make([]byte, 1000))
		}
		if done == 3100*time.Millisecond && o.opened[3] != 1000 {
			t.Error("a channel that is not compressed waits, too")
		}
	}
	if want := 19 * time.Second; (done - want).Abs() > 200*time.Millisecond { // a second's worth was there
		t.Errorf("it took %v, want %v", done, want)
	}
	if o.updates > 250 {
		t.Errorf("%d updates for 200 messages", o.updates)
	}
	if a, b := o.ends[1].ChannelStats(1).OpeningPaused, o.ends[1].ChannelStats(2).OpeningPaused; a+b < 150 || a+b > 200 {
		t.Errorf("paused %d and %d times", a, b)
	}
}

// TestRationPortions: small messages come in portions, not one by one.
func TestRationPortions(t *testing.T) {
	o := newOpener(t, 500_000)
	for range 5000 {
		o.send(0, 1, make([]byte, 500))
	}
	for range 60_000 {
		o.run(100 * time.Microsecond)
		o.look()
	}
	if o.opened[1] != 5000*500 || o.updates < 350 || o.updates > 450 { // four seconds, of ten milliseconds each
		t.Errorf("%d bytes in %d updates", o.opened[1], o.updates)
	}
}

// TestRationFree: there is no limit for what came as it is, nor if there is to be none; and when the connection
// ends the game is shown what there is.
func TestRationFree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 50_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	for name, c := range map[string]struct {
		perSecond int
		message   []byte
		closed    bool
	}{
		"as it is":          {100_000, noise, false},
		"no limit":          {-1, make([]byte, 50_000), false},
		"the usual one":     {0, make([]byte, 50_000), false},
		"closed by the end": {100_000, make([]byte, 50_000), true},
	} {
		o := newOpener(t, c.perSecond)
		for range 60 {
			o.send(0, 1, c.message)
		}
		o.run(5 * time.Second)
		if c.closed {
			o.look()
			if o.opened[1] >= 60*50_000 {
				t.Errorf("%s: all was opened before", name)
			}
			o.ends[1].Close(o.now, 300, "")
		}
		for range 3 {
			o.ends[1].Update()
			for m, ok := o.ends[1].Receive(1); ok; m, ok = o.ends[1].Receive(1) {
				o.opened[1] += len(m.Bytes())
			}
		}
		if o.opened[1] != 60*50_000 {
			t.Errorf("%s: %d bytes", name, o.opened[1])
		}
	}
}

// TestRationMistake: a rate that cannot be is named.
func TestRationMistake(t *testing.T) {
	if _, err := New(0, rationed(t, 1<<31-1)); err == nil || !strings.Contains(err.Error(), "OpenedBytesPerSecond is 2147483647: want up to 1 GiB") {
		t.Error(err)
	}
}
