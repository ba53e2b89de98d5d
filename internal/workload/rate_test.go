package workload

import (
	"strings"
	"testing"
)

// TestBitRate: what people write, in bits a second.
func TestBitRate(t *testing.T) {
	for text, want := range map[string]BitRate{
		"10000000": 10_000_000, "10M": 10_000_000, "10mbit": 10_000_000, "10 Mbit/s": 10_000_000, "2.5M": 2_500_000,
		"10Mbps": 10_000_000, "500k": 500_000, "500Kbits/s": 500_000, "1G": 1_000_000_000, "1e6": 1_000_000, "-1": -1, "0": 0,
		"9600bit/s": 9600, "0.1k": 100,
	} {
		var r BitRate
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want {
			t.Errorf("%q is %d (%v), want %d", text, r, err, want)
		}
	}
	for _, text := range []string{"", "M", "fast", "10MB", "10MB/s", "10MBps", "10mb", "10T", "0x10", "inf", "NaN", "1e300", "1_000", "10Mi", "10 10"} {
		r := BitRate(7)
		if err := r.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "such as 10M") || r != 7 {
			t.Errorf("%q is %d (%v), and is no rate", text, r, err)
		}
	}
}

func FuzzBitRate(f *testing.F) {
	for _, s := range []string{"10M", "2.5Mbit/s", "-1", "1e300", "0x1p4", "kbit", "ps", "/s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r BitRate
		if err := r.UnmarshalText([]byte(s)); err != nil && r != 0 {
			t.Errorf("%q: %v, and still a rate of %d", s, err, r)
		}
	})
}
