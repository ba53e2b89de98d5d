package swarm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tsLibrary is the folder of the TypeScript library.
const tsLibrary = "../../ts"

// A tsPeer is the endpoint in TypeScript.
type tsPeer struct {
	t   *testing.T
	in  *json.Encoder
	out *bufio.Reader
}

// newTSPeer compiles the library and starts the program.
func newTSPeer(t *testing.T) *tsPeer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed; this test runs the TypeScript library (Node 20 or newer): make deps installs it")
	}
	tsc := filepath.Join(tsLibrary, "node_modules/typescript/bin/tsc")
	if _, err := os.Stat(tsc); err != nil {
		t.Fatal("TypeScript is not installed in ts; make deps installs it (npm ci in that folder)")
	}
	dir, err := filepath.Abs(tsLibrary)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	settings := fmt.Sprintf(`{"extends": %q, "compilerOptions": {"rootDir": %q, "outDir": %q, "typeRoots": [%q]}, "include": [], "files": [%q]}`,
		filepath.Join(dir, "tsconfig.json"), dir, out, filepath.Join(dir, "node_modules/@types"), filepath.Join(dir, "testdata/peer.ts"))
	for name, text := range map[string]string{"package.json": `{"type": "module"}`, "tsconfig.json": settings} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := exec.Command(node, tsc, "-p", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	watchLibrary(t)
	return startTSPeer(t, exec.Command(node, filepath.Join(out, "testdata/peer.js")))
}

// watchLibrary looks at the sources of the library, so that go test knows that its results hang on them.
func watchLibrary(t *testing.T) {
	t.Helper()
	for _, room := range []string{"wire", "endpoint", "testdata"} {
		files, err := filepath.Glob(filepath.Join(tsLibrary, room, "*.ts"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", room, len(files), err)
		}
		for _, name := range files {
			if _, err := os.ReadFile(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func startTSPeer(t *testing.T, cmd *exec.Cmd) *tsPeer {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, complaint.Bytes())
		}
	})
	return &tsPeer{t, json.NewEncoder(in), bufio.NewReaderSize(out, 1<<16)}
}

type tsChannel struct {
	ID       int    `json:"id"`
	Delivery int    `json:"delivery"`
	Name     string `json:"name"`
	Window   int    `json:"windowBytes"`
	Priority int    `json:"priority"`
}

type tsPacket struct {
	Path   uint8  `json:"path"`
	Route  int    `json:"route"`
	Number uint64 `json:"number"`
	Frames string `json:"frames"`
}

type tsSend struct {
	Channel   int    `json:"channel"`
	Bytes     string `json:"bytes"`
	Receipt   bool   `json:"receipt"`
	TTL       int64  `json:"ttl"`
	Key       string `json:"key"`
	Group     uint32 `json:"group"`
	Droppable bool   `json:"droppable"`
}

type tsBegin struct {
	Seed     uint64      `json:"seed"`
	Channels []tsChannel `json:"channels"`
	Reliable bool        `json:"reliable"`
}

type tsOpen struct {
	Route int    `json:"route"`
	Use   string `json:"use"`
}

type tsAsk struct {
	Now     int64      `json:"now"` // microseconds
	Begin   *tsBegin   `json:"begin,omitempty"`
	Hello   string     `json:"hello,omitempty"`
	Packets []tsPacket `json:"packets,omitempty"`
	Sends   []tsSend   `json:"sends,omitempty"`
	Take    bool       `json:"take,omitempty"`
	Close   *int       `json:"close,omitempty"`
	Drain   *int       `json:"drain,omitempty"`
	Hold    *int64     `json:"hold,omitempty"` // microseconds
	Open    *tsOpen    `json:"open,omitempty"`
	Died    *int       `json:"died,omitempty"`
}

type tsAnswer struct {
	Hello    string     `json:"hello"`
	Refused  any        `json:"refused"`
	Receipts []int64    `json:"receipts"`
	Packets  []tsPacket `json:"packets"`
	Messages []struct {
		Channel int    `json:"channel"`
		Bytes   string `json:"bytes"`
	} `json:"messages"`
	Events []struct {
		Kind        string `json:"kind"`
		Receipt     int64  `json:"receipt"`
		Why         string `json:"why"`
		Code        uint32 `json:"code"`
		Text        string `json:"text"`
		Remote      bool   `json:"remote"`
		Undelivered int    `json:"undelivered"`
		Path        int    `json:"path"`
		State       string `json:"state"`
	} `json:"events"`
	Deadline int64 `json:"deadline"`
	Drained  bool  `json:"drained"`
	Done     bool  `json:"done"`
}

func (p *tsPeer) ask(a *tsAsk) *tsAnswer {
	p.t.Helper()
	if err := p.in.Encode(a); err != nil {
		p.t.Fatal(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		p.t.Fatalf("the TypeScript endpoint: %v", err)
	}
	answer := new(tsAnswer)
	if err := json.Unmarshal(line, answer); err != nil {
		p.t.Fatalf("%v: %s", err, line)
	}
	return answer
}
