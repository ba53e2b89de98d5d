package systems

import (
	"context"
	"io"

	"github.com/xtaci/kcp-go/v5"

	"github.com/tickwire/tickwire/bench/peer"
)

// kcpSystem is KCP as its authors tune it for games ("turbo": no delay, an interval of 10 ms,
// resend after two acknowledgements that skip, no congestion window), encrypted as they advise.
// It is one stream of bytes.
type kcpSystem struct{}

func (kcpSystem) Name() string   { return "kcp" }
func (kcpSystem) Module() string { return "github.com/xtaci/kcp-go/v5" }
func (kcpSystem) Traits() peer.Traits {
	return peer.Traits{Encrypted: true, OneQueue: true}
}

// kcpKey is known to both ends, and to everybody.
const kcpKey = "tickwire bench, "

const (
	kcpWindow = 1024 // segments
	kcpMTU    = 1400
)

func tune(s *kcp.UDPSession) {
	s.SetNoDelay(1, 10, 2, 1)
	//lint:ignore SA1019 there is no other way to have a segment hold what several writes left behind
	s.SetStreamMode(true)
	s.SetWindowSize(kcpWindow, kcpWindow)
	s.SetWriteDelay(false)
	s.SetACKNoDelay(true)
	s.SetMtu(kcpMTU)
}

// Listen implements peer.System.
func (kcpSystem) Listen(site peer.Site, took func(peer.Lane, []byte)) (io.Closer, error) {
	seal, err := kcp.NewAESGCMCrypt([]byte(kcpKey))
	if err != nil {
		return nil, err
	}
	l, err := kcp.ListenWithOptions(site.Listen, seal, 0, 0)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			s, err := l.AcceptKCP()
			if err != nil {
				return
			}
			tune(s)
			go peer.ReadFrames(s, took)
		}
	}()
	return l, enlarge(l)
}

// Dial implements peer.System. KCP has no handshake: the first message opens the session.
func (kcpSystem) Dial(_ context.Context, site peer.Site) (peer.Conn, error) {
	seal, err := kcp.NewAESGCMCrypt([]byte(kcpKey))
	if err != nil {
		return nil, err
	}
	s, err := kcp.DialWithOptions(site.Public, seal, 0, 0)
	if err != nil {
		return nil, err
	}
	tune(s)
	return kcpConn{peer.NewFrames(s), s}, enlarge(s)
}

type kcpConn struct {
	*peer.Frames
	io.Closer
}

func (c kcpConn) Flush(peer.Lane) error { return c.Frames.Flush() }
