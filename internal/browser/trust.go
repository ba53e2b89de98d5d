//go:build !js

package browser

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"

	"github.com/chromedp/chromedp"
)

// Trusts is for Start: a certificate is as good as one of an authority's, by HTTPS and by QUIC.
func Trusts(c *x509.Certificate) []chromedp.ExecAllocatorOption {
	key := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(key[:])),
		chromedp.Flag("webtransport-developer-mode", true), // or QUIC wants an authority that everybody knows
	}
}
