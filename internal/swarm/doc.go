// Package swarm runs whole systems from a seed: a server, its players, their
// links and their accidents, over the world of package simnet/world, and
// reports which promises of the library were broken.
//
// A [Scenario] is made from a seed by [Generate]: which channels there are, how
// they are configured, what is sent, how much and with which options, which faults the links have
// (some off, others extreme), and what happens when: cuts, partitions, crashes,
// restarts, receivers that stall, goodbyes with and without last words, games that load and
// announce it, players who come back, who are gone for longer than their timeout and kept, who change their addresses, who have several paths, who come on ladders of transports whose rungs end, and who are
// watched by somebody who forwards, replays and forges. [Run] plays
// one, [Soak] plays a steady one for long. A [Fault] is planted between the library
// and the checkers, to prove that they can fail.
//
// A [Contest] is smaller: two endpoints and a link too narrow for them, where every packet is
// read, to judge how channels share it. [GenerateContest] makes one from a seed.
//
// Everything follows from the seed, so a failure is replayed by one command,
// which [Replay] or [ReplayContest] prints.
package swarm
