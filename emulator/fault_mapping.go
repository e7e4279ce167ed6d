package emulator

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"
)

// mappingArguments are what AddPortMapping calls the parts of a mapping (WANIPConnection:1 §2.4.16), and so do faults.
func mappingArguments() []string {
	return []string{
		"NewRemoteHost", "NewExternalPort", "NewProtocol", "NewInternalPort", "NewInternalClient", "NewEnabled",
		"NewPortMappingDescription", "NewLeaseDuration",
	}
}

// argument is a part of m as AddPortMapping is called with it.
func (m *Mapping) argument(name string) (v string, ok bool) {
	switch name {
	case "NewRemoteHost":
		return m.RemoteHost, true
	case "NewExternalPort":
		return ui2(m.ExternalPort), true
	case "NewProtocol":
		return m.Protocol, true
	case "NewInternalPort":
		return ui2(m.InternalPort), true
	case "NewInternalClient":
		return m.InternalClient.String(), true
	case "NewEnabled":
		return boolean(m.Enabled), true
	case "NewPortMappingDescription":
		return m.Description, true
	case "NewLeaseDuration":
		return ui4(uint32(m.Lease / time.Second)), true
	}
	return "", false
}

// setArgument changes a part of m. The error is that v is no value of it; m is then as it was.
func (m *Mapping) setArgument(name, v string, now time.Time) error {
	switch name {
	case "NewRemoteHost":
		if _, err := netip.ParseAddr(v); err != nil && v != "" {
			return fmt.Errorf("%q is no address", v)
		}
		m.RemoteHost = v
	case "NewExternalPort", "NewInternalPort":
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil {
			return fmt.Errorf("%q is no port", v)
		}
		if name == "NewExternalPort" {
			m.ExternalPort = uint16(n)
		} else {
			m.InternalPort = uint16(n)
		}
	case "NewProtocol":
		if v != "TCP" && v != "UDP" {
			return fmt.Errorf("%q is neither TCP nor UDP", v)
		}
		m.Protocol = v
	case "NewInternalClient":
		addr, err := netip.ParseAddr(v)
		if err != nil || !addr.Is4() {
			return fmt.Errorf("%q is no IPv4 address", v)
		}
		m.InternalClient = addr
	case "NewEnabled":
		if v != "0" && v != "1" {
			return fmt.Errorf("%q is neither 0 nor 1", v)
		}
		m.Enabled = v == "1"
	case "NewPortMappingDescription":
		if len(v) > maxText {
			return fmt.Errorf("is longer than %d bytes", maxText)
		}
		m.Description = v
	case "NewLeaseDuration":
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return fmt.Errorf("%q is no number of seconds", v)
		}
		m.Lease, m.Expires = time.Duration(n)*time.Second, time.Time{}
		if n > 0 {
			m.Expires = now.Add(m.Lease)
		}
	default:
		return fmt.Errorf("AddPortMapping has no argument %s", name)
	}
	return nil
}
