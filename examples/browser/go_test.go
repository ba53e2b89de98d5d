//go:build linux

package main

import (
	"io"
	"net/http"
	"os"
	"path"
	"regexp"
	"testing"
	"testing/fstest"
)

// TestGoPage: the page for the player in Go asks for what the commands of README make, and the server has it. What
// it plays TestLongGoPage of the root shows.
func TestGoPage(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	made := fstest.MapFS{}
	for _, m := range regexp.MustCompile(`(?m)^GOOS=js GOARCH=wasm go build -o examples/browser/dist/(\S+) \./examples/browser/client|^cp ".*/(\S+)" examples/browser/dist/$`).FindAllSubmatch(readme, -1) {
		made[path.Base(string(m[1])+string(m[2]))] = &fstest.MapFile{Data: []byte("made")}
	}
	home := site(opened(t, nil, made).address)
	get := func(name string) string {
		answer, err := http.Get(home + name)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", name, answer.Status, err)
		}
		return string(b)
	}
	asked := regexp.MustCompile(`"(/typed/[^"]+)"`).FindAllStringSubmatch(get("/go"), -1)
	if len(asked) != 2 {
		t.Errorf("the page asks for %q", asked)
	}
	for _, m := range asked {
		if got := get(m[1]); got != "made" {
			t.Errorf("%s is %q", m[1], got)
		}
	}
}
