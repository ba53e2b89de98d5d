package endpoint

import (
	"math"
	"time"
)

// SetTimeout changes Config.Timeout: zero is the default, negative means never.
func (e *Endpoint) SetTimeout(d time.Duration) {
	e.cfg.Timeout = orDefault(d, defaultTimeout, math.MaxInt64)
}

const defaultTimeout = 10 * time.Second
