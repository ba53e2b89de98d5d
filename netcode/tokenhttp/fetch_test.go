package tokenhttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

// ask fetches from a server for a test, and returns what came.
func ask(t *testing.T, s *httptest.Server, header string) ([]byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Session", header)
	return tokenhttp.Fetch(s.Client(), r)
}

// TestFetch: what a Handler answers comes back as it was meant.
func TestFetch(t *testing.T) {
	handler, err := tokenhttp.Handler(tokenhttp.Config{
		Token:   netcode.MintConfig{Key: theKey, ProtocolID: 7},
		Servers: []string{"192.0.2.1:7777", "203.0.113.1:7777"},
		Logger:  slog.New(slog.DiscardHandler),
		Login: func(r *http.Request) (tokenhttp.Grant, error) {
			body, err := io.ReadAll(r.Body)
			switch h := r.Header.Get("Session"); {
			case err != nil || string(body) != "a body":
				return tokenhttp.Grant{}, fmt.Errorf("body %q, %w", body, err)
			case h == "banned":
				return tokenhttp.Grant{}, &tokenhttp.Refusal{Status: 403, Code: "banned", Text: "until Monday", RetryAfter: 90*time.Minute + 1}
			case h == "unknown":
				return tokenhttp.Grant{}, &tokenhttp.Refusal{Status: 401, Text: "who are you?", Challenge: `Basic realm="game"`}
			}
			return tokenhttp.Grant{ClientID: 42}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	defer s.Close()
	body, err := ask(t, s, "fine")
	if err != nil {
		t.Fatal(err)
	}
	if tokens, err := netcode.ParseTokenList(body); err != nil || len(tokens) != 2 {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
	for header, want := range map[string]tokenhttp.Refusal{
		"banned":  {Status: 403, Code: "banned", Text: "until Monday", RetryAfter: 90*time.Minute + time.Second},
		"unknown": {Status: 401, Code: "refused", Text: "who are you?", Challenge: `Basic realm="game"`},
	} {
		body, err := ask(t, s, header)
		var got *tokenhttp.Refusal
		if !errors.As(err, &got) || *got != want || body != nil || !errors.Is(err, &tokenhttp.Refusal{Code: want.Code}) {
			t.Errorf("%s: %+v", header, err)
		}
	}
	for range 5 {
		_, err = ask(t, s, "fine")
	}
	var often *tokenhttp.Refusal
	if !errors.As(err, &often) || often.Code != "too_often" || often.RetryAfter <= 0 || errors.Is(err, &tokenhttp.Refusal{}) {
		t.Errorf("the sixth time: %v", err)
	}
}

// TestFetchStrangers: who is no Handler is not believed, and costs no memory.
func TestFetchStrangers(t *testing.T) {
	var answer func(w http.ResponseWriter)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
	defer s.Close()
	date := func(h http.Header, name string, at time.Time) { h.Set(name, at.UTC().Format(http.TimeFormat)) }
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		status int
		retry  time.Duration
	}{
		"a page": {func(w http.ResponseWriter) { fmt.Fprint(w, "<html>welcome</html>") }, 200, 0},
		"a proxy": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "7")
			http.Error(w, "no upstream", http.StatusBadGateway)
		}, 502, 7 * time.Second},
		"a date": {func(w http.ResponseWriter) {
			date(w.Header(), "Date", now)
			date(w.Header(), "Retry-After", now.Add(time.Minute))
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 503, time.Minute},
		"a date that has passed": {func(w http.ResponseWriter) {
			date(w.Header(), "Date", now)
			date(w.Header(), "Retry-After", now.Add(-time.Minute))
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 503, 0},
		"an age": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "99999999999999999999999")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 503, 24 * time.Hour},
		"json of its own": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprint(w, `{"detail":"short and stout"}`)
		}, 418, 0},
		"a flood": {func(w http.ResponseWriter) { w.Write(bytes.Repeat([]byte("x"), 1<<20)) }, 200, 0},
	} {
		answer = c.answer
		_, err := ask(t, s, "")
		var got *tokenhttp.Refusal
		if !errors.As(err, &got) || got.Code != "answer" || got.Status != c.status || got.RetryAfter != c.retry {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

// TestFetchCutShort: what does not come whole, what nobody waits for any more, and what cannot be asked so.
func TestFetchCutShort(t *testing.T) {
	answer := func(w http.ResponseWriter) { // it promises more than it has
		w.Header().Set("Content-Length", "2048")
		fmt.Fprint(w, "half")
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
	defer s.Close()
	if _, err := ask(t, s, ""); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken off: %v", err)
	}
	answer = func(http.ResponseWriter) {}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, nil)
	if _, err := tokenhttp.Fetch(nil, r); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is over: %v", err)
	}
	if _, err := tokenhttp.Fetch(nil, httptest.NewRequest(http.MethodGet, s.URL, nil)); err == nil || !strings.Contains(err.Error(), "MethodPost") {
		t.Errorf("GET: %v", err)
	}
}

// FuzzFetch: whatever a server answers, Fetch returns tokens that can be read, or an error.
func FuzzFetch(f *testing.F) {
	f.Add(200, "application/octet-stream", "", []byte("TWTK"))
	f.Add(403, "application/json", "5", []byte(`{"error":"banned","message":"until Monday","retry_after_s":5}`))
	f.Add(503, "application/json; charset=utf-8", "Sun, 01 Mar 2026 12:00:00 GMT", []byte(`{}`))
	f.Fuzz(func(t *testing.T, status int, kind, retry string, body []byte) {
		client := &http.Client{Transport: answers(func(r *http.Request) *http.Response {
			return &http.Response{
				StatusCode: status, Header: http.Header{"Content-Type": {kind}, "Retry-After": {retry}},
				Body: io.NopCloser(bytes.NewReader(body)), Request: r,
			}
		})}
		r, err := http.NewRequest(http.MethodPost, "https://login.example.com/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := tokenhttp.Fetch(client, r)
		var refused *tokenhttp.Refusal
		if err == nil {
			_, err = netcode.ParseTokenList(tokens)
		} else if errors.As(err, &refused) && (refused.RetryAfter < 0 || refused.RetryAfter > 24*time.Hour) {
			t.Errorf("retry after %v", refused.RetryAfter)
		} else {
			err = nil
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// An answers is a RoundTripper without a network.
type answers func(*http.Request) *http.Response

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

// TestFetchNothing: without a request there is a sentence, and no panic.
func TestFetchNothing(t *testing.T) {
	_, err := tokenhttp.Fetch(nil, nil)
	if wrong, ok := errors.AsType[*tokenhttp.ConfigError](err); !ok || wrong.Field != "request" {
		t.Errorf("%v", err)
	}
}
