package tokenhttp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

// login is what a player's program does before tickwire.Dial: it asks for tokens, and waits when it
// is told to.
func login(ctx context.Context, url, session string) ([]byte, error) {
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Session", session)
		tokens, err := tokenhttp.Fetch(nil, r)
		var refused *tokenhttp.Refusal
		if err == nil || !errors.As(err, &refused) || refused.RetryAfter == 0 {
			return tokens, err // with a reason that does not pass by itself
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), err)
		case <-time.After(refused.RetryAfter):
		}
	}
}

// A player's program fetches what tickwire.Dial takes.
func ExampleFetch() {
	handler, err := tokenhttp.Handler(tokenhttp.Config{
		Token:   netcode.MintConfig{Key: netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3})}, // 32 secret bytes
		Servers: []string{"192.0.2.1:7777"},
		Logger:  slog.New(slog.DiscardHandler),
		Login: func(r *http.Request) (tokenhttp.Grant, error) {
			if r.Header.Get("Session") != "ada's session" {
				return tokenhttp.Grant{}, &tokenhttp.Refusal{Status: 401, Code: "session", Text: "log in first"}
			}
			return tokenhttp.Grant{ClientID: 42}, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	backend := httptest.NewServer(handler)
	defer backend.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	tokens, err := login(ctx, backend.URL, "ada's session")
	fmt.Println(len(tokens), "bytes of tokens,", err)
	_, err = login(ctx, backend.URL, "somebody's")
	fmt.Println(err)
	// Output:
	// 2054 bytes of tokens, <nil>
	// tokenhttp: session: log in first
}
