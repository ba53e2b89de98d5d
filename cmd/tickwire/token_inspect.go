package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// A tokenInspectCmd is `tickwire token inspect`.
type tokenInspectCmd struct {
	File string   `arg:"" help:"The token or a token list: their bytes, or hex or base64; - is standard input."`
	Key  *keyFlag `placeholder:"HEX" help:"Look into the private part too. ${key}"`
	JSON bool     `help:"Print it for machines."`
}

// Validate is called by kong after parsing.
func (c *tokenInspectCmd) Validate() (err error) {
	c.Key, err = keyFrom(c.Key)
	return err
}

// Run is called by kong.
func (c *tokenInspectCmd) Run() error { return c.run(time.Now(), os.Stdin, os.Stdout) }

func (c *tokenInspectCmd) run(now time.Time, in io.Reader, out io.Writer) error {
	b, err := readTokenFile(c.File, in)
	if err != nil {
		return fmt.Errorf("no token: %w; a login backend gives one out, or `tickwire token new --server HOST:PORT --out FILE`", err)
	}
	r := c.report(b, now)
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(r)
	} else {
		_, err = io.WriteString(out, r.text())
	}
	switch {
	case err != nil:
		return err
	case r.FaultCount > 0:
		return &exitError{exitBad, fmt.Errorf("faults in %s: %d", c.File, r.FaultCount)}
	case r.Expired:
		return &exitError{exitOver, fmt.Errorf("%s is sound, and has expired", c.File)}
	}
	return nil
}

// A tokenReport is what `tickwire token inspect --json` prints. The names of the
// numbers end with their unit.
type tokenReport struct {
	Size       int           `json:"size_bytes"`
	FaultCount int           `json:"faults_count"` // of all
	Expired    bool          `json:"expired"`      // they are sound, and all of them expired
	Faults     []faultReport `json:"faults"`       // of what holds the tokens together
	Tokens     []tokenJSON   `json:"tokens"`
}

type faultReport struct {
	Field   string `json:"field"`
	Problem string `json:"problem"`
}

type tokenJSON struct {
	ProtocolID uint64           `json:"protocol_id"`
	Created    uint64           `json:"created_unix_s"`
	Expires    uint64           `json:"expires_unix_s"`
	Lifetime   uint64           `json:"lifetime_s"`
	ValidFor   int64            `json:"valid_for_s"` // negative: expired so long ago; the largest: as good as never
	Timeout    int32            `json:"timeout_s"`
	Addresses  []netip.AddrPort `json:"addresses"`
	Pad        padJSON          `json:"pad"`
	Private    *privateJSON     `json:"private"`
	Faults     []faultReport    `json:"faults"`
}

// A padJSON is what a tickwire backend asks for.
type padJSON struct {
	Present        bool   `json:"present"` // else it is a token for plain netcode
	Suite          string `json:"suite"`
	TagBytes       uint8  `json:"tag_bytes"`
	ForwardSecrecy bool   `json:"forward_secrecy"`
	Unsealed       bool   `json:"may_go_unsealed"`
}

type privateJSON struct {
	ClientID     uint64           `json:"client_id"`
	Timeout      int32            `json:"timeout_s"`
	Addresses    []netip.AddrPort `json:"addresses"`
	UserData     string           `json:"user_data_hex"` // without the zeros at its end
	UserDataText string           `json:"user_data_text,omitempty"`
	Pad          padJSON          `json:"pad"`
}

func (c *tokenInspectCmd) report(b []byte, now time.Time) tokenReport {
	var key *netcode.Key
	if c.Key != nil {
		key = &c.Key.Key
	}
	tokens, fault := netcode.InspectTokenList(b, key)
	r := tokenReport{Size: len(b), Expired: true, Faults: []faultReport{}, Tokens: []tokenJSON{}}
	if fault != nil {
		r.Faults = faultsOf([]*netcode.TokenError{fault})
		r.FaultCount++
	}
	for _, i := range tokens {
		t := tokenOf(i, now)
		r.Tokens = append(r.Tokens, t)
		r.FaultCount += len(t.Faults)
		r.Expired = r.Expired && t.ValidFor <= 0
	}
	r.Expired = r.Expired && r.FaultCount == 0
	return r
}

func tokenOf(i *netcode.Inspection, now time.Time) tokenJSON {
	t := tokenJSON{
		ProtocolID: i.ProtocolID, Created: i.Created, Expires: i.Expires,
		Lifetime: i.Expires - min(i.Created, i.Expires), ValidFor: validFor(i.Expires, now.Unix()),
		Timeout: i.TimeoutSeconds, Addresses: notNil(i.Addresses), Pad: padOf(i.Pad), Faults: faultsOf(i.Faults),
	}
	if p := i.Private; p != nil {
		data := bytes.TrimRight(p.UserData, "\x00")
		t.Private = &privateJSON{
			ClientID: p.ClientID, Timeout: p.TimeoutSeconds, Addresses: notNil(p.Addresses),
			UserData: hex.EncodeToString(data), Pad: padOf(p.Pad),
		}
		if text := string(data); strings.Trim(strconv.Quote(text), `"`) == text {
			t.Private.UserDataText = text
		}
	}
	return t
}

// validFor is how long it is until expires, as much as fits. There are tokens that never
// expire, which is the largest number of seconds that there is.
func validFor(expires uint64, now int64) int64 {
	if expires > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(expires) - max(now, 0)
}

func notNil(addresses []netip.AddrPort) []netip.AddrPort {
	return append([]netip.AddrPort{}, addresses...)
}

func padOf(p netcode.Pad) padJSON {
	return padJSON{p.Present, p.Suite.String(), p.TagBytes, p.ForwardSecrecy, p.Unsealed}
}

func faultsOf(faults []*netcode.TokenError) []faultReport {
	all := []faultReport{}
	for _, f := range faults {
		all = append(all, faultReport{f.Field, f.Problem})
	}
	return all
}

// text is the report for people.
func (r *tokenReport) text() string {
	var b strings.Builder
	for n, t := range r.Tokens {
		if len(r.Tokens) > 1 {
			fmt.Fprintf(&b, "token %d of %d\n", n+1, len(r.Tokens))
		}
		t.text(&b)
	}
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "WRONG     %s: %s\n", f.Field, f.Problem)
	}
	return b.String()
}

func (t *tokenJSON) text(b *strings.Builder) {
	if len(t.Faults) != 1 || t.Faults[0].Field != "length" { // else nothing could be read
		fmt.Fprintf(b, "protocol  %#x\n", t.ProtocolID)
		fmt.Fprintf(b, "created   %s\n", unixText(t.Created))
		fmt.Fprintf(b, "expires   %s\n", t.expiry())
		fmt.Fprintf(b, "timeout   %s\n", timeoutText(t.Timeout))
		fmt.Fprintf(b, "addresses %v\n", t.Addresses)
		fmt.Fprintf(b, "pad       %s\n", t.Pad)
	}
	if p := t.Private; p != nil {
		if !slices.Equal(p.Addresses, t.Addresses) {
			fmt.Fprintf(b, "private   addresses %v, by which servers know themselves\n", p.Addresses)
		}
		fmt.Fprintf(b, "client    %d\n", p.ClientID)
		fmt.Fprintf(b, "user data %d bytes: %s\n", len(p.UserData)/2, orText(p.UserDataText, p.UserData))
	}
	for _, f := range t.Faults {
		fmt.Fprintf(b, "WRONG     %s: %s\n", f.Field, f.Problem)
	}
}

func orText(text, hex string) string {
	if text != "" {
		return text
	}
	return hex
}

func (t *tokenJSON) expiry() string {
	if t.Expires == math.MaxUint64 {
		return "never"
	}
	return fmt.Sprintf("%s, after %d s, %s", unixText(t.Expires), t.Lifetime, remaining(t.ValidFor))
}

func unixText(s uint64) string {
	if s > 1<<40 { // far beyond any calendar
		return fmt.Sprintf("%d s after 1970", s)
	}
	return time.Unix(int64(s), 0).UTC().Format(time.RFC3339)
}

func remaining(s int64) string {
	if s <= 0 {
		return fmt.Sprintf("expired %d s ago", -s)
	}
	return fmt.Sprintf("%d s from now", s)
}

func timeoutText(s int32) string {
	if s <= 0 {
		return "never"
	}
	return fmt.Sprintf("%d s", s)
}

func (p padJSON) String() string {
	if !p.Present {
		return "none: plain netcode, " + p.Suite
	}
	text := fmt.Sprintf("tickwire, %s, tags of %d bytes", p.Suite, p.TagBytes)
	if p.ForwardSecrecy {
		text += ", forward secrecy"
	}
	if p.Unsealed {
		text += ", may go unsealed"
	}
	return text
}
