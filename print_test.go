package tickwire_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
)

// TestPrintNoKey prints what holds the shared key: as it is, as a copy, within a struct of a
// game, by every verb and through slog. Package netcode looks for all its secrets so.
func TestPrintNoKey(t *testing.T) {
	raw := [netcode.KeyBytes]byte{211, 223, 227, 229, 233, 239, 241, 251}
	w := newWorld(t)
	at := w.address()
	var cfg tickwire.ServerConfig
	srv := w.serve(at, func(c *tickwire.ServerConfig) {
		c.Development, c.PrivateKey, c.TicketKey, c.MaxTokenLifetime = false, netcode.KeyFrom(raw), netcode.KeyFrom(raw), -1
		cfg = *c
	})
	client := w.join(nil)
	token := w.mint(1, func(m *netcode.MintConfig) { m.Key = cfg.PrivateKey }, at)
	conn, err := client.Connect(token)
	must(t, err)
	w.until("connected", conn.Open)
	own := conn
	for c := range srv.Conns() {
		own = c
	}
	secrets := [][]byte{raw[:8], token[13+24+24+1024+4+4+7:][:8]} // the token's first key is behind its only address
	type game struct{ v any }
	for _, v := range []any{srv, client, conn, own, &cfg, &cfg.Config, &tickwire.Stats{}, &tickwire.Event{Conn: own}} {
		value := reflect.ValueOf(v).Elem().Interface()
		for _, v := range []any{v, value, game{v}, game{value}, &game{value}} {
			for _, secret := range secrets {
				wantHidden(t, v, secret)
			}
		}
	}
	if text := fmt.Sprint(srv); !strings.Contains(text, at.String()) {
		t.Errorf("a server prints as %s", text)
	}
}

// wantHidden prints v in all ways and looks for the bytes.
func wantHidden(t *testing.T, v any, secret []byte) {
	t.Helper()
	look := func(how, text string) {
		for _, verb := range []string{"%v", "%x", "%X", "%o", "%b"} {
			if strings.Contains(text, strings.Trim(fmt.Sprintf(verb, secret), "[]")) {
				t.Errorf("%s of a %T shows a key", how, v)
			}
		}
		if strings.Contains(text, string(secret)) || strings.Contains(text, strings.ReplaceAll(strings.Trim(fmt.Sprint(secret), "[]"), " ", ",")) {
			t.Errorf("%s of a %T shows a key", how, v)
		}
	}
	for verb := range strings.FieldsSeq("v +v #v s q x X d o b c U t e p") {
		look("%"+verb, fmt.Sprintf("%"+verb, v))
	}
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("by accident", "v", v)
	}
	look("slog", out.String())
}
