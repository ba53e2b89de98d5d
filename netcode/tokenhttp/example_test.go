package tokenhttp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

// The application knows its players already, here by a header. A handler gives
// them tokens for its game servers.
func Example() {
	sessions := map[string]uint64{"ada's session": 42} // the application's own
	handler, err := tokenhttp.Handler(tokenhttp.Config{
		Token: netcode.MintConfig{
			Key:            netcode.KeyFrom([netcode.KeyBytes]byte{1, 2, 3}), // 32 secret bytes that the game servers have too
			ProtocolID:     7,
			ForwardSecrecy: true,
		},
		Servers: []string{"192.0.2.1:7777", "203.0.113.1:7777"},
		Login: func(r *http.Request) (tokenhttp.Grant, error) {
			player, ok := sessions[r.Header.Get("Session")]
			if !ok {
				return tokenhttp.Grant{}, &tokenhttp.Refusal{Status: 401, Code: "session", Text: "log in first"}
			}
			return tokenhttp.Grant{ClientID: player, UserData: []byte("level 3")}, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ask := func(session string) {
		r := httptest.NewRequest("POST", "https://login.example.com/token", nil)
		r.Header.Set("Session", session)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		body, _ := io.ReadAll(w.Result().Body)
		if w.Code != http.StatusOK {
			fmt.Printf("%d %s", w.Code, body)
			return
		}
		tokens, err := netcode.ParseTokenList(body) // tickwire.Dial takes the bytes as they are
		fmt.Println(w.Code, len(tokens), "tokens, the first for", tokens[0].Addresses, err)
	}
	ask("ada's session")
	ask("somebody's")
	// Output:
	// 200 2 tokens, the first for [192.0.2.1:7777] <nil>
	// 401 {"error":"session","message":"log in first"}
}
