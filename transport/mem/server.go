package mem

import "github.com/tickwire/tickwire/transport"

// A Server is a [Socket] with many peers: one for each [Server.Dial].
type Server struct {
	Socket
	cfg  Config
	last uint64 // the newest association; guarded by Socket.mu
}

// Listen opens a server socket. At most one Config may be given; the clients get
// the same.
func Listen(cfg ...Config) (*Server, error) {
	c, err := resolve(cfg)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: c}
	s.init(c)
	return s, nil
}

// Dial opens a client socket joined to the server. Write to its [Socket.Peer]; the
// server answers the path it reads from. Dial may be called from any goroutine.
func (s *Server) Dial() (*Socket, error) {
	client := newSocket(s.cfg)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.peers == nil {
		return nil, transport.ErrClosed
	}
	s.last++
	s.peers[s.last] = link{to: client, from: client.Peer()}
	client.peers[1] = link{to: &s.Socket, from: pathTo(s.last)}
	return client, nil
}
