package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tickwire/tickwire/internal/picture"
)

// pictureOf parses a command line and runs it.
func pictureOf(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var c cli
	parser, err := newParser(t.Context(), &c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"picture"}, args...)); err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = c.Picture.run(&out)
	return out.String(), err
}

func TestPictureCommand(t *testing.T) {
	one, err := pictureOf(t, "group")
	if err != nil || !strings.HasSuffix(one, "</svg>\n") {
		t.Errorf("%v: %.100q", err, one)
	}
	other, err := pictureOf(t, "group", "--seed", "5")
	if err != nil || other == one || !strings.Contains(other, "with seed 5") {
		t.Errorf("another seed drew the same picture: %v", err)
	}
	if list, err := pictureOf(t); err != nil || strings.Count(list, "\n") != len(picture.Scenes()) {
		t.Errorf("%v: %s", err, list)
	}
	folder := t.TempDir()
	if _, err := pictureOf(t, "group", "key", "--out", folder); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(folder, "group.svg"))
	if err != nil || string(written) != one {
		t.Errorf("%v: the file is not what was printed", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "key.svg")); err != nil {
		t.Error(err)
	}
}

func TestPictureRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"nonsense":           `no picture is called "nonsense": there are unreliable,`,
		"group key":          "2 pictures: say in which --out folder",
		"--seed x":           "--seed",
		"--out missing/here": "--out: open",
	} {
		if _, err := pictureOf(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

// TestPicturePages: the pages show every picture that is drawn for them, and the folder beside them
// holds no other. Whether they are up to date is for .ci/generated to find.
func TestPicturePages(t *testing.T) {
	const docs = "../../docs"
	files, err := os.ReadDir(docs + "/pictures")
	if err != nil {
		t.Fatal(err)
	}
	plots, err := os.ReadFile("bench_plot.go") // says how those of links.md are drawn
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]string{
		"codec.svg":    "codec.md",                                        // by make codec
		"browsers.svg": "browsers.md", "browsers-time.svg": "browsers.md", // by make browsers
	}
	for _, of := range []string{"links", "phone", "wifi-bad", "wifi-bad-phone"} {
		wanted["arena-"+of+".png"] = "demo.md" // by make screenshots
	}
	for _, s := range picture.Scenes() {
		wanted[s.Name+".svg"] = "deliveries.md"
	}
	for _, m := range regexp.MustCompile(`--plot ../../docs/pictures/(\S+)`).FindAllStringSubmatch(string(plots), -1) {
		wanted[m[1]] = "links.md"
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "constant-") {
			continue // internal/sweep draws those of constants.md
		}
		page, err := os.ReadFile(filepath.Join(docs, wanted[f.Name()]))
		if wanted[f.Name()] == "" || err != nil || !strings.Contains(string(page), "](pictures/"+f.Name()+")") {
			t.Errorf("%s: no command draws it, or %q does not show it (%v)", f.Name(), wanted[f.Name()], err)
		}
		delete(wanted, f.Name())
	}
	if len(wanted) > 0 {
		t.Errorf("not drawn: %v", wanted)
	}
}
