package loopback

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// A bare pair is two sockets of package net with nothing above.
type bare struct {
	server, client *net.UDPConn
	to             netip.AddrPort // the server
}

func openBare() (*bare, error) {
	listen := func() (*net.UDPConn, error) {
		return net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	}
	server, err := listen()
	if err != nil {
		return nil, err
	}
	client, err := listen()
	if err != nil {
		server.Close()
		return nil, err
	}
	return &bare{server, client, server.LocalAddr().(*net.UDPAddr).AddrPort()}, nil
}

func (b *bare) close() {
	b.client.Close()
	b.server.Close()
}

// echo sends back what comes, until the socket is closed.
func (b *bare) echo() {
	buf := make([]byte, 2048)
	for {
		n, from, err := b.server.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if _, err := b.server.WriteToUDPAddrPort(buf[:n], from); err != nil {
			return
		}
	}
}

// barePing measures round trips of bare datagrams.
func barePing(_ context.Context, t Trial) (s Sample, err error) {
	b, err := openBare()
	if err != nil {
		return s, err
	}
	over := make(chan struct{})
	go func() { defer close(over); b.echo() }()
	defer func() { b.close(); <-over }()
	message := make([]byte, PingBytes)
	return MeasurePings(t, func() error {
		if _, err := b.client.WriteToUDPAddrPort(message, b.to); err != nil {
			return err
		}
		_, _, err := b.client.ReadFromUDPAddrPort(message)
		return err
	})
}

// ahead is how many datagrams a bare sender is ahead of the receiver at most: as many as find
// room in any buffer. Nothing tells it so on the wire, which makes it faster than it could be.
const ahead = 64

// bareStream returns a Runner that sends datagrams of a size one way.
func bareStream(size int) Runner {
	return func(_ context.Context, t Trial) (Sample, error) {
		b, err := openBare()
		if err != nil {
			return Sample{}, err
		}
		defer b.close()
		return b.stream(t, size)
	}
}

// stream sends one way and counts what arrives.
func (b *bare) stream(t Trial, size int) (Sample, error) {
	room, failed := make(chan struct{}, ahead), make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		message := make([]byte, size)
		for {
			select {
			case room <- struct{}{}:
			case <-stop:
				failed <- nil
				return
			}
			if _, err := b.client.WriteToUDPAddrPort(message, b.to); err != nil {
				failed <- err
				return
			}
		}
	}()
	s, err := b.drain(t, room)
	close(stop)
	return s, errors.Join(err, <-failed)
}

// drain reads what comes and gives the sender room again.
func (b *bare) drain(t Trial, room <-chan struct{}) (Sample, error) {
	buf := make([]byte, 2048)
	read := func() (int, error) {
		n, _, err := b.server.ReadFromUDPAddrPort(buf)
		if err == nil {
			<-room
		}
		return n, err
	}
	return MeasureStream(t, read)
}

// MeasureStream calls read, which returns the size of a message, for one message after the other.
func MeasureStream(t Trial, read func() (int, error)) (s Sample, err error) {
	for n, began := 0, time.Now(); !t.warm(n, began); n++ {
		if _, err := read(); err != nil {
			return s, err
		}
	}
	var messages int
	var bytes int64
	for m := StartMeter(); ; {
		n, err := read()
		if err != nil {
			return s, err
		}
		messages, bytes = messages+1, bytes+int64(n)
		if messages%16 == 0 && t.over(messages, m.began) {
			s = m.Stop()
			s.Messages, s.Bytes = messages, bytes
			return s, nil
		}
	}
}
