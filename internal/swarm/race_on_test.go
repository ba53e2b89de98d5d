//go:build race

package swarm

// raced tells the tests that they run under the race detector, ten times slower.
const raced = true
