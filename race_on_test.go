//go:build race

package tickwire_test

// raced tells the tests that they run under the race detector, which is slow and
// allocates.
const raced = true
