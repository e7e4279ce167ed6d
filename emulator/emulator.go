// Package emulator is an Internet gateway in software: it is found, described, called and subscribed to as the router of
// a home is, over real sockets or over a network in memory, and its state can be looked at and moved by a test.
//
// It is not a router: of the Internet it carries only what comes to a mapped port, by loopback or by the network in memory, and it
// says in its description that it is an emulator.
//
// In a test, [Start] gives a gateway on loopback that ends with the test. [New] is the same for programs. [Options] says
// what kind of gateway it is; its zero value is an InternetGatewayDevice:2 that follows the specifications to the letter.
//
// # Time
//
// Leases, subscriptions and uptime live by a [Clock]. Without one they live by package time, which inside
// testing/synctest is fake: with a [Network] a week of renewals then passes in a second. A clock from [NewClock] stands
// still until it is told to [Clock.Advance], for programs on real sockets that cannot wait three days.
//
// In a [Network] inside synctest the same seed and the same calls in the same order give the same journal. Calls that a client makes at
// one instant from several goroutines have no order, and the journal shows the one they happened to come in.
//
// What happens to a gateway by itself stands in Options.Timeline: a [Reboot], another address, a cable that is pulled. [Gateway.Reboot]
// and [Connection.SetExternalIP] are the same by hand.
//
// # What happened
//
// Everything the gateway received, answered and changed is an [Entry] of its journal; what changed in its state is also
// an [Event]. [Gateway.Calls] are the calls of an action; an [Expectation] says what there should be, [Gateway.Expect] fails the
// test when there is not and tells what came nearest, and [Gateway.Await] waits for it.
//
// # What goes wrong
//
// [Gateway.AddFault] lets a gateway do something wrong, [Gateway.Act] lets something happen to it: a reboot, another address.
// Both are also Options, and words of the scenario files that package scenarios reads.
package emulator
