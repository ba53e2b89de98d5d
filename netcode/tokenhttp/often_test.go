package tokenhttp_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

// TestTooOften: a player has five tokens at once and then one each five seconds, however often he
// logs in; others are not concerned.
func TestTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, nil)
		given := func(player uint64, times int) (n int) {
			d.grant.ClientID = player
			for range times {
				if d.ask("POST", "").StatusCode == 200 {
					n++
				}
			}
			return n
		}
		if n := given(7, 1000); n != 5 {
			t.Errorf("%d tokens at once", n)
		}
		if resp := d.refused(429, "too_often", "POST", ""); resp.Header.Get("Retry-After") != "5" {
			t.Errorf("%v", resp.Header)
		}
		if n := given(8, 1); n != 1 {
			t.Error("another player has none")
		}
		n := 0
		for range 100 {
			time.Sleep(time.Second)
			n += given(7, 10)
		}
		if n != 20 {
			t.Errorf("%d tokens in 100 seconds", n)
		}
		time.Sleep(time.Minute)
		if n := given(7, 10); n != 5 {
			t.Errorf("%d tokens at once, a minute later", n)
		}
	})
}

// TestPlainHTTP: what came without TLS is refused, unless from this machine or with the config's
// word that something in front has it.
func TestPlainHTTP(t *testing.T) {
	for _, c := range []struct {
		url, from string
		allowed   bool
		want      int
	}{
		{"https://login.example.com/", "192.0.2.9:1", false, 200},
		{"http://login.example.com/", "192.0.2.9:1", false, 403},
		{"http://login.example.com/", "192.0.2.9:1", true, 200},
		{"http://login.example.com/", "127.0.0.1:1", false, 200},
		{"http://login.example.com/", "[::1]:1", false, 200},
		{"http://login.example.com/", "nonsense", false, 403},
	} {
		d := newDesk(t, func(cfg *tokenhttp.Config) { cfg.PlainHTTP = c.allowed })
		r, w := httptest.NewRequest("POST", c.url, nil), httptest.NewRecorder()
		r.RemoteAddr = c.from
		if d.h.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%+v: %d", c, w.Code)
		}
	}
}

// TestLogFlood: what strangers cause is a line a second of each kind, which says how many were left out.
func TestLogFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, nil)
		d.err = errors.New("unexpected end of JSON input")
		for range 1000 {
			d.ask("POST", "{")
		}
		if n := strings.Count(d.log.String(), "\n"); n != 1 {
			t.Errorf("%d lines", n)
		}
		d.err = context.DeadlineExceeded // another kind
		d.ask("POST", "")
		d.err = errors.New("unexpected end of JSON input")
		time.Sleep(time.Second)
		d.ask("POST", "")
		if log := d.log.String(); strings.Count(log, "\n") != 3 || !strings.Contains(log, "missed=999") {
			t.Errorf("the log says %s", log)
		}
	})
}

// stuck is a resolver that does not answer.
type stuck struct{ asked chan string }

func (s stuck) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	s.asked <- host
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestLookUpsAreBounded: a Login that takes names from its requests has no more than 64 look-ups
// under way; when they are over there are others.
func TestLookUpsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stuck{make(chan string, 1000)}
		d := newDesk(t, func(c *tokenhttp.Config) { c.Resolver, c.Interval, c.MaxTime = s, -1, time.Millisecond })
		for i := range 200 {
			d.grant.Servers = []string{strings.Repeat("x", i+1) + ".example:7"}
			d.refused(503, "servers", "POST", "")
		}
		if n := len(s.asked); n != 64 {
			t.Errorf("%d look-ups under way", n)
		}
		time.Sleep(time.Minute)
		d.refused(503, "servers", "POST", "")
		if n := len(s.asked); n != 65 {
			t.Errorf("%d look-ups after a minute", n)
		}
		time.Sleep(time.Minute)
	})
}
