package main

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

// An account is a player as the application's database has it.
type account struct {
	id       uint64
	salt     string
	password []byte // hashed
	banned   bool
	level    string // what the game server shall know
}

// accounts stand for the database.
var accounts = map[string]account{
	"ada":     {id: 42, salt: "a1", password: hashed("lovelace", "a1"), level: "level 3"},
	"charles": {id: 43, salt: "c2", password: hashed("babbage", "c2"), banned: true},
}

// hashed is slow on purpose, so that a stolen database is no list of passwords.
func hashed(password, salt string) []byte {
	key, err := pbkdf2.Key(sha256.New, password, []byte(salt), 100_000, 32)
	if err != nil {
		panic(err) // not possible with these lengths
	}
	return key
}

// newTokens returns what hands out tokens for the game server.
func newTokens(key netcode.Key, protocol uint64, server string) (http.Handler, error) {
	return tokenhttp.Handler(tokenhttp.Config{
		Login:   login,
		Token:   netcode.MintConfig{Key: key, ProtocolID: protocol, ForwardSecrecy: true},
		Servers: []string{server},
	})
}

// login says who asks. Who has no account waits as long as who has one.
func login(r *http.Request) (tokenhttp.Grant, error) {
	name, password, _ := r.BasicAuth()
	a := accounts[name]
	if subtle.ConstantTimeCompare(hashed(password, a.salt), a.password) == 0 {
		return tokenhttp.Grant{}, &tokenhttp.Refusal{
			Status: http.StatusUnauthorized, Code: "login", Text: "no such name and password", Challenge: `Basic realm="game"`,
		}
	}
	if a.banned {
		return tokenhttp.Grant{}, &tokenhttp.Refusal{Code: "banned", Text: "you are banned"}
	}
	return tokenhttp.Grant{ClientID: a.id, UserData: []byte(a.level)}, nil
}
