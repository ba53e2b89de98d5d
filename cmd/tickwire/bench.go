package main

// A benchCmd is `tickwire bench`.
type benchCmd struct {
	Link   benchLinkCmd   `cmd:"" help:"Measure latency, goodput and queues of two endpoints over a bad link, in virtual time, over many seeds."`
	Traces benchTracesCmd `cmd:"" help:"Compare congestion controllers over links whose rate changes: how much of the link is used, and how much delay that inflicts."`
	Ping   benchPingCmd   `cmd:"" help:"Measure the round trip of a small reliable message over loopback, beside bare UDP."`
	Flood  benchFloodCmd  `cmd:"" help:"Measure what a small reliable message costs both ends when they send as fast as they go, beside bare UDP."`
	Bulk   benchBulkCmd   `cmd:"" help:"Measure how much a transfer moves in a second of CPU time, beside bare UDP."`
	Tick   benchTickCmd   `cmd:"" help:"Measure what a game of 60 ticks a second costs its server, beside bare UDP."`
	Idle   benchIdleCmd   `cmd:"" help:"Measure the memory and the time that connections take over which nothing is said."`
	Server benchServerCmd `cmd:"" hidden:"" help:"The server of tick and idle, which start it."`
}
