//go:build js || wasip1

package udp

import (
	"errors"
	"testing"
)

func TestUnsupported(t *testing.T) {
	if s, err := Listen(":7777"); s != nil || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Listen = %v, %v", s, err)
	}
	if s, err := Open(); s != nil || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Open = %v, %v", s, err)
	}
}
