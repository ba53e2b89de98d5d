package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/compress"
	"github.com/tickwire/tickwire/internal/corpus"
)

// chats are chat messages as JSON.
func chats(n int) [][]byte {
	for _, s := range corpus.Streams(1, corpus.Train) {
		if s.Name == "chat" && s.JSON {
			return s.Take(n)
		}
	}
	return nil
}

// train runs dict train, and returns what it printed.
func train(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c, err := parse(t, append([]string{"dict", "train"}, args...)...)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = c.Dict.Train.run(&out)
	return out.String(), err
}

func show(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c, err := parse(t, append([]string{"dict", "show"}, args...)...)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = c.Dict.Show.run(&out)
	return out.String(), err
}

func write(t *testing.T, name string, b []byte) string {
	t.Helper()
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// recordings are the same messages as a recording, as lines, and as a folder.
func recordings(t *testing.T, messages [][]byte) (dir, records, lines, files string) {
	t.Helper()
	dir = t.TempDir()
	files = filepath.Join(dir, "messages")
	if err := os.Mkdir(files, 0o777); err != nil {
		t.Fatal(err)
	}
	var recording []byte
	for i, m := range messages {
		recording = compress.AppendRecord(recording, m)
		write(t, filepath.Join(files, fmt.Sprintf("%04d", i)), m)
	}
	records = write(t, filepath.Join(dir, "records"), recording)
	lines = write(t, filepath.Join(dir, "lines"), append(bytes.Join(messages, []byte("\r\n")), '\n'))
	return dir, records, lines, files
}

// TestDict: from each kind of recording comes the same dictionary, which a program can read, and
// which dict show knows again.
func TestDict(t *testing.T) {
	dir, records, lines, files := recordings(t, chats(500))
	out := filepath.Join(dir, "chat.dict")
	var first *compress.Dictionary
	for _, args := range [][]string{{records}, {lines, "--lines"}, {files}} {
		said, err := train(t, append(args, "--out", out, "--bytes=4096")...)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(out)
		d, err := compress.ParseDictionary(b)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = d
		}
		id := fmt.Sprintf("dictionary %08x, ", d.ID())
		if d.ID() != first.ID() || !strings.Contains(said, id) || !strings.Contains(said, "of 100 messages that it has not learned") {
			t.Errorf("%v: %s", args, said)
		}
		shown, err := show(t, out, "--try", records)
		if err != nil || !strings.Contains(shown, id) || !strings.Contains(shown, `\"`) || !strings.Contains(shown, "of 500 messages") {
			t.Errorf("%s, %v", shown, err)
		}
	}
	unseen := chats(600)[500:]
	all, err := savings(first, unseen)
	if err != nil || all[1].bytes*3 > all[0].before*2 || all[2].bytes >= all[1].bytes || all[0].bytes < all[1].bytes {
		t.Errorf("%+v, %v", all, err)
	}
}

// TestDictDoesNotPay: of messages that do not resemble those of another match it says so.
func TestDictDoesNotPay(t *testing.T) {
	const snapshots = 8 // in bits
	one, other := corpus.Streams(1, corpus.Train)[snapshots].Take(160), corpus.Streams(2, corpus.Train)[snapshots].Take(40)
	dir, records, _, _ := recordings(t, append(one, other...))
	said, err := train(t, records, "-o", filepath.Join(dir, "out"))
	if err != nil || !strings.Contains(said, "leave these messages as they are") {
		t.Errorf("%s, %v", said, err)
	}
}

// TestDictRefuses: an error names the file, and what to do.
func TestDictRefuses(t *testing.T) {
	dir, records, lines, _ := recordings(t, chats(20))
	out := filepath.Join(dir, "out")
	if _, err := train(t, records, "--out", out); err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(out)
	good[40] ^= 1
	damaged := write(t, filepath.Join(dir, "damaged"), good)
	few := write(t, filepath.Join(dir, "few"), compress.AppendRecord(nil, []byte("the only one")))
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		command func(*testing.T, ...string) (string, error)
		args    []string
		want    []string
	}{
		{train, []string{filepath.Join(dir, "nowhere"), "-o", out}, []string{"nowhere", "no such file"}},
		{train, []string{lines, "-o", out}, []string{"lines", "--lines", "four bytes"}},
		{train, []string{few, "-o", out}, []string{"few", "1 messages", "some hundred"}},
		{train, []string{empty, "-o", out}, []string{"empty", "no file in it"}},
		{train, []string{records, "-o", out, "--bytes=100"}, []string{"--bytes is 100", "256 to 65536"}},
		{train, []string{records}, []string{"--out"}},
		{train, []string{records, "-o", filepath.Join(dir, "none", "out")}, []string{"--out", "none"}},
		{show, []string{records}, []string{"records", "no dictionary", "tickwire dict train"}},
		{show, []string{damaged}, []string{"damaged", "as it was written"}},
		{show, []string{out, "--try", lines}, []string{"lines", "--lines"}},
	} {
		_, err := c.command(t, c.args...)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v lacks %q", c.args, err, want)
			}
		}
	}
	_, err := show(t, damaged)
	if exit, ok := errors.AsType[*exitError](err); !ok || exit.code != exitBad {
		t.Errorf("a damaged one: %v", err)
	}
}
