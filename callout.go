package tickwire

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"time"
)

// A callout is a function of the game's while the library calls it in the middle of its work, as
// ServerConfig.Admit:
//
//	entered → left
//	   └ slow: the log is told, once
//
// What has called it is not done yet, and under a Hub or a Session has the lock. So a function
// that uses its own Server, Client, Hub or Session would find it half changed, or wait for itself
// for ever: it panics instead. Other goroutines wait until it has returned.
type callout struct {
	core      *core
	what      string // the field of the configuration
	outer     *callout
	goroutine uint64 // in which it runs, if there are others
	slow      *time.Timer
}

// slowCallout is how long one may take before the log is told.
const slowCallout = time.Second

// enter begins a callout.
func (k *core) enter(what string) *callout {
	o := k.enterQuietly(what)
	o.slow = k.watchSlow(what)
	return o
}

// watchSlow tells the log that a function takes long, unless that is stopped before; by the game's own
// logger, and not by that which makes a callout of it.
func (k *core) watchSlow(what string) *time.Timer {
	return time.AfterFunc(slowCallout, func() {
		k.logger.Warn(what + " has not returned for 1 s: " + k.whatWaits())
	})
}

// whatWaits says what a function that does not return holds up.
func (k *core) whatWaits() string {
	if k.name() == "Session" {
		return "the connection stays without the socket that it asks for"
	}
	return "nothing is read or sent until it does, and whoever calls this " + k.name() + " waits"
}

// enterQuietly is enter of what the log cannot be told about.
func (k *core) enterQuietly(what string) *callout {
	o := &callout{core: k, what: what, outer: k.inside.Load()}
	if k.shared != nil {
		o.goroutine = goroutineID()
	}
	k.inside.Store(o)
	return o
}

// leave ends it.
func (o *callout) leave() {
	if o.slow != nil {
		o.slow.Stop()
	}
	o.core.inside.Store(o.outer)
}

// refuse panics because of a call from inside.
func (o *callout) refuse() {
	panic("tickwire: " + o.what + " calls its own " + o.core.name() + ", or a Conn of it, which is " +
		"in the middle of its work: note what is wanted, and have a goroutine, Post or the game's loop do it")
}

// name is what the game calls a core.
func (k *core) name() string {
	_, server := k.role.(*Server)
	switch {
	case server && k.shared != nil:
		return "Hub"
	case server:
		return "Server"
	case k.shared != nil:
		return "Session"
	}
	return "Client"
}

// mustBeOutside panics if a function of the game's that the library has called calls it in turn. Under a
// Hub or a Session sharing.acquire looks, which knows goroutines apart.
func (k *core) mustBeOutside() {
	if o := k.inside.Load(); o != nil && k.shared == nil {
		o.refuse()
	}
}

// goroutineID tells goroutines apart. There is no other way to learn that a goroutine is about to
// wait for itself; it costs microseconds, and is for the rare case.
func goroutineID() uint64 {
	var b [64]byte
	_, rest, _ := bytes.Cut(b[:runtime.Stack(b[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	id, _ := strconv.ParseUint(string(digits), 10, 64)
	return id
}

// A logCallout is the handler of the game's Logger, which may be its own function, too.
type logCallout struct {
	core *core
	slog.Handler
}

// Handle implements slog.Handler.
func (h logCallout) Handle(ctx context.Context, r slog.Record) error {
	defer h.core.enterQuietly("Logger").leave()
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h logCallout) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logCallout{h.core, h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logCallout) WithGroup(name string) slog.Handler {
	return logCallout{h.core, h.Handler.WithGroup(name)}
}
