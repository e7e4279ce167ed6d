package client

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// entryOut holds the out-arguments of both actions that read an entry.
type entryOut struct {
	NewRemoteHost             string
	NewExternalPort           string
	NewProtocol               string
	NewInternalPort           string
	NewInternalClient         string
	NewEnabled                string
	NewPortMappingDescription string
	NewLeaseDuration          string
}

func (e *entryOut) mapping(action string, rec *soap.Recording) (PortMapping, error) {
	internal, err := strconv.ParseUint(strings.TrimSpace(e.NewInternalPort), 10, 16)
	if err != nil {
		return PortMapping{}, &ValueError{Action: action, Argument: "NewInternalPort", Value: e.NewInternalPort}
	}
	m := PortMapping{
		InternalPort:   uint16(internal),
		InternalClient: strings.TrimSpace(e.NewInternalClient),
		Enabled:        truth(e.NewEnabled),
		Description:    e.NewPortMappingDescription,
	}
	if seconds, err := strconv.ParseUint(strings.TrimSpace(e.NewLeaseDuration), 10, 32); err == nil && !rec.Unknown("NewLeaseDuration") {
		m.Lease, m.LeaseKnown = time.Duration(seconds)*time.Second, true
	}
	return m, nil
}

// truth reads the boolean of UDA 1.1 §2.5 in any case.
func truth(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "true", "yes":
		return true
	}
	return false
}

// PortMappings lists the gateway's table.
func (g *Gateway) PortMappings(ctx context.Context) iter.Seq2[PortMapping, error] {
	return func(yield func(PortMapping, error) bool) {
		yield(PortMapping{}, errors.ErrUnsupported)
	}
}

// Absent tells whether err says that there is no entry under the key that was asked for: 714 by the standard, 713 or
// 402 or 501 on some routers.
func Absent(err error) bool {
	var e *soap.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case 714, 713, 402, 501:
		return true
	}
	return false
}
