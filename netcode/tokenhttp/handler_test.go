package tokenhttp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/netcode/tokenhttp"
)

// A desk is a handler whose login does what a test says.
type desk struct {
	t     *testing.T
	h     http.Handler
	log   bytes.Buffer
	grant tokenhttp.Grant
	err   error
	read  bool // whether the login reads the body
}

var (
	theBytes = [netcode.KeyBytes]byte{0: 11, 7: 22, 31: 33}
	theKey   = netcode.KeyFrom(theBytes)
)

const unix = 1_700_000_000

func newDesk(t *testing.T, change func(*tokenhttp.Config)) *desk {
	t.Helper()
	d := &desk{t: t, grant: tokenhttp.Grant{ClientID: 42}}
	cfg := tokenhttp.Config{
		Token:   netcode.MintConfig{Key: theKey, ProtocolID: 7},
		Servers: []string{"192.0.2.1:7777"},
		Login:   d.login,
		Logger:  slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:     func() time.Time { return time.Unix(unix, 0) },
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if d.h, err = tokenhttp.Handler(cfg); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) login(r *http.Request) (tokenhttp.Grant, error) {
	if d.read {
		if _, err := io.ReadAll(r.Body); err != nil {
			return tokenhttp.Grant{}, err
		}
	}
	return d.grant, d.err
}

// ask sends a request, with headers as "Name: value".
func (d *desk) ask(method, body string, headers ...string) *http.Response {
	d.t.Helper()
	r := httptest.NewRequest(method, "https://login.example.com/token", strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		d.t.Errorf("Cache-Control is %q", got)
	}
	return w.Result()
}

// tokens asks for tokens and gets them.
func (d *desk) tokens() (netcode.TokenList, []byte) {
	d.t.Helper()
	resp := d.ask("POST", "")
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/octet-stream" {
		d.t.Fatalf("%v, %v, %s", resp, err, b)
	}
	ts, err := netcode.ParseTokenList(b)
	if err != nil {
		d.t.Fatal(err)
	}
	return ts, b
}

// refused asks and is told why not.
func (d *desk) refused(status int, code string, method, body string, headers ...string) *http.Response {
	d.t.Helper()
	resp := d.ask(method, body, headers...)
	var a struct {
		Error, Message string
		RetryAfter     int `json:"retry_after_s"`
	}
	b, _ := io.ReadAll(resp.Body)
	if err := json.Unmarshal(b, &a); err != nil {
		d.t.Fatalf("%v in %q", err, b)
	}
	if resp.StatusCode != status || a.Error != code || a.Message == "" || resp.Header.Get("Content-Type") != "application/json" {
		d.t.Errorf("got %d %s, want %d %s", resp.StatusCode, b, status, code)
	}
	return resp
}

// inspect opens what a player got.
func inspect(t *testing.T, token *netcode.Token) *netcode.Inspection {
	t.Helper()
	i := netcode.Inspect(token.Append(nil), &theKey)
	if len(i.Faults) > 0 {
		t.Fatal(i.Faults)
	}
	return i
}

// TestGrant: everything that a login grants is in the token.
func TestGrant(t *testing.T) {
	d := newDesk(t, func(c *tokenhttp.Config) { c.Token.Timeout = 7 * time.Second })
	ts, b := d.tokens()
	i := inspect(t, ts[0])
	if len(ts) != 1 || string(b[:4]) != "TWTK" || i.ProtocolID != 7 || i.Private.ClientID != 42 ||
		i.Created != unix || i.Expires != unix+45 || i.TimeoutSeconds != 7 || !i.Pad.Present || i.Pad.ForwardSecrecy {
		t.Errorf("by default %+v", i)
	}
	d.grant = tokenhttp.Grant{
		ClientID: 9, UserData: []byte("level 3"), Servers: []string{"203.0.113.1:1", "[2001:db8::1]:2"},
		Lifetime: time.Minute, Timeout: -1, Suite: netcode.SuiteSignedOnly, TagBytes: 8, ForwardSecrecy: true,
	}
	ts, _ = d.tokens()
	if len(ts) != 2 || ts[1].Addresses[0] != netip.MustParseAddrPort("[2001:db8::1]:2") {
		t.Fatalf("%v", ts)
	}
	i = inspect(t, ts[0])
	p := i.Private
	if p.ClientID != 9 || !bytes.HasPrefix(p.UserData, []byte("level 3\x00")) || i.Expires != unix+60 || i.TimeoutSeconds != -1 ||
		p.Pad.Suite != netcode.SuiteSignedOnly || p.Pad.TagBytes != 8 || !p.Pad.ForwardSecrecy ||
		i.Addresses[0] != netip.MustParseAddrPort("203.0.113.1:1") {
		t.Errorf("granted %+v", i)
	}
}

// TestPlainGrant: who has another library gets one bare token, whatever protection is usual.
func TestPlainGrant(t *testing.T) {
	d := newDesk(t, func(c *tokenhttp.Config) { c.Token.ForwardSecrecy, c.Token.Suite = true, netcode.SuiteAES256GCM })
	d.grant.Plain = true
	ts, b := d.tokens()
	if len(b) != netcode.TokenBytes || ts[0].Pad.Present {
		t.Errorf("%d bytes, %+v", len(b), ts[0].Pad)
	}
	d.grant.Servers = []string{"192.0.2.1:1", "192.0.2.1:2"}
	d.refused(500, "internal", "POST", "")
	d.grant.Servers, d.grant.ForwardSecrecy = nil, true
	d.refused(500, "internal", "POST", "")
}

// TestRefusals: what a login says is told; what is not for players is not.
func TestRefusals(t *testing.T) {
	d := newDesk(t, nil)
	d.err = &tokenhttp.Refusal{Code: "banned", Text: "until May", RetryAfter: 1500 * time.Millisecond}
	if resp := d.refused(403, "banned", "POST", ""); resp.Header.Get("Retry-After") != "2" {
		t.Errorf("%v", resp.Header)
	}
	d.err = &tokenhttp.Refusal{Status: 401, Text: "log in", Challenge: "Basic"}
	if resp := d.refused(401, "refused", "POST", ""); resp.Header.Get("WWW-Authenticate") != "Basic" {
		t.Errorf("%v", resp.Header)
	}
	d.err = &tokenhttp.Refusal{Status: 200, Text: "a success that is none"}
	d.refused(403, "refused", "POST", "")

	d.err = errors.New("the database at 10.1.2.3 is down")
	resp := d.ask("POST", "")
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 500 || strings.Contains(string(body), "10.1.2.3") || !strings.Contains(d.log.String(), "10.1.2.3") {
		t.Errorf("the player hears %s, the operator %s", body, &d.log)
	}
	d.err = nil
	for _, bad := range []tokenhttp.Grant{
		{}, // a login that forgot who it is
		{ClientID: 1, UserData: make([]byte, 257)},
		{ClientID: 1, Suite: 9},
		{ClientID: 1, Servers: []string{"nowhere"}},
		{ClientID: 1, Servers: []string{"0.0.0.0:7777"}},
		{ClientID: 1, Servers: strings.Fields(strings.Repeat("192.0.2.1:7777 ", 9))},
	} {
		d.grant = bad
		d.refused(500, "internal", "POST", "")
	}
}

// TestMethods: POST and nothing else.
func TestMethods(t *testing.T) {
	d := newDesk(t, nil)
	for _, method := range []string{"GET", "PUT", "DELETE", "OPTIONS"} {
		if resp := d.refused(405, "method", method, ""); resp.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %v", method, resp.Header)
		}
	}
}

// TestSize: a body beyond the limit is not read, whether or not it says its length.
func TestSize(t *testing.T) {
	d := newDesk(t, func(c *tokenhttp.Config) { c.MaxBodyBytes = 10 })
	d.read = true
	if resp := d.ask("POST", strings.Repeat("x", 10)); resp.StatusCode != 200 {
		t.Errorf("%d", resp.StatusCode)
	}
	d.refused(413, "too_large", "POST", strings.Repeat("x", 11))

	r := httptest.NewRequest("POST", "https://login.example.com/", io.MultiReader(strings.NewReader(strings.Repeat("x", 11))))
	w := httptest.NewRecorder()
	if d.h.ServeHTTP(w, r); r.ContentLength != -1 || w.Code != 413 {
		t.Errorf("without a length: %d", w.Code)
	}
	d = newDesk(t, func(c *tokenhttp.Config) { c.MaxBodyBytes = -1 })
	d.refused(413, "too_large", "POST", "x")
}

// TestTime: a login is told that it takes too long, and so is the player, also
// one who sends the body drop by drop.
func TestTime(t *testing.T) {
	var slow desk
	h, err := tokenhttp.Handler(tokenhttp.Config{
		Token: netcode.MintConfig{Key: theKey}, MaxTime: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		Login: func(r *http.Request) (tokenhttp.Grant, error) {
			if r.Header.Get("Wait") != "" {
				<-r.Context().Done()
				return tokenhttp.Grant{}, r.Context().Err()
			}
			_, err := io.ReadAll(r.Body)
			return tokenhttp.Grant{}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	slow.t, slow.h = t, h
	slow.refused(503, "timeout", "POST", "", "Wait: yes")

	srv := httptest.NewServer(h)
	defer srv.Close()
	body, drops := io.Pipe()
	defer drops.Close()
	resp, err := http.Post(srv.URL, "text/plain", body)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 503 {
		t.Errorf("drop by drop: %d", resp.StatusCode)
	}
}

// TestOrigins: browsers ask for their pages, and only those that are named get through.
func TestOrigins(t *testing.T) {
	const page = "https://play.example.com"
	none := newDesk(t, nil)
	none.refused(403, "origin", "POST", "", "Origin: "+page)
	none.refused(403, "origin", "POST", "", "Sec-Fetch-Site: cross-site")
	none.refused(405, "method", "OPTIONS", "", "Origin: https://login.example.com", "Access-Control-Request-Method: POST")
	if resp := none.ask("POST", "", "Origin: https://login.example.com"); resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the own origin: %v", resp)
	}

	some := newDesk(t, func(c *tokenhttp.Config) { c.AllowOrigins, c.AllowCredentials = []string{page}, true })
	resp := some.ask("OPTIONS", "", "Origin: "+page, "Access-Control-Request-Method: POST")
	if h := resp.Header; resp.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Methods") != "POST" ||
		h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Vary") != "Origin" {
		t.Errorf("preflight: %v", resp)
	}
	if resp := some.ask("POST", "", "Origin: "+page); resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") != page {
		t.Errorf("%v", resp)
	}
	if resp := some.refused(403, "origin", "POST", "", "Origin: https://evil.example"); resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", resp.Header)
	}
	all := newDesk(t, func(c *tokenhttp.Config) { c.AllowOrigins = []string{"*"} })
	if resp := all.ask("POST", "", "Origin: https://evil.example"); resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", resp)
	}
}

// TestLogKeepsSecrets: neither what was sent nor what was given is in the log.
func TestLogKeepsSecrets(t *testing.T) {
	d := newDesk(t, nil)
	d.grant.UserData = []byte("her real name")
	_, b := d.tokens()
	d.err = errors.New("broken")
	d.refused(500, "internal", "POST", "the password", "Authorization: Bearer secret")
	log := d.log.String()
	if !strings.Contains(log, "client=42") || !strings.Contains(log, "broken") {
		t.Errorf("says too little: %s", log)
	}
	token := b[6+1085:]
	for _, secret := range []string{
		"her real name", "the password", "secret", hex.EncodeToString(theBytes[:3]), string(token[:8]),
		hex.EncodeToString(token[:8]), base64.StdEncoding.EncodeToString(token[:9]),
	} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log: %s", secret, log)
		}
	}
}

// TestConfigErrors: every wrong field is named, all at once.
func TestConfigErrors(t *testing.T) {
	_, err := tokenhttp.Handler(tokenhttp.Config{
		Servers: []string{"192.0.2.1:7777", "192.0.2.1"}, AllowOrigins: []string{"play.example.com"},
	})
	for _, want := range []string{" Login is nil", " Token.Key is zero", ` Servers[1] is "192.0.2.1": want host:port`, " AllowOrigins[0] is "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	_, err = tokenhttp.Handler(tokenhttp.Config{
		Token: netcode.MintConfig{Key: theKey}, AllowOrigins: []string{"*"}, AllowCredentials: true,
		Login: func(*http.Request) (tokenhttp.Grant, error) { return tokenhttp.Grant{}, nil },
	})
	if ce, ok := errors.AsType[*tokenhttp.ConfigError](err); !ok || ce.Field != "AllowCredentials" {
		t.Errorf("%v", err)
	}
}

// A book is a resolver with what a test writes into it.
type book map[string][]netip.Addr

func (b book) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a, ok := b[host]; ok {
		return a, nil
	}
	return nil, errors.New("no such host")
}

// TestServerNames: a name with an address of each kind is one server; with more, each
// address is one; and one that nobody knows is an error that says so.
func TestServerNames(t *testing.T) {
	v4, v6, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::ffff:192.0.2.2")
	names := func(c *tokenhttp.Config) {
		c.Resolver = book{"eu.example": {v6, v4}, "us.example": {v4, other, v6, v4}, "empty.example": {netip.IPv4Unspecified()}}
		c.Servers = []string{"eu.example:7"}
	}
	d := newDesk(t, names)
	if ts, _ := d.tokens(); len(ts) != 1 || len(ts[0].Addresses) != 2 || ts[0].Addresses[0].Addr() != v6 {
		t.Errorf("%v", ts)
	}
	d.grant.Servers = []string{"us.example:8", "eu.example:7"}
	if ts, _ := d.tokens(); len(ts) != 4 || ts[1].Addresses[0] != netip.MustParseAddrPort("192.0.2.2:8") {
		t.Errorf("%v", ts)
	}
	for _, name := range []string{"xx.example:1", "empty.example:1"} {
		d := newDesk(t, names) // whose log has said nothing yet
		d.grant.Servers = []string{"eu.example:7", name}
		d.refused(503, "servers", "POST", "")
		if !strings.Contains(d.log.String(), name) {
			t.Errorf("%s is not in the log: %s", name, &d.log)
		}
	}
}
