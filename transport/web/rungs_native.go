//go:build !js

package web

import "context"

// openWebTransport has no native client here.
func (l *Ladder) openWebTransport(context.Context, *helloSignal) (*association, error) {
	return nil, errUnavailable
}

// openWebRTC is a browser's alone: who has UDP plays by it.
func (l *Ladder) openWebRTC(context.Context, *helloSignal) (*association, error) {
	return nil, errUnavailable
}
