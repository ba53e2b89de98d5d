package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

const (
	testKey = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
	testNow = 1_700_000_000
)

// tokenNew makes a token at testNow and returns what it printed.
func tokenNew(t *testing.T, args ...string) (out, notes string, err error) {
	t.Helper()
	c, err := parse(t, append([]string{"token", "new", "--key", testKey}, args...)...)
	if err != nil {
		return "", "", err
	}
	var o, n bytes.Buffer
	err = c.Token.New.run(t.Context(), time.Unix(testNow, 0), &o, &n)
	return o.String(), n.String(), err
}

// inspect reads what it is given on standard input, some seconds after testNow.
func inspect(t *testing.T, token string, seconds int64, args ...string) (out string, err error) {
	t.Helper()
	c, err := parse(t, append([]string{"token", "inspect", "-"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var o bytes.Buffer
	err = c.Token.Inspect.run(time.Unix(testNow+seconds, 0), strings.NewReader(token), &o)
	return o.String(), err
}

// reportOf is inspect for machines, with the key.
func reportOf(t *testing.T, token string, seconds int64) (r tokenReport, code int) {
	t.Helper()
	out, err := inspect(t, token, seconds, "--key", testKey, "--json")
	if jsonErr := json.Unmarshal([]byte(out), &r); jsonErr != nil {
		t.Fatalf("%v in %s (%v)", jsonErr, out, err)
	}
	if err != nil {
		code = exitCode(err)
	}
	return r, code
}

// TestTokenNew: every flag is in the token, as inspect shows it.
func TestTokenNew(t *testing.T) {
	out, notes, err := tokenNew(t, "--server=127.0.0.1:7777", "--protocol=0x1234", "--client=42", "--user-data=level 3",
		"--lifetime=1m", "--timeout=-1s", "--suite=signed", "--tag-bytes=8", "--forward-secrecy")
	if err != nil || len(out) != netcode.TokenBytes || !strings.Contains(notes, "2023-11-14T22:14:20Z") {
		t.Fatalf("%d bytes, %q, %v", len(out), notes, err)
	}
	r, code := reportOf(t, out, 10)
	if code != 0 || r.FaultCount != 0 || r.Expired || len(r.Tokens) != 1 {
		t.Fatalf("%+v, exit code %d", r, code)
	}
	token := r.Tokens[0]
	if token.ProtocolID != 0x1234 || token.Created != testNow || token.Lifetime != 60 || token.ValidFor != 50 || token.Timeout != -1 ||
		token.Addresses[0].String() != "127.0.0.1:7777" || token.Pad.Suite != "signed only" || token.Pad.TagBytes != 8 || !token.Pad.ForwardSecrecy {
		t.Errorf("%+v", token)
	}
	if p := token.Private; p == nil || p.ClientID != 42 || p.UserDataText != "level 3" || p.UserData != hex.EncodeToString([]byte("level 3")) {
		t.Errorf("%+v", p)
	}
	if _, err := inspect(t, out, 10); err != nil {
		t.Errorf("without the key: %v", err)
	}
	if r, code = reportOf(t, out, 60); code != exitOver || !r.Expired {
		t.Errorf("expired: %+v, exit code %d", r, code)
	}
}

// TestTokenFormats: what new writes, inspect reads, also from within JSON.
func TestTokenFormats(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if _, _, err := tokenNew(t, "--server=127.0.0.1:7777", "--out", file); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil || len(raw) != netcode.TokenBytes {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, format := range []string{"hex", "base64", "raw"} {
		out, _, err := tokenNew(t, "--server=127.0.0.1:7777", "--server=[::1]:7", "--format", format)
		if err != nil {
			t.Fatal(err)
		}
		if r, code := reportOf(t, out, 0); code != 0 || len(r.Tokens) != 2 || r.Size != 6+2*netcode.TokenBytes {
			t.Errorf("%s: %+v, exit code %d", format, r, code)
		}
	}
	text, wrapped := hex.EncodeToString(raw), ""
	for ; len(text) > 0; text = text[min(60, len(text)):] {
		wrapped += text[:min(60, len(text))] + "\n"
	}
	if r, code := reportOf(t, wrapped, 0); code != 0 || r.Size != netcode.TokenBytes {
		t.Errorf("hex in lines: exit %d, %d bytes", code, r.Size)
	}
	if r, code := reportOf(t, `"`+base64.RawURLEncoding.EncodeToString(raw)+"\"\n", 0); code != 0 || r.Size != netcode.TokenBytes {
		t.Errorf("%+v, exit code %d", r, code)
	}
}

// TestTokenForeign: tokens of another implementation, from its transcript.
func TestTokenForeign(t *testing.T) {
	b, err := os.ReadFile("../../testdata/vectors/netcode-standard.json")
	if err != nil {
		t.Fatal(err)
	}
	var tr struct {
		PrivateKey string
		Tokens     []struct{ Name, ClientID, Token string }
	}
	if err := json.Unmarshal(b, &tr); err != nil || len(tr.Tokens) == 0 {
		t.Fatalf("%v, %d tokens", err, len(tr.Tokens))
	}
	for _, token := range tr.Tokens {
		out, err := inspect(t, token.Token, 0, "--key", tr.PrivateKey)
		if err != nil || !strings.Contains(out, "client    "+token.ClientID+"\n") || !strings.Contains(out, "plain netcode") || strings.Contains(out, "WRONG") {
			t.Errorf("%s: %v\n%s", token.Name, err, out)
		}
	}
}

// TestTokenNeverExpires: the largest expiry is no time of a calendar, and is not over. A plain token may
// have it; one of ours is no backend's.
func TestTokenNeverExpires(t *testing.T) {
	ours, _, err := tokenNew(t, "--server=127.0.0.1:7777")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := inspect(t, ours[:29]+strings.Repeat("\xff", 8)+ours[37:], 1); err == nil || !strings.Contains(out, "WRONG     expiry") {
		t.Errorf("%v, %s", err, out)
	}
	good, _, err := tokenNew(t, "--plain", "--server=127.0.0.1:7777")
	if err != nil {
		t.Fatal(err)
	}
	const at = 29 // of the expiry
	for expiry, want := range map[string]string{
		strings.Repeat("\xff", 8):                      "expires   never\n",
		"\xfe" + strings.Repeat("\xff", 7):             "expires   18446744073709551614 s after 1970, after 18446744072009551614 s, 9223372036854775807 s from now\n",
		strings.Repeat("\x00", 7) + "\x80":             "expires   9223372036854775808 s after 1970, ",
		strings.Repeat("\xff", 7) + "\x7f":             "after 9223372035154775807 s, 9223372035154775806 s from now\n",
		strings.Repeat("\x00", 4) + "\x01\x00\x00\x00": "from now\n",
	} {
		token := good[:at] + expiry + good[at+8:]
		out, err := inspect(t, token, 1)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, %s\nwant %s", err, out, want)
		}
		var r tokenReport
		out, err = inspect(t, token, 1, "--json")
		if jsonErr := json.Unmarshal([]byte(out), &r); err != nil || jsonErr != nil || r.Expired || r.Tokens[0].ValidFor <= 0 ||
			r.Tokens[0].Lifetime != r.Tokens[0].Expires-testNow {
			t.Errorf("%v, %v, %+v", err, jsonErr, r)
		}
	}
}

// TestTokenTwoLists: a backend may name a server by one address to clients and by another to
// itself.
func TestTokenTwoLists(t *testing.T) {
	good, _, err := tokenNew(t, "--server=127.0.0.1:7777")
	if err != nil {
		t.Fatal(err)
	}
	token := good[:1094] + "\x0a\x09\x08\x07" + good[1098:]
	out, err := inspect(t, token, 0, "--key", testKey)
	if err != nil || !strings.Contains(out, "addresses [10.9.8.7:7777]\n") || !strings.Contains(out, "private   addresses [127.0.0.1:7777], ") {
		t.Errorf("%v\n%s", err, out)
	}
	r, code := reportOf(t, token, 0)
	if code != 0 || r.FaultCount != 0 || r.Tokens[0].Addresses[0].String() != "10.9.8.7:7777" || r.Tokens[0].Private.Addresses[0].String() != "127.0.0.1:7777" {
		t.Errorf("%+v, exit code %d", r, code)
	}
}

// TestTokenDamaged: each fault is named, in both forms, and the exit code says so.
func TestTokenDamaged(t *testing.T) {
	good, _, err := tokenNew(t, "--server=127.0.0.1:7777")
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := tokenNew(t, "--server=127.0.0.1:7777", "--server=127.0.0.1:7778")
	if err != nil {
		t.Fatal(err)
	}
	damage := func(token string, at int, with string) string { return token[:at] + with + token[at+len(with):] }
	for _, c := range []struct{ token, field, problem string }{
		{good[:2000], "length", "2000 bytes, a token has 2048"},
		{"", "length", "0 bytes"},
		{damage(good, 11, "1"), "version", `"NETCODE 1.01\x00", not "NETCODE 1.02\x00"`},
		{damage(good, 1089, "\x21"), "addresses", "33 of them, not 1 to 32"},
		{damage(good, 1085, "\x63"), "private timeout", "10 s, but the public part says 99 s"},
		{damage(good, 100, "xyz"), "private part", "does not open with this key"},
		{damage(two, 5, "\x03"), "token list", "version 1, count 3, 4096 bytes"},
		{damage(two, 6+11, "1"), "version", "NETCODE 1.01"},
	} {
		r, code := reportOf(t, c.token, 0)
		found := append([]faultReport(nil), r.Faults...)
		for _, token := range r.Tokens {
			found = append(found, token.Faults...)
		}
		if code != exitBad || len(found) != r.FaultCount || len(found) == 0 || found[0].Field != c.field || !strings.Contains(found[0].Problem, c.problem) {
			t.Errorf("%+v, exit code %d; want %s: %s", found, code, c.field, c.problem)
		}
		out, err := inspect(t, c.token, 0, "--key", testKey)
		if err == nil || !strings.Contains(out, "WRONG     "+c.field+": ") {
			t.Errorf("%v, for people:\n%s", err, out)
		}
	}
	out, err := inspect(t, good, 0, "--key", strings.Repeat("77", 32))
	if exitCode(err) != exitBad || !strings.Contains(out, "protocol  0x0") || !strings.Contains(out, "another one") {
		t.Errorf("another key: %v\n%s", err, out)
	}
}

// TestTokenMistakes: each is named with its flag, and none repeats the key.
func TestTokenMistakes(t *testing.T) {
	server := "--server=127.0.0.1:7777"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{}, "missing flags: --server"},
		{[]string{"--server=127.0.0.1"}, "--server: resolve \"127.0.0.1\": missing port"},
		{[]string{"--server=0.0.0.0:7777", "--lifetime=0s"}, "--lifetime is 0s: want a time such as 45s"},
		{[]string{server, "--timeout=0s"}, "--timeout is 0s: want a time such as 10s, or a negative one for ever"},
		{[]string{server, "--user-data", strings.Repeat("x", 257)}, "--user-data is 257 bytes: want at most 256"},
		{[]string{server, "--user-data=@/nowhere"}, "--user-data: open /nowhere"},
		{[]string{server, "--tag-bytes=8"}, "--tag-bytes is 8: want 16 with ChaCha20-Poly1305"},
		{[]string{server, "--suite=rot13"}, "--suite must be one of"},
		{[]string{server, "--plain", "--forward-secrecy"}, "--plain is true: want false, or neither another Suite nor ForwardSecrecy"},
		{[]string{server, "--plain", "--server=127.0.0.1:2"}, "--plain with 2 servers"},
		{[]string{server, "--key=abc123abc123"}, "--key: want 64 hex digits"},
		{[]string{server, "--key", strings.Repeat("0", 64)}, "--key: all zero"},
		{[]string{server, "--key=@/nowhere"}, "--key: open /nowhere"},
		{[]string{server, "--out=/nowhere/token"}, "--out: open /nowhere/token"},
	} {
		out, _, err := tokenNew(t, c.args...)
		if err == nil || !strings.Contains(err.Error(), c.want) || out != "" {
			t.Errorf("%q: %v, want %s", c.args, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "abc123") {
			t.Errorf("repeats the key: %v", err)
		}
	}
	many := strings.Fields(strings.Repeat(server+" ", netcode.MaxListTokens+1))
	if _, _, err := tokenNew(t, many...); err == nil || !strings.Contains(err.Error(), "--server is 9: want 1 to 8") {
		t.Errorf("%v", err)
	}
	c, err := parse(t, "token", "inspect", "/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Token.Inspect.Run(); exitCode(err) != 1 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such file: %v", err)
	}
}

// TestKeyFile: a key comes from a file or a variable too, and is not shown by help.
func TestKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(testKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, _ := hex.DecodeString(testKey)
	want := netcode.KeyFrom([netcode.KeyBytes]byte(raw))
	c, err := parse(t, "serve", "--key=@"+file)
	if err != nil || !c.Serve.Key.Equal(want) {
		t.Errorf("from a file: %v", err)
	}
	t.Setenv("TICKWIRE_KEY", testKey)
	if c, err = parse(t, "token", "inspect", "file"); err != nil || c.Token.Inspect.Key == nil || !c.Token.Inspect.Key.Equal(want) {
		t.Errorf("from a variable: %v", err)
	}
	t.Setenv("TICKWIRE_KEY", "")
	for _, args := range [][]string{{"serve"}, {"token", "new", "--server=127.0.0.1:7777"}} {
		if _, err = parse(t, args...); err == nil || !strings.Contains(err.Error(), "--key is missing: want the secret") {
			t.Errorf("%q: %v", args, err)
		}
	}
	t.Setenv("TICKWIRE_KEY", "secret but wrong")
	if _, err = parse(t, "serve"); err == nil || strings.Contains(err.Error(), "secret but") || !strings.Contains(err.Error(), "want 64 hex digits") {
		t.Errorf("a wrong variable: %v", err)
	}
}

// FuzzTokenInspect: whatever a file holds, the report for machines is JSON and counts
// what is wrong, the one for people shows it, and a client agrees.
func FuzzTokenInspect(f *testing.F) {
	key := netcode.KeyFrom([netcode.KeyBytes]byte{1})
	tokens, err := netcode.MintTokenList(time.Unix(testNow, 0), netcode.MintConfig{Key: key, ClientID: 7, UserData: []byte("\xff\x1b[2J")},
		[]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}, []netip.AddrPort{netip.MustParseAddrPort("[::1]:1")})
	if err != nil {
		f.Fatal(err)
	}
	several, one := tokens.Append(nil), tokens[0].Append(nil)
	for _, b := range [][]byte{several, one, one[:100], several[:3000], []byte(hex.EncodeToString(one)), []byte(base64.StdEncoding.EncodeToString(several)), nil} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		raw := decodeToken(b)
		c := tokenInspectCmd{Key: &keyFlag{key}}
		r := c.report(raw, time.Unix(testNow, 0))
		text := r.text()
		if strings.Count(text, "WRONG ") < r.FaultCount || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Fatalf("%d faults in %q", r.FaultCount, text)
		}
		var again tokenReport
		j, err := json.Marshal(r)
		if err == nil {
			err = json.Unmarshal(j, &again)
		}
		if err != nil || again.FaultCount != r.FaultCount || len(again.Tokens) != len(r.Tokens) {
			t.Fatalf("%v in %s", err, j)
		}
		if _, err := netcode.ParseTokenList(raw); err != nil && r.FaultCount == 0 {
			t.Fatalf("no fault, but a client says %v", err)
		}
	})
}
