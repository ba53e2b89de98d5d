package main

import (
	"errors"
	"fmt"

	"github.com/tickwire/tickwire/transport"
	"github.com/tickwire/tickwire/transport/udp"
)

// openBrowsers: there are no ports here.
func (m *match) openBrowsers(*udp.Socket) (transport.Socket, error) {
	return nil, fmt.Errorf("a demo: %w", errors.ErrUnsupported)
}
