//go:build !race

package tickwire_test

const raced = false
