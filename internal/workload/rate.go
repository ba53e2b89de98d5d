package workload

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A BitRate is bits a second, as people write it on a command line: 10M, 10Mbit, 2.5mbit/s, 500k,
// 1G, or a plain number.
type BitRate int64

// rateUnits are what may follow the number; a unit of a thousand is a thousand.
var rateUnits = []struct {
	letter string
	bits   float64
}{{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"", 1}}

// UnmarshalText reads a rate. Bytes, as in 10MB, are none.
func (r *BitRate) UnmarshalText(text []byte) error {
	s := strings.TrimSuffix(strings.TrimSpace(string(text)), "/s")
	s = strings.TrimSuffix(s, "bps")
	s = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(s), "s"), "bit")
	for _, u := range rateUnits {
		number, ok := strings.CutSuffix(s, u.letter)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(math.Abs(v*u.bits) < 1<<62) || strings.ContainsAny(number, "xpn_") {
			return &RateError{string(text)}
		}
		*r = BitRate(math.Round(v * u.bits))
		return nil
	}
	return &RateError{string(text)}
}

// A RateError tells of a text that is no rate.
type RateError struct{ Text string }

// Error says what would be one.
func (e *RateError) Error() string {
	return fmt.Sprintf("%q is no rate: want bits a second, such as 10M, 2.5Mbit, 500k or 10000000", e.Text)
}
