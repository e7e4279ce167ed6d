package emulator

import (
	"fmt"
	"net/netip"
	"strings"
)

// HostTest is what a request calls the gateway in Host.
type HostTest string

// Choices are the words of a HostTest.
func (HostTest) Choices() []string { return []string{"own", "other"} }

// UnmarshalText reads one of Choices.
func (h *HostTest) UnmarshalText(text []byte) error { return choose(h, text) }

// ClientTest is who asks: the client of the mapping itself (same), somebody else (other), somebody behind another router (routed), an address, or one of a prefix.
type ClientTest struct {
	Word   string // "same", "other", "routed" or ""
	Addr   netip.Addr
	Prefix netip.Prefix
}

// UnmarshalText reads same, other, routed, an address or a prefix.
func (c *ClientTest) UnmarshalText(text []byte) error {
	*c = ClientTest{}
	switch s := string(text); s {
	case "same", "other", "routed":
		c.Word = s
	default:
		var err error
		if strings.Contains(s, "/") {
			c.Prefix, err = netip.ParsePrefix(s)
		} else {
			c.Addr, err = netip.ParseAddr(s)
		}
		if err != nil {
			return fmt.Errorf("%q is neither same nor other nor routed nor an address or prefix", s)
		}
	}
	return nil
}

// MarshalText writes c as UnmarshalText reads it.
func (c ClientTest) MarshalText() ([]byte, error) {
	switch {
	case c.Word != "":
		return []byte(c.Word), nil
	case c.Prefix.IsValid():
		return c.Prefix.MarshalText()
	}
	return c.Addr.MarshalText()
}
