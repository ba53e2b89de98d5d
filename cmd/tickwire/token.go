package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/tickwire/tickwire/netcode"
)

// A tokenCmd is `tickwire token`.
type tokenCmd struct {
	New     tokenNewCmd     `cmd:"" help:"Make a connect token, or a token list for several servers."`
	Inspect tokenInspectCmd `cmd:"" help:"Tell what a connect token of any netcode 1.02 backend says, and what is wrong with it. Exits with 2 if something is, with 3 if it is sound and has expired."`
}

// A keyFlag is the key that backend and servers share, as --key gives it. No
// error ever repeats what was given.
type keyFlag struct{ netcode.Key }

const keyHelp = "The secret that backend and servers share: 64 hex digits, such as `openssl rand -hex 32` prints, or @FILE to read them from. " +
	"Others on this machine can see a command line; they cannot see a file, or the variable " + keyVariable + ", which is read if --key is left out."

// keyVariable is not kong's to read: it would repeat a wrong value.
const keyVariable = "TICKWIRE_KEY"

// keyFrom returns what the flag says, or else the variable; nil if neither does.
func keyFrom(flag *keyFlag) (*keyFlag, error) {
	text := os.Getenv(keyVariable)
	if flag != nil || text == "" {
		return flag, nil
	}
	k := new(keyFlag)
	if err := k.UnmarshalText([]byte(text)); err != nil {
		return nil, fmt.Errorf("%s: %w", keyVariable, err)
	}
	return k, nil
}

// needKey is keyFrom for commands that do nothing without one.
func needKey(flag *keyFlag) (*keyFlag, error) {
	k, err := keyFrom(flag)
	if err == nil && k == nil {
		err = errors.New("--key is missing: want the secret that backend and servers share, or the variable " + keyVariable)
	}
	return k, err
}

// UnmarshalText reads the key.
func (k *keyFlag) UnmarshalText(text []byte) error {
	if name, ok := strings.CutPrefix(string(text), "@"); ok {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if info, err := os.Stat(name); err == nil && readableByOthers(info) {
			fmt.Fprintf(os.Stderr, "tickwire: others on this machine can read the key in %s: chmod 600 it\n", name)
		}
		text = b
	}
	b, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(b) != netcode.KeyBytes {
		return fmt.Errorf("want %d hex digits, such as `openssl rand -hex %d` prints, or @FILE", 2*netcode.KeyBytes, netcode.KeyBytes)
	}
	k.Key = netcode.KeyFrom([netcode.KeyBytes]byte(b))
	if k.Key.IsZero() {
		return errors.New("all zero; want a secret, such as `openssl rand -hex 32` prints")
	}
	return nil
}

// readableByOthers reports whether a file's mode lets anybody but its owner read it, where modes
// mean something.
func readableByOthers(info os.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0
}

// readTokenFile reads a token or a token list: as they are, or in hex or base64, as
// backends write them into JSON. "-" is in.
func readTokenFile(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxTokenBytes))
	if err != nil {
		return nil, err
	}
	return decodeToken(b), nil
}

// decodeToken turns text into the bytes that it stands for. A token itself is
// never text: zeros are in its version.
func decodeToken(b []byte) []byte {
	text := strings.Trim(strings.Join(strings.Fields(string(b)), ""), `"`) // hex may be wrapped
	if raw, err := hex.DecodeString(text); err == nil {
		return raw
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if raw, err := e.DecodeString(text); err == nil && len(raw) > 0 {
			return raw
		}
	}
	return b
}
