package tokenhttp

import (
	"testing"
	"time"
)

// TestRefusalRetry: what is about the player is final, what is about the service passes.
func TestRefusalRetry(t *testing.T) {
	for _, c := range []struct {
		refusal Refusal
		after   time.Duration
		ok      bool
	}{
		{Refusal{Status: 401, Code: "password"}, 0, false},
		{Refusal{Status: 403}, 0, false},
		{Refusal{Status: 404, Code: "answer"}, 0, false},
		{Refusal{Status: 403, RetryAfter: time.Minute}, time.Minute, true},
		{Refusal{Status: 429}, 0, true},
		{Refusal{Status: 503, Code: "answer"}, 0, true},
		{Refusal{Status: 200, Code: "answer"}, 0, true},
	} {
		if after, ok := c.refusal.Retry(); after != c.after || ok != c.ok {
			t.Errorf("%+v: %v, %v", c.refusal, after, ok)
		}
	}
}
