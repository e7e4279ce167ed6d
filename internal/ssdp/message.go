package ssdp

import (
	"time"

	"github.com/igdkit/igdkit/internal/http1"
)

// Message is one datagram as it was understood. Text is trimmed; fields that the message lacks are zero.
type Message struct {
	Kind       Kind
	Host       string        // HOST of a search or announcement
	ST         string        // ST, or NT of an announcement
	USN        string        // opaque, may be empty even where the standard demands one
	Location   string        // LOCATION as received; never empty in a reply, Alive or Update
	Server     string        // SERVER, opaque
	UserAgent  string        // USER-AGENT of a search
	MAN        string        // MAN of a search as received, quotes and all
	MX         int           // seconds a search may be answered in, at least 1; 0: no readable MX
	MaxAge     time.Duration // CACHE-CONTROL max-age, at most a week; 0: none
	BootID     *uint32       // BOOTID.UPNP.ORG; nil: none
	NextBootID *uint32       // NEXTBOOTID.UPNP.ORG; nil: none
	ConfigID   *uint32       // CONFIGID.UPNP.ORG; nil: none
	SearchPort *uint32       // SEARCHPORT.UPNP.ORG; nil: none

	Head     *http1.Head // the datagram's head, raw bytes and order
	Forgiven []string    // ids of what the reader put up with, each once
}
