package tickwire_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This file holds the plan of the house as a test: which rooms there are and
// who may import whom. CONTRIBUTING.md shows the same table (arch_table_test.go). What
// the rooms without I/O may not do is in arch_fence_test.go.

const module = "github.com/tickwire/tickwire"

// A room is a folder and what its code may import. Its lists are patterns: a
// trailing "/..." takes the folders below along, "!" forbids, and the last
// pattern that matches decides; what none matches is forbidden.
type room struct {
	path  string   // from the module's root, "." for the root itself
	ours  []string // packages of this module, as paths from its root
	std   []string // packages of the standard library; nil allows all
	libs  []string // packages of other modules
	fence bool     // sans-I/O: arch_fence_test.go applies
	open  []string // files of a fenced room that touch the world and are exempt
}

var (
	// leaves know nothing of time, the system or other goroutines.
	leaves = []string{"cmp", "encoding/binary", "errors", "fmt", "iter", "math", "math/bits", "slices", "strconv", "strings"}
	// public is all that a user of the module could import.
	public = []string{"...", "!internal/...", "!cmd/...", "!examples/...", "!bench/..."}
	xsys   = "golang.org/x/sys/..."
)

// rooms is the table "who may import whom". A row gives what its room needs and no more.
var rooms = []room{
	{path: "internal/config", std: leaves, fence: true},
	{path: "internal/seq", std: leaves, fence: true},
	{path: "internal/account", std: leaves, fence: true},
	{path: "internal/wire", ours: []string{"internal/seq"}, std: append(slices.Clone(leaves), "unicode"), fence: true},
	{path: "endpoint", ours: []string{"internal/wire", "internal/seq", "internal/config"},
		std: []string{"...", "!net/...", "!crypto/..."}, fence: true},
	{path: "netcode", ours: []string{"internal/wire", "internal/seq", "internal/config", "internal/account"},
		std: []string{"...", "!net/...", "net/netip"}, libs: []string{"golang.org/x/crypto/..."}, fence: true},
	{path: "netcode/interop", ours: []string{"netcode"}},
	{path: "netcode/tokenhttp", ours: []string{"netcode", "internal/config"}},

	{path: "transport"},
	{path: "transport/transporttest", ours: []string{"transport"}},
	{path: "transport/udp", ours: []string{"transport", "internal/config"}, libs: []string{xsys}},
	{path: "transport/mem", ours: []string{"transport", "internal/config"}},
	{path: "transport/web", ours: []string{"transport", "internal/config", "internal/account"},
		libs: []string{"github.com/coder/websocket", "github.com/pion/...", "github.com/quic-go/...", "golang.org/x/crypto/acme/...", xsys}},
	{path: "simnet", ours: []string{"transport", "internal/config"}, fence: true, open: []string{"relay.go", "relay_io.go", "relay_rebind.go", "stream_conn.go", "stream_inside.go", "stream_relay.go", "wrap.go", "wrap_ladder.go", "wrap_socket.go"}},
	{path: "simnet/world", ours: []string{".", "transport", "simnet"}, libs: []string{"golang.org/x/crypto/..."}, fence: true},
	{path: "codec", std: append(slices.Clone(leaves), "net/netip", "unsafe"), fence: true, open: []string{"maps.go", "view.go"}},
	{path: "delta", ours: []string{"codec", "endpoint", "internal/config"}},
	{path: "compress", libs: []string{"github.com/klauspost/compress/..."}},
	{path: "timeline", ours: []string{"internal/config"}},

	{path: ".", ours: []string{"endpoint", "netcode", "transport", "internal/wire", "internal/seq", "internal/config"}},

	{path: "internal/netns", ours: []string{"simnet"}, libs: []string{xsys}},
	{path: "internal/browser", ours: []string{"internal/netns"}, libs: []string{"github.com/chromedp/chromedp", "github.com/chromedp/cdproto/..."}},
	{path: "internal/node"},
	{path: "internal/ages", ours: []string{".", "simnet", "transport/udp", "transport/web", "internal/browser", "internal/netns", "internal/picture"}, libs: []string{"github.com/coder/websocket"}},
	{path: "internal/swarm", ours: []string{"...", "!cmd/...", "!examples/...", "!bench/..."}, fence: true},
	{path: "internal/workload", ours: []string{"endpoint", "simnet", "internal/config"}, fence: true},
	{path: "internal/loopback", ours: []string{".", "netcode", "transport", "transport/udp"}, libs: []string{xsys}},
	{path: "internal/sweep", ours: []string{"endpoint", "simnet", "internal/workload", "internal/picture"}},
	{path: "internal/mutate"},
	{path: "internal/corpus", ours: []string{"codec", "internal/gen/sample/five"}},
	{path: "internal/gen/...", ours: []string{"codec"}},
	{path: "internal/picture", ours: []string{"endpoint", "simnet", "internal/wire"}, fence: true},
	{path: "cmd/tickwire/...", ours: slices.Concat(public, []string{"examples/arena", "examples/arena/page", "internal/gen", "internal/loopback", "internal/picture", "internal/swarm", "internal/workload"}),
		libs: []string{"github.com/alecthomas/kong", "github.com/jedib0t/go-pretty/v6/...", "golang.org/x/term"}},
	{path: "examples/online", ours: public, libs: []string{"golang.org/x/crypto/acme/..."}},
	{path: "examples/websocket/before", libs: []string{"github.com/coder/websocket/..."}},
	{path: "examples/...", ours: slices.Concat(public, []string{"examples/..."})},
	{path: "bench/...", ours: []string{".", "netcode", "transport/udp", "simnet", "internal/gen/sample/five", "internal/loopback", "internal/workload", "bench/..."},
		libs: []string{"github.com/pion/...", xsys, "github.com/quic-go/quic-go", "github.com/xtaci/kcp-go/v5", "github.com/alecthomas/kong", "gonum.org/v1/plot/...",
			"github.com/fxamacker/cbor/v2", "github.com/google/flatbuffers/go", "github.com/planetscale/vtprotobuf/...", "github.com/tinylib/msgp/msgp", "google.golang.org/protobuf/..."}},
}

// inTests is what every room's tests may import on top of its own row; they
// may use the whole standard library too.
var inTests = []string{"simnet/...", "transport/...", "netcode/tokenhttp", "internal/netns", "internal/browser", "internal/node", "compress", "internal/corpus", "timeline", "codec", "delta", "internal/gen/sample/..."}

// allowed applies a list of patterns to one import path.
func allowed(patterns []string, p string) bool {
	ok := false
	for _, pattern := range patterns {
		name, not := strings.CutPrefix(pattern, "!")
		if matches(name, p) {
			ok = !not
		}
	}
	return ok
}

func matches(pattern, p string) bool {
	tree, deep := strings.CutSuffix(pattern, "...")
	if !deep {
		return pattern == p
	}
	return strings.HasPrefix(p+"/", tree)
}

// roomOf finds the row of a folder.
func roomOf(dir string) (room, error) {
	for _, r := range rooms {
		if matches(r.path, dir) {
			return r, nil
		}
	}
	return room{}, fmt.Errorf("%s: a room that is not in the table; add it to `rooms` in arch_test.go", dir)
}

// admits says why the room may not import p from one of its files, or nil.
func (r room) admits(p string, inTest bool) error {
	if p == "C" {
		return fmt.Errorf("imports C; tickwire is pure Go")
	}
	if rest, ok := strings.CutPrefix(p+"/", module+"/"); ok {
		p = strings.TrimSuffix(rest, "/")
		if p == "" {
			p = "."
		}
		if allowed(r.ours, p) || inTest && (matches(r.path, p) || allowed(inTests, p)) {
			return nil
		}
		return fmt.Errorf("may not import our %q", p)
	}
	if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
		if r.std == nil || inTest || allowed(r.std, p) {
			return nil
		}
		return fmt.Errorf("may not import %q of the standard library", p)
	}
	if allowed(r.libs, p) {
		return nil
	}
	return fmt.Errorf("may not import the library %q", p)
}

// layering checks the imports of one file against its room.
func layering(r room, s source) (faults []string) {
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			err = r.admits(p, s.test())
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", s.name, err))
		}
	}
	return faults
}

// A source is one Go file of the module, whatever system it is built for.
type source struct {
	name string // from the module's root, with slashes
	text []byte
	file *ast.File
}

func (s source) dir() string     { return path.Dir(s.name) }
func (s source) test() bool      { return strings.HasSuffix(s.name, "_test.go") }
func (s source) generated() bool { return ast.IsGenerated(s.file) }

// walk calls visit for each file of the repository that is ours to keep: not
// what git, npm or a build put there.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "dist", "node_modules"}, d.Name()):
			return filepath.SkipDir
		case !d.IsDir():
			visit(filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// parse makes a source of a file's text.
func parse(t *testing.T, name, text string) source {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{name, []byte(text), file}
}

// parsed are the sources of this process, which nobody changes.
var parsed []source

// sources is every Go file of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	if parsed != nil {
		return parsed
	}
	var all []source
	walk(t, func(name string) {
		if path.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, parse(t, name, string(text)))
	})
	parsed = all
	return all
}

// TestHouseRooms checks every import of every file, also of files that this system
// does not build. bench is a module of its own and compares with what it likes.
func TestHouseRooms(t *testing.T) {
	checked := 0
	for _, s := range sources(t) {
		r, err := roomOf(s.dir())
		if err != nil {
			t.Error(err)
			continue
		}
		for _, fault := range layering(r, s) {
			t.Error(fault)
		}
		checked++
	}
	if checked == 0 {
		t.Fatal("found no Go file")
	}
}

// TestHouseRoomsCanFail proves that the table is not a rubber stamp.
func TestHouseRoomsCanFail(t *testing.T) {
	for _, c := range []struct {
		name, imports string
		wrong         bool
	}{
		{"endpoint/conn.go", module + "/internal/wire", false},
		{"endpoint/conn.go", "slices", false},
		{"endpoint/conn.go", module, true},
		{"endpoint/conn.go", module + "/netcode", true},
		{"endpoint/conn.go", module + "/endpointx", true},
		{"endpoint/conn.go", module + "/simnet", true},
		{"endpoint/conn_test.go", module + "/simnet", false},
		{"endpoint/conn_test.go", module + "/endpoint", false},
		{"endpoint/conn_test.go", "os", false},
		{"endpoint/conn_test.go", module + "/netcode", true},
		{"endpoint/conn.go", "net/netip", true},
		{"endpoint/conn.go", "crypto/sha256", true},
		{"endpoint/conn.go", "golang.org/x/crypto/chacha20poly1305", true},
		{"endpoint/conn.go", "C", true},
		{"netcode/token.go", "golang.org/x/crypto/chacha20poly1305", false},
		{"netcode/token.go", "net/netip", false},
		{"netcode/token.go", "net", true},
		{"netcode/token.go", "golang.org/x/cryptography", true},
		{"internal/wire/ack.go", "time", true},
		{"transport/udp/udp.go", module + "/transport/mem", true},
		{"transport/udp/udp.go", module + "/endpoint", true},
		{"server.go", module + "/transport", false},
		{"server.go", module + "/transport/udp", true},
		{"server.go", module + "/timeline", true},
		{"server_test.go", module + "/transport/udp", false},
		{"server.go", module + "/internal/netns", true},
		{"server_test.go", module + "/internal/netns", false},
		{"simnet/link.go", module, true},
		{"simnet/world/world.go", module, false},
		{"cmd/tickwire/main.go", module + "/internal/swarm", false},
		{"cmd/tickwire/main.go", module + "/internal/wire", true},
		{"cmd/tickwire/demo.go", module + "/examples/arena", false},
		{"cmd/tickwire/demo.go", module + "/examples/chat", true},
		{"bench/systems/kcp.go", "github.com/xtaci/kcp-go/v5", false},
		{"bench/systems/tickwire.go", module + "/endpoint", true},
		{"endpoint/conn.go", module + "/bench/play", true},
		{"internal/swarm/run.go", module + "/bench/play", true},
		{"internal/swarm/run.go", module + "/cmd/tickwire", true},
		{"internal/swarm/run.go", module + "/internal/seq", false},
	} {
		s := parse(t, c.name, "package p\nimport _ "+strconv.Quote(c.imports))
		r, err := roomOf(s.dir())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(layering(r, s)) > 0; got != c.wrong {
			t.Errorf("%s imports %q: fault %v, want %v", c.name, c.imports, got, c.wrong)
		}
	}
	if _, err := roomOf("helpers"); err == nil {
		t.Error("a folder that nobody planned passed")
	}
}
