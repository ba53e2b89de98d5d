package endpoint

import (
	"errors"
	"testing"

	"github.com/tickwire/tickwire/internal/wire"
)

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
