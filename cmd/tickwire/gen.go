package main

import "github.com/tickwire/tickwire/internal/gen"

// A genCmd is `tickwire gen`.
type genCmd struct {
	Dir string `arg:"" optional:"" default:"." help:"The folder of a Go package; by default this one."`
	TS  string `name:"ts" placeholder:"DIR" help:"Write a TypeScript module of the same messages into this folder, too."`
}

// Help is called by kong.
func (*genCmd) Help() string {
	return "Structs with a line //tickwire:message in their comment get AppendBinary and UnmarshalBinary, " +
		"AppendDelta and ApplyDelta, Equal and CopyFrom, in " + gen.FileName + ". What their fields may be stands in tags: `tw:\"0..1000\"`, `tw:\"-512..512/0.01\"`, `tw:\"max=32\"`. " +
		"Once in a module: go get -tool github.com/tickwire/tickwire/cmd/tickwire. In the source: //go:generate go tool tickwire gen --ts web. " +
		"What else a tag says: https://github.com/tickwire/tickwire/blob/main/docs/messages.md"
}

// Run is called by kong.
func (c *genCmd) Run() error {
	return gen.Generate(c.Dir, c.TS)
}
