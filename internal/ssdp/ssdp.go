// Package ssdp reads the messages of the Simple Service Discovery Protocol, searches, replies and announcements, and writes searches:
// what gateways say is data of the emulator. It holds no sockets.
//
// Reading is lenient, because a gateway that spells a header oddly is still a gateway; what was forgiven is kept by
// quirk id. Writing is exact: the header order and spelling of UDA 1.1 §1.3, and nothing that was not asked for,
// because some devices ignore a search with one header too many.
package ssdp

import "time"

const (
	// GroupV4 is the multicast group and port of UDA 1.1 §1.1.
	GroupV4 = "239.255.255.250:1900"
	// Port is where devices listen, for unicast searches too (UDA 1.1 §1.3.2).
	Port = 1900
	// MaxSize is the largest datagram Parse reads, in bytes. Real ones stay below 1 KiB.
	MaxSize = 8 << 10
)

// All is the search target that every device and service answers (UDA 1.1 §1.3.2).
const All = "ssdp:all"

// RootDevice is the search target of root devices.
const RootDevice = "upnp:rootdevice"

// Discover is the value of MAN in a search; the quotes belong to it.
const Discover = `"ssdp:discover"`

// Kind tells the five messages apart.
type Kind int

// The kinds of message.
const (
	SearchRequest Kind = iota + 1 // M-SEARCH
	SearchReply                   // 200 OK
	Alive                         // NOTIFY, ssdp:alive
	ByeBye                        // NOTIFY, ssdp:byebye
	Update                        // NOTIFY, ssdp:update
)

// String names the kind as the standard does.
func (k Kind) String() string {
	switch k {
	case SearchRequest:
		return "M-SEARCH"
	case SearchReply:
		return "200 OK"
	case Alive:
		return "ssdp:alive"
	case ByeBye:
		return "ssdp:byebye"
	case Update:
		return "ssdp:update"
	}
	return "unknown"
}

// maxMaxAge bounds what a CACHE-CONTROL may claim.
const maxMaxAge = 7 * 24 * time.Hour
