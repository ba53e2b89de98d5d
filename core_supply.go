package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/endpoint"
)

// A supply is what the endpoints of all connections are made from, and what they share: what was
// prepared of their configuration, memory for messages, and what windows may grow by together.
type supply struct {
	plan    *endpoint.Plan
	buffers *endpoint.Buffers
	pool    *endpoint.WindowPool
	random  seeds
}

func (s *supply) init(cfg *Config, connections int) (err error) {
	s.buffers = endpoint.NewBuffers(cfg.BufferBytes)
	s.pool = endpoint.NewWindowPool(cfg.WindowPoolBytes, connections)
	s.random.reader = cfg.Random
	each := cfg.endpoint()
	each.Buffers, each.Pool = s.buffers, s.pool
	s.plan, err = endpoint.Prepare(each)
	return err
}

// newEndpoint makes the endpoint of a connection whose handshake takes a way; with an
// instance, if that was told already.
func (s *supply) newEndpoint(now int64, timeout time.Duration, w way, instance uint64) (*endpoint.Endpoint, error) {
	seed, err := s.random.next()
	if err != nil {
		return nil, err
	}
	path := endpoint.PathConfig{Reliable: w.reliable()}
	return s.plan.New(now, endpoint.Life{Seed: seed, Instance: instance, Path: path, Timeout: timeout}), nil
}
