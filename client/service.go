package client

import (
	"strconv"
	"strings"
)

// Service is one WANIPConnection or WANPPPConnection service of a description.
type Service struct {
	Type        string // serviceType as the device writes it, e.g. "urn:schemas-upnp-org:service:WANIPConnection:1"
	ID          string // serviceId
	ControlURL  string // absolute
	EventSubURL string // absolute, "" when the service has none
	SCPDURL     string // absolute, "" when the service has none

	// Alternatives are other readings of the description's control URL, for devices whose URLBase is wrong. They are untried
	// when ControlURL spoke SOAP.
	Alternatives []string
}

// connection is the kind of a connection service.
type connection struct {
	ppp, dslforum bool
	version       int
}

// connection tells whether s is a connection service: under the names of the UPnP Forum in any version (the Livebox 3 has a
// WANPPPConnection:2) or those of TR-064, which come in a UPnP description too (Huawei HG531). The type alone counts: ids
// and URLs lie.
func (s Service) connection() (connection, bool) {
	parts := strings.Split(s.Type, ":")
	if len(parts) != 5 || !strings.EqualFold(parts[0], "urn") || !strings.EqualFold(parts[2], "service") {
		return connection{}, false
	}
	c := connection{
		ppp:      strings.EqualFold(parts[3], "WANPPPConnection"),
		dslforum: strings.EqualFold(parts[1], "dslforum-org"),
	}
	version, err := strconv.Atoi(parts[4])
	if err != nil || version < 1 || !c.ppp && !strings.EqualFold(parts[3], "WANIPConnection") {
		return connection{}, false
	}
	c.version = version
	return c, true
}

// Version is the version of the service type, 1 or 2. From version 2 of WANIPConnection on there are AddAnyPortMapping and
// GetListOfPortMappings.
func (s Service) Version() int {
	c, _ := s.connection()
	return c.version
}

// rank orders services that are otherwise equal: WANIPConnection:2, :1, WANPPPConnection:1, :2, then the TR-064 names.
func (s Service) rank() int {
	c, _ := s.connection()
	rank := 0
	if c.dslforum {
		rank += 4
	}
	if c.ppp {
		rank += 2
	}
	if c.ppp == (c.version > 1) {
		rank++
	}
	return rank
}
