package endpoint

import (
	"errors"
	"testing"
	"time"

	"github.com/tickwire/tickwire/internal/wire"
)

// TestBudgetLooksAhead: what may be sent is told for ten seconds ahead at most, and for no time that has
// passed.
func TestBudgetLooksAhead(t *testing.T) {
	cfg := channels()
	cfg.Congestion = CongestionConfig{Kind: CongestionFixed, BytesPerSecond: 100_000}
	p := newPair(t, cfg, 20*time.Millisecond).open()
	e := p.ends[0]
	at := func(d int64) int { return e.Budget(p.now, p.now+d) }
	if at(10*second) != at(3600*second) || at(-second) != at(0) {
		t.Errorf("an hour ahead %d, ten seconds %d; now %d, a second ago %d", at(3600*second), at(10*second), at(0), at(-second))
	}
	for d := int64(0); d < 10; d++ {
		if more := at((d+1)*second) - at(d*second); more < 95_000 || more > 250_000 {
			t.Errorf("in second %d there are %d bytes", d, more)
		}
	}
}

// TestErrorsSayHowMuch: what was asked for is beyond the limit that an error names, and the limit is what was
// configured.
func TestErrorsSayHowMuch(t *testing.T) {
	cfg := channels()
	cfg.MaxReceipts = 3
	for i := range cfg.Channels {
		cfg.Channels[i].MaxMessageBytes, cfg.Channels[i].MaxQueuedBytes, cfg.Channels[i].Full = 1000, 2000, Refuse
	}
	limits := map[string]int{"MaxMessageBytes": 1000, "MaxQueuedBytes": 2000, "MaxReceipts": 3}
	s := newScript(t, cfg)
	seen := map[string]bool{}
	check := func(err error) {
		var e *SendError
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		if e.Limit != limits[e.Field] || e.Value <= e.Limit && e.Field != "MaxReceipts" || e.Value > 2*e.Limit {
			t.Errorf("%v", e)
		}
		seen[e.Field] = true
	}
	ch := chanOf(ReliableOrdered)
	_, err := s.e.Send(ch, make([]byte, 1001), SendOptions{})
	check(err)
	for err = nil; err == nil; {
		_, err = s.e.Send(ch, make([]byte, 5), SendOptions{Receipt: true})
	}
	check(err)
	for err = nil; err == nil; {
		_, err = s.e.Send(ch, make([]byte, 900), SendOptions{})
	}
	check(err)
	if len(seen) != 3 {
		t.Errorf("seen %v", seen)
	}
	limits["MaxQueuedBytes"], limits["MaxMessageBytes"] = 64<<10, wire.MaxControlBytes
	for err = nil; err == nil; {
		err = s.e.SendControl(77, make([]byte, 16000))
	}
	check(err)
	check(s.e.SendControl(77, make([]byte, wire.MaxControlBytes)))
}

// TestWhatIsAcknowledged: packets of these frames alone are acknowledged, and of the others not (SPEC.md, 6).
func TestWhatIsAcknowledged(t *testing.T) {
	for name, c := range map[string]struct {
		frame []byte
		want  bool
	}{
		"PING":      {[]byte{wire.TypePing}, true},
		"padding":   {[]byte{wire.TypePadding}, false},
		"CLOSE_ACK": {[]byte{wire.TypeCloseAck}, false},
		"a message": {run(chanOf(ReliableOrdered), 0, "x"), true},
		"DRAINING":  {wire.AppendDraining(nil, wire.Draining), true},
		"WINDOW":    {wire.AppendWindow(nil, uint16(chanOf(ReliableOrdered)), 1<<20), true},
		"BLOCKED":   {wire.AppendBlocked(nil, uint16(chanOf(ReliableOrdered)), 5), true},
	} {
		s := newScript(t, channels())
		s.hears(c.frame)
		if got := count(s.wait(s.now+second), wire.TypeAck) > 0; got != c.want {
			t.Errorf("%s is acknowledged: %v", name, got)
		}
	}
}

// TestControllersKeepTheirBounds: without other bounds a controller stays between its least rate and a
// GiB a second, whatever it is told; negative ones are off.
func TestControllersKeepTheirBounds(t *testing.T) {
	if c := NewAIMD(AIMDConfig{}); c.cfg.MinBytesPerSecond != 64<<10 || c.cfg.MaxBytesPerSecond != 1<<30 {
		t.Errorf("%+v", c.cfg)
	}
	if c := NewDelayBased(DelayConfig{}); c.cfg.MinBytesPerSecond != 16<<10 || c.cfg.MaxBytesPerSecond != 1<<30 {
		t.Errorf("%+v", c.cfg)
	}
	if a, d := NewAIMD(AIMDConfig{MinBytesPerSecond: -1}), NewDelayBased(DelayConfig{MinBytesPerSecond: -1}); a.cfg.MinBytesPerSecond != 0 || d.cfg.MinBytesPerSecond != 0 {
		t.Errorf("off: %+v, %+v", a.cfg, d.cfg)
	}
}

// TestFirstWindows: HELLO says of eight channels at most how large their windows are, if not the usual size;
// with more of them the smallest is the usual one.
func TestFirstWindows(t *testing.T) {
	for n := range 2 * wire.MaxHelloWindows {
		var all []ChannelConfig
		for i := range n {
			all = append(all, ChannelConfig{ID: ChannelID(1 + i), Delivery: ReliableOrdered, WindowBytes: 2000 + 100*i}.withDefaults())
		}
		usual, others := firstWindows(all)
		want, wantOthers := defaultWindow, n
		if n > wire.MaxHelloWindows {
			want, wantOthers = 2000, wire.MaxHelloWindows
		}
		if int(usual) != want || len(others) != wantOthers {
			t.Errorf("%d channels of their own: usual %d, and %d others", n, usual, len(others))
		}
		for _, w := range others {
			if int(w.Bytes) != 2000+100*(int(w.Channel)-1) {
				t.Errorf("channel %d: %d", w.Channel, w.Bytes)
			}
		}
	}
}

// TestIDsGoWide: an id has two bytes as long as it is less than 2^14 above the oldest that is open, however many
// there were before (SPEC.md, 6.2).
func TestIDsGoWide(t *testing.T) {
	for _, d := range []Delivery{ReliableOrdered, ReliableUnordered} {
		cfg := unrepaired(channels())
		s := newScript(t, cfg)
		for n := range 120 {
			for range 100 {
				if _, err := s.e.Send(chanOf(d), []byte{byte(n)}, SendOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			for _, f := range s.wait(s.now + second/10) {
				if kindOf(f) != wire.TypeRunLong {
					continue
				}
				if r, _ := wire.ConsumeRun(f); r.Wide {
					t.Fatalf("%v: message %d goes wide, and all before it have arrived", d, 100*n)
				}
			}
			s.hears(ack(0, s.nextNumber()-1), wire.AppendWindow(nil, uint16(chanOf(d)), uint32(64<<10+(n+1)*100*33)))
		}
	}
}
