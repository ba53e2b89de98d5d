//go:build !js

package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// withoutInterceptors leaves out what serves audio and video.
var withoutInterceptors = webrtc.WithInterceptorRegistry(&interceptor.Registry{})

// rtcEnds is no end (RFC 5280, section 4.1.2.5): pion makes no connection with a certificate that has ended, as one
// might have that was made before the clock was set, and browsers look at nothing but its hash.
var rtcEnds = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// rtcCertificate makes what data channels prove the server by: browsers are told its hash in the offer.
func rtcCertificate() (webrtc.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("web: the key of data channels: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("web: the number of the certificate of data channels: %w", err)
	}
	c, err := webrtc.NewCertificate(key, x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: rtcLabel},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     rtcEnds,
	})
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("web: the certificate of data channels: %w", err)
	}
	return *c, nil
}

// silence is a log for pion that says nothing: what strangers send is counted, and is no news.
type silence struct{}

func (silence) NewLogger(string) logging.LeveledLogger { return silence{} }
func (silence) Trace(string)                           {}
func (silence) Tracef(string, ...any)                  {}
func (silence) Debug(string)                           {}
func (silence) Debugf(string, ...any)                  {}
func (silence) Info(string)                            {}
func (silence) Infof(string, ...any)                   {}
func (silence) Warn(string)                            {}
func (silence) Warnf(string, ...any)                   {}
func (silence) Error(string)                           {}
func (silence) Errorf(string, ...any)                  {}
