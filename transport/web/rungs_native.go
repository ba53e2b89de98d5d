//go:build !js

package web

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"github.com/tickwire/tickwire/transport"
)

// A nativeSession is a session of WebTransport of a client that is no browser.
type nativeSession struct{ wtConduit }

// openWebTransport opens a session where the server has one.
func (l *Ladder) openWebTransport(ctx context.Context, hello *helloSignal) (*association, error) {
	offer := hello.WebTransport
	if l.cfg.DisableWebTransport || offer == nil {
		return nil, errUnavailable
	}
	dialer := &webtransport.Transport{TLSClientConfig: l.trust(offer), QUICConfig: quicConfig()}
	header := http.Header{}
	if l.cfg.Origin != "" {
		header.Set("Origin", l.cfg.Origin)
	}
	_, session, err := dialer.Dial(ctx, offer.url(l.target.host), header)
	if err != nil {
		return nil, err
	}
	c := &nativeSession{wtConduit{session: session}}
	a, err := l.newAssociation(transport.KindWebTransport, remoteOf(session), false, c.room(), c)
	if err != nil {
		c.close(CodeNormal, "")
		return nil, err
	}
	c.association.Store(a)
	l.run.Go(func() { c.readAll(a) })
	return a, nil
}

// trust says which certificates are good: those whose hashes the server told, or those that a URL wss://
// would do with.
func (l *Ladder) trust(offer *webTransportOffer) *tls.Config {
	c := l.cfg.TLS.Clone()
	if c == nil {
		c = new(tls.Config)
	}
	c.NextProtos = []string{http3.NextProtoH3}
	if len(offer.Hashes) > 0 {
		c.InsecureSkipVerify = true // it is the hash that counts
		c.ClientSessionCache = nil  // by a session that is resumed nobody shows a certificate
		c.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error { return isOneOf(raw, offer.Hashes) }
	}
	return c
}

var errOtherCertificate = errors.New("web: the certificate is none of those whose hashes the server told")

// isOneOf does what a browser does with hashes.
func isOneOf(raw, hashes [][]byte) error {
	if len(raw) == 0 {
		return errOtherCertificate
	}
	hash := sha256.Sum256(raw[0])
	if !slices.ContainsFunc(hashes, func(h []byte) bool { return slices.Equal(h, hash[:]) }) {
		return errOtherCertificate
	}
	c, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return err
	}
	if now := time.Now(); now.Before(c.NotBefore) || now.After(c.NotAfter) {
		return fmt.Errorf("web: the certificate is good from %v to %v", c.NotBefore, c.NotAfter)
	}
	return nil
}

// close implements conduit. The connection ends with the session.
func (c *nativeSession) close(code int, reason string) {
	_ = c.session.CloseWithError(webtransport.SessionErrorCode(code), reason)
}

// openWebRTC is a browser's alone: a native client has WebTransport, or UDP.
func (l *Ladder) openWebRTC(context.Context, *helloSignal) (*association, error) {
	return nil, errUnavailable
}
