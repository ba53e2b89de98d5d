package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/transport/udp"
)

// A connectCmd is `tickwire connect`.
type connectCmd struct {
	Token  string        `required:"" placeholder:"FILE" help:"The token or Tickets: their bytes, or hex or base64."`
	On     string        `default:"reliable-ordered" enum:"${channels}" help:"How lines are sent to a tickwire server: ${enum}."`
	Linger time.Duration `default:"1s" help:"Leave when the input has ended and nothing came for this long."`
	Least  string        `default:"any" enum:"any,encrypted,forward-secret" help:"The protection that the token must ask for: any, encrypted or forward-secret."`
}

// maxLine is the longest line, as long as a reliable message may be.
const maxLine = 1 << 20

// Validate is called by kong after parsing.
func (c *connectCmd) Validate() error {
	if c.Linger <= 0 {
		return fmt.Errorf("--linger is %v: want a time such as 1s", c.Linger)
	}
	return nil
}

// Run is called by kong.
func (c *connectCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdin, os.Stdout) }

func (c *connectCmd) run(ctx context.Context, in io.Reader, out io.Writer) error {
	tickets, err := readTokenFile(c.Token, nil)
	if err != nil {
		return fmt.Errorf("--token: %w", err)
	}
	socket, err := udp.Open()
	if err != nil {
		return err
	}
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{
		Config: tickwire.Config{Channels: echoChannels(), LeastProtection: leasts[c.Least]},
		Plain:  tickwire.PlainRaw,
	}, tickets, socket)
	if err != nil {
		return &exitError{exitBad, fmt.Errorf("not let in: %w", err)}
	}
	conn := session.Conn()
	fmt.Fprintf(out, "* connected to %v, %s\n", conn.RemoteAddr(), dialect(conn))
	return c.talk(ctx, session, in, out)
}

// talk sends lines and prints what comes, until the input has ended and it is quiet,
// until ctx ends, or until the connection does.
func (c *connectCmd) talk(ctx context.Context, session *tickwire.Session, in io.Reader, out io.Writer) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	var lingering atomic.Bool
	quiet := time.AfterFunc(c.Linger, func() {
		if lingering.Load() {
			leave()
		}
	})
	defer quiet.Stop()
	unread := make(chan error, 1)
	go func() {
		unread <- c.send(ctx, session, in)
		lingering.Store(true)
		quiet.Reset(c.Linger)
	}()
	print := c.printer(out)
	var over *tickwire.Reason
	for ev := range session.Events(ctx) {
		switch ev.Kind {
		case tickwire.Message:
			print(ev.Payload)
			if lingering.Load() {
				quiet.Reset(c.Linger)
			}
		case tickwire.Away:
			fmt.Fprintf(out, "* the server is silent; trying to come back for %v\n", ev.Conn.Away().Round(time.Second))
		case tickwire.Back:
			fmt.Fprintf(out, "* back at %v%s\n", ev.Conn.RemoteAddr(), cost(ev))
		case tickwire.Connected:
			fmt.Fprintf(out, "* handed over to %v\n", ev.Conn.RemoteAddr())
			over = nil
		case tickwire.Disconnected:
			if ev.From != nil {
				fmt.Fprintf(out, "* not handed over: %v\n", ev.Reason)
			} else if ev.Conn == session.Conn() {
				over = &ev.Reason // unless another server is about to let us in
			}
		}
	}
	if over != nil {
		session.Close()
		return ended(out, *over)
	}
	err := session.Shutdown(context.WithoutCancel(ctx))
	fmt.Fprintln(out, "* ended: we left")
	select {
	case unsent := <-unread:
		return errors.Join(unsent, err)
	default:
		return err // interrupted
	}
}

// send sends each line as a message.
func (c *connectCmd) send(ctx context.Context, session *tickwire.Session, in io.Reader) error {
	channel := echoChannel(c.On)
	if session.Conn().Plain() {
		channel = tickwire.PlainChannel
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine+1)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 && channel == tickwire.PlainChannel {
			continue // plain netcode has no empty messages
		}
		err := session.SendContext(ctx, channel, lines.Bytes())
		if err != nil && ctx.Err() == nil && !errors.Is(err, tickwire.ErrClosed) {
			return fmt.Errorf("a line of %d bytes, and what followed it, was not sent: %w", len(lines.Bytes()), err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line of more than %d bytes, and what followed it, was not sent", maxLine)
	}
	return lines.Err()
}

// printer writes messages as lines; what could command a terminal is left out there.
func (c *connectCmd) printer(out io.Writer) func([]byte) {
	_, screen := terminal(out)
	return func(b []byte) {
		text := string(b)
		if screen {
			text = strings.Map(func(r rune) rune {
				if unicode.IsControl(r) && r != '\t' {
					return -1
				}
				return r
			}, text)
		}
		fmt.Fprintln(out, text)
	}
}

// ended says why the connection is over. A server that says goodbye is no error.
func ended(out io.Writer, r tickwire.Reason) error {
	fmt.Fprintf(out, "* ended: %v\n", r)
	if r.Remote && (r.Code == tickwire.CodeNone || r.Code == tickwire.CodeGoingAway) {
		return nil
	}
	return &exitError{exitOver, &tickwire.ConnError{Reason: r}}
}
