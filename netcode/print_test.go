package netcode

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestPrintNoSecrets prints every exported struct, as it is, as a copy and as a field that is not
// exported, by every verb and through slog, and looks for all secrets in what came out.
func TestPrintNoSecrets(t *testing.T) {
	w := newWorld(t, func(c *ServerConfig) {
		c.PrivateKey, c.TicketKey = KeyFrom(strange(1)), KeyFrom(strange(2))
	})
	token, err := Mint(wall(w.unix()), MintConfig{Key: w.cfg.PrivateKey, ProtocolID: testProtocol, ClientID: 7, Addresses: w.cfg.Addresses, Random: newSeeded(5)})
	if err != nil {
		t.Fatal(err)
	}
	p, seat := w.confirmed(token, 1)
	ticket := w.ticketFor(time.Minute, p, seat)
	w.server.openTicketForTest(ticket)
	again := w.mint(8, nil)
	w.join(again, 2000, nil) // its keys are in the server's scratch
	w.step(100 * ms)

	secrets := map[string][]byte{}
	for name, key := range map[string]*rawKey{
		"PrivateKey": w.cfg.PrivateKey.raw(), "TicketKey": w.cfg.TicketKey.raw(), "token up": &token.keys().clientToServer,
		"token down": &token.keys().serverToClient, "another token": &again.keys().clientToServer,
		"resumption": seat.resumption(), "ticket": ticket.secret(),
	} {
		secrets[name] = key[:]
	}
	for name, e := range map[string]*epoch{"down": &seat.sealer.epoch, "up": &p.c.sealer.epoch, "next": &seat.opener.next} {
		secrets[name] = e.keys().secret[:]
	}
	inspection := Inspect(token.Append(nil), &w.cfg.PrivateKey)
	all := []any{
		w.server, w.server.Admission(), seat, p.c, seat.Sealer(), token, ticket, &w.cfg, &w.cfg.PrivateKey,
		&MintConfig{Key: w.cfg.PrivateKey}, &p.was.cfg, &AdmissionConfig{}, inspection, inspection.Private,
		&w.events[0], &w.server.counters, &Offer{}, &Verdict{}, &Refusal{}, &ClientEvent{}, &token.Pad,
		&ConfigError{}, &TokenError{}, &TicketError{}, &StateError{}, &SeatsError{}, &PayloadError{},
	}
	seen := map[string]bool{}
	for _, v := range all {
		seen[reflect.TypeOf(v).Elem().Name()] = true
		value := reflect.ValueOf(v).Elem().Interface()
		for _, v := range []any{v, value, holder{v}, holder{value}, &holder{value}, []any{v, value}} {
			wantNoSecrets(t, v, secrets)
		}
	}
	for _, name := range exportedStructs(t) {
		if !seen[name] {
			t.Errorf("%s is not looked at", name)
		}
	}
	wantNoSecrets(t, TokenList{token}, secrets)
	if leaks := leaksOf(holder{*w.cfg.PrivateKey.raw()}, secrets); len(leaks) == 0 {
		t.Error("bytes that lie open are not found")
	}
}

// openTicketForTest leaves a ticket in the server's scratch, as each that was shown is.
func (s *Server) openTicketForTest(ticket *ResumeTicket) {
	(&resuming{applicant: applicant{s: s}, ticket: ticket.ticket}).openTicket()
}

// strange returns bytes that no other number looks like.
func strange(seed byte) (b [KeyBytes]byte) {
	for i := range b {
		b[i] = 200 + byte(i)*7%50 + seed
	}
	return b
}

type holder struct{ v any }

const printVerbs = "v +v #v s q x X d o b c U t e p"

func wantNoSecrets(t *testing.T, v any, secrets map[string][]byte) {
	t.Helper()
	for _, leak := range leaksOf(v, secrets) {
		t.Errorf("%T: %s", v, leak)
	}
}

// leaksOf prints v in all ways and says which secrets are in what came out.
func leaksOf(v any, secrets map[string][]byte) (leaks []string) {
	for verb := range strings.FieldsSeq(printVerbs) {
		text := fmt.Sprintf("%"+verb, v)
		for name, secret := range secrets {
			for _, by := range []string{verb, "v", "x", "d"} {
				if strings.Contains(text, printed(by, secret)) {
					leaks = append(leaks, fmt.Sprintf("%%%s shows the %s", verb, name))
				}
			}
		}
	}
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("by accident", "v", v)
	}
	for name, secret := range secrets {
		for _, s := range []string{printed("v", secret), printed("x", secret),
			strings.ReplaceAll(printed("v", secret), " ", ","), base64.StdEncoding.EncodeToString(secret)[:6]} {
			if strings.Contains(out.String(), s) {
				leaks = append(leaks, "slog shows the "+name)
			}
		}
	}
	return leaks
}

// printed is what a few bytes of a secret look like by a verb.
func printed(verb string, secret []byte) string {
	text := fmt.Sprintf("%"+verb, secret[:5])
	return strings.Trim(text[strings.LastIndexByte(text, '{')+1:], `[]{}"'`)
}

// exportedStructs returns the names of the package's.
func exportedStructs(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() {
				if _, ok := spec.Type.(*ast.StructType); ok {
					names = append(names, spec.Name.Name)
				}
			}
			return true
		})
	}
	return names
}
