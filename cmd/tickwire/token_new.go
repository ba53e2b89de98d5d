package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// A tokenNewCmd is `tickwire token new`: a login backend for one player, by hand.
type tokenNewCmd struct {
	Server         []string      `required:"" placeholder:"HOST:PORT" help:"The game server, by address or name; several, or a name with several addresses of a kind, make a token list."`
	Key            *keyFlag      `placeholder:"HEX" help:"${key}"`
	Protocol       uint64        `placeholder:"ID" help:"Protocol id of the game, such as 0x1234; default 0."`
	Client         uint64        `default:"1" help:"The player's number."`
	UserData       string        `placeholder:"TEXT" help:"What the server is told of the player, at most 256 bytes; @FILE reads them from there."`
	Lifetime       time.Duration `default:"45s" help:"How long the token may be shown. A server that has just started wants its largest, 45s."`
	Timeout        time.Duration `default:"10s" help:"How long silence may last on the connection; negative: for ever."`
	Suite          string        `default:"chacha20" enum:"chacha20,aes256,signed" help:"How packets are protected: chacha20, aes256, or signed, which everybody may read."`
	TagBytes       int           `placeholder:"N" help:"Bytes of tag of each signed packet, 8 to 32; default 16."`
	ForwardSecrecy bool          `help:"Recorded packets stay unreadable to who gets token and key later."`
	Plain          bool          `help:"For a client of another netcode library."`
	Out            string        `short:"o" placeholder:"FILE" help:"Write the token there, readable by you alone; default: standard output, if that is no terminal."`
	Format         string        `default:"raw" enum:"raw,hex,base64" help:"raw, hex or base64."`
}

// suites are what --suite can say.
var suites = map[string]netcode.Suite{
	"chacha20": netcode.SuiteChaCha20Poly1305, "aes256": netcode.SuiteAES256GCM, "signed": netcode.SuiteSignedOnly,
}

// resolveTime bounds how long names are looked up.
const resolveTime = 10 * time.Second

// Validate is called by kong after parsing.
func (c *tokenNewCmd) Validate() (err error) {
	if c.Key, err = needKey(c.Key); err != nil {
		return err
	}
	switch {
	case c.Lifetime <= 0:
		return fmt.Errorf("--lifetime is %v: want a time such as 45s", c.Lifetime)
	case c.Timeout == 0:
		return errors.New("--timeout is 0s: want a time such as 10s, or a negative one for ever")
	case c.Plain && len(c.Server) > 1:
		return fmt.Errorf("--plain with %d servers: a plain token names one", len(c.Server))
	}
	return nil
}

// Run is called by kong.
func (c *tokenNewCmd) Run(ctx context.Context) error {
	return c.run(ctx, time.Now(), os.Stdout, os.Stderr)
}

func (c *tokenNewCmd) run(ctx context.Context, now time.Time, out, notes io.Writer) error {
	if _, ok := terminal(out); ok && c.Out == "" && c.Format == "raw" {
		return errors.New("a token is secret, and its bytes are nothing for a terminal: say --out FILE, or --format base64 to see it all the same")
	}
	servers, err := resolveServers(ctx, c.Server)
	if err != nil {
		return fmt.Errorf("--server: %w", err)
	}
	tokens, err := c.mint(now, servers)
	if err != nil {
		return err
	}
	if err := c.write(out, c.encode(tokens)); err != nil {
		return err
	}
	for _, t := range tokens {
		fmt.Fprintf(notes, "client %d may show this to %v until %s: keep it secret\n", c.Client, t.Addresses,
			time.Unix(int64(t.Expires), 0).UTC().Format(time.RFC3339))
	}
	return nil
}

// resolveServers finds the addresses of servers, for a token each.
func resolveServers(ctx context.Context, names []string) (servers [][]netip.AddrPort, err error) {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	for _, name := range names {
		addresses, err := udp.Resolve(ctx, name)
		if _, _, shape := net.SplitHostPort(name); err != nil && shape != nil {
			return nil, mistaken(bare(err))
		}
		if err != nil {
			return nil, bare(err)
		}
		servers = append(servers, netcode.PerServer(addresses)...)
	}
	return servers, nil
}

// tokenFlags are the flags behind the fields of a token.
var tokenFlags = map[string]string{
	"UserData": "user-data", "Addresses": "server", "Addresses[0]": "server", "TagBytes": "tag-bytes", "Plain": "plain", "servers": "server",
}

func (c *tokenNewCmd) mint(now time.Time, servers [][]netip.AddrPort) (netcode.TokenList, error) {
	userData, err := atFile(c.UserData)
	if err != nil {
		return nil, fmt.Errorf("--user-data: %w", err)
	}
	if c.Plain && len(servers) > 1 {
		return nil, fmt.Errorf("--server %s has %d addresses: a plain token names one server, so give one address", c.Server[0], len(servers))
	}
	tokens, err := netcode.MintTokenList(now, netcode.MintConfig{
		ProtocolID: c.Protocol, Key: c.Key.Key, ClientID: c.Client, UserData: userData,
		Lifetime: c.Lifetime, Timeout: c.Timeout, Plain: c.Plain,
		Suite: suites[c.Suite], TagBytes: c.TagBytes, ForwardSecrecy: c.ForwardSecrecy,
	}, servers...)
	if _, ok := errors.AsType[*netcode.ConfigError](err); ok {
		err = mistaken(flagErrors(err, tokenFlags))
	}
	return tokens, err
}

// atFile is the text, or the content of the file that @ names.
func atFile(text string) ([]byte, error) {
	if len(text) > 1 && text[0] == '@' {
		return os.ReadFile(text[1:])
	}
	return []byte(text), nil
}

// encode makes one token what every netcode client reads, and of several a token list.
func (c *tokenNewCmd) encode(tokens netcode.TokenList) []byte {
	b := tokens.Append(nil)
	if len(tokens) == 1 {
		b = tokens[0].Append(nil)
	}
	switch c.Format {
	case "hex":
		b = append(hex.AppendEncode(nil, b), '\n')
	case "base64":
		b = append(base64.StdEncoding.AppendEncode(nil, b), '\n')
	}
	return b
}

// write leaves no moment in which others could read the file, or have it open from before: what
// is written is a new file, which then takes the name. What is no regular file, a pipe that
// somebody has left there, gets nothing; a shell's > says that it is meant.
func (c *tokenNewCmd) write(out io.Writer, b []byte) error {
	if c.Out == "" || c.Out == "-" {
		_, err := out.Write(b)
		return err
	}
	if info, err := os.Lstat(c.Out); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("--out: %s is no regular file; leave --out away and write > %s if it is meant", c.Out, c.Out)
	}
	f, err := os.CreateTemp(filepath.Dir(c.Out), ".token-*") // which nobody else can read
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		e.Path = c.Out // which is what was asked for
	}
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), c.Out)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}
