package main

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/quic-go/quic-go"

	"github.com/tickwire/tickwire/bench/systems"
	"github.com/tickwire/tickwire/internal/loopback"
)

// A quicPair is two ends of one QUIC connection.
type quicPair struct {
	listener       *quic.Listener
	client, server *quic.Conn
}

func openQUIC(ctx context.Context) (*quicPair, error) {
	l, err := systems.ListenQUIC("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &quicPair{listener: l}
	if p.client, err = systems.DialQUIC(ctx, l.Addr().String()); err == nil {
		p.server, err = l.Accept(ctx)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *quicPair) close() {
	if p.client != nil {
		p.client.CloseWithError(0, "")
	}
	p.listener.Close()
}

// quicPing sends a message over a stream, there and back.
func quicPing(ctx context.Context, t loopback.Trial) (loopback.Sample, error) {
	p, err := openQUIC(ctx)
	if err != nil {
		return loopback.Sample{}, err
	}
	defer p.close()
	go p.echo(ctx)
	s, err := p.client.OpenStreamSync(ctx)
	if err != nil {
		return loopback.Sample{}, err
	}
	message := make([]byte, loopback.PingBytes)
	return loopback.MeasurePings(t, func() error {
		if _, err := s.Write(message); err != nil {
			return err
		}
		_, err := io.ReadFull(s, message)
		return err
	})
}

// echo sends back what comes on the first stream.
func (p *quicPair) echo(ctx context.Context) {
	s, err := p.server.AcceptStream(ctx)
	if err != nil {
		return
	}
	message := make([]byte, loopback.PingBytes)
	for {
		if _, err := io.ReadFull(s, message); err != nil {
			return
		}
		if _, err := s.Write(message); err != nil {
			return
		}
	}
}

// quicStream returns a Runner that writes messages of a size to one stream.
func quicStream(size int) loopback.Runner {
	return func(ctx context.Context, t loopback.Trial) (s loopback.Sample, err error) {
		p, err := openQUIC(ctx)
		if err != nil {
			return s, err
		}
		written := make(chan error, 1)
		go func() { written <- p.write(ctx, make([]byte, size)) }()
		defer func() { p.close(); <-written }()
		in, err := p.server.AcceptUniStream(ctx)
		if err != nil {
			return s, err
		}
		message, buffered := make([]byte, size), bufio.NewReaderSize(in, 64<<10)
		s, err = loopback.MeasureStream(t, func() (int, error) { return io.ReadFull(buffered, message) })
		return s, err
	}
}

// write writes messages until the connection is closed.
func (p *quicPair) write(ctx context.Context, message []byte) error {
	out, err := p.client.OpenUniStreamSync(ctx)
	if err != nil {
		return err
	}
	for {
		if _, err := out.Write(message); err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
	}
}
