package systems

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/tickwire/tickwire/bench/peer"
)

// quicSystem is QUIC with a stream for each lane, or with DATAGRAM frames (RFC 9221) for the
// messages of the stream.
type quicSystem struct{ datagrams bool }

func (s quicSystem) Name() string {
	if s.datagrams {
		return "quic-datagrams"
	}
	return "quic"
}

func (quicSystem) Module() string { return "github.com/quic-go/quic-go" }

func (s quicSystem) Traits() peer.Traits {
	return peer.Traits{Encrypted: true, Unreliable: s.datagrams, Beside: s.datagrams}
}

const quicProtocol = "tickwire-bench"

func quicConfig() *quic.Config {
	return &quic.Config{
		EnableDatagrams: true, MaxIdleTimeout: time.Minute, KeepAlivePeriod: 10 * time.Second,
		InitialStreamReceiveWindow: 4 << 20, MaxStreamReceiveWindow: 16 << 20,
		InitialConnectionReceiveWindow: 8 << 20, MaxConnectionReceiveWindow: 32 << 20,
	}
}

// selfSigned is a certificate for one measurement.
func selfSigned() (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos:   []string{quicProtocol},
	}, nil
}

// ListenQUIC opens a listener with a certificate for one measurement.
func ListenQUIC(address string) (*quic.Listener, error) {
	secret, err := selfSigned()
	if err != nil {
		return nil, err
	}
	socket, err := listenUDP(address)
	if err != nil {
		return nil, err
	}
	l, err := quic.Listen(socket, secret, quicConfig())
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return l, nil
}

// DialQUIC connects to a listener, whoever it is.
func DialQUIC(ctx context.Context, address string) (*quic.Conn, error) {
	trust := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{quicProtocol}}
	return quic.DialAddr(ctx, address, trust, quicConfig())
}

// Listen implements peer.System.
func (quicSystem) Listen(site peer.Site, took func(peer.Lane, []byte)) (io.Closer, error) {
	l, err := ListenQUIC(site.Listen)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept(context.Background())
			if err != nil {
				return
			}
			go acceptStreams(c, took)
			go receiveDatagrams(c, took)
		}
	}()
	return l, nil
}

func acceptStreams(c *quic.Conn, took func(peer.Lane, []byte)) {
	for {
		s, err := c.AcceptUniStream(context.Background())
		if err != nil {
			return
		}
		go peer.ReadFrames(s, took)
	}
}

func receiveDatagrams(c *quic.Conn, took func(peer.Lane, []byte)) {
	for {
		b, err := c.ReceiveDatagram(context.Background())
		if err != nil {
			return
		}
		took(peer.Stream, b)
	}
}

// Dial implements peer.System.
func (s quicSystem) Dial(ctx context.Context, site peer.Site) (peer.Conn, error) {
	c, err := DialQUIC(ctx, site.Public)
	if err != nil {
		return nil, err
	}
	q := &quicConn{conn: c, datagrams: s.datagrams}
	for i := range q.lanes {
		out, err := c.OpenUniStreamSync(ctx)
		if err != nil {
			return nil, err
		}
		q.lanes[i] = peer.NewFrames(out)
	}
	return q, nil
}

type quicConn struct {
	conn      *quic.Conn
	lanes     [peer.Lanes]*peer.Frames
	datagrams bool
}

func (c *quicConn) Send(lane peer.Lane, msg []byte) error {
	if c.datagrams && lane == peer.Stream {
		return c.conn.SendDatagram(msg)
	}
	return c.lanes[lane].Send(lane, msg)
}

func (c *quicConn) Flush(lane peer.Lane) error { return c.lanes[lane].Flush() }
func (c *quicConn) Close() error               { return c.conn.CloseWithError(0, "") }
