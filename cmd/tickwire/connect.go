package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport/udp"
)

// A connectCmd is `tickwire connect`.
type connectCmd struct {
	Token     string        `required:"" placeholder:"FILE" help:"The token or a token list: their bytes, or hex or base64."`
	On        string        `default:"reliable-ordered" enum:"${channels}" help:"How lines are sent to a tickwire server: one of ${deliveries}."`
	Linger    time.Duration `default:"1s" help:"Leave when the input has ended and nothing came for this long."`
	EndWithin time.Duration `default:"8s" help:"How long leaving may take, until what was sent has arrived, and the server knows."`
	Least     string        `default:"any" enum:"any,encrypted,forward-secret" help:"The protection that the token must ask for: any, encrypted or forward-secret."`
}

// maxLine is the longest line, as long as a reliable message may be.
const maxLine = 1 << 20

// Validate is called by kong after parsing.
func (c *connectCmd) Validate() error {
	if c.Linger <= 0 {
		return fmt.Errorf("--linger is %v: want a time such as 1s", c.Linger)
	}
	if c.EndWithin <= 0 {
		return fmt.Errorf("--end-within is %v: want a time such as 8s", c.EndWithin)
	}
	return nil
}

// Run is called by kong.
func (c *connectCmd) Run(ctx context.Context) error { return c.run(ctx, os.Stdin, os.Stdout) }

func (c *connectCmd) run(ctx context.Context, in io.Reader, out io.Writer) error {
	tokens, err := readTokenFile(c.Token, nil)
	if err != nil {
		return fmt.Errorf("--token: %w; a login backend gives one out, or `tickwire token new --server HOST:PORT --out FILE`", err)
	}
	socket, err := udp.Open()
	if err != nil {
		return err
	}
	hint := hints(out)
	hint("* asking the server that the token names; ctrl-C gives up")
	session, err := tickwire.Dial(ctx, tickwire.ClientConfig{
		Config: tickwire.Config{Channels: echoChannels(), LeastProtection: leasts[c.Least]},
		Plain:  tickwire.PlainRaw,
	}, tokens, socket)
	if ctx.Err() != nil {
		return errors.Join(errors.New("interrupted before the server let us in"), closeIf(session))
	}
	if err != nil {
		return &exitError{exitBad, fmt.Errorf("not let in: %w%s", err, late(tokens, time.Now()))}
	}
	conn := session.Conn()
	fmt.Fprintf(out, "* connected to %v, %s\n", conn.RemoteAddr(), dialect(conn))
	hint("* what you type is sent, and what comes is shown; ctrl-D leaves")
	return c.talk(ctx, session, in, out)
}

// late says how long ago the last of tokens expired, if all have, by this machine's clock. They
// were shown all the same: only the server's clock counts.
func late(tokens []byte, now time.Time) string {
	list, fault := netcode.InspectTokenList(tokens, nil)
	if fault != nil || len(list) == 0 {
		return ""
	}
	left := int64(math.MinInt64)
	for _, t := range list {
		if len(t.Faults) > 0 {
			return ""
		}
		left = max(left, validFor(t.Expires, now.Unix()))
	}
	if left > 0 {
		return ""
	}
	return fmt.Sprintf("; by this machine's clock it expired %d s ago", -left)
}

// hints tells who sits at a terminal what to do, and nobody else.
func hints(out io.Writer) func(string) {
	_, screen := terminal(out)
	return func(text string) {
		if screen {
			fmt.Fprintln(out, text)
		}
	}
}

func closeIf(s *tickwire.Session) error {
	if s == nil {
		return nil
	}
	return s.Close()
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
	err := c.leave(ctx, session, out)
	select {
	case unsent := <-unread:
		return errors.Join(unsent, err)
	default:
		return err // interrupted
	}
}

// patient is how long leaving may take until somebody wants to know what goes on.
const patient = 2 * time.Second

// leave waits until what was sent has arrived, as long as Shutdown does, and says what has not.
func (c *connectCmd) leave(ctx context.Context, session *tickwire.Session, out io.Writer) error {
	tell := time.AfterFunc(patient, func() {
		fmt.Fprintln(out, "* the server has not confirmed everything yet: waiting for it; ctrl-C leaves at once")
	})
	by, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.EndWithin)
	defer cancel()
	err := session.Shutdown(by)
	tell.Stop()
	if errors.Is(err, context.DeadlineExceeded) { // which is what the flag is for
		err = nil
	}
	missing := 0
	for ev := range session.Events(context.WithoutCancel(ctx)) {
		if ev.Kind == tickwire.Disconnected {
			missing = ev.Undelivered
		}
	}
	fmt.Fprintln(out, "* ended: we left")
	if missing > 0 {
		err = errors.Join(err, &exitError{exitOver, fmt.Errorf("the server did not confirm %d of the messages that were sent: they may be lost", missing)})
	}
	return err
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
		_, err := session.SendContext(ctx, channel, lines.Bytes(), tickwire.SendOptions{})
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
