package main

// A benchCmd is `tickwire bench`.
type benchCmd struct {
	Link   benchLinkCmd   `cmd:"" help:"Measure latency, goodput and queues of two endpoints over a bad link, in virtual time, over many seeds."`
	Traces benchTracesCmd `cmd:"" help:"Compare congestion controllers over links whose rate changes: how much of the link is used, and how much delay that inflicts."`
}
