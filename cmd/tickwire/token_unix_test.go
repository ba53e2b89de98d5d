//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTokenFile: who has the old file open does not read the new token through that, and what
// is no regular file gets none.
func TestTokenFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(name, []byte("an old token"), 0o644); err != nil {
		t.Fatal(err)
	}
	spy, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer spy.Close()
	c := &tokenNewCmd{Out: name}
	if err := c.write(nil, []byte("the new secret token")); err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(spy); string(b) != "an old token" {
		t.Errorf("who had the file open reads %q", b)
	}
	info, err := os.Stat(name)
	if b, _ := os.ReadFile(name); err != nil || string(b) != "the new secret token" || readableByOthers(info) {
		t.Errorf("the file has %q, %v", b, info.Mode())
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(name, link); err != nil {
		t.Fatal(err)
	}
	c.Out = link
	if err := c.write(nil, []byte("another")); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("through a link: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".token-*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// TestKeyFileMode: a key that others can read is used, and said to be readable.
func TestKeyFileMode(t *testing.T) {
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: true, 0o644: true} {
		name := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(name, []byte(testKey), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		stderr := os.Stderr
		os.Stderr = w
		err = new(keyFlag).UnmarshalText([]byte("@" + name))
		os.Stderr = stderr
		w.Close()
		said, _ := io.ReadAll(r)
		if err != nil || strings.Contains(string(said), "chmod 600") != warned || strings.Contains(string(said), testKey) {
			t.Errorf("%v: %v, %q", mode, err, said)
		}
	}
}
