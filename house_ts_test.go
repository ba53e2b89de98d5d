package tickwire_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// tsImport is what a line of TypeScript imports from.
var tsImport = regexp.MustCompile(`(?m)^(?:import|export) [^;]*?from "([^"]+)"|^import "([^"]+)"`)

// bundled are the files that become one with what they import when the package is built.
var bundled = map[string]bool{"ts/netcode/aes.ts": true, "ts/netcode/x25519.ts": true}

// forNode are the files that no browser loads.
var forNode = map[string]bool{"ts/transport/udp.ts": true}

// fromNpm are the packages that tests may use, and what builds the package: what makes a page of a program, what opens it, and a cipher
// to compare ours with.
var fromNpm = map[string]bool{"esbuild": true, "@rollup/wasm-node": true, "playwright-core": true, "@noble/ciphers/chacha.js": true}

// tasteOfTS finds what is wrong with one file of the TypeScript library.
func tasteOfTS(name string, text []byte) (faults []string) {
	if bytes.HasPrefix(text, []byte("// Code generated ")) {
		return nil
	}
	if bytes.Count(text, []byte("\n")) > maxFileLines {
		faults = append(faults, name+": is too long; find the noun that wants a file of its own")
	}
	test := strings.HasSuffix(name, ".test.ts") || path.Dir(name) == "ts/testdata" || path.Dir(name) == "ts/build"
	for _, m := range tsImport.FindAllSubmatch(text, -1) {
		from := string(m[1]) + string(m[2])
		node := strings.HasPrefix(from, "node:") && (test || forNode[name])
		if !strings.HasPrefix(from, ".") && !node && !bundled[name] && !(test && fromNpm[from]) {
			faults = append(faults, name+": imports "+from+"; the library stands alone")
		}
		if room := path.Join(path.Dir(name), from); !test && path.Dir(room) == "ts/testdata" {
			faults = append(faults, name+": imports "+from+", which is for tests")
		} else if strings.HasPrefix(from, ".") && path.Dir(room) != path.Dir(name) && path.Dir(room) == "ts/compress" {
			faults = append(faults, name+": imports "+from+", which is for who wants it alone")
		}
	}
	if skip := regexp.MustCompile(`\b(?:test|it|describe)\.(?:skip|only|todo)\b|\bas any\b|@ts-ignore|@ts-nocheck`).Find(text); skip != nil {
		faults = append(faults, name+": "+string(skip)+" passes over something")
	}
	return faults
}

// TestHouseTasteOfTypeScript: the TypeScript library needs no other package, and its files are as those of Go.
func TestHouseTasteOfTypeScript(t *testing.T) {
	files := 0
	walk(t, func(name string) {
		if !strings.HasPrefix(name, "ts/") || path.Ext(name) != ".ts" {
			return
		}
		files++
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range tasteOfTS(name, text) {
			t.Error(fault)
		}
	})
	if files < 10 {
		t.Errorf("found %d files", files)
	}
	text, err := os.ReadFile("ts/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Dependencies, PeerDependencies, OptionalDependencies map[string]string }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if n := len(manifest.Dependencies) + len(manifest.PeerDependencies) + len(manifest.OptionalDependencies); n > 0 {
		t.Errorf("ts/package.json: %d packages are to be installed beside the library; it needs none", n)
	}
}

func TestHouseTasteOfTypeScriptCanFail(t *testing.T) {
	for _, c := range []struct {
		name, text string
		wrong      bool
	}{
		{"ts/codec/a.ts", "import { width } from \"./number.js\";\n", false},
		{"ts/codec/a.ts", "import { read } from \"node:fs\";\n", true},
		{"ts/netcode/aes.ts", "import { gcm } from \"@noble/ciphers/aes.js\";\n", false},
		{"ts/netcode/keys.ts", "import { gcm } from \"@noble/ciphers/aes.js\";\n", true},
		{"ts/transport/udp.ts", "import { createSocket } from \"node:dgram\";\n", false},
		{"ts/client/a.test.ts", "import { build } from \"esbuild\";\n", false},
		{"ts/client/a.ts", "import { build } from \"esbuild\";\n", true},
		{"ts/build/a.ts", "import { build } from \"esbuild\";\n", false},
		{"ts/build/a.ts", "import { build } from \"lodash\";\n", true},
		{"ts/codec/a.test.ts", "import { read } from \"node:fs\";\n", false},
		{"ts/codec/a.ts", "import {\n  a,\n} from \"lodash\";\n", true},
		{"ts/codec/a.ts", "import \"lodash\";\n", true},
		{"ts/testdata/a.ts", "import assert from \"node:assert\";\n", false},
		{"ts/codec/a.ts", "export * from \"../" + "testdata/five.js\";\n", true},
		{"ts/codec/a.ts", "import { open } from \"../" + "compress/index.js\";\n", true},
		{"ts/compress/a.ts", "import { open } from \"./open.js\";\n", false},
		{"ts/codec/a.test.ts", "test.skip(\"later\", () => {});\n", true},
		{"ts/codec/a.ts", "const a = b as any;\n", true},
		{"ts/codec/a.ts", strings.Repeat("// line\n", maxFileLines+1), true},
	} {
		if faults := tasteOfTS(c.name, []byte(c.text)); (len(faults) > 0) != c.wrong {
			t.Errorf("%s, %.40q: faults %v", c.name, c.text, faults)
		}
	}
}
