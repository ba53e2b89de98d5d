//go:build !js

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

// What stands in docs/deploy.md beside the example.

// login gives each player the server that has most room.
func login(r *http.Request) (tokenhttp.Grant, error) {
	id, err := account(r)
	if err != nil {
		return tokenhttp.Grant{}, &tokenhttp.Refusal{Status: http.StatusUnauthorized, Code: "login", Text: "log in first"}
	}
	return tokenhttp.Grant{ClientID: id, Servers: []string{roomiest()}}, nil
}

// health is 200 if the game has had a tick within a second.
func health(last *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if late := time.Since(time.Unix(0, last.Load())); late > time.Second {
			http.Error(w, "no tick for "+late.String(), http.StatusServiceUnavailable)
		}
	}
}

func account(r *http.Request) (uint64, error) {
	if r.Header.Get("Authorization") == "" {
		return 0, errors.New("nobody")
	}
	return 42, nil
}

func roomiest() string { return "127.0.0.1:7778" }

// TestPieces: the pieces do what the page says.
func TestPieces(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/token", nil)
	var refusal *tokenhttp.Refusal
	if _, err := login(r); !errors.As(err, &refusal) {
		t.Errorf("who has not logged in is told %v", err)
	}
	r.Header.Set("Authorization", "Basic")
	if g, err := login(r); err != nil || g.ClientID != 42 || len(g.Servers) != 1 {
		t.Errorf("%v %v", g, err)
	}
	var last atomic.Int64
	for want, ago := range map[int]time.Duration{200: 0, 503: 2 * time.Second} {
		for tries := 1; ; tries++ { // a machine that does something else may make a second of a moment
			last.Store(time.Now().Add(-ago).UnixNano())
			answer := httptest.NewRecorder()
			if health(&last)(answer, r); answer.Code == want {
				break
			} else if tries == 5 {
				t.Errorf("a tick %v ago is %d", ago, answer.Code)
				break
			}
		}
	}
}
