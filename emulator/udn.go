package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// newUDN derives the name of a device from what tells gateways apart; part is empty for the root device.
func newUDN(seed uint64, name string, lan netip.Addr, part string) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%v\x00%s", seed, name, lan, part))
	return "uuid:" + uuid([16]byte(h[:16]))
}

// uuid writes b as a version 4 UUID (RFC 9562 §5.4).
func uuid(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := make([]byte, 0, 36)
	for i, end := range []int{4, 6, 8, 10, 16} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, b[(len(text)-i)/2:end])
	}
	return string(text)
}

// validUDN reports whether s can be a UDN. Not all that routers write are UUIDs: TP-Link ER605 has uuid:upnp-InternetGatewayDevice- and a
// MAC address with its colons, others uuid:uuid:. Two colons together, or one at the end, would run into those of a USN.
func validUDN(s string) bool {
	rest, ok := strings.CutPrefix(s, "uuid:")
	return ok && rest != "" && !strings.Contains(s+":", "::") &&
		!strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>&"'`, r) })
}

func checkHostPort(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return err
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || host == "" {
		return fmt.Errorf("%q is not HOST:PORT", s)
	}
	return nil
}
