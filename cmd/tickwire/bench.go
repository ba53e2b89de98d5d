package main

// A benchCmd is `tickwire bench`.
type benchCmd struct {
	Link benchLinkCmd `cmd:"" help:"Measure latency, goodput and queues of two endpoints over a bad link, in virtual time, over many seeds."`
}
