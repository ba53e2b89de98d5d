package web

import (
	"context"
	"fmt"
	"syscall/js"
)

// A promised waits for promises, one after the other, without another function of JavaScript for each.
type promised struct {
	kept, broken js.Func
	out          chan outcome
}

type outcome struct {
	value js.Value
	err   error
}

func newPromised() *promised {
	p := &promised{out: make(chan outcome, 1)}
	p.kept = js.FuncOf(func(_ js.Value, args []js.Value) any {
		o := outcome{value: js.Undefined()}
		if len(args) > 0 {
			o.value = args[0]
		}
		p.out <- o
		return nil
	})
	p.broken = js.FuncOf(func(_ js.Value, args []js.Value) any {
		o := outcome{err: errUnavailable}
		if len(args) > 0 {
			o.err = fmt.Errorf("web: %s", args[0].Call("toString").String())
		}
		p.out <- o
		return nil
	})
	return p
}

func (p *promised) release() {
	p.kept.Release()
	p.broken.Release()
}

// wait waits for a promise. After a context that has ended it is of no more use, and must not be
// released: the promise may be kept yet.
func (p *promised) wait(ctx context.Context, v js.Value) (js.Value, error) {
	v.Call("then", p.kept, p.broken)
	select {
	case o := <-p.out:
		return o.value, o.err
	case <-ctx.Done():
		return js.Undefined(), ctx.Err()
	}
}

// await waits for one promise.
func await(ctx context.Context, v js.Value) (js.Value, error) {
	p := newPromised()
	got, err := p.wait(ctx, v)
	if ctx.Err() == nil {
		p.release()
	}
	return got, err
}

// nothingElse is for promises of which nobody waits for the outcome.
var nothingElse = js.FuncOf(func(js.Value, []js.Value) any { return nil })

// has reports whether the browser has something.
func has(name string) bool { return js.Global().Get(name).Truthy() }

// number reads a number, of which browsers may leave some out.
func number(v js.Value, otherwise int) int {
	if v.Type() != js.TypeNumber {
		return otherwise
	}
	return v.Int()
}

// events are the handlers of an object, which are released together.
type events struct {
	of  js.Value
	all []handler
}

type handler struct {
	event string
	call  js.Func
}

func (e *events) on(event string, f func(e js.Value)) {
	call := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
	e.all = append(e.all, handler{event, call})
	e.of.Call("addEventListener", event, call)
}

// off takes them off, so that none is called any more.
func (e *events) off() {
	for _, h := range e.all {
		e.of.Call("removeEventListener", h.event, h.call)
		h.call.Release()
	}
	e.all = nil
}
