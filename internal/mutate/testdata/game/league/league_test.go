package league

import "testing"

func TestHalf(t *testing.T) {
	if Half(8) != 4 {
		t.Error(Half(8))
	}
}

func TestNothing(*testing.T) { Half(0) }
