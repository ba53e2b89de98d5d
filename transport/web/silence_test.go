//go:build !js

package web

import (
	"testing"
	"time"
)

// TestIdlePlayer: an association by which nothing goes either way ends after Config.IdleTimeout, and one by which the server
// alone says something, or the player alone, stays.
func TestIdlePlayer(t *testing.T) {
	t.Parallel()
	const timeout = 1500 * time.Millisecond
	s := listen(t, Config{IdleTimeout: timeout, HandshakeTimeout: -1})
	idle, talks, hears := dial(t, s, DialConfig{}), dial(t, s, DialConfig{}), dial(t, s, DialConfig{})
	began, quiet := time.Now(), idle.Peer()
	at := meet(t, s, idle)
	s.Write(datagrams(at, "welcome"))
	one(t, idle, "welcome")
	meet(t, s, talks)
	to := meet(t, s, hears)
	idle.Ended(nil)
	s.Ended(nil)
	for over := false; !over; time.Sleep(100 * time.Millisecond) {
		talks.Write(datagrams(talks.Peer(), "still here"))
		s.Write(datagrams(to, "this and that"))
		for _, e := range idle.Ended(nil) {
			said, ok := e.Reason.(*CloseError)
			if over = e.Path == quiet; !ok || said.Code != CodeIdle || said.Reason == "" {
				t.Errorf("told %v", e.Reason)
			}
		}
		if time.Since(began) > patience {
			t.Fatal("it stays")
		}
	}
	if took := time.Since(began); took < timeout {
		t.Errorf("it ended after %v", took)
	}
	if all := s.Ended(nil); len(all) != 1 || all[0].Path != at {
		t.Errorf("the server is told of %v", all)
	}
	if n := s.Stats().Idle; n != 1 {
		t.Errorf("Idle = %d", n)
	}
}
