package e2e

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/emulator"
)

// judge tells in a word what was reached, and in words how. The word is a verdict of package scenarios where there is one for it, by the same
// rules as for our own client (TestMatrix), or "no": nothing is mapped, and the program says so; "unsure": something is mapped, and the
// program says that it failed; "false": the program says that it is open, and it is not.
func (a *account) judge(open bool, why string) (word, words string) {
	mine := slices.IndexFunc(a.Seen.Mappings, func(m emulator.Mapping) bool {
		return m.Protocol == "TCP" && m.InternalClient == labHost && m.InternalPort == 8080 && m.Enabled
	})
	if a.Exit == -1 {
		why = "waits for ever"
	}
	switch {
	case !open && mine < 0:
		return "no", why
	case !open:
		return "unsure", "maps it, and says that it failed: " + why
	case mine < 0:
		return "false", "nothing is mapped"
	}
	m := a.Seen.Mappings[mine]
	address := told(a.Told).Addr()
	lease := "without end"
	if m.Lease > 0 {
		lease = "for " + strings.NewReplacer("m0s", "m", "h0m0s", "h").Replace(m.Lease.String())
	}
	words = fmt.Sprintf("%d %s", m.ExternalPort, lease)
	switch {
	case m.Lease > 0 && m.Lease < time.Minute:
		return "false", "gone after " + m.Lease.String()
	case a.Told == "":
		return "unusable-address", words + ", tells no address"
	case !address.Is4() || client.Judge(address) != client.Public:
		return "unusable-address", words + ", tells " + address.String()
	case !a.Seen.Reached:
		return "opens-but-dead", words
	case m.ExternalPort != 8080 || m.Lease != time.Hour:
		return "opens-elsewhere", words
	}
	return "opens", words
}

func igdctlSays(a *account) (open bool, why string) {
	if m := regexp.MustCompile(`"code": ([1-9]\d+)`).FindStringSubmatch(a.Said); m != nil && a.Exit != 0 {
		return false, m[1]
	}
	return a.Exit == 0, map[int]string{3: "finds no gateway", 5: "cannot use it"}[a.Exit]
}

func upnpcSays(a *account) (open bool, why string) {
	text := a.Said
	if strings.Contains(text, " is redirected to internal ") {
		return true, ""
	}
	if code := failure(text); code != "" {
		return false, code
	}
	return false, found(text)
}

// guideSays puts what goupnp says in words that have no ports of the day in them.
func guideSays(a *account) (open bool, why string) {
	text := a.Said
	if strings.HasSuffix(text, "\nopen\n") {
		return true, ""
	}
	if m := regexp.MustCompile(`(?m)^code (\d+)$`).FindStringSubmatch(text); m != nil && m[1] != "0" {
		return false, m[1]
	}
	if m := regexp.MustCompile(`SOAP request got (HTTP \d+)`).FindStringSubmatch(text); m != nil {
		return false, m[1]
	}
	for _, says := range [][2]string{
		{"no services found", "finds no service"},
		{"error decoding response body", "cannot read the answer"},
		{"error unmarshal", "cannot read the answer"},
		{"malformed HTTP", "cannot read the answer"},
		{"connection refused", "nobody is there"},
		{"error performing SOAP HTTP request", "gets no answer"},
	} {
		if strings.Contains(text, says[0]) {
			return false, says[1]
		}
	}
	return false, strings.TrimSpace(text)
}

// What is only claimed counts for nothing, and what is not noticed neither.
func TestAccount(t *testing.T) {
	entry := func(lease time.Duration) []emulator.Mapping {
		return []emulator.Mapping{
			{Protocol: "TCP", ExternalPort: 8080, InternalClient: netip.MustParseAddr("192.168.1.11"), InternalPort: 8080, Enabled: true},
			{Protocol: "UDP", ExternalPort: 8080, InternalClient: labHost, InternalPort: 8080, Enabled: true},
			{Protocol: "TCP", ExternalPort: 8080, InternalClient: labHost, InternalPort: 8080, Enabled: lease >= 0, Lease: max(lease, 0)},
		}
	}
	for _, tt := range []struct {
		account
		open bool
		want string
	}{
		{account{Told: "45.66.77.88", Seen: testimony{Mappings: entry(time.Hour), Reached: true}}, true, "opens: 8080 for 1h"},
		{account{Told: "45.66.77.88", Seen: testimony{Mappings: entry(0), Reached: true}}, true, "opens-elsewhere: 8080 without end"},
		{account{Told: "45.66.77.88", Seen: testimony{Mappings: entry(90 * time.Minute), Reached: true}}, true, "opens-elsewhere: 8080 for 1h30m"},
		{account{Told: "45.66.77.88", Seen: testimony{Mappings: entry(time.Hour), Reached: false}}, true, "opens-but-dead: 8080 for 1h"},
		{account{Told: "100.64.1.1", Seen: testimony{Mappings: entry(time.Hour), Reached: true}}, true, "unusable-address: 8080 for 1h, tells 100.64.1.1"},
		{account{Seen: testimony{Mappings: entry(time.Hour), Reached: false}}, true, "unusable-address: 8080 for 1h, tells no address"},
		{account{Told: "45.66.77.88", Seen: testimony{Mappings: entry(time.Second), Reached: true}}, true, "false: gone after 1s"},
		{account{Told: "45.66.77.88", Seen: testimony{Mappings: entry(-1), Reached: false}}, true, "false: nothing is mapped"},
		{account{Told: "45.66.77.88", Seen: testimony{Mappings: entry(time.Hour), Reached: true}}, false, "unsure: maps it, and says that it failed: 714"},
		{account{Told: "45.66.77.88"}, false, "no: 714"},
		{account{Exit: -1}, false, "no: waits for ever"},
	} {
		word, words := tt.judge(tt.open, "714")
		if got := word + ": " + words; got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.account, got, tt.want)
		}
	}
}
