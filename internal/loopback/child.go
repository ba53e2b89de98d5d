package loopback

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// A Launcher starts a server process: its standard input and output are those of [Serve]. wait
// waits for its end.
type Launcher func() (in io.WriteCloser, out io.Reader, wait func() error, err error)

// Again starts this same program with other arguments.
func Again(args ...string) Launcher {
	return func() (io.WriteCloser, io.Reader, func() error, error) {
		name, err := os.Executable()
		if err != nil {
			return nil, nil, nil, err
		}
		cmd := exec.Command(name, args...)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, nil, nil, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, nil, nil, err
		}
		return in, out, cmd.Wait, cmd.Start()
	}
}

// A child is a server process.
type child struct {
	in      io.WriteCloser
	answers *bufio.Scanner
	wait    func() error
	began   Cost // what it had used when it began to listen
}

func launch(start Launcher, cfg ServeConfig) (*child, error) {
	in, out, wait, err := start()
	if err != nil {
		return nil, fmt.Errorf("starting the server's process: %w", err)
	}
	c := &child{in: in, answers: bufio.NewScanner(out), wait: wait}
	line, err := json.Marshal(cfg)
	if err == nil {
		c.began, err = c.ask(string(line))
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// ask says a line and returns the answer.
func (c *child) ask(line string) (cost Cost, err error) {
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		return cost, fmt.Errorf("the server's process: %w", err)
	}
	if !c.answers.Scan() {
		return cost, fmt.Errorf("the server's process ended: %w", io.ErrUnexpectedEOF)
	}
	err = json.Unmarshal(c.answers.Bytes(), &cost)
	return cost, err
}

// close ends the process, and waits until it has.
func (c *child) close() error {
	c.in.Close()
	return c.wait()
}
