// Package client finds the Internet gateway of the network this machine stands in and asks it for port mappings.
//
// [Find] gives the one gateway to use and returns as soon as it is known; [Discover] streams every gateway. A [Gateway]
// has one method for each UPnP action, faithful to what the device said. [Map] and [Keep] are what most programs want:
// they plan, verify and renew a mapping and never overwrite somebody else's.
//
// # Trust
//
// Anything on the local network can answer a search. An address that came over the network is used only if it is a
// literal address of the host that answered or of a default gateway; everything read is bounded in size and time. What the
// caller gives in [Options] is trusted as given.
//
// # Errors
//
// A refusal by the gateway is a *soap.Error with its UPnP code. A search without result is a [DiscoveryError], which
// unwraps to every cause, and a device that turned out to be no gateway is a [NotGatewayError]. errors.Is and errors.As
// reach net.Error and context errors through all of them.
package client
