package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/tickwire/tickwire/bench/play"
)

// A program is a process that tells what it does (play.Line).
type program struct {
	cmd    *exec.Cmd
	in     io.Closer
	lines  chan play.Line // closed when there are no more
	stderr bytes.Buffer
}

// start runs a command line.
func start(ctx context.Context, args []string) (*program, error) {
	p := &program{cmd: exec.CommandContext(ctx, args[0], args[1:]...), lines: make(chan play.Line, 8)}
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = endTime
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.in = in
	go p.read(json.NewDecoder(out))
	return p, nil
}

// read passes on the lines, and sees the process off.
func (p *program) read(out *json.Decoder) {
	defer close(p.lines)
	for {
		var l play.Line
		err := out.Decode(&l)
		switch {
		case err == nil:
			p.lines <- l
			continue
		case !errors.Is(err, io.EOF):
			p.lines <- play.Line{Error: "what it tells is no line: " + err.Error()}
		}
		_ = p.cmd.Wait() // what it wrote to its standard error says more
		return
	}
}

// errLate: a line did not come in time.
var errLate = errors.New("it did not answer in time")

// line waits for the line that is wanted.
func (p *program) line(within time.Duration, wanted func(*play.Line) bool) (play.Line, error) {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		select {
		case l, ok := <-p.lines:
			switch {
			case !ok:
				return l, fmt.Errorf("it ended: %s", strings.TrimSpace(p.stderr.String()))
			case l.Error != "":
				return l, errors.New(l.Error)
			case wanted(&l):
				return l, nil
			}
		case <-late.C:
			return play.Line{}, fmt.Errorf("%w: %v", errLate, within)
		}
	}
}

// last ends the server, and returns its last word.
func (p *program) last() (*play.Heard, error) {
	if err := p.in.Close(); err != nil {
		return nil, err
	}
	l, err := p.line(endTime, func(l *play.Line) bool { return l.Heard != nil })
	return l.Heard, err
}

// end has the program end, and sees to it.
func (p *program) end() {
	_ = p.in.Close() // it may be closed
	for late := time.After(endTime); ; {
		select {
		case _, ok := <-p.lines:
			if !ok {
				return
			}
		case <-late:
			_ = p.cmd.Process.Kill()
			late = nil
		}
	}
}
