package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/scenarios"
)

// Programs that know nothing of igdkit meet every profile in a lab. What each makes of it stands in docs/scenarios.md, and this test
// compares the two; -update writes the document.

// meeting is what upnpc (miniupnpc) and gssdp-discover (gupnp-tools) make of one gateway. "yes" is all well; everything else says what happened.
type meeting struct {
	search string // upnpc finds a gateway that is connected
	hour   string // upnpc -a opens a port for an hour, and reads it back
	ever   string // the same without an end
	list   string // upnpc -l shows it
	close  string // upnpc -d closes it
	gssdp  string // gssdp-discover hears the device by its own type
}

func (m meeting) row() string {
	return strings.Join([]string{m.search, m.hour, m.ever, m.list, m.close, m.gssdp}, " | ")
}

// interviewScript is what the strangers are asked, with what they say between marks. The first search shows where the gateway is; upnpc takes two
// seconds or more for each, so the others are told.
const interviewScript = `
gssdp-discover -n 3 -m available -t "$1" >gssdp 2>&1 &
say() { echo "@@ $1"; shift; "$@" 2>&1; echo "@@ exit $?"; }
say hour upnpc -e stranger -a 192.168.1.10 8080 8081 tcp 3600 | tee hour
if ! grep -q '^Found' hour; then wait; echo "@@ gssdp"; cat gssdp; exit; fi
location=$(sed -n 's/^ desc: //p' hour)
case "$location" in ''|*"
"*) where= ;; *) where="-u $location" ;; esac
say ever upnpc $where -e stranger -a 192.168.1.10 8080 8081 tcp 0
say list upnpc $where -l
say close upnpc $where -d 8081 tcp
wait
echo "@@ gssdp"; cat gssdp
`

// meet lets the strangers meet the scenario.
func meet(t *testing.T, scenario string, version int) meeting {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	device := fmt.Sprintf("urn:schemas-upnp-org:device:InternetGatewayDevice:%d", version)
	cmd := exec.CommandContext(ctx, command(t, "fakeigd"), "lab", "--scenario", scenario, "--", "sh", "-c", interviewScript, "sh", device)
	cmd.Dir = t.TempDir()
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil {
		t.Errorf("%s: %v\n%s%s", scenario, err, &out, &complaints)
	}
	parts := map[string]string{}
	for part := range strings.SplitSeq(out.String(), "@@ ") {
		name, text, _ := strings.Cut(part, "\n")
		if !strings.HasPrefix(name, "exit") {
			parts[name] = text
		}
	}
	m := meeting{search: found(parts["hour"]), hour: opened(parts["hour"]), ever: opened(parts["ever"]), gssdp: "no"}
	if strings.Contains(parts["gssdp"], "resource available") {
		m.gssdp = "yes"
	}
	m.list = "no"
	if strings.Contains(parts["list"], "8081->192.168.1.10:8080") {
		m.list = "yes"
	}
	m.close = "no"
	if strings.Contains(parts["close"], "UPNP_DeletePortMapping() returned : 0") {
		m.close = "yes"
	} else if code := failure(parts["close"]); code != "" {
		m.close = code
	}
	if m.search != "yes" && m.hour == "no" {
		m.hour, m.ever, m.list, m.close = "–", "–", "–", "–"
	}
	return m
}

// found is what upnpc says of its search.
func found(text string) string {
	for _, says := range [][2]string{
		{"Found valid IGD", "yes"},
		{"Found an IGD with a reserved IP address", "a reserved address"},
		{"Found a (not connected?) IGD", "not connected"},
		{"UPnP device found. Is it an IGD ?", "no gateway to it"},
		{"List of UPNP devices found", "cannot read it"},
	} {
		if strings.Contains(text, says[0]) {
			return says[1]
		}
	}
	return "finds nothing"
}

// opened is what upnpc says of a port that it opened.
func opened(text string) string {
	switch {
	case strings.Contains(text, " is redirected to internal "):
		return "yes"
	case strings.Contains(text, "GetSpecificPortMappingEntry() failed"):
		return "not shown"
	}
	if code := failure(text); code != "" {
		return code
	}
	return "no"
}

// failure is the code with which upnpc failed, "" when it says none.
func failure(text string) string {
	if m := regexp.MustCompile(`failed with code :? ?(-?\d+)`).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// TestStrangers holds docs/scenarios.md to what upnpc and gssdp-discover make of every profile.
func TestStrangers(t *testing.T) {
	if testing.Short() {
		t.Skip("programs that wait for seconds take a minute for all of it")
	}
	need(t, "upnpc", "gssdp-discover")
	needLab(t)
	t.Parallel()
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	var profiles []*scenarios.Scenario
	for _, s := range all {
		if s.Group == "profile" || s.Group == "ideal" || slices.Contains(singled(), s.Name) {
			profiles = append(profiles, s)
		}
	}
	slices.SortStableFunc(profiles, func(a, b *scenarios.Scenario) int { // the misbehaviours last
		return cmp.Compare(slices.Index(singled(), a.Name), slices.Index(singled(), b.Name))
	})
	const file = "../../docs/scenarios.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	met := inLabs(profiles, 8, func(s *scenarios.Scenario) meeting {
		m := meet(t, s.Name, s.Options()[0].Version)
		// What comes by announcements alone is heard or not, as the time has it: a result that is new is looked at again.
		for i := 0; i < 3 && !*update && !strings.Contains(string(page), fmt.Sprintf("| `%s` | %s |", s.Name, m.row())); i++ {
			m = meet(t, s.Name, s.Options()[0].Version)
		}
		return m
	})
	var table strings.Builder
	table.WriteString("| gateway | search | opens for 1 h | without end | lists | closes | gssdp-discover | why |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range profiles {
		m := met[s.Name]
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", s.Name, m.row(), strangersFail()[s.Name])
		well := m == meeting{"yes", "yes", "yes", "yes", "yes", "yes"}
		if known := strangersFail()[s.Name]; well != (known == "") {
			t.Errorf("%s: %s; known to fail because: %q", s.Name, m.row(), known)
		}
	}
	before, rest, ok := strings.Cut(string(page), "<!-- strangers: go test ./internal/e2e -run TestStrangers -update -->\n")
	_, after, ok2 := strings.Cut(rest, "<!-- end of strangers -->\n")
	if !ok || !ok2 {
		t.Fatalf("%s has no place for what strangers say", file)
	}
	written := strings.TrimSuffix(strings.TrimSuffix(rest, after), "<!-- end of strangers -->\n")
	if *update {
		mark := strings.TrimSuffix(string(page), rest)
		if err := os.WriteFile(file, []byte(mark+table.String()+"<!-- end of strangers -->\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := gocmp.Diff(written, table.String()); diff != "" {
		t.Errorf("%s (-document +now):\n%s\n%s", file, diff, before[:0])
	}
}

// strangersFail says of the profiles and misbehaviours that are more than upnpc or gssdp-discover can do, why.
func strangersFail() map[string]string {
	const (
		lease   = "upnpc does not ask again without an end"
		address = "a gateway whose address is none of the Internet's is not connected to upnpc"
	)
	return map[string]string{
		"arris-nvg578lx":     lease,
		"askey-rtv9015vw":    "every control request is answered with 501 and a page of HTML",
		"dd-wrt-r8000":       "what has a lease is not shown, and deleting is answered with 714",
		"dlink-dsl-2730e":    "upnpc hears no announcements",
		"freebox":            lease,
		"funbox-6":           "the internal port is made the external one, without a word",
		"huawei-hg531":       "upnpc knows no dslforum-org names, and the device's own type is not answered",
		"huawei-psdk":        "what is added is not listed",
		"mikrotik-routeros7": lease,
		"nanokvm":            "it is no gateway",
		"netis-wf2411e":      address,
		"openwrt-22-03":      "internal ports are listed as 0",
		"rompager-zyxel":     "an entry cannot be read just after it was added",
		"sagemcom-fast5684":  address,
		"tplink-td-w8951nd":  address,
		"wps":                "it is no gateway",
		"xiaomi":             address,

		"add-lease-402":             lease,
		"add-lease-725":             lease,
		"add-lease-silent-fail":     "upnpc reads back that nothing was made, and leaves it at that",
		"desc-dslforum-urns":        "upnpc knows no dslforum-org names",
		"extip-cgnat":               address,
		"extip-private":             address,
		"soap-needs-mpost":          "upnpc knows no M-POST",
		"ssdp-man-unquoted":         "upnpc and gssdp-discover write MAN with quotes",
		"ssdp-reply-by-notify":      "upnpc hears no announcements",
		"status-disconnected-works": "upnpc believes the status",
	}
}

// singled are misbehaviours of the catalogue that the strangers meet, too: some that they are known to fail on, and some that they are known to
// cope with, such as a first service that is not connected.
func singled() []string {
	return []string{
		"add-lease-402", "add-lease-725", "add-lease-silent-fail", "desc-dslforum-urns", "desc-ip-and-ppp-together", "desc-several-ppp",
		"desc-two-wandevices", "extip-cgnat", "extip-private", "soap-needs-mpost", "soap-prefix-soapenv", "soap-resp-corrupt-bytes", "ssdp-man-unquoted",
		"ssdp-reply-by-notify", "ssdp-wps-root-first", "status-disconnected-works",
	}
}
