package netcode

import (
	"fmt"
)

// What prints these by accident shows what they are for, and none of their keys. Those lie
// behind pointers besides, so that a copy, or a struct around one, shows no more.

// String names the server by its addresses.
func (s *Server) String() string {
	return fmt.Sprintf("netcode server at %v for protocol %#x", s.addresses, s.cfg.ProtocolID)
}

// GoString does so for %#v.
func (s *Server) GoString() string { return s.String() }

// String says how many are connected.
func (a *Admission) String() string {
	return fmt.Sprintf("netcode admission of %d clients, at most %d", a.connected, a.maxClients)
}

// GoString does so for %#v.
func (a *Admission) GoString() string { return a.String() }

// String names the player and where he is.
func (s *Seat) String() string {
	return fmt.Sprintf("seat %#08x of client %d at %v", s.ID(), s.clientID, s.Source())
}

// GoString does so for %#v.
func (s *Seat) GoString() string { return s.String() }

// String says how far the client is.
func (c *Client) String() string {
	return fmt.Sprintf("netcode client of %v: %v", c.Server(), c.state)
}

// GoString does so for %#v.
func (c *Client) GoString() string { return c.String() }

// String says how much was sealed.
func (s *Sealer) String() string {
	return fmt.Sprintf("netcode sealer with %v in epoch %d", s.epoch.suite, s.epochs)
}

// GoString does so for %#v.
func (s *Sealer) GoString() string { return s.String() }
